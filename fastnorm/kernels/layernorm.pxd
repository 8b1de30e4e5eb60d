from .cpu cimport fn_kernels

cdef void layernorm_forward_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                 const void* gamma, const void* beta, double epsilon, void* y, Py_ssize_t ldy,
                                 double* mean, double* inverse_std, int threads) noexcept nogil
cdef void layernorm_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* x,
                                  Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const double* mean,
                                  const double* inverse_std, const void* gamma, void* dx, Py_ssize_t lddx,
                                  int threads) noexcept nogil
cdef void layernorm_gamma_beta_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* x,
                                             Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const double* mean,
                                             const double* inverse_std, void* dgamma, void* dbeta,
                                             int threads) noexcept nogil
