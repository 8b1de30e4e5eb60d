"""Functions of two numbers, forward and backward, and the choice between two."""

from typing import Any

import numpy as np

from ._wide import Array, _wide


def _operands(*arrays: Any) -> tuple[Array, ...]:
    """Two or more matrices of one shape, in the dtype that judges the first one's."""
    return np.broadcast_arrays(*(np.atleast_2d(array) for array in _wide(*arrays)))


def add_forward(a: Any, b: Any) -> Array:
    a, b = _operands(a, b)
    return a + b


def add_backward(dy: Any, a: Any, b: Any, y: Any) -> tuple[Array, Array]:
    dy = _wide(dy)
    return dy, dy.copy()


def subtract_forward(a: Any, b: Any) -> Array:
    a, b = _operands(a, b)
    return a - b


def subtract_backward(dy: Any, a: Any, b: Any, y: Any) -> tuple[Array, Array]:
    dy = _wide(dy)
    return dy, -dy


def multiply_forward(a: Any, b: Any) -> Array:
    a, b = _operands(a, b)
    return a * b


def multiply_backward(dy: Any, a: Any, b: Any, y: Any) -> tuple[Array, Array]:
    dy, a, b = _operands(dy, a, b)
    return dy * b, dy * a


def divide_forward(a: Any, b: Any) -> Array:
    a, b = _operands(a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return a / b


def divide_backward(dy: Any, a: Any, b: Any, y: Any) -> tuple[Array, Array]:
    dy, a, b, y = _operands(dy, a, b, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return dy / b, -dy * y / b


def power_forward(a: Any, b: Any) -> Array:
    a, b = _operands(a, b)
    with np.errstate(all="ignore"):
        return np.power(a, b)


def power_backward(dy: Any, a: Any, b: Any, y: Any) -> tuple[Array, Array]:
    dy, a, b, y = _operands(dy, a, b, y)
    with np.errstate(all="ignore"):
        slope_a = np.where(b == 0, 0, b * np.power(a, b - 1))
        return dy * slope_a, dy * np.where((a == 0) & (b > 0), 0, y * np.log(a))


def maximum_forward(a: Any, b: Any) -> Array:
    return np.maximum(*_operands(a, b))


def maximum_backward(dy: Any, a: Any, b: Any, y: Any) -> tuple[Array, Array]:
    dy, a, b = _operands(dy, a, b)
    return dy * np.where(a == b, 0.5, a > b), dy * np.where(a == b, 0.5, b > a)


def minimum_forward(a: Any, b: Any) -> Array:
    return np.minimum(*_operands(a, b))


def minimum_backward(dy: Any, a: Any, b: Any, y: Any) -> tuple[Array, Array]:
    dy, a, b = _operands(dy, a, b)
    return dy * np.where(a == b, 0.5, a < b), dy * np.where(a == b, 0.5, b < a)


def less_forward(a: Any, b: Any) -> Array:
    return 1.0 * np.less(*_operands(a, b))


def less_equal_forward(a: Any, b: Any) -> Array:
    return 1.0 * np.less_equal(*_operands(a, b))


def equal_forward(a: Any, b: Any) -> Array:
    return 1.0 * np.equal(*_operands(a, b))


def not_equal_forward(a: Any, b: Any) -> Array:
    return 1.0 * np.not_equal(*_operands(a, b))


def where_forward(condition: Any, a: Any, b: Any) -> Array:
    condition, a, b = _operands(condition, a, b)
    return np.where(condition != 0, a, b)


def where_backward(dy: Any, condition: Any) -> tuple[Array, Array]:
    dy, condition = _operands(dy, condition)
    return np.where(condition != 0, dy, 0), np.where(condition != 0, 0, dy)
