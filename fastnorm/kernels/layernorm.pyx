"""Layer normalization: each row by its own mean and variance; forward, and both its gradients."""

from cython.parallel cimport prange

import numpy as np

from .. import checks
from .cpu cimport column_border, fn_kernels, kernels, real, usable_threads


cdef void layernorm_forward_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                 const void* gamma, const void* beta, double epsilon, void* y, Py_ssize_t ldy,
                                 double* mean, double* inverse_std, int threads) noexcept nogil:
    """Normalize each row; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.layernorm_forward(x, ldx, n, c, gamma, beta, epsilon, y, ldy, mean, inverse_std)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.layernorm_forward(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c, gamma, beta,
                                  epsilon, <char*> y + first * ldy * kernels.itemsize, ldy, mean + first,
                                  inverse_std + first)


cdef void layernorm_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* x,
                                  Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const double* mean,
                                  const double* inverse_std, const void* gamma, void* dx, Py_ssize_t lddx,
                                  int threads) noexcept nogil:
    """The gradient of x; rows are shared among threads."""
    cdef Py_ssize_t part, first, last, size = kernels.itemsize
    if threads == 1:
        kernels.layernorm_backward(dy, lddy, x, ldx, n, c, mean, inverse_std, gamma, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.layernorm_backward(<const char*> dy + first * lddy * size, lddy, <const char*> x + first * ldx * size,
                                   ldx, last - first, c, mean + first, inverse_std + first, gamma,
                                   <char*> dx + first * lddx * size, lddx)


cdef void layernorm_gamma_beta_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* x,
                                             Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, const double* mean,
                                             const double* inverse_std, void* dgamma, void* dbeta,
                                             int threads) noexcept nogil:
    """The gradients of gamma and beta; columns are shared among threads."""
    cdef Py_ssize_t part, first, last, offset
    if threads == 1:
        kernels.layernorm_gamma_beta_backward(dy, lddy, x, ldx, n, c, mean, inverse_std, dgamma, dbeta)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = column_border(kernels, c, part, threads)
        last = column_border(kernels, c, part + 1, threads)
        offset = first * kernels.itemsize
        kernels.layernorm_gamma_beta_backward(<const char*> dy + offset, lddy, <const char*> x + offset, ldx, n,
                                              last - first, mean, inverse_std, <char*> dgamma + offset,
                                              <char*> dbeta + offset)


cdef _forward(const real[:, ::1] x, const real[::1] gamma, const real[::1] beta, double epsilon, real[:, ::1] y,
              double[::1] mean, double[::1] inverse_std, int threads):
    with nogil:
        layernorm_forward_rows(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], &gamma[0], &beta[0],
                               epsilon, &y[0, 0], y.shape[1], &mean[0], &inverse_std[0], threads)


def layernorm_forward(x, gamma, beta, epsilon=1e-5, *, out=None, threads=1):
    """Normalize each row with its own mean and biased variance, times gamma, plus beta.

    x            (n, c), float32 or float64, any layout, finite
    gamma, beta  (c,)
    epsilon      > 0, added to the variance, in squared units of x
    threads      rows are shared among so many
    Returns y (n, c) of x's dtype, mean (n,) and inverse_std (n,) = 1 / sqrt(variance + epsilon), both float64 always.
    A row of equal numbers gives beta exactly.
    Source: Ba, Kiros & Hinton 2016.
    """
    x = checks.matrix("x", x)
    gamma = checks.vector("gamma", gamma, x.dtype, x.shape[1])
    beta = checks.vector("beta", beta, x.dtype, x.shape[1])
    epsilon = checks.number("epsilon", epsilon, 0, ends="(]")
    y = checks.output("out", out, x.shape, x.dtype, x, gamma, beta)
    mean, inverse_std = np.empty((2, x.shape[0]))
    if x.dtype == np.float32:
        _forward[float](x, gamma, beta, epsilon, y, mean, inverse_std, usable_threads(threads))
    else:
        _forward[double](x, gamma, beta, epsilon, y, mean, inverse_std, usable_threads(threads))
    return y, mean, inverse_std


cdef _backward(const real[:, ::1] dy, const real[:, ::1] x, const double[::1] mean, const double[::1] inverse_std,
               const real[::1] gamma, real[:, ::1] dx, int threads):
    with nogil:
        layernorm_backward_rows(kernels(sizeof(real)), &dy[0, 0], dy.shape[1], &x[0, 0], x.shape[1], x.shape[0],
                                x.shape[1], &mean[0], &inverse_std[0], &gamma[0], &dx[0, 0], dx.shape[1], threads)


def _arguments(dy, x, mean, inverse_std):
    """What both gradients take, checked."""
    dy = checks.matrix("dy", dy)
    x = checks.matrix("x", x, dy.dtype, rows=dy.shape[0], columns=dy.shape[1])
    mean = checks.vector("mean", mean, np.float64, x.shape[0])
    return dy, x, mean, checks.vector("inverse_std", inverse_std, np.float64, x.shape[0])


def layernorm_backward(dy, x, mean, inverse_std, gamma, *, out=None, threads=1):
    """The gradient of layernorm_forward's x.

    dy                 (n, c), gradient of its y; its dtype is used
    x                  (n, c), as forward got it
    mean, inverse_std  (n,), as forward gave them
    gamma              (c,)
    threads            rows are shared among so many
    Returns dx (n, c) of dy's dtype.
    """
    dy, x, mean, inverse_std = _arguments(dy, x, mean, inverse_std)
    gamma = checks.vector("gamma", gamma, dy.dtype, x.shape[1])
    dx = checks.output("out", out, x.shape, dy.dtype, dy, x, mean, inverse_std, gamma)
    if dy.dtype == np.float32:
        _backward[float](dy, x, mean, inverse_std, gamma, dx, usable_threads(threads))
    else:
        _backward[double](dy, x, mean, inverse_std, gamma, dx, usable_threads(threads))
    return dx


cdef _gamma_beta(const real[:, ::1] dy, const real[:, ::1] x, const double[::1] mean, const double[::1] inverse_std,
                 real[::1] dgamma, real[::1] dbeta, int threads):
    with nogil:
        layernorm_gamma_beta_backward_rows(kernels(sizeof(real)), &dy[0, 0], dy.shape[1], &x[0, 0], x.shape[1],
                                           x.shape[0], x.shape[1], &mean[0], &inverse_std[0], &dgamma[0], &dbeta[0],
                                           threads)


def layernorm_gamma_beta_backward(dy, x, mean, inverse_std, *, threads=1):
    """The gradients of layernorm_forward's gamma and beta: sums over the rows in double, row after row.

    dy                 (n, c), gradient of its y; its dtype is used
    x                  (n, c), as forward got it
    mean, inverse_std  (n,), as forward gave them
    threads            columns are shared among so many
    Returns dgamma (c,) and dbeta (c,) of dy's dtype.
    """
    dy, x, mean, inverse_std = _arguments(dy, x, mean, inverse_std)
    dgamma, dbeta = np.empty((2, x.shape[1]), dy.dtype)
    if dy.dtype == np.float32:
        _gamma_beta[float](dy, x, mean, inverse_std, dgamma, dbeta, usable_threads(threads))
    else:
        _gamma_beta[double](dy, x, mean, inverse_std, dgamma, dbeta, usable_threads(threads))
    return dgamma, dbeta
