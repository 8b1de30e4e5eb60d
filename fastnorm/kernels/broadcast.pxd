"""Operands that broadcast to a matrix by NumPy's rule, for the kernels that take a stride of 0."""

from .arguments cimport stride
from .cpu cimport real

cdef inline Py_ssize_t stride_of_rows(const real[:, :] matrix) noexcept nogil:
    """Elements from row to row; one row serves for all."""
    return 0 if matrix.shape[0] == 1 else stride(matrix)


cdef inline Py_ssize_t stride_of_columns(const real[:, :] matrix) noexcept nogil:
    """Elements from column to column; one column serves for all."""
    return 0 if matrix.shape[1] == 1 else 1


cdef operand(name, value, int kind)
cdef broadcast(tuple names, tuple operands, Py_ssize_t* rows, Py_ssize_t* columns)
cdef must_fit(name, array, tuple names, tuple operands)
