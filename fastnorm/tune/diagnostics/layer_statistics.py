"""Statistics of each layer of a model in training, at one moment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...ops import spec
from ...ops.tape import Operation, Tape
from ...training.recalibration import recalibrated
from ...training.run import Run
from .activations import probe, values_at
from .baseline import baseline_loss

ROWS = 1024  # of the training data, on which dead and saturated units are counted
SHAPES = (".2g", ".2f", ".0%", ".0%", ".1e")  # of a layer's numbers


@dataclass(frozen=True)
class LayerStatistics:
    """One layer at this moment; a number that does not apply to it is None.

    name        as its parameters are called, or the operation of an activation
    units       length of a result row
    off         of batch norm: how far the next minibatch's means are from the running ones, in running standard
                deviations (root of the mean square over the units); 1 / sqrt(rows of a minibatch) is noise
    variance    of batch norm: the minibatch's variances over the running ones, both corrected by n / (n - 1): their
                geometric mean
    dead        of ReLU and its smooth kin: share of the units that are 0 on all probe rows (within 1e-3 for the smooth)
    saturated   of tanh, sigmoid and ELU: share of the values that are within 1 % of where they level off
    update      of layers with parameters: norm of the next step's change over the norm of the parameters
    """

    name: str
    units: int
    off: float | None = None
    variance: float | None = None
    dead: float | None = None
    saturated: float | None = None
    update: float | None = None

    def cells(self) -> tuple[str, ...]:
        """Cells of a table's columns after name and units."""
        values = (self.off, self.variance, self.dead, self.saturated, self.update)
        return tuple(_cell(value, shape) for value, shape in zip(values, SHAPES, strict=True))


@dataclass(frozen=True)
class RunStatistics:
    """The layers of a model in training, in the order of the forward pass; str() is a table.

    epoch          whole epochs done
    minibatch      minibatches done of the present one
    batch_size     rows of the next minibatch
    learning_rate  of the next minibatch
    baseline_loss  loss of a model that knows nothing of x
    """

    epoch: int
    minibatch: int
    batch_size: int
    learning_rate: float
    baseline_loss: float
    layers: tuple[LayerStatistics, ...]

    def __str__(self) -> str:
        where = f"after epoch {self.epoch}" + (f" and {self.minibatch} minibatches" if self.minibatch else "")
        lines = [f"{where}, learning rate {self.learning_rate:.3g}", f"{'layer':<20}{'units':>6}"]
        lines[1] += "".join(f"{title:>{width}}" for title, width in zip(TITLES, WIDTHS, strict=True))
        for layer in self.layers:
            row = "".join(f"{cell:>{width}}" for cell, width in zip(layer.cells(), WIDTHS, strict=True))
            lines.append(f"{layer.name[:20]:<20}{layer.units:>6}{row}".rstrip())
        return "\n".join(lines)


TITLES = ("off (sd)", "variance x", "dead", "saturated", "update")  # of the table's columns after name and units
WIDTHS = (10, 11, 7, 11, 10)


def layer_statistics(run: Run) -> RunStatistics:
    """Return the statistics of each layer of a run at this moment; the run itself is not changed.

    A fork of the run takes the next step to see how large it is; minibatch statistics are those of that step's rows.
    Costs a few milliseconds for small models: a prediction of 1024 rows for each layer, a step and a fork.
    Raises SettingError while the run trains in another thread.
    """
    fork = run.fork()
    tape, arrays, rows = fork.tape, fork.model.arrays, fork.upcoming()
    minibatch = np.asarray(fork.data[0][rows])
    x = probe(fork, ROWS)
    found = RunStatistics(fork.epoch, fork.minibatch, len(rows), fork.learning_rate, baseline_loss(fork), ())
    with np.errstate(all="ignore"):  # of a diverged model nan is told, without a warning
        fresh = recalibrated(tape, arrays, minibatch, fork.threads, corrected=False)
        layers: dict[str, LayerStatistics] = {}
        for operation in tape.operations:
            layer = _layer(tape, operation)
            if operation.name == "batchnorm":
                off, variance = _statistics(tape, operation, arrays, fresh, len(rows))
                layer = replace(layer, off=off, variance=variance)
            row = spec.of(operation.name)
            if row.dead is not None:
                layer = replace(layer, dead=_dead(row.dead, values_at(fork, operation.output, x)))
            if row.saturated is not None:
                scale = operation.attributes[row.settings[0].name] if row.settings else 1.0
                limits = scale * row.saturated[0], scale * row.saturated[1]
                layer = replace(layer, saturated=_saturated(limits, values_at(fork, operation.output, x)))
            if layer.name:
                layers[layer.name] = layer
        updates = _updates(fork)
    return replace(found, layers=tuple(replace(layer, update=updates.get(name)) for name, layer in layers.items()))


def _layer(tape: Tape, operation: Operation) -> LayerStatistics:
    """Return the layer that an operation belongs to, by its parameters or its own name; with no name where to none."""
    learned = [value.name for value in map(tape.values.__getitem__, operation.inputs) if value.role == "parameter"]
    result = tape.values[operation.output]
    name = result.name if operation.name in spec.ACTIVATIONS else _owner(learned[0]) if learned else ""
    return LayerStatistics(name, result.features)


def _owner(parameter: str) -> str:
    return parameter.rpartition(".")[0] or parameter


def _statistics(
    tape: Tape, operation: Operation, arrays: Mapping[str, np.ndarray], fresh: Mapping[str, np.ndarray], rows: int
) -> tuple[float | None, float | None]:
    """Return how far the statistics of the minibatch are from the running ones, None before the first step.

    fresh  as training normalizes the minibatch's rows; its variances are corrected here, as the running ones are
    """
    mean, variance, weight = (tape.values[index].name for index in operation.inputs[3:])
    if arrays[weight][0] == 0:
        return None, None
    epsilon = operation.attributes["epsilon"]
    running, present = arrays[variance] + epsilon, fresh[variance] * (rows / (rows - 1)) + epsilon
    off = np.sqrt(np.mean((fresh[mean] - arrays[mean]) ** 2 / running))
    return float(off), float(np.exp(np.mean(np.log(present / running))))


def _dead(distance: float, values: np.ndarray) -> float:
    return float(np.mean((np.abs(values) <= distance).all(axis=0)))


def _saturated(limits: tuple[float, float], values: np.ndarray) -> float:
    return float(np.mean((values < limits[0]) | (values > limits[1])))


def _updates(fork: Run) -> dict[str, float]:
    """Take a step; return by how much it changed each layer's parameters, beside their norm."""
    before = dict(_parameters(fork))
    fork.advance(minibatches=1)
    sums: dict[str, np.ndarray] = {}
    for name, array in _parameters(fork):
        squares = [np.sum(np.square(part, dtype=np.float64)) for part in (array - before[name], before[name])]
        sums[_owner(name)] = sums.get(_owner(name), np.zeros(2)) + squares
    return {name: float(np.sqrt(change / size)) for name, (change, size) in sums.items() if size != 0}


def _parameters(run: Run) -> Iterator[tuple[str, Any]]:
    return ((value.name, run.program.state.read(value.name)) for value in run.tape.of_role("parameter"))


def _cell(value: float | None, shape: str) -> str:
    return "" if value is None else format(value, shape)
