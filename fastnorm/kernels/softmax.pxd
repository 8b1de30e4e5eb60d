from .cpu cimport fn_kernels

cdef void softmax_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                       Py_ssize_t ldy, int threads) noexcept nogil
cdef void softmax_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* y,
                                Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c, void* dx, Py_ssize_t lddx,
                                int threads) noexcept nogil
cdef void log_softmax_forward_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                   void* y, Py_ssize_t ldy, int threads) noexcept nogil
cdef void log_softmax_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* y,
                                    Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c, void* dx, Py_ssize_t lddx,
                                    int threads) noexcept nogil
