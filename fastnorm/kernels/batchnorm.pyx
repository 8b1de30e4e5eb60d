"""Batch normalization over the rows: forward, inference, backward and the running averages."""

from cython.parallel cimport prange

import numpy as np

from .. import checks
from ..errors import DataError
from .cpu cimport column_border, fn_kernels, kernels, real, usable_threads


cdef void batchnorm_forward_columns(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n,
                                    Py_ssize_t c, const void* gamma, const void* beta, double epsilon, int relu,
                                    void* y, Py_ssize_t ldy, double* mean, double* variance, double* inverse_std,
                                    int threads) noexcept nogil:
    """Normalize with the statistics of these rows; columns are shared among threads."""
    cdef Py_ssize_t part, first, last, offset
    if threads == 1:
        kernels.batchnorm_forward(x, ldx, n, c, gamma, beta, epsilon, relu, y, ldy, mean, variance, inverse_std)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = column_border(kernels, c, part, threads)
        last = column_border(kernels, c, part + 1, threads)
        offset = first * kernels.itemsize
        kernels.batchnorm_forward(<const char*> x + offset, ldx, n, last - first, <const char*> gamma + offset,
                                  <const char*> beta + offset, epsilon, relu, <char*> y + offset, ldy, mean + first,
                                  variance + first, inverse_std + first)


cdef void batchnorm_inference_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                   const double* mean, const double* inverse_std, const void* gamma, const void* beta,
                                   int relu, void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """Normalize with given statistics; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.batchnorm_inference(x, ldx, n, c, mean, inverse_std, gamma, beta, relu, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.batchnorm_inference(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c, mean,
                                    inverse_std, gamma, beta, relu, <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void batchnorm_backward_columns(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* x,
                                     Py_ssize_t ldx, const void* y, Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c,
                                     const double* mean, const double* inverse_std, const void* gamma, void* dx,
                                     Py_ssize_t lddx, void* dgamma, void* dbeta, int threads) noexcept nogil:
    """Gradients of batchnorm_forward; columns are shared among threads."""
    cdef Py_ssize_t part, first, last, offset
    if threads == 1:
        kernels.batchnorm_backward(dy, lddy, x, ldx, y, ldy, n, c, mean, inverse_std, gamma, dx, lddx, dgamma, dbeta)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = column_border(kernels, c, part, threads)
        last = column_border(kernels, c, part + 1, threads)
        offset = first * kernels.itemsize
        kernels.batchnorm_backward(<const char*> dy + offset, lddy, <const char*> x + offset, ldx,
                                   <const char*> y + offset if y != NULL else NULL, ldy, n, last - first, mean + first,
                                   inverse_std + first, <const char*> gamma + offset, <char*> dx + offset, lddx,
                                   <char*> dgamma + offset, <char*> dbeta + offset)


cdef _forward(const real[:, ::1] x, const real[::1] gamma, const real[::1] beta, double epsilon, bint relu,
              real[:, ::1] y, double[::1] mean, double[::1] variance, double[::1] inverse_std, int threads):
    with nogil:
        batchnorm_forward_columns(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], &gamma[0],
                                  &beta[0], epsilon, relu, &y[0, 0], y.shape[1], &mean[0], &variance[0],
                                  &inverse_std[0], threads)


def batchnorm_forward(x, gamma, beta, epsilon=1e-5, *, relu=False, out=None, threads=1):
    """Normalize each column with its own mean and biased variance, times gamma, plus beta.

    x            (n, c), float32 or float64, any layout, finite
    gamma, beta  (c,)
    epsilon      > 0, added to the variance, in squared units of x
    relu         negative results become 0
    threads      columns are shared among so many
    Returns y (n, c) of x's dtype, mean (c,) and inverse_std (c,) = 1 / sqrt(variance + epsilon), both float64 always.
    A constant column gives beta exactly.
    Source: Ioffe & Szegedy 2015, Algorithm 1.
    """
    x = checks.matrix("x", x)
    gamma = checks.vector("gamma", gamma, x.dtype, x.shape[1])
    beta = checks.vector("beta", beta, x.dtype, x.shape[1])
    epsilon = checks.number("epsilon", epsilon, 0, ends="(]")
    y = checks.output("out", out, x.shape, x.dtype, x, gamma, beta)
    mean, variance, inverse_std = np.empty((3, x.shape[1]))
    if x.dtype == np.float32:
        _forward[float](x, gamma, beta, epsilon, relu, y, mean, variance, inverse_std, usable_threads(threads))
    else:
        _forward[double](x, gamma, beta, epsilon, relu, y, mean, variance, inverse_std, usable_threads(threads))
    return y, mean, inverse_std


cdef _inference(const real[:, ::1] x, const double[::1] mean, const double[::1] inverse_std, const real[::1] gamma,
                const real[::1] beta, bint relu, real[:, ::1] y, int threads):
    with nogil:
        batchnorm_inference_rows(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], &mean[0],
                                 &inverse_std[0], &gamma[0], &beta[0], relu, &y[0, 0], y.shape[1], threads)


def batchnorm_inference(x, mean, variance, gamma, beta, epsilon=1e-5, *, relu=False, out=None, threads=1):
    """Normalize each column with a given mean and variance, times gamma, plus beta.

    x               (n, c), float32 or float64, any layout
    mean, variance  (c,), running averages of batchnorm_running; used as float64; variance >= 0
    gamma, beta     (c,)
    epsilon         > 0, added to the variance
    relu            negative results become 0
    threads         rows are shared among so many
    Returns (n, c) of x's dtype.
    """
    x = checks.matrix("x", x)
    mean = checks.vector("mean", mean, np.float64, x.shape[1])
    variance = checks.vector("variance", variance, np.float64, x.shape[1])
    if variance.min() < 0:
        raise DataError(f"variance: expected numbers >= 0, got {variance.min()} at position {variance.argmin()}")
    gamma = checks.vector("gamma", gamma, x.dtype, x.shape[1])
    beta = checks.vector("beta", beta, x.dtype, x.shape[1])
    inverse_std = 1 / np.sqrt(variance + checks.number("epsilon", epsilon, 0, ends="(]"))
    y = checks.output("out", out, x.shape, x.dtype, x, gamma, beta, mean)
    if x.dtype == np.float32:
        _inference[float](x, mean, inverse_std, gamma, beta, relu, y, usable_threads(threads))
    else:
        _inference[double](x, mean, inverse_std, gamma, beta, relu, y, usable_threads(threads))
    return y


cdef _backward(const real[:, ::1] dy, const real[:, ::1] x, const real[:, ::1] y, const double[::1] mean,
               const double[::1] inverse_std, const real[::1] gamma, real[:, ::1] dx, real[::1] dgamma, real[::1] dbeta,
               int threads):
    cdef const real* result = NULL
    if y is not None:
        result = &y[0, 0]
    with nogil:
        batchnorm_backward_columns(kernels(sizeof(real)), &dy[0, 0], dy.shape[1], &x[0, 0], x.shape[1], result,
                                   x.shape[1], x.shape[0], x.shape[1], &mean[0], &inverse_std[0], &gamma[0], &dx[0, 0],
                                   dx.shape[1], &dgamma[0], &dbeta[0], threads)


def batchnorm_backward(dy, x, mean, inverse_std, gamma, y=None, *, out=None, threads=1):
    """The gradients of batchnorm_forward.

    dy                 (n, c), gradient of its y; its dtype is used
    x                  (n, c), as forward got it
    mean, inverse_std  (c,), as forward gave them; used as float64
    gamma              (c,)
    y                  (n, c), what forward gave where it had relu, else None
    threads            columns are shared among so many
    Returns dx (n, c), dgamma (c,), dbeta (c,), of dy's dtype.
    Source: Ioffe & Szegedy 2015, section 3.
    """
    dy = checks.matrix("dy", dy)
    x = checks.matrix("x", x, dy.dtype, rows=dy.shape[0], columns=dy.shape[1])
    mean = checks.vector("mean", mean, np.float64, x.shape[1])
    inverse_std = checks.vector("inverse_std", inverse_std, np.float64, x.shape[1])
    gamma = checks.vector("gamma", gamma, dy.dtype, x.shape[1])
    if y is not None:
        y = checks.matrix("y", y, dy.dtype, rows=dy.shape[0], columns=dy.shape[1])
    dx = checks.output("out", out, x.shape, x.dtype, dy, x, y, gamma, mean, inverse_std)
    dgamma, dbeta = np.empty((2, x.shape[1]), x.dtype)
    if dy.dtype == np.float32:
        _backward[float](dy, x, y, mean, inverse_std, gamma, dx, dgamma, dbeta, usable_threads(threads))
    else:
        _backward[double](dy, x, y, mean, inverse_std, gamma, dx, dgamma, dbeta, usable_threads(threads))
    return dx, dgamma, dbeta


cdef _running(const double[::1] mean, const double[::1] variance, double share, double[::1] running_mean,
              double[::1] running_variance):
    kernels(sizeof(double)).batchnorm_running(&mean[0], &variance[0], mean.shape[0], share, &running_mean[0],
                                              &running_variance[0])


def batchnorm_running(mean, variance, running_mean, running_variance, weight, decay):
    """Move the running averages toward a batch's statistics, in place; bias-corrected, so the first call copies them.

    mean, variance                  (c,), of the batch; used as float64
    running_mean, running_variance  (c,), float64, changed in place
    weight                          what the call before returned, 0 at first
    decay                           share of the old average kept, 0 <= decay < 1 (PyTorch's 1 - momentum)
    Returns the new weight, decay * weight + 1 - decay; the averages moved by (1 - decay) / weight of the distance.
    """
    mean = checks.vector("mean", mean, np.float64)
    variance = checks.vector("variance", variance, np.float64, mean.shape[0])
    checks.in_place("running_mean", running_mean, mean.shape, np.float64)
    checks.in_place("running_variance", running_variance, mean.shape, np.float64)
    checks.apart("running_mean", running_mean, mean, variance)
    checks.apart("running_variance", running_variance, mean, variance, running_mean)
    decay = checks.number("decay", decay, 0, 1, ends="[)")
    weight = decay * checks.number("weight", weight, 0, 1) + 1 - decay
    _running(mean, variance, (1 - decay) / weight, running_mean, running_variance)
    return weight
