"""Softmax over rows and its logarithm, forward and backward."""

from cython.parallel cimport prange

from .cpu cimport fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport is_single, matrix, output_like, same, stride


cdef void softmax_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                       Py_ssize_t ldy, int threads) noexcept nogil:
    """y = softmax of each row of x; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.softmax(x, ldx, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.softmax(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c,
                        <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void softmax_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* y,
                                Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c, void* dx, Py_ssize_t lddx,
                                int threads) noexcept nogil:
    """dx = y (dy - the sum of dy y); rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.softmax_backward(dy, lddy, y, ldy, n, c, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.softmax_backward(<const char*> dy + first * lddy * kernels.itemsize, lddy,
                                 <const char*> y + first * ldy * kernels.itemsize, ldy, last - first, c,
                                 <char*> dx + first * lddx * kernels.itemsize, lddx)


cdef void log_softmax_forward_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                   void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """y = x - max - log(the sum of exp(x - max)) of each row; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.log_softmax_forward(x, ldx, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.log_softmax_forward(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c,
                                   <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void log_softmax_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* y,
                                    Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c, void* dx, Py_ssize_t lddx,
                                    int threads) noexcept nogil:
    """dx = dy - exp(y) times the sum of dy; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.log_softmax_backward(dy, lddy, y, ldy, n, c, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.log_softmax_backward(<const char*> dy + first * lddy * kernels.itemsize, lddy,
                                     <const char*> y + first * ldy * kernels.itemsize, ldy, last - first, c,
                                     <char*> dx + first * lddx * kernels.itemsize, lddx)


cdef _softmax(const real[:, :] x, real[:, :] y, int threads):
    with nogil:
        softmax_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &y[0, 0], stride(y), threads)


def softmax(x, *, out=None, threads=1):
    """exp(x) over its sum, row by row; large values do no harm.

    x            (n, k) logits, float32 or float64, any layout; -inf gives 0, a row of -inf only gives nan
    threads      the most threads that share rows
    Returns (n, k) of x's dtype.
    """
    x = matrix("x", x)
    y = output_like(out, x, (x,))
    if is_single(x):
        _softmax[float](x, y, usable_threads(threads))
    else:
        _softmax[double](x, y, usable_threads(threads))
    return y


cdef _softmax_backward(const real[:, :] dy, const real[:, :] y, real[:, :] dx, int threads):
    with nogil:
        softmax_backward_rows(kernels(sizeof(real)), &dy[0, 0], stride(dy), &y[0, 0], stride(y), dy.shape[0],
                              dy.shape[1], &dx[0, 0], stride(dx), threads)


def softmax_backward(dy, y, *, out=None, threads=1):
    """The gradient of softmax: y (dy - the sum of dy y over the row).

    dy           (n, k), gradient of its result; its dtype is used
    y            (n, k), its result
    threads      the most threads that share rows
    Returns dx (n, k) of dy's dtype.
    """
    dy = matrix("dy", dy)
    y = same("y", y, dy)
    dx = output_like(out, dy, (dy, y))
    if is_single(dy):
        _softmax_backward[float](dy, y, dx, usable_threads(threads))
    else:
        _softmax_backward[double](dy, y, dx, usable_threads(threads))
    return dx


cdef _log_softmax_forward(const real[:, :] x, real[:, :] y, int threads):
    with nogil:
        log_softmax_forward_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &y[0, 0],
                                 stride(y), threads)


def log_softmax_forward(x, *, out=None, threads=1):
    """The logarithm of softmax, row by row, without the shares that would round to 0.

    x            (n, k) logits, float32 or float64, any layout; -inf stays -inf, a row of -inf only gives nan
    threads      the most threads that share rows
    Returns (n, k) of x's dtype.
    """
    x = matrix("x", x)
    y = output_like(out, x, (x,))
    if is_single(x):
        _log_softmax_forward[float](x, y, usable_threads(threads))
    else:
        _log_softmax_forward[double](x, y, usable_threads(threads))
    return y


cdef _log_softmax_backward(const real[:, :] dy, const real[:, :] y, real[:, :] dx, int threads):
    with nogil:
        log_softmax_backward_rows(kernels(sizeof(real)), &dy[0, 0], stride(dy), &y[0, 0], stride(y), dy.shape[0],
                                  dy.shape[1], &dx[0, 0], stride(dx), threads)


def log_softmax_backward(dy, y, *, out=None, threads=1):
    """The gradient of log_softmax_forward: dy - exp(y) times the sum of dy over the row.

    dy           (n, k), gradient of its result; its dtype is used
    y            (n, k), its result
    threads      the most threads that share rows
    Returns dx (n, k) of dy's dtype.
    """
    dy = matrix("dy", dy)
    y = same("y", y, dy)
    dx = output_like(out, dy, (dy, y))
    if is_single(dy):
        _log_softmax_backward[float](dy, y, dx, usable_threads(threads))
    else:
        _log_softmax_backward[double](dy, y, dx, usable_threads(threads))
    return dx
