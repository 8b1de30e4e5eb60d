"""Calls of the kernels of functions of one and of two numbers, for matrices of a given shape."""

import numpy as np

from fastnorm import reference
from fastnorm.ops import spec
from helpers.cases import CALLS, Call, _normal

UNARY = tuple(row.name for row in spec.FUNCTIONS if row.name != "relu")  # which has kernels of its own
BINARY = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum")
COMPARISONS = ("less", "less_equal", "equal", "not_equal")


def _sets_of(row):
    """Two sets of settings where there are defaults, else one."""
    if all(each.default is not None for each in row.settings):
        return ({}, {each.name: 0.25 for each in row.settings})
    return ({"low": -0.75, "high": 0.5},)


SETTINGS = {row.name: _sets_of(row) for row in spec.FUNCTIONS if row.settings}
CHOSEN = [(name, settings) for name in UNARY for settings in SETTINGS.get(name, ({},))]


def _x(name, rng, n, c, dtype):
    x = _normal(rng, dtype, n, c, std=3)
    return np.abs(x) + dtype(0.001) if name == "power" or spec.of(name).positive else x


def _unary_forward(name):
    return lambda rng, n, c, dtype: (_x(name, rng, n, c, dtype),)


def _unary_backward(name, settings):
    def arguments(rng, n, c, dtype):
        x = _x(name, rng, n, c, dtype)
        y = getattr(reference, f"{name}_forward")(x, **settings).astype(dtype)
        return _normal(rng, dtype, n, c), x, y

    return arguments


for _name in UNARY:
    _chosen = SETTINGS.get(_name, ({},))
    CALLS[f"{_name}_forward"] = [Call(_unary_forward(_name), settings) for settings in _chosen]
    CALLS[f"{_name}_backward"] = [Call(_unary_backward(_name, settings), settings) for settings in _chosen]


SHAPES = {  # of the second operand, and of the first one
    "full": lambda n, c: ((n, c), (n, c)),
    "row": lambda n, c: ((n, c), (1, c)),
    "column": lambda n, c: ((n, c), (n, 1)),
    "number": lambda n, c: ((n, c), (1, 1)),
    "both": lambda n, c: ((1, c), (n, 1)),
    "swapped": lambda n, c: ((n, 1), (n, c)),
}


def _operands(name, shapes, rng, n, c, dtype):
    first, second = shapes(n, c)
    a, b = _x(name, rng, *first, dtype), _normal(rng, dtype, *second, std=2)
    if name in COMPARISONS or name.startswith(("max", "min")):
        a, b = np.rint(a / 2), np.rint(b / 2)  # many are equal
    return a, b


def _binary_forward(name, shapes):
    return lambda *key: _operands(name, shapes, *key)


def _with_gradient(name, operands):
    def arguments(rng, n, c, dtype):
        a, b = operands(rng, n, c, dtype)
        y = getattr(reference, f"{name}_forward")(a, b).astype(dtype)
        return _normal(rng, dtype, *y.shape), a, b, y

    return arguments


def _power_by(exponent):
    """Numbers of both signs, to one whole power; or positive ones to any."""

    def arguments(rng, n, c, dtype):
        a = _normal(rng, dtype, n, c, std=3)
        return a if exponent % 1 == 0 else np.abs(a) + dtype(0.001), np.full((1, 1), exponent, dtype)

    return arguments


_POWERS = [_power_by(exponent) for exponent in (0, 1, 2, -3, 7, 0.5, 2.5)]

for _name in BINARY + COMPARISONS:
    _shapes = SHAPES if _name in ("divide", "less") else ("full", "swapped")  # the way to them is the same
    _all = [_binary_forward(_name, SHAPES[shape]) for shape in _shapes] + (_POWERS if _name == "power" else [])
    CALLS[f"{_name}_forward"] = [Call(arguments, {}) for arguments in _all]
    if _name in BINARY:
        CALLS[f"{_name}_backward"] = [Call(_with_gradient(_name, arguments), {}, out=False) for arguments in _all]


def _condition(rng, dtype, *shape):
    return rng.integers(-1, 2, shape).astype(dtype)


def _where_forward(shapes):
    def arguments(rng, n, c, dtype):
        a, b = (_normal(rng, dtype, *shape) for shape in shapes(n, c))
        return _condition(rng, dtype, n, c), a, b

    return arguments


CALLS["where_forward"] = [
    *(Call(_where_forward(shapes), {}) for shapes in SHAPES.values()),
    Call(lambda rng, n, c, dtype: (_condition(rng, dtype, 1, c), *_normal(rng, dtype, 2, n, c)), {}),
    Call(lambda rng, n, c, dtype: (_condition(rng, dtype, n, 1), *_normal(rng, dtype, 2, n, c)), {}),
]
CALLS["where_backward"] = [
    Call(lambda rng, n, c, dtype: (_normal(rng, dtype, n, c), _condition(rng, dtype, n, c)), {}, out=False),
    Call(lambda rng, n, c, dtype: (_normal(rng, dtype, n, c), _condition(rng, dtype, n, 1)), {}, out=False),
    Call(lambda rng, n, c, dtype: (_normal(rng, dtype, n, c), _condition(rng, dtype, 1, c)), {}, out=False),
]
