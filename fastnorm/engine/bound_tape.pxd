"""A tape bound to memory; see bound.pyx."""

from ..kernels.cpu cimport fn_kernels
from .node cimport Buffer, Node

cdef char* address(array) except? NULL
cdef Py_ssize_t row_distance(Py_ssize_t columns, const fn_kernels* kernels) noexcept nogil

cdef class Bound:
    cdef readonly object tape
    cdef readonly object dtype
    cdef readonly Py_ssize_t capacity
    cdef const fn_kernels* kernels
    cdef Buffer* buffers        # one for each value of the tape
    cdef Node* nodes            # one for each operation
    cdef int count              # of nodes
    cdef list memory            # keeps what the buffers point into alive
    cdef Py_ssize_t reserved    # bytes of it
    cdef dict constants         # index of a value -> its array in padded rows

    cdef char* reserve(self, Py_ssize_t size) except NULL
    cdef Buffer* place(self, value, char* data, Py_ssize_t ld)
