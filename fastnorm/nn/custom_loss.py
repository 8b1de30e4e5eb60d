"""Losses written with operations: how they end a tape, their targets, and their value on given predictions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import checks, ops
from ..engine.row_losses import RowLosses
from ..errors import DataError, DtypeError, ShapeError, TraceError
from ..metrics import OF_SQUARES
from ..ops.tape import ROWS, Tape, Value

BLOCK = 256  # rows judged at a time

METRICS = {"classification": "accuracy", "multilabel": "accuracy", "regression": OF_SQUARES}


def _classes(y: Any, outputs: int, dtype: Any) -> np.ndarray:
    """int32 class numbers (n,), or (n, outputs) probabilities of dtype."""
    y = np.asarray(y)
    if y.ndim == 2 and y.dtype.kind == "f":
        return checks.probabilities("y", y, dtype, outputs)
    if y.dtype.kind not in "iub":
        raise DtypeError(
            f"y: expected class numbers from 0 to {outputs - 1}, got dtype {y.dtype}; "
            "fit(frame, target=...) turns words into classes"
        )
    return checks.indices("y", y.astype(np.int8) if y.dtype.kind == "b" else y, outputs, np.int32)


def _values(y: Any, outputs: int, dtype: Any) -> np.ndarray:
    """(n, outputs) of dtype; (n,) is one output."""
    y = np.asarray(y)
    if y.ndim == 1 and outputs == 1:
        y = y[:, None]
    if y.ndim != 2 or y.shape[1] != outputs:
        raise ShapeError(f"y: expected shape (n, {outputs}) as the model's outputs, got {y.shape}")
    return checks.finite("y", checks.matrix("y", y, dtype, outputs))


def _labels(y: Any, outputs: int, dtype: Any) -> np.ndarray:
    """(n, outputs) of dtype, each from 0 (no) to 1 (yes)."""
    y = _values(y, outputs, dtype)
    if y.min() < 0 or y.max() > 1:
        raise DataError(f"y: expected labels from 0 to 1, got {y.min() if y.min() < 0 else y.max()}")
    return y


TARGETS = {"classification": _classes, "multilabel": _labels, "regression": _values}


def _metric(task: str, prediction: Value, target: Value) -> Value:
    """Metric of each row (N,); for regression its squares, see metrics.from_mean."""
    if task == "classification":
        return ops.hits(prediction, target)
    if task == "multilabel":
        return ops.equal(prediction > 0, target > 0.5).mean(axis=1)
    return ((prediction - target) ** 2).mean(axis=1)


class Recorded:
    """A loss written with operations: `rows` gives the loss of each row, or one for all."""

    @property
    def task(self) -> str:
        """Kind of targets: a key of METRICS."""
        raise NotImplementedError

    @property
    def metric(self) -> str:
        """Name of the metric reported beside the loss."""
        return METRICS[self.task]

    def rows(self, prediction: Value, target: Value) -> Value:
        raise NotImplementedError

    def targets(self, y: Any, outputs: int, dtype: Any) -> np.ndarray:
        """y as the program wants it."""
        return TARGETS[self.task](y, outputs, dtype)

    def record(self, prediction: Value, target: np.ndarray) -> Value:
        """End the prediction's tape with this loss on such targets."""
        return self._end(prediction, prediction.tape.add("target", "y", shape_of(target)), weighted=True)

    def _end(self, prediction: Value, target: Value, *, weighted: bool) -> Value:
        losses = self.rows(prediction, target)
        if not isinstance(losses, Value) or losses.shape not in ((ROWS,), (ROWS, 1), ()):
            raise TraceError(f"expected a loss for each row, (N,), or one for all, (), got {losses!r}")
        by_row = weighted and losses.shape != ()
        weight = prediction.tape.add("weight", "sample_weight", (ROWS, 1)) if by_row else None
        return ops.weighted_mean(losses, _metric(self.task, prediction, target), weight)

    def by_row(self, prediction: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss and metric of each row."""
        tape = Tape()
        x = tape.add("input", "prediction", (ROWS, prediction.shape[1]))
        end = self._end(x, tape.add("target", "y", shape_of(target)), weighted=False)
        losses = tape.values[tape.operations[-1].inputs[0]]
        capacity = len(prediction) if losses.shape == () else min(BLOCK, len(prediction))
        return RowLosses(end.tape, prediction.dtype, capacity).by_row(prediction, target)


def shape_of(target: np.ndarray) -> tuple[Any, ...]:
    """The shape of a recorded target for these targets."""
    return (ROWS, *target.shape[1:])


class Own(Recorded):
    """A loss of one's own, a function of prediction and target; its tape is kept, and saved with a model.

    task  "classification" (targets are class numbers (N,), or shares), "multilabel" or "regression" (N, outputs)
    """

    def __init__(self, function: Callable[[Value, Value], Value] | None, task: str, tape: Tape | None = None) -> None:
        self._task: str = checks.choice("task", task, tuple(METRICS))
        self.tape = tape
        self._function = function

    def __repr__(self) -> str:
        return f"Own({self.task!r})"

    def __getstate__(self) -> dict[str, Any]:
        """Contents of copies and pickles: the function only until it is recorded."""
        return {**vars(self), "_function": self._function if self.tape is None else None}

    @property
    def task(self) -> str:
        return self._task

    def rows(self, prediction: Value, target: Value) -> Value:
        if self.tape is None:
            self.tape = self._alone(prediction.shape, target.shape)
        given = {"input": prediction, "target": target}
        known: list[Value] = []
        for value in self.tape.values:
            if value.role == "constant":
                known.append(prediction.tape.constant(value.settings["array"]))
            elif value.role in given:
                if given[value.role].shape != value.shape:
                    raise ShapeError(f"loss: expected a {value.role} {value.shape}, got {given[value.role].shape}")
                known.append(given[value.role])
            else:
                made = next(operation for operation in self.tape.operations if operation.output == value.index)
                known.append(ops.repeat(made, [known[index] for index in made.inputs]))
        return known[self.tape.result.index]

    def _alone(self, prediction: tuple[Any, ...], target: tuple[Any, ...]) -> Tape:
        """The function's own recording."""
        assert self._function is not None
        tape = Tape()
        result = self._function(tape.add("input", "prediction", prediction), tape.add("target", "y", target))
        if not isinstance(result, Value) or result is not tape.result:
            raise TraceError(f"loss: expected a function that returns what it computes last, got {result!r}")
        if learned := tape.of_role("parameter", "statistic"):
            raise TraceError(f"loss: expected a function of prediction and target alone, got one with {learned[0]!r}")
        return tape
