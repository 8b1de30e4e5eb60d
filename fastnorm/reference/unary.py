"""Functions of single numbers, forward and backward."""

from typing import Any

import numpy as np

from ._wide import Array, _wide

PI = np.arccos(np.longdouble(-1))


def exp_forward(x: Any) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(_wide(x))


def exp_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, y = _wide(dy, y)
    return dy * y


def log_forward(x: Any) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(_wide(x))


def log_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, x = _wide(dy, x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return dy * (1 / x)


def sqrt_forward(x: Any) -> Array:
    with np.errstate(invalid="ignore"):
        return np.sqrt(_wide(x))


def sqrt_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, y = _wide(dy, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return dy * (0.5 / y)


def abs_forward(x: Any) -> Array:
    return np.abs(_wide(x))


def abs_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, x = _wide(dy, x)
    return dy * np.sign(x)


def tanh_forward(x: Any) -> Array:
    return np.tanh(_wide(x))


def tanh_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, y = _wide(dy, y)
    return dy * (1 - y) * (1 + y)


def sigmoid_forward(x: Any) -> Array:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-_wide(x)))


def sigmoid_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, y = _wide(dy, y)
    return dy * y * (1 - y)


def leaky_relu_forward(x: Any, slope: float = 0.01) -> Array:
    x = _wide(x)
    return np.where(x > 0, x, x * x.dtype.type(slope))


def leaky_relu_backward(dy: Any, x: Any, y: Any, slope: float = 0.01) -> Array:
    dy, x = _wide(dy, x)
    return dy * np.where(x > 0, 1, dy.dtype.type(slope))


def _normal_cdf(x: Array) -> Array:
    """The normal distribution below x: near 0 by its series, else by the continued fraction of its tail."""
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * PI).astype(x.dtype)
    near, term, series = np.clip(x, -3, 3), np.clip(x, -3, 3), np.zeros_like(x)
    for k in range(1, 46):
        series += term
        term = term * near**2 / (2 * k + 1)
    far = fraction = np.maximum(np.abs(x), 3)
    for k in range(80, 0, -1):
        fraction = far + k / fraction
    tail = density / fraction
    return np.where(np.abs(x) < 3, 1 / x.dtype.type(2) + density * series, np.where(x < 0, tail, 1 - tail))


def gelu_forward(x: Any) -> Array:
    x = _wide(x)
    return np.where(x == -np.inf, 0, np.maximum(x, -1e3) * _normal_cdf(x))


def gelu_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, x = _wide(dy, x)
    near = np.clip(x, -1e3, 1e3)
    return dy * (_normal_cdf(x) + near * np.exp(-(near**2) / 2) / np.sqrt(2 * PI).astype(x.dtype))


def silu_forward(x: Any) -> Array:
    x = _wide(x)
    return np.where(x == -np.inf, 0, np.maximum(x, -1e5) * sigmoid_forward(x))


def silu_backward(dy: Any, x: Any, y: Any) -> Array:
    dy, x = _wide(dy, x)
    share, near = sigmoid_forward(x), np.clip(x, -1e4, 1e4)
    return dy * share * (1 + near * (1 - share))


def softplus_forward(x: Any) -> Array:
    x = _wide(x)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softplus_backward(dy: Any, x: Any, y: Any) -> Array:
    return _wide(dy) * sigmoid_forward(_wide(dy, x)[1])


def clip_forward(x: Any, low: float, high: float) -> Array:
    return np.clip(_wide(x), low, high)


def clip_backward(dy: Any, x: Any, y: Any, low: float, high: float) -> Array:
    dy, x = _wide(dy, x)
    return dy * ((x >= low) & (x <= high))
