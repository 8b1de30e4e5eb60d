"""The registry of operations; see operations.pyx."""

from .node cimport Pass

cdef struct Operations:
    const char* name
    Pass forward
    Pass backward

cdef Operations find_operation(const char* name) noexcept nogil
cdef int find_kernel(const char* name) noexcept nogil
