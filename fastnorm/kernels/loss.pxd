from libc.stdint cimport int32_t

from .cpu cimport fn_kernels

cdef void softmax_cross_entropy_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n,
                                     Py_ssize_t k, const int32_t* labels, const void* targets, Py_ssize_t ldt,
                                     const void* weights, double smoothing, double scale, double* losses,
                                     double* correct, void* dx, Py_ssize_t lddx, int threads) noexcept nogil
cdef void mean_squared_error_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                  const void* targets, Py_ssize_t ldt, const void* weights, double scale,
                                  double* losses, void* dx, Py_ssize_t lddx, int threads) noexcept nogil
