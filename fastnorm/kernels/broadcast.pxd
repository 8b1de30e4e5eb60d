"""Operands that broadcast to a matrix by NumPy's rule, for the kernels that take a stride of 0."""

from numpy cimport ndarray

cdef inline Py_ssize_t stride_of_rows(Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    """Elements from row to row of a contiguous matrix; one row serves for all."""
    return 0 if rows == 1 else columns


cdef inline Py_ssize_t stride_of_columns(Py_ssize_t columns) noexcept nogil:
    """Elements from column to column; one column serves for all."""
    return 0 if columns == 1 else 1


cdef ndarray operand(name, value, ndarray like)
cdef broadcast(tuple names, tuple operands, Py_ssize_t* rows, Py_ssize_t* columns)
cdef must_fit(name, ndarray array, tuple names, tuple operands)
