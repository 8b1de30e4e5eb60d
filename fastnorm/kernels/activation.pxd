from libc.stdint cimport uint32_t, uint64_t

from .cpu cimport fn_kernels

cdef void relu_forward_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                            void* y, Py_ssize_t ldy, int threads) noexcept nogil
cdef void relu_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* y, Py_ssize_t ldy,
                             Py_ssize_t n, Py_ssize_t c, void* dx, Py_ssize_t lddx, int threads) noexcept nogil
cdef void dropout_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t first_row, Py_ssize_t n,
                       Py_ssize_t c, double rate, uint64_t seed, uint32_t stream, uint32_t index, void* y,
                       Py_ssize_t ldy, int threads) noexcept nogil
