"""Functions of arrays: their gradients, and where they are least. Forward is all one writes."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from . import checks, ops
from .engine.gradient import Gradient
from .engine.program import Program
from .errors import ShapeError, TraceError
from .ops.tape import Tape, Value
from .training import optimizers
from .training.optimizers import Optimizer

Tree = Any  # an array or a number, or dicts, lists and tuples of trees


def _leaves(tree: Tree, name: str) -> list[tuple[str, Any]]:
    """(name, array) of each array in a tree, in order."""
    if isinstance(tree, dict):
        return [leaf for key, part in tree.items() for leaf in _leaves(part, f"{name}.{key}")]
    if isinstance(tree, list | tuple):
        return [leaf for number, part in enumerate(tree) for leaf in _leaves(part, f"{name}.{number}")]
    return [(name, tree)]


def _rebuilt(tree: Tree, leaves: Any) -> Tree:
    """A tree of the same form, with leaves from an iterator."""
    if isinstance(tree, dict):
        return {key: _rebuilt(part, leaves) for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        parts = [_rebuilt(part, leaves) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return next(leaves)


def _form(tree: Tree) -> Any:
    """Form of a tree, without its leaves; two trees of the same form have equal ones."""
    if isinstance(tree, dict):
        return ("dict", *((key, _form(part)) for key, part in tree.items()))
    if isinstance(tree, list | tuple):
        return (type(tree), *map(_form, tree))
    return None


def _arrays(name: str, tree: Tree) -> tuple[list[str], list[np.ndarray]]:
    leaves = _leaves(tree, name)
    if not leaves:
        raise ShapeError(f"{name}: expected at least one array, got {tree!r}")
    return [leaf for leaf, _ in leaves], [checks.floating(leaf, array) for leaf, array in leaves]


def _dtype(arrays: list[np.ndarray]) -> np.dtype:
    """float32 where all arrays are, else float64."""
    return np.result_type(*arrays)


def _record(f: Callable[..., Any], trees: tuple[Tree, ...]) -> Tape:
    """f on symbols: its first argument's arrays are parameters, those of the others inputs."""
    tape = Tape()
    arguments = []
    for number, tree in enumerate(trees):
        role = "input" if number else "parameter"
        names, arrays = _arrays(f"argument {number}", tree)
        factors = {"decay_factor": 1.0, "rate_factor": 1.0}
        values = [tape.add(role, name, a.shape, **factors) for name, a in zip(names, arrays, strict=True)]
        arguments.append(_rebuilt(tree, iter(values)))
    given = set(tape.values)
    result = f(*arguments)
    if not isinstance(result, Value) or result.shape != ():
        raise TraceError(
            f"expected a function that gives one number, of shape (), got {result!r}; sum or mean make one"
        )
    own = [value for value in tape.of_role("parameter", "statistic") if value not in given]
    if own:
        raise TraceError(
            f"expected a function of its arguments alone, got one with {own[0]!r}; use a Model for layers that learn"
        )
    ops.weighted_mean(result)
    tape.result  # noqa: B018  raises where something computed is never used
    return tape


def value_and_grad(f: Callable[..., Any]) -> Callable[..., tuple[float, Tree]]:
    """The function that gives f's value and its gradient by f's first argument.

    f  takes arrays, or dicts, lists and tuples of arrays, and gives one number; written with operators, NumPy's
       functions and fastnorm.ops. It is called once for each new form, shapes and dtypes of its arguments, on recorded
       values: arrays that it takes from elsewhere keep the numbers they had then.
    Returns a function of the same arguments; the gradient has the form of the first one, in float32 where all arrays
    are float32, else in float64.
    Raises TraceError for functions that cannot be recorded, ShapeError for shapes that do not fit.
    """
    recorded: dict[Any, Gradient] = {}

    @wraps(f)
    def differentiated(*trees: Tree) -> tuple[float, Tree]:
        groups = [_arrays(f"argument {number}", tree)[1] for number, tree in enumerate(trees)]
        arrays = [array for group in groups for array in group]
        key = (_form(trees), *((array.shape, array.dtype) for array in arrays))
        if key not in recorded:
            recorded[key] = Gradient(_record(f, trees), _dtype(arrays))
        value, gradients = recorded[key](arrays)
        return value, _rebuilt(trees[0], iter(gradients))

    return differentiated


def grad(f: Callable[..., Any]) -> Callable[..., Tree]:
    """The function that gives f's gradient by its first argument; see value_and_grad."""
    both = value_and_grad(f)

    @wraps(f)
    def gradient(*trees: Tree) -> Tree:
        return both(*trees)[1]

    return gradient


def minimize(f: Callable[[Any], Any], start: Tree, optimizer: Optimizer | str | None = None, steps: int = 1000) -> Tree:
    """Minimize f by `steps` steps of an optimizer from the start, without the interpreter.

    f          as in value_and_grad, of one argument
    start      an array or number, or dicts, lists and tuples of them; it is not changed
    optimizer  or a word, as for Run; default: Adam(1e-3)
    Returns a tree of the form of start; a number comes back as a number. Ctrl-C ends it with KeyboardInterrupt.
    """
    steps = checks.integer("steps", steps, 0)
    names, arrays = _arrays("argument 0", start)
    dtype = _dtype(arrays)
    program = Program(_record(f, (start,)), dtype, 1, optimizers.chosen(optimizer))
    for name, array in zip(names, arrays, strict=True):
        program.state.write(name, array)
    if steps:
        program.train(np.zeros(steps, np.int64), np.arange(steps + 1), np.ones(steps))
    found = (program.state.read(name) for name in names)
    return _rebuilt(start, (float(array) if array.shape == () else array for array in found))
