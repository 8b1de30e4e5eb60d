from .cpu cimport fn_kernels

cdef void batchnorm_forward_columns(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n,
                                    Py_ssize_t c, const void* gamma, const void* beta, double epsilon, int relu,
                                    void* y, Py_ssize_t ldy, double* mean, double* variance, double* inverse_std,
                                    int threads) noexcept nogil
cdef void batchnorm_inference_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                   const double* mean, const double* inverse_std, const void* gamma, const void* beta,
                                   int relu, void* y, Py_ssize_t ldy, int threads) noexcept nogil
cdef void batchnorm_backward_columns(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* x,
                                     Py_ssize_t ldx, const void* y, Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c,
                                     const double* mean, const double* inverse_std, const void* gamma, void* dx,
                                     Py_ssize_t lddx, void* dgamma, void* dbeta, int threads) noexcept nogil
