"""Layer normalization: each row by its own mean and variance; forward, and both its gradients."""

from cython.parallel cimport prange

from .cpu cimport column_border, fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport (
    FLOAT64,
    INFINITY,
    columns_of,
    is_single,
    kind_of,
    matrix,
    new_vector,
    number,
    output_like,
    rows_of,
    same,
    stride,
    vector,
)


cdef void layernorm_forward_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                 const void* gamma, const void* beta, double epsilon, void* y, Py_ssize_t ldy,
                                 double* mean, double* inverse_std, int threads) noexcept nogil:
    """Normalize each row; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.layernorm_forward(x, ldx, n, c, gamma, beta, epsilon, y, ldy, mean, inverse_std)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
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
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
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


cdef _forward(const real[:, :] x, const real[::1] gamma, const real[::1] beta, double epsilon, real[:, :] y,
              double[::1] mean, double[::1] inverse_std, int threads):
    with nogil:
        layernorm_forward_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &gamma[0],
                               &beta[0], epsilon, &y[0, 0], stride(y), &mean[0], &inverse_std[0],
                               threads)


def layernorm_forward(x, gamma, beta, epsilon=1e-5, *, out=None, threads=1):
    """Normalize each row with its own mean and biased variance, times gamma, plus beta.

    x            (n, c), float32 or float64, any layout, finite
    gamma, beta  (c,)
    epsilon      > 0, added to the variance, in squared units of x
    threads      the most threads that share rows
    Returns y (n, c) of x's dtype, mean (n,) and inverse_std (n,) = 1 / sqrt(variance + epsilon), both float64 always.
    A row of equal numbers gives beta exactly.
    Source: Ba, Kiros & Hinton 2016.
    """
    x = matrix("x", x)
    gamma = vector("gamma", gamma, kind_of(x), columns_of(x))
    beta = vector("beta", beta, kind_of(x), columns_of(x))
    epsilon = number("epsilon", epsilon, 0, INFINITY, "(]")
    y = output_like(out, x, (x, gamma, beta))
    mean, inverse_std = new_vector(rows_of(x), FLOAT64), new_vector(rows_of(x), FLOAT64)
    if is_single(x):
        _forward[float](x, gamma, beta, epsilon, y, mean, inverse_std, usable_threads(threads))
    else:
        _forward[double](x, gamma, beta, epsilon, y, mean, inverse_std, usable_threads(threads))
    return y, mean, inverse_std


cdef _backward(const real[:, :] dy, const real[:, :] x, const double[::1] mean, const double[::1] inverse_std,
               const real[::1] gamma, real[:, :] dx, int threads):
    with nogil:
        layernorm_backward_rows(kernels(sizeof(real)), &dy[0, 0], stride(dy), &x[0, 0], stride(x), x.shape[0],
                                x.shape[1], &mean[0], &inverse_std[0], &gamma[0], &dx[0, 0],
                                stride(dx), threads)


def _arguments(dy, x, mean, inverse_std):
    """What both gradients take, checked."""
    dy = matrix("dy", dy)
    x = same("x", x, dy)
    mean = vector("mean", mean, FLOAT64, rows_of(x))
    return dy, x, mean, vector("inverse_std", inverse_std, FLOAT64, rows_of(x))


def layernorm_backward(dy, x, mean, inverse_std, gamma, *, out=None, threads=1):
    """The gradient of layernorm_forward's x.

    dy                 (n, c), gradient of its y; its dtype is used
    x                  (n, c), as forward got it
    mean, inverse_std  (n,), as forward gave them
    gamma              (c,)
    threads            the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    dy, x, mean, inverse_std = _arguments(dy, x, mean, inverse_std)
    gamma = vector("gamma", gamma, kind_of(dy), columns_of(x))
    dx = output_like(out, x, (dy, x, mean, inverse_std, gamma))
    if is_single(dy):
        _backward[float](dy, x, mean, inverse_std, gamma, dx, usable_threads(threads))
    else:
        _backward[double](dy, x, mean, inverse_std, gamma, dx, usable_threads(threads))
    return dx


cdef _gamma_beta(const real[:, :] dy, const real[:, :] x, const double[::1] mean, const double[::1] inverse_std,
                 real[::1] dgamma, real[::1] dbeta, int threads):
    with nogil:
        layernorm_gamma_beta_backward_rows(kernels(sizeof(real)), &dy[0, 0], stride(dy), &x[0, 0], stride(x),
                                           x.shape[0], x.shape[1], &mean[0], &inverse_std[0], &dgamma[0], &dbeta[0],
                                           threads)


def layernorm_gamma_beta_backward(dy, x, mean, inverse_std, *, threads=1):
    """The gradients of layernorm_forward's gamma and beta: sums over the rows in double, row after row.

    dy                 (n, c), gradient of its y; its dtype is used
    x                  (n, c), as forward got it
    mean, inverse_std  (n,), as forward gave them
    threads            the most threads that share columns
    Returns dgamma (c,) and dbeta (c,) of dy's dtype.
    """
    dy, x, mean, inverse_std = _arguments(dy, x, mean, inverse_std)
    dgamma, dbeta = new_vector(columns_of(x), kind_of(dy)), new_vector(columns_of(x), kind_of(dy))
    if is_single(dy):
        _gamma_beta[float](dy, x, mean, inverse_std, dgamma, dbeta, usable_threads(threads))
    else:
        _gamma_beta[double](dy, x, mean, inverse_std, dgamma, dbeta, usable_threads(threads))
    return dgamma, dbeta
