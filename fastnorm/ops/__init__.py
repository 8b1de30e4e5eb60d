"""The operations a forward pass is written with: each checks its inputs and records itself on their tape.

They have NumPy's names and broadcast as NumPy does; a gradient follows from each.
"""

from collections.abc import Callable, Sequence
from typing import Any

from . import spec, tape
from ._elementwise import (
    FUNCTIONS,
    add,
    divide,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    power,
    subtract,
    where,
)
from ._layers import (
    batchnorm,
    dense,
    dropout,
    embedding,
    layernorm,
    locate,
    log_softmax,
    normalize,
    one_hot,
    piecewise,
    softmax,
)
from ._losses import hits, mean_squared_error, softmax_cross_entropy, weighted_mean
from ._shapes import concatenate, getitem, matmul, max, mean, part, reshape, sum, transpose
from .tape import Operation, Value

_WORDS = (
    getitem,
    greater,
    greater_equal,
    matmul,
    negative,
)  # written with other operations, so no tape has their names
_NODES: tuple[Any, ...] = (
    *FUNCTIONS, add, batchnorm, concatenate, dense, divide, dropout, embedding, equal, hits, layernorm, less,
    less_equal, locate, log_softmax, max, maximum, mean, mean_squared_error, minimum, multiply, normalize, not_equal,
    one_hot, part, piecewise, power, reshape, softmax, softmax_cross_entropy, subtract, sum, transpose, weighted_mean,
    where,
)  # fmt: skip
CATALOGUE: dict[str, Callable[..., Value]] = {function.__name__: function for function in _NODES}

tape.FUNCTIONS.update(CATALOGUE, **{function.__name__: function for function in _WORDS}, absolute=CATALOGUE["abs"])
globals().update({function.__name__: function for function in FUNCTIONS})
tape.FUNCTIONS["concatenate"] = lambda values, axis=0: concatenate(
    values, axis
)  # as in NumPy

__all__ = sorted(set(tape.FUNCTIONS) - {"absolute"})


def repeat(operation: Operation, inputs: Sequence[Value], **changes: Any) -> Value:
    """Record an operation again, on other inputs and with changed attributes; its shapes are checked anew."""
    function, attributes = CATALOGUE[spec.of(operation.name).name], {**operation.attributes, **changes}
    return function(list(inputs), **attributes) if operation.name == "concatenate" else function(*inputs, **attributes)


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    raise AttributeError(f"no operation named {name!r}; there are {', '.join(__all__)}")
