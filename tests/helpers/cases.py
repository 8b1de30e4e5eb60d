"""Inputs for the kernels: awkward shapes, memory layouts, and one call of each kernel for a matrix of a given shape."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

WIDTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 129)  # +-1 around vectors and strips of them
MATRICES = [(1, 1), (20000, 3), (3, 5000), *((1 + 5 * i % 13, width) for i, width in enumerate(WIDTHS))]


def strided(x: np.ndarray) -> np.ndarray:
    spread = np.full([2 * length + 1 for length in x.shape], 99, x.dtype)
    spread[tuple(slice(1, None, 2) for _ in x.shape)] = x
    return spread[tuple(slice(1, None, 2) for _ in x.shape)]


def slice_of_columns(x: np.ndarray) -> np.ndarray:
    wide = np.full((*x.shape[:-1], x.shape[-1] + 5), 99, x.dtype)
    wide[..., 2:-3] = x
    return wide[..., 2:-3]


def backward(x: np.ndarray) -> np.ndarray:
    reverse = tuple(slice(None, None, -1) for _ in x.shape)
    return np.ascontiguousarray(x[reverse])[reverse]


def read_only(x: np.ndarray) -> np.ndarray:
    frozen = x.copy()
    frozen.flags.writeable = False
    return frozen


def unaligned(x: np.ndarray) -> np.ndarray:
    memory = np.zeros(x.nbytes + 1, np.uint8)[1:]
    memory[:] = np.frombuffer(x.tobytes(), np.uint8)
    return memory.view(x.dtype).reshape(x.shape)


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "strided": strided,
    "slice_of_columns": slice_of_columns,
    "every_other_row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "fortran": np.asfortranarray,
    "backward": backward,
    "read_only": read_only,
    "big_endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "unaligned": unaligned,
}


@dataclass(frozen=True)
class Call:
    """A kernel's arguments for an (n, c) matrix, and the positions of those it changes in place."""

    arguments: Callable[[np.random.Generator, int, int, type], tuple]
    options: dict[str, Any]
    changed: tuple[int, ...] = ()
    threads: bool = True
    out: bool = True


CALLS: dict[str, list[Call]] = {}


def _calls(name: str, *options: dict[str, Any], **facts: Any) -> Callable:
    """Register a function that makes the arguments, for each set of options."""

    def register(arguments: Callable) -> Callable:
        CALLS[name] = [Call(arguments, chosen, **facts) for chosen in options or ({},)]
        return arguments

    return register


def _normal(rng, dtype, *shape, mean=0, std=1):
    return rng.normal(mean, std, shape).astype(dtype)


@_calls("gemm", {}, {"relu": True})
def _gemm(rng, n, c, dtype):
    return _normal(rng, dtype, n, c), _normal(rng, dtype, c, 7), _normal(rng, dtype, 7)


@_calls("transpose")
@_calls("column_sums")
@_calls("relu_forward")
def _matrix(rng, n, c, dtype):
    return (_normal(rng, dtype, n, c),)


@_calls("dense_forward", {}, {"relu": True})
def _dense_forward(rng, n, c, dtype):
    return _normal(rng, dtype, n, 5), _normal(rng, dtype, 5, c), _normal(rng, dtype, c)


@_calls("dense_backward", out=False)
def _dense_backward(rng, n, c, dtype):
    return _normal(rng, dtype, n, 5), _normal(rng, dtype, n, c), _normal(rng, dtype, c, 5)


def _scale_and_shift(rng, c, dtype):
    return _normal(rng, dtype, c, mean=1, std=0.5), _normal(rng, dtype, c)


@_calls("batchnorm_forward", {}, {"relu": True, "epsilon": 1e-3})
def _batchnorm_forward(rng, n, c, dtype):
    return _normal(rng, dtype, n, c, mean=100, std=3), *_scale_and_shift(rng, c, dtype)


@_calls("batchnorm_inference", {}, {"relu": True, "epsilon": 1e-3})
def _batchnorm_inference(rng, n, c, dtype):
    x = _normal(rng, dtype, n, c, mean=100, std=3)
    return x, rng.normal(100, 1, c), rng.uniform(1, 9, c), *_scale_and_shift(rng, c, dtype)


def _batchnorm_backward(rng, n, c, dtype):
    x = _normal(rng, dtype, n, c, mean=100, std=3)
    mean, inverse_std = x.mean(0, np.float64), 1 / np.sqrt(x.var(0, np.float64) + 1e-5)
    return _normal(rng, dtype, n, c, mean=1), x, mean, inverse_std, _scale_and_shift(rng, c, dtype)[0]


CALLS["batchnorm_backward"] = [
    Call(_batchnorm_backward, {}),
    Call(lambda *key: (*_batchnorm_backward(*key), _normal(key[0], key[3], *key[1:3])), {}),
]


@_calls("batchnorm_running", {}, {"rows": 3}, changed=(2, 3), threads=False, out=False)
def _batchnorm_running(rng, n, c, dtype):
    return rng.normal(size=c), rng.uniform(1, 2, c), rng.normal(size=c), rng.uniform(1, 2, c), 0.75, 0.875


@_calls("relu_backward")
def _relu_backward(rng, n, c, dtype):
    return _normal(rng, dtype, n, c), _normal(rng, dtype, n, c)


@_calls("dropout", {"stream": 3, "index": 2**32 - 1}, {"first_row": 5})
def _dropout(rng, n, c, dtype):
    return _normal(rng, dtype, n, c), 0.375, int(rng.integers(2**63)) * 2 + 1


@_calls("softmax")
def _logits(rng, n, c, dtype):
    return (_normal(rng, dtype, n, c, std=5),)


def _class_numbers(rng, n, c, dtype):
    return *_logits(rng, n, c, dtype), rng.integers(0, c, n)


def _class_shares(rng, n, c, dtype):
    return *_logits(rng, n, c, dtype), rng.dirichlet(np.ones(c), n).astype(dtype)


def _weighted(arguments):
    return lambda rng, n, c, dtype: (*arguments(rng, n, c, dtype), (np.arange(n) % 3 + (n == 1)).astype(dtype))


CALLS["softmax_cross_entropy"] = [
    Call(_class_numbers, {}),
    Call(_class_shares, {}),
    Call(_weighted(_class_numbers), {"label_smoothing": 0.125}),
    Call(_weighted(_class_shares), {"label_smoothing": 0.25}),
]
CALLS["softmax_cross_entropy_by_row"] = [
    Call(_class_numbers, {"label_smoothing": 0.125}, out=False),
    Call(_class_shares, {}, out=False),
]


def _values(rng, n, c, dtype):
    return _normal(rng, dtype, n, c, mean=3), _normal(rng, dtype, n, c, mean=3)


CALLS["mean_squared_error"] = [Call(_values, {}), Call(_weighted(_values), {})]
CALLS["mean_squared_error_by_row"] = [Call(_values, {}, out=False)]


@_calls("sgd", {}, {"momentum": 0.875, "l2": 0.5, "weight_decay": 0.25},
        {"momentum": 0.875, "nesterov": True}, changed=(0, 2), out=False)  # fmt: skip
def _sgd(rng, n, c, dtype):
    return *_normal(rng, dtype, 3, n, c), 0.0625


@_calls(
    "adam", {}, {"l2": 0.5, "weight_decay": 0.25, "learning_rate": 0.0625, "epsilon": 0.5}, changed=(0, 2, 3), out=False
)
def _adam(rng, n, c, dtype):
    parameters, gradients, first, second = _normal(rng, dtype, 4, n, c)
    return parameters, gradients, first, np.abs(second), 3


@_calls("gather")
def _gather(rng, n, c, dtype):
    return _normal(rng, dtype, n, c), rng.integers(0, n, n + 3)


@_calls("accumulate", changed=(1,), out=False)
def _accumulate(rng, n, c, dtype):
    return _normal(rng, dtype, n, c), _normal(rng, dtype, n, c)


def outcome(function: Callable, call: Call, arguments: tuple, dtype: Any = None, **more: Any) -> tuple:
    """What a kernel returns, and before it what it changed, in copies of the arguments; dtype converts those copies."""
    own = [a.astype(dtype or a.dtype) if i in call.changed else a for i, a in enumerate(arguments)]
    returned = function(*own, **call.options, **more)
    return *(own[i] for i in call.changed), *(returned if isinstance(returned, tuple) else (returned,))


def all_calls(**facts: bool) -> list:
    """Every (name, call), of those with the given facts, with ids for pytest."""
    return [
        pytest.param(name, call, id=f"{name}-{number}")
        for name, calls in CALLS.items()
        for number, call in enumerate(calls)
        if all(getattr(call, fact) == value for fact, value in facts.items())
    ]


def central_difference(function: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient of a function of a float64 array, by changing one element at a time; errs by O(step^2)."""
    gradient = np.empty_like(x)
    for place in np.ndindex(x.shape):
        low, high = x.copy(), x.copy()
        low[place] -= step
        high[place] += step
        gradient[place] = (function(high) - function(low)) / (high[place] - low[place])
    return gradient


def relative_error(gradient: np.ndarray, expected: np.ndarray) -> float:
    """The norm of the difference over the norm of what was expected."""
    return float(np.linalg.norm(gradient - expected) / np.linalg.norm(expected))
