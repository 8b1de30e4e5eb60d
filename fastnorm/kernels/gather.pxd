from libc.stdint cimport int64_t

from .cpu cimport fn_kernels

cdef void gather_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, const int64_t* rows, Py_ssize_t n,
                      Py_ssize_t c, void* y, Py_ssize_t ldy, int threads) noexcept nogil
