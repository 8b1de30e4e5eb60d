from .cpu cimport fn_kernels

cdef void unary_forward_rows(const fn_kernels* kernels, int which, const void* x, Py_ssize_t ldx, Py_ssize_t n,
                             Py_ssize_t c, double p, double q, void* y, Py_ssize_t ldy, int threads) noexcept nogil
cdef void unary_backward_rows(const fn_kernels* kernels, int which, const void* dy, Py_ssize_t lddy, const void* x,
                              Py_ssize_t ldx, const void* y, Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c, double p,
                              double q, void* dx, Py_ssize_t lddx, int threads) noexcept nogil
