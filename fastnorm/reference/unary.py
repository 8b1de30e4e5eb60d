"""Functions of single numbers, a row for each: its value at x, and its slope at x where its value is y."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import spec
from ._wide import Array, _wide

PI = np.arccos(np.longdouble(-1))
# SELU's scale above 0, and its product with alpha below: where mean 0 and variance 1 of normal numbers stay so.
SELU_ABOVE, SELU_BELOW = np.longdouble("1.0507009873554804934193"), np.longdouble("1.7580993408473768599402")


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _normal_density(x: Array) -> Array:
    return np.exp(-(x**2) / 2) / np.sqrt(2 * PI).astype(x.dtype)


def _normal_cdf(x: Array) -> Array:
    """The normal distribution below x: near 0 by its series, else by the continued fraction of its tail."""
    density = _normal_density(x)
    near, term, series = np.clip(x, -3, 3), np.clip(x, -3, 3), np.zeros_like(x)
    for k in range(1, 46):
        series += term
        term = term * near**2 / (2 * k + 1)
    far = fraction = np.maximum(np.abs(x), 3)
    for k in range(80, 0, -1):
        fraction = far + k / fraction
    tail = density / fraction
    return np.where(np.abs(x) < 3, 1 / x.dtype.type(2) + density * series, np.where(x < 0, tail, 1 - tail))


def _gelu_slope(x: Array, y: Array) -> Array:
    near = np.clip(x, -1e3, 1e3)
    return _normal_cdf(x) + near * _normal_density(near)


def _silu_slope(x: Array, y: Array) -> Array:
    share = _sigmoid(x)
    return share * (1 + np.clip(x, -1e4, 1e4) * (1 - share))


def _mish(x: Array) -> Array:
    return np.where(x == -np.inf, 0, np.maximum(x, -1e5) * np.tanh(np.log1p(np.exp(x))))


def _mish_slope(x: Array, y: Array) -> Array:
    share = np.tanh(np.log1p(np.exp(x)))
    return share + np.clip(x, -1e4, 1e4) * _sigmoid(x) * (1 - share) * (1 + share)


Function = Callable[..., Array]
ROWS: dict[str, tuple[Function, Function]] = {
    "exp": (np.exp, lambda x, y: y),
    "log": (np.log, lambda x, y: 1 / x),
    "sqrt": (np.sqrt, lambda x, y: 0.5 / y),
    "sin": (np.sin, lambda x, y: np.cos(x)),
    "cos": (np.cos, lambda x, y: -np.sin(x)),
    "abs": (np.abs, lambda x, y: np.sign(x)),
    "tanh": (np.tanh, lambda x, y: (1 - y) * (1 + y)),
    "sigmoid": (_sigmoid, lambda x, y: y * (1 - y)),
    "leaky_relu": (
        lambda x, slope: np.where(x > 0, x, x * slope),
        lambda x, y, slope: np.where(x > 0, 1, slope),
    ),
    "elu": (
        lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x)),
        lambda x, y, alpha: np.where(x > 0, 1, alpha * np.exp(x)),
    ),
    "selu": (
        lambda x: np.where(x > 0, x.dtype.type(SELU_ABOVE) * x, x.dtype.type(SELU_BELOW) * np.expm1(x)),
        lambda x, y: np.where(x > 0, x.dtype.type(SELU_ABOVE), x.dtype.type(SELU_BELOW) * np.exp(x)),
    ),
    "gelu": (lambda x: np.where(x == -np.inf, 0, np.maximum(x, -1e3) * _normal_cdf(x)), _gelu_slope),
    "silu": (lambda x: np.where(x == -np.inf, 0, np.maximum(x, -1e5) * _sigmoid(x)), _silu_slope),
    "softplus": (lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), lambda x, y: _sigmoid(x)),
    "mish": (_mish, _mish_slope),
    "clip": (np.clip, lambda x, y, low, high: (x >= low) & (x <= high)),
}


def _kernels_of(row: spec.Specification) -> dict[str, Callable[..., Array]]:
    """<name>_forward and <name>_backward, with the arguments of the kernels of these names."""
    value, slope = ROWS[row.name]
    names = f"{row.name}_forward", f"{row.name}_backward"
    signatures = row.signature("x"), row.signature("dy", "x", "y")

    def forward(*arguments: Any, **keywords: Any) -> Array:
        given = spec.bind(names[0], signatures[0], arguments, keywords)
        x = _wide(given["x"])
        with np.errstate(all="ignore"):
            return value(x, *map(x.dtype.type, row.require(names[0], given).values()))

    def backward(*arguments: Any, **keywords: Any) -> Array:
        given = spec.bind(names[1], signatures[1], arguments, keywords)
        dy, x, y = _wide(given["dy"], given["x"], given["y"])
        with np.errstate(all="ignore"):
            product: Array = dy * slope(x, y, *map(x.dtype.type, row.require(names[1], given).values()))
            return product

    return {
        name: spec.introduced(function, "fastnorm.reference", name, "", signature)
        for name, function, signature in zip(names, (forward, backward), signatures, strict=True)
    }


KERNELS = {name: kernel for row in spec.FUNCTIONS if row.name in ROWS for name, kernel in _kernels_of(row).items()}
