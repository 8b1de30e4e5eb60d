"""Recording a forward pass, checking that it is a model's, and summing it up."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import checks, ops
from ..errors import DtypeError, SettingError, ShapeError, TraceError
from ..ops.tape import ROWS, Tape, Value
from ..passes import fusion


def record(forward: Callable[..., Any] | None, inputs: Sequence[int] | None, features: int) -> Tape:
    """Record the forward pass on rows of `features` columns, divided among the function's arguments by `inputs`."""
    if forward is None:
        raise SettingError("this model has no forward pass: give it a function, use Sequential, or load a file")
    features = checks.integer("features", features, 1)
    widths = (features,) if inputs is None else inputs
    if sum(widths) != features:
        raise ShapeError(
            f"x: expected {sum(widths)} features, {' + '.join(map(str, widths))} as inputs say, got {features}"
        )
    tape = Tape()
    names = _names(forward, len(widths))
    value = forward(*(tape.add("input", name, (ROWS, width)) for name, width in zip(names, widths, strict=True)))
    if not isinstance(value, Value):
        raise TraceError(f"expected a forward pass that returns a recorded value, got {value!r}")
    if value.shape == (ROWS,):
        value = value.reshape(-1, 1)
    if not tape.of_role("parameter"):
        raise TraceError("expected a forward pass with something to learn, such as Dense")
    if value is not tape.result:
        raise TraceError(f"expected a forward pass that returns what it computes last, got {value!r}")
    require_forward(tape)
    tape.tied.clear()  # of use while layers are called, and layers of one's own may not be picklable
    return fusion.without_idle_biases(tape)


def require_forward(tape: Tape) -> None:
    """Raise where a tape is no model's: (N, features) in, (N, outputs) out, and rows that do not meet."""
    for value in (*tape.of_role("input"), tape.result):
        if value.ndim != 2 or value.shape[0] is not ROWS:
            raise ShapeError(f"expected a forward pass of (N, features) that gives (N, outputs), got {value!r}")
    if targets := tape.of_role("target", "weight"):
        raise TraceError(f"expected a forward pass that reads no target, got {targets[0]!r}")
    fusion.require_rows_apart(tape)


def require_fit(tape: Tape, arrays: dict[str, np.ndarray], dtype: np.dtype) -> None:
    """Require an array of the right shape and dtype for each parameter and statistic of the tape, and no other."""
    wanted = {value.name: value for value in tape.of_role("parameter", "statistic")}
    if wanted.keys() != arrays.keys():
        raise ShapeError(f"arrays: expected {', '.join(wanted)}, got {', '.join(arrays)}")
    for name, value in wanted.items():
        kind = dtype if value.role == "parameter" else np.dtype(np.float64)
        if arrays[name].shape != value.shape:
            raise ShapeError(f"{name}: expected shape {value.shape}, got {arrays[name].shape}")
        if arrays[name].dtype != kind:
            raise DtypeError(f"{name}: expected {kind}, got {arrays[name].dtype}")


def _names(forward: Callable[..., Any], count: int) -> list[str]:
    """The names of the function's arguments, x for one."""
    if count == 1:
        return ["x"]
    names = [name for name, p in inspect.signature(forward).parameters.items() if p.kind == p.POSITIONAL_OR_KEYWORD]
    return names if len(names) == count else [f"x_{number}" for number in range(count)]


def summary(tape: Tape, dtype: np.dtype) -> str:
    """One line for each operation, with the shape of its result and its parameters, and their number."""
    lines = [f"{'input':<14}{_shown(value.shape):<12}" for value in tape.of_role("input")]
    total, seen = 0, set[int]()
    for operation in tape.operations:
        fresh = {i for i in operation.inputs if tape.values[i].role == "parameter"} - seen
        seen |= fresh
        count = sum(int(np.prod(tape.values[index].shape)) for index in fresh)
        total += count
        shape = _shown(tape.values[operation.output].shape)
        lines.append(f"{operation.name:<14}{shape:<12}" + (f"{count:>12,} parameters" if count else ""))
    return "\n".join([*(line.rstrip() for line in lines), f"{total:,} parameters, {dtype}"])


def _shown(shape: tuple[Any, ...]) -> str:
    return str(shape).replace("N", "n")


def logit_of_each_class(value: Value) -> Value:
    """The logits of classes (N, classes): of one output z, for two classes, they are 0 and z."""
    return value if value.features > 1 else ops.concatenate([value * 0, value])


def record_probabilities(outputs: Value, task: str, activation: str | None) -> None:
    """End a tape with the probabilities of classes or labels; activation None: the outputs are those already."""
    if task == "classification" and activation:
        ops.softmax(logit_of_each_class(outputs))
    elif task == "classification" and outputs.features == 1:
        ops.concatenate([1 - outputs, outputs])
    elif activation:
        ops.CATALOGUE[activation](outputs)
