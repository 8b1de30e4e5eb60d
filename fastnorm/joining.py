"""Two rewritings of a tape: `join` merges neighbors for training, `fold` turns batch norm into the layer before it."""

from collections.abc import Mapping

import numpy as np

from . import ops
from .errors import TraceError
from .trace import Operation, Tape, Value

JOINS_RELU = ("dense", "batchnorm", "normalize")


def _without_results(tape: Tape) -> tuple[Tape, dict[int, Value]]:
    """A new tape with the values no operation gives, and where each old value now is."""
    copy = Tape()
    return copy, {
        value.index: copy.add(value.role, value.name, value.shape, **value.settings)
        for value in tape.values
        if value.role != "result"
    }


def _feeds_only(tape: Tape, index: int, name: str) -> bool:
    """Whether a value is read by one operation, and that has this name."""
    return [operation.name for operation in tape.consumers(index)] == [name]


def _becomes_part(tape: Tape, operation: Operation) -> bool:
    """Whether this is a dense layer that the batch norm behind it can become part of."""
    plain = operation.name == "dense" and not operation.attributes["relu"]
    return plain and _feeds_only(tape, operation.output, "batchnorm")


def _producers(tape: Tape) -> dict[int, Operation]:
    return {operation.output: operation for operation in tape.operations}


def join(tape: Tape) -> Tape:
    """A dense layer or batch norm that feeds only a ReLU takes it over: one pass less over the values, each way."""
    copy, known = _without_results(tape)
    for operation in tape.operations:
        inputs = [known[index] for index in operation.inputs]
        takes_relu = operation.name in JOINS_RELU and _feeds_only(tape, operation.output, "relu")
        source = _producers(tape).get(operation.inputs[0])
        taken = source is not None and source.name in JOINS_RELU and _feeds_only(tape, source.output, "relu")
        if operation.name == "relu" and taken:
            known[operation.output] = inputs[0]
        else:
            known[operation.output] = ops.repeat(operation, inputs, **({"relu": True} if takes_relu else {}))
    return copy


@np.errstate(all="ignore")  # a diverged model predicts nan, without a warning
def fold(tape: Tape, arrays: Mapping[str, np.ndarray]) -> tuple[Tape, dict[str, np.ndarray]]:
    """The tape and arrays of inference: dropout is gone, and batch norm is part of the dense layer that feeds it alone.

    arrays  parameters and statistics by name, as the tape has them
    Returns a tape of "dense", "normalize" and "relu" on constants, and the constants: W' = W s and
    b' = (b - mean) s + beta for s = gamma / sqrt(variance + epsilon), computed in float64. Where the input is no dense
    layer's, or another operation reads it too, (x - mean) s + beta stays an operation.
    """
    copy = Tape()
    known: dict[int, Value] = {}  # value of the tape -> of the copy
    waiting: dict[int, Operation] = {}  # result of a dense layer that a batch norm becomes part of -> that layer
    constants: dict[str, np.ndarray] = {}

    def constant(name: str, array: np.ndarray) -> Value:
        constants[name] = array
        return copy.add("constant", name, array.shape)

    for value in tape.of_role("input"):
        known[value.index] = copy.add("input", value.name, value.shape)
    for operation in tape.operations:
        if _becomes_part(tape, operation):
            waiting[operation.output] = operation
            continue
        names = [tape.values[index].name for index in operation.inputs]
        dense = waiting.get(operation.inputs[0])
        x = known[(dense or operation).inputs[0]]
        if operation.name == "dense":
            given = [constant(f"{operation.output}.{name}", arrays[name]) for name in names[1:]]
            known[operation.output] = ops.repeat(operation, [x, *given])
        elif operation.name == "batchnorm":
            gamma, beta, mean, variance = (arrays[name].astype(np.float64) for name in names[1:5])
            inverse_std = 1 / np.sqrt(variance + operation.attributes["epsilon"])
            relu = operation.attributes["relu"]
            if dense is not None:
                weight, *bias = (arrays[tape.values[index].name] for index in dense.inputs[1:])
                shift = beta - mean * gamma * inverse_std + (bias[0] * gamma * inverse_std if bias else 0)
                known[operation.output] = ops.dense(
                    x,
                    constant(f"{operation.output}.weight", (weight * (gamma * inverse_std)).astype(weight.dtype)),
                    constant(f"{operation.output}.bias", shift.astype(weight.dtype)),
                    relu=relu,
                )
            else:
                kept = {
                    "gamma": arrays[names[1]], "beta": arrays[names[2]], "mean": mean, "inverse_std": inverse_std,
                }  # fmt: skip
                given = [constant(f"{operation.output}.{name}", array) for name, array in kept.items()]
                known[operation.output] = ops.normalize(x, *given, relu=relu)
        elif operation.name == "dropout":
            known[operation.output] = x
        elif operation.name == "relu":
            known[operation.output] = ops.relu(x)
        else:
            raise TraceError(f"{operation.name} is no part of a forward pass for inference")
    return join(copy), constants
