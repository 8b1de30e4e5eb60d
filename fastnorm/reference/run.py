"""A recorded forward pass in plain NumPy, operation by operation: what programs and predictors should compute."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import ShapeError, TraceError
from ..ops import spec
from ..ops.tape import ROWS, Operation, Tape
from . import binary, layernorm, moves, piecewise, softmax
from ._wide import Array, _wide
from .activation import dropout, relu_forward
from .batchnorm import batchnorm_forward, batchnorm_inference
from .dense import dense_forward
from .unary import KERNELS


def run(
    tape: Tape, arrays: Mapping[str, Any], x: Any, *, training: bool = False, seed: int = 0, step: int = 0
) -> dict[str, Array]:
    """Every intermediate result of a forward pass, as model.values(x) has those of a prediction.

    tape      of a model, or of model.program, whose arrays are its constants
    arrays    parameters and statistics by name, as in model.arrays
    x         (n, features), inputs side by side; its dtype decides the width, as for the kernels
    training  whether batch norm takes the rows' own statistics, and dropout drops, keyed by seed and step
    Returns name -> array for each operation, in order.
    Raises ShapeError where x has other columns; TraceError where the tape needs more than inputs, as one with a loss.
    """
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[1] != tape.features:
        raise ShapeError(f"x: expected shape (n, {tape.features}), got {x.shape}")
    known: dict[int, Any] = {}
    column = 0
    for value in tape.of_role("input"):
        known[value.index] = x[:, column : column + value.features]
        column += value.features
    known |= {value.index: value.settings["array"] for value in tape.of_role("constant")}
    known |= {value.index: arrays[value.name] for value in tape.of_role("parameter", "statistic")}
    results = {}
    for operation in tape.operations:
        missing = [tape.values[index] for index in operation.inputs if index not in known]
        if missing:
            raise TraceError(f"{operation.name}: expected a forward pass of inputs alone, got one that reads {missing}")
        given = [known[index] for index in operation.inputs]
        result = _compute(operation, given, training, seed, step)
        output = tape.values[operation.output]
        shape = tuple(len(x) if n is ROWS else n for n in output.shape)
        results[output.name] = known[output.index] = np.reshape(result, shape)
    return results


def _compute(operation: Operation, given: list[Array], training: bool, seed: int, step: int) -> Array:
    """The result of an operation: batch norm and dropout differ while training, all others are in COMPUTE."""
    settings = operation.attributes
    if operation.name == "batchnorm":
        x, gamma, beta, mean, variance, _ = given
        if training:
            return batchnorm_forward(x, gamma, beta, settings["epsilon"], relu=settings["relu"])[0]
        return batchnorm_inference(x, mean, variance, gamma, beta, settings["epsilon"], relu=settings["relu"])
    if operation.name == "dropout":
        stream = int(operation.slots["rate"].rpartition("_")[2])
        return dropout(given[0], settings["rate"], seed, stream, step) if training else given[0]
    if operation.name not in COMPUTE:
        spec.of(operation.name)  # raises where there is no such operation
        raise TraceError(f"{operation.name}: expected an operation of a forward pass, not of a loss")
    return COMPUTE[operation.name](*given, **settings)


def _normalize(x: Array, gamma: Array, beta: Array, mean: Array, inverse_std: Array, relu: bool) -> Array:
    x, gamma, beta, mean, inverse_std = _wide(x, gamma, beta, mean, inverse_std)
    y = (x - mean) * inverse_std * gamma + beta
    return relu_forward(y) if relu else y


def _part(x: Array, rows: list[int] | None, columns: list[int]) -> Array:
    x = _wide(x) if rows is None else _wide(x)[slice(*rows)]
    return x[..., slice(*columns)]


def _by_row(kernel: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda x: kernel(np.atleast_2d(x))


# By name, from the arrays and the attributes; a result may come with other dimensions of length 1 than it has.
COMPUTE: dict[str, Callable[..., Array]] = {
    **{row.name: KERNELS[f"{row.name}_forward"] for row in spec.FUNCTIONS if row.name != "relu"},
    **{
        name: getattr(binary, f"{name}_forward")
        for name in ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "less", "less_equal",
                     "equal", "not_equal", "where")
    },
    "relu": relu_forward,
    "dense": dense_forward,
    "normalize": _normalize,
    "layernorm": lambda x, gamma, beta, epsilon: layernorm.layernorm_forward(x, gamma, beta, epsilon)[0],
    "softmax": _by_row(softmax.softmax),
    "log_softmax": _by_row(softmax.log_softmax_forward),
    "embedding": lambda table, codes: moves.embedding_forward(table, codes.reshape(1, -1)),
    "locate": lambda x, edges: piecewise.locate(np.atleast_2d(x), edges),
    "piecewise": lambda located, weight: piecewise.piecewise_forward(np.atleast_2d(located), weight),
    "sum": lambda x, axis, keepdims: _wide(x).sum(axis=axis, keepdims=keepdims),
    "mean": lambda x, axis, keepdims: _wide(x).mean(axis=axis, keepdims=keepdims),
    "max": lambda x, axis, keepdims: _wide(x).max(axis=axis, keepdims=keepdims),
    "reshape": lambda x, shape: _wide(x),
    "transpose": lambda x: _wide(x).T,
    "concatenate": lambda *parts: np.concatenate(_wide(*parts) if len(parts) > 1 else parts, axis=-1),
    "part": _part,
}  # fmt: skip
