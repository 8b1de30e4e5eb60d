"""Operands that broadcast to a matrix by NumPy's rule."""

import numpy as np

from .. import checks
from ..errors import ShapeError


cdef operand(name, value, dtype):
    """value as a contiguous matrix: a number is (1, 1), a vector one row."""
    array = checks.floating(name, value, dtype)
    if array.ndim > 2 or 0 in array.shape:
        raise ShapeError(f"{name}: expected a number, a vector or a matrix, not empty, got shape {array.shape}")
    return array if array.ndim == 2 else np.atleast_2d(array)


cdef tuple common_shape(dict operands):
    """The shape that all operands, matrices, broadcast to; their names stand in the error."""
    cdef Py_ssize_t n = 1, c = 1, rows, columns
    for array in operands.values():
        rows, columns = array.shape
        if (rows != 1 != n and rows != n) or (columns != 1 != c and columns != c):
            came = ", ".join(f"{name} {other.shape}" for name, other in operands.items())
            raise ShapeError(f"{' and '.join(operands)}: expected shapes that broadcast to one, got {came}")
        n, c = max(n, rows), max(c, columns)
    return n, c


cdef must_be(name, array, tuple shape):
    """Raise ShapeError where the operands do not broadcast to array's shape."""
    if array.shape != shape:
        raise ShapeError(f"{name}: expected the operands' common shape {shape}, got {array.shape}")
