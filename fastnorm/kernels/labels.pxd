from libc.stdint cimport int32_t

from .cpu cimport fn_kernels

cdef void one_hot_rows(const fn_kernels* kernels, const int32_t* labels, Py_ssize_t n, Py_ssize_t k, void* y,
                       Py_ssize_t ldy, int threads) noexcept nogil
cdef void hits_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t k,
                    const int32_t* labels, const void* targets, Py_ssize_t ldt, void* y, Py_ssize_t stride,
                    int threads) noexcept nogil
