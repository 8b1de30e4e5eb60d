"""Batch normalization over the rows: forward, inference, backward and the running averages."""

from cython.parallel cimport prange
from libc.math cimport sqrt

from ..errors import DataError
from .cpu cimport column_border, fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport (
    FLOAT64,
    INFINITY,
    apart,
    columns_of,
    in_place,
    is_single,
    kind_of,
    matrix,
    new_vector,
    number,
    output_like,
    rows_of,
    rows_start,
    same,
    stride,
    vector,
    whole,
)


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
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
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


cdef _forward(const real[:, :] x, const real[::1] gamma, const real[::1] beta, double epsilon, bint relu,
              real[:, :] y, double[::1] mean, double[::1] variance, double[::1] inverse_std, int threads):
    with nogil:
        batchnorm_forward_columns(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &gamma[0],
                                  &beta[0], epsilon, relu, &y[0, 0], stride(y), &mean[0], &variance[0],
                                  &inverse_std[0], threads)


def batchnorm_forward(x, gamma, beta, epsilon=1e-5, *, relu=False, out=None, threads=1):
    """Normalize each column with its own mean and biased variance, times gamma, plus beta.

    x            (n, c), float32 or float64, any layout, finite
    gamma, beta  (c,)
    epsilon      > 0, added to the variance, in squared units of x
    relu         negative results become 0
    threads      the most threads that share columns
    Returns y (n, c) of x's dtype, mean (c,) and inverse_std (c,) = 1 / sqrt(variance + epsilon), both float64 always.
    A constant column gives beta exactly.
    Source: Ioffe & Szegedy 2015, Algorithm 1.
    """
    x = matrix("x", x)
    cdef Py_ssize_t c = columns_of(x)
    gamma, beta = vector("gamma", gamma, kind_of(x), c), vector("beta", beta, kind_of(x), c)
    epsilon = number("epsilon", epsilon, 0, INFINITY, "(]")
    y = output_like(out, x, (x, gamma, beta))
    mean, variance, inverse_std = new_vector(c, FLOAT64), new_vector(c, FLOAT64), new_vector(c, FLOAT64)
    if is_single(x):
        _forward[float](x, gamma, beta, epsilon, relu, y, mean, variance, inverse_std, usable_threads(threads))
    else:
        _forward[double](x, gamma, beta, epsilon, relu, y, mean, variance, inverse_std, usable_threads(threads))
    return y, mean, inverse_std


cdef _inference(const real[:, :] x, const double[::1] mean, const double[::1] inverse_std, const real[::1] gamma,
                const real[::1] beta, bint relu, real[:, :] y, int threads):
    with nogil:
        batchnorm_inference_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &mean[0],
                                 &inverse_std[0], &gamma[0], &beta[0], relu, &y[0, 0], stride(y), threads)


cdef _inverse_std(const double[::1] variance, double epsilon, double[::1] inverse_std):
    """inverse_std = 1 / sqrt(variance + epsilon)."""
    cdef Py_ssize_t i
    for i in range(variance.shape[0]):
        if variance[i] < 0:
            raise DataError(f"variance: expected numbers >= 0, got {variance[i]} at position {i}")
        inverse_std[i] = 1 / sqrt(variance[i] + epsilon)


def batchnorm_inference(x, mean, variance, gamma, beta, epsilon=1e-5, *, relu=False, out=None, threads=1):
    """Normalize each column with a given mean and variance, times gamma, plus beta.

    x               (n, c), float32 or float64, any layout
    mean, variance  (c,), running averages of batchnorm_running; used as float64; variance >= 0
    gamma, beta     (c,)
    epsilon         > 0, added to the variance
    relu            negative results become 0
    threads         the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    x = matrix("x", x)
    cdef Py_ssize_t c = columns_of(x)
    mean, variance = vector("mean", mean, FLOAT64, c), vector("variance", variance, FLOAT64, c)
    gamma, beta = vector("gamma", gamma, kind_of(x), c), vector("beta", beta, kind_of(x), c)
    inverse_std = new_vector(c, FLOAT64)
    _inverse_std(variance, number("epsilon", epsilon, 0, INFINITY, "(]"), inverse_std)
    y = output_like(out, x, (x, gamma, beta, mean))
    if is_single(x):
        _inference[float](x, mean, inverse_std, gamma, beta, relu, y, usable_threads(threads))
    else:
        _inference[double](x, mean, inverse_std, gamma, beta, relu, y, usable_threads(threads))
    return y


cdef _backward(const real[:, :] dy, const real[:, :] x, const real[:, :] y, const double[::1] mean,
               const double[::1] inverse_std, const real[::1] gamma, real[:, :] dx, real[::1] dgamma, real[::1] dbeta,
               int threads):
    with nogil:
        batchnorm_backward_columns(kernels(sizeof(real)), &dy[0, 0], stride(dy), &x[0, 0], stride(x), rows_start(y),
                                   stride(y), x.shape[0], x.shape[1], &mean[0], &inverse_std[0],
                                   &gamma[0], &dx[0, 0], stride(dx), &dgamma[0], &dbeta[0], threads)


def batchnorm_backward(dy, x, mean, inverse_std, gamma, y=None, *, out=None, threads=1):
    """The gradients of batchnorm_forward.

    dy                 (n, c), gradient of its y; its dtype is used
    x                  (n, c), as forward got it
    mean, inverse_std  (c,), as forward gave them; used as float64
    gamma              (c,)
    y                  (n, c), forward's result where it had relu, else None
    threads            the most threads that share columns
    Returns dx (n, c), dgamma (c,), dbeta (c,), of dy's dtype.
    Source: Ioffe & Szegedy 2015, section 3.
    """
    dy = matrix("dy", dy)
    x = same("x", x, dy)
    cdef Py_ssize_t c = columns_of(x)
    cdef int kind = kind_of(dy)
    mean, inverse_std = vector("mean", mean, FLOAT64, c), vector("inverse_std", inverse_std, FLOAT64, c)
    gamma = vector("gamma", gamma, kind, c)
    if y is not None:
        y = same("y", y, dy)
    dx = output_like(out, x, (dy, x, y, gamma, mean, inverse_std))
    dgamma, dbeta = new_vector(c, kind), new_vector(c, kind)
    if is_single(dy):
        _backward[float](dy, x, y, mean, inverse_std, gamma, dx, dgamma, dbeta, usable_threads(threads))
    else:
        _backward[double](dy, x, y, mean, inverse_std, gamma, dx, dgamma, dbeta, usable_threads(threads))
    return dx, dgamma, dbeta


cdef _running(const double[::1] mean, const double[::1] variance, double share, double factor,
              double[::1] running_mean, double[::1] running_variance):
    with nogil:
        kernels(sizeof(double)).batchnorm_running(&mean[0], &variance[0], mean.shape[0], share, factor,
                                                  &running_mean[0], &running_variance[0])


def batchnorm_running(mean, variance, running_mean, running_variance, weight, decay, rows=None):
    """Move the running averages toward a batch's statistics, in place; bias-corrected, so the first call copies them.

    mean, variance                  (c,), of the batch, the variance divided by its n rows; used as float64
    running_mean, running_variance  (c,), float64, changed in place
    weight                          the last call's result, 0 at first
    decay                           share of the old average kept, 0 <= decay < 1 (PyTorch's 1 - momentum)
    rows                            n, at least 2: the variance is averaged times n / (n - 1), as training does; None:
                                    as it is, which is ONNX's form
    Returns the new weight, decay * weight + 1 - decay; the averages moved by (1 - decay) / weight of the distance.
    Source: Ioffe & Szegedy 2015, Algorithm 2.
    """
    mean = vector("mean", mean, FLOAT64)
    variance = vector("variance", variance, FLOAT64, rows_of(mean))
    running_mean = in_place("running_mean", running_mean, mean)
    apart("running_mean", running_mean, (mean, variance))
    running_variance = in_place("running_variance", running_variance, mean)
    apart("running_variance", running_variance, (mean, variance, running_mean))
    decay = number("decay", decay, 0, 1, "[)")
    weight = decay * number("weight", weight, 0, 1) + 1 - decay
    cdef double n = 0 if rows is None else whole("rows", rows, 2)
    _running(mean, variance, (1 - decay) / weight, n / (n - 1) if n else 1, running_mean, running_variance)
    return weight
