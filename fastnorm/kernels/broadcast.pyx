"""Operands that broadcast to a matrix by NumPy's rule."""

import numpy as np

from ..errors import ShapeError
from .arguments cimport columns_of, floating, matrix, number, rows_of, vector


cdef operand(name, value, int kind):
    """value as a matrix of that kind, its own where it is ANY: a number is (1, 1), a vector one row."""
    if type(value) is np.ndarray and value.ndim == 2 and value.size:
        return matrix(name, value, kind)
    array = floating(name, value, kind)
    if array.ndim > 2 or array.size == 0:
        raise ShapeError(f"{name}: expected a number, a vector or a matrix, not empty, got shape {array.shape}")
    return np.atleast_2d(array)


cdef broadcast(tuple names, tuple operands, Py_ssize_t* rows, Py_ssize_t* columns):
    """The shape that all operands, matrices, broadcast to; their names stand in the error."""
    cdef Py_ssize_t n, c
    rows[0] = columns[0] = 1
    for array in operands:
        n, c = rows_of(array), columns_of(array)
        if (n != 1 != rows[0] and n != rows[0]) or (c != 1 != columns[0] and c != columns[0]):
            came = ", ".join(f"{name} {other.shape}" for name, other in zip(names, operands))
            raise ShapeError(f"{' and '.join(names)}: expected shapes that broadcast to one, got {came}")
        rows[0], columns[0] = max(rows[0], n), max(columns[0], c)


cdef must_fit(name, array, tuple names, tuple operands):
    """Raise ShapeError where the operands do not broadcast to array's shape."""
    cdef Py_ssize_t n, c
    broadcast(names, operands, &n, &c)
    if rows_of(array) != n or columns_of(array) != c:
        raise ShapeError(f"{name}: expected the operands' common shape {(n, c)}, got {array.shape}")
