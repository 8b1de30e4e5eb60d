from libc.stdint cimport int64_t, uint32_t, uint64_t

from .cpu cimport fn_kernels

cdef void fill_permutation(const fn_kernels* kernels, uint64_t seed, uint32_t purpose, uint32_t stream, uint32_t index,
                           Py_ssize_t count, int64_t* out) noexcept nogil
