"""Operands that broadcast to a matrix by NumPy's rule."""

import numpy as np

from .. import checks
from ..errors import ShapeError


cdef operand(name, value, dtype):
    """value as a contiguous matrix: a number is (1, 1), a vector one row."""
    array = checks.floating(name, value, dtype)
    if array.ndim > 2 or 0 in array.shape:
        raise ShapeError(f"{name}: expected a number, a vector or a matrix, not empty, got shape {array.shape}")
    return np.atleast_2d(array)


cdef tuple common_shape(dict operands):
    """The shape that all operands broadcast to; their names stand in the error."""
    try:
        return np.broadcast_shapes(*(array.shape for array in operands.values()))
    except ValueError:
        came = ", ".join(f"{name} {array.shape}" for name, array in operands.items())
        raise ShapeError(f"{' and '.join(operands)}: expected shapes that broadcast to one, got {came}") from None


cdef must_be(name, array, tuple shape):
    """Raise ShapeError where the operands do not broadcast to array's shape."""
    if array.shape != shape:
        raise ShapeError(f"{name}: expected the operands' common shape {shape}, got {array.shape}")
