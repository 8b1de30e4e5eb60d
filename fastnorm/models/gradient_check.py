"""A model's gradients against central differences: for a layer or a loss of one's own."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import checks
from ..kernels.random import SAMPLE, permutation
from ..training.optimizers import SGD
from ..training.run import Run
from .model import Model

STEP = 1e-5  # of a parameter of size 1 or less: near the cube root of float64's rounding, where differences are best
TOLERANCE = 1e-6  # of the largest derivative of the parameter's array, or of what rounding allows a difference


@dataclass(frozen=True)
class Comparison:
    """One array of parameters: where backward and differences are farthest apart, among the elements compared."""

    name: str
    compared: int
    size: int
    index: tuple[int, ...]
    backward: float
    difference: float
    error: float  # their distance, as a fraction of the array's largest derivative

    @property
    def agrees(self) -> bool:
        """Whether they are as near as float64 lets them be."""
        return self.error <= TOLERANCE

    def __str__(self) -> str:
        """Return one line in words."""
        elements = f"{self.compared} of {self.size} elements compared"
        if self.agrees:
            return f"{self.name}: agrees within {self.error:.0e}, {elements}"
        numbers = f"backward gives {self.backward:.6g}, central differences {self.difference:.6g}"
        return f"{self.name}: DIFFERS at {self.index}: {numbers}, {elements}"


@dataclass(frozen=True)
class GradientCheck:
    """All arrays of a model; printed, it says in words which agree."""

    comparisons: tuple[Comparison, ...]

    @property
    def agrees(self) -> bool:
        """Whether every array does."""
        return all(comparison.agrees for comparison in self.comparisons)

    def __repr__(self) -> str:
        wrong = sum(not comparison.agrees for comparison in self.comparisons)
        verdict = f"gradients differ in {wrong} of" if wrong else "gradients agree in all"
        return "\n".join([f"{verdict} {len(self.comparisons)} arrays", *map(str, self.comparisons)])


def check_gradients(
    model: Model, x: Any, y: Any = None, *, task: str | None = None, loss: Any = None, elements: int = 20, seed: int = 0
) -> GradientCheck:
    """Compare the gradients of a model's training loss with central differences, in float64; the model stays as it is.

    x, y        some rows and their targets, as for fit; all are one minibatch. Few rows will do
    task, loss  as for fit; default: the loss the model was trained with, or fit's default
    elements    the most of each array that are compared, drawn by the seed; each takes two passes
    seed        also of the parameters, where the model has none yet, and of dropout, which drops the same in all passes
    A kink such as ReLU's, nearer to a number than 1e-5, is told as a difference: take other rows or another seed.
    Returns a GradientCheck, with `agrees` and a line for each array of parameters.
    """
    elements = checks.integer("elements", elements, 1)
    run = _in_double(model, x, y, task, loss, seed)
    state = run.program.state
    start = state.to_bytes()

    def trained(name: str = "", array: np.ndarray | None = None) -> float:
        """The loss before one step with another array in the place of a parameter; the step is taken."""
        state.restore(start)
        if array is not None:
            state.write(name, array)
        run.program.train(np.arange(run.rows), np.array([0, run.rows]), np.ones(1))
        return float(state.epoch_means()[0])

    base = trained()
    after = {value.name: state.read(value.name).copy() for value in run.tape.of_role("parameter")}
    state.restore(start)
    before = {name: state.read(name).copy() for name in after}
    comparisons = []
    for number, (name, array) in enumerate(before.items()):
        gradient = array - after[name]  # SGD's step of rate 1 is minus the gradient
        places = np.sort(permutation(seed, SAMPLE, number, 0, array.size)[:elements])
        differences = np.array([_difference(trained, name, array, place) for place in places])
        rounding = np.finfo(np.float64).eps * max(abs(base), 1) / STEP / TOLERANCE
        scale = max(np.abs(gradient).max(), np.abs(differences).max(), rounding)
        errors = np.abs(gradient.flat[places] - differences) / scale
        worst = int(np.argmax(np.where(np.isfinite(errors), errors, np.inf)))
        index = tuple(int(i) for i in np.unravel_index(places[worst], array.shape))
        pair = float(gradient[index]), float(differences[worst])
        comparisons.append(Comparison(name, len(places), array.size, index, *pair, float(errors[worst])))
    return GradientCheck(tuple(comparisons))


def _in_double(model: Model, x: Any, y: Any, task: str | None, loss: Any, seed: int) -> Run:
    """A training of the model's twin in float64, whose minibatch is all rows and whose step is minus the gradient."""
    width = 0 if model._tape is not None else np.shape(model.joined(x))[-1]
    tape, arrays = model.initialized(width, seed)
    twin = Model(dtype="float64")
    twin.set_arrays({name: array.astype(np.float64) for name, array in arrays.items()}, tape=tape, loss=model.loss)
    twin.table, twin.target, twin._inputs = model.table, model.target, model._inputs
    rows = len(x[0]) if isinstance(x, tuple) else len(x)
    chosen = model.loss if loss is None else loss
    return Run(twin, x, y, task=task, loss=chosen, optimizer=SGD(1.0, momentum=0.0), batch_size=rows, seed=seed)


def _difference(trained: Any, name: str, array: np.ndarray, place: int) -> float:
    """The central difference of the loss by one element."""
    step = STEP * max(1.0, abs(array.flat[place]))
    losses = []
    for number in (array.flat[place] + step, array.flat[place] - step):
        moved = array.copy()
        moved.flat[place] = number
        losses.append(trained(name, moved))
    return (losses[0] - losses[1]) / (2 * step)
