"""What the kernels of functions of one and of two numbers are given to do in the bench; see jobs.py."""

from collections.abc import Callable
from functools import partial

import numpy as np

from fastnorm import kernels
from fastnorm.ops import spec

from .jobs import Job, Shape, _normal

UNARY = tuple(row.name for row in spec.FUNCTIONS if row.name != "relu")  # which has kernels of its own
COMPARISONS = ("less", "less_equal", "equal", "not_equal")
BINARY = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", *COMPARISONS)
_REQUIRED = {"low": -1.0, "high": 1.0}  # settings without a default


def _x(name: str, shape: Shape, dtype: str) -> np.ndarray:
    x = _normal(shape, dtype)
    return np.abs(x) + np.asarray(0.01, dtype) if name == "power" or spec.of(name).positive else x


def _settings(name: str) -> dict[str, object]:
    given = spec.of(name).settings
    return {each.name: _REQUIRED[each.name] if each.default is None else each.default for each in given}


def unary_forward(name: str, shape: Shape, dtype: str) -> Job:
    x = _x(name, shape, dtype)
    return Job((x,), _settings(name), np.empty_like(x), bytes=2 * x.nbytes)


def unary_backward(name: str, shape: Shape, dtype: str) -> Job:
    """dy, x and y are read, though some need but one of x and y; dx is written."""
    x, settings = _x(name, shape, dtype), _settings(name)
    y = getattr(kernels, f"{name}_forward")(x, **settings)
    return Job((_normal(shape, dtype), x, y), settings, np.empty_like(x), bytes=4 * x.nbytes)


def binary_forward(name: str, shape: Shape, dtype: str) -> Job:
    a, b = _x(name, shape, dtype), _normal(shape, dtype)[::-1].copy()
    return Job((a, b), out=np.empty_like(a), bytes=3 * a.nbytes)


def binary_backward(name: str, shape: Shape, dtype: str) -> Job:
    """dy, a, b and y are read, da and db are written."""
    a, b = _x(name, shape, dtype), _normal(shape, dtype)[::-1].copy()
    y = getattr(kernels, f"{name}_forward")(a, b)
    return Job((_normal(shape, dtype), a, b, y), bytes=6 * a.nbytes)


def where_forward(shape: Shape, dtype: str) -> Job:
    a, b = _normal(shape, dtype), _normal(shape, dtype)[::-1].copy()
    condition = (a > b).astype(dtype)
    return Job((condition, a, b), out=np.empty_like(a), bytes=4 * a.nbytes)


def where_backward(shape: Shape, dtype: str) -> Job:
    dy = _normal(shape, dtype)
    condition = (dy > 0).astype(dtype)
    return Job((dy, condition), bytes=4 * dy.nbytes)


def jobs() -> dict[str, Callable[[Shape, str], Job]]:
    """Every kernel by name."""
    made: dict[str, Callable[[Shape, str], Job]] = {"where_forward": where_forward, "where_backward": where_backward}
    for names, forward, backward in (UNARY, unary_forward, unary_backward), (BINARY, binary_forward, binary_backward):
        made |= {f"{name}_forward": partial(forward, name) for name in names}
        made |= {f"{name}_backward": partial(backward, name) for name in names if name not in COMPARISONS}
    return made
