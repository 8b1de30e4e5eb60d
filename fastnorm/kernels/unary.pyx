"""Functions of single numbers, forward and backward: what all of them share, and those of arithmetic."""

from cython.parallel cimport prange

from .cpu cimport fn_kernels, kernels, real, row_border, unary_index, usable_threads
from .arguments cimport INFINITY, is_single, matrix, number, output_like, same, stride


cdef void unary_forward_rows(const fn_kernels* kernels, int which, const void* x, Py_ssize_t ldx, Py_ssize_t n,
                             Py_ssize_t c, double p, double q, void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """y = f(x; p, q) for number `which` of the family; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.unary[which].forward(x, ldx, n, c, p, q, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.unary[which].forward(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c, p, q,
                                     <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void unary_backward_rows(const fn_kernels* kernels, int which, const void* dy, Py_ssize_t lddy, const void* x,
                              Py_ssize_t ldx, const void* y, Py_ssize_t ldy, Py_ssize_t n, Py_ssize_t c, double p,
                              double q, void* dx, Py_ssize_t lddx, int threads) noexcept nogil:
    """dx = dy f'(x; p, q) for number `which` of the family; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.unary[which].backward(dy, lddy, x, ldx, y, ldy, n, c, p, q, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.unary[which].backward(<const char*> dy + first * lddy * kernels.itemsize, lddy,
                                      <const char*> x + first * ldx * kernels.itemsize, ldx,
                                      <const char*> y + first * ldy * kernels.itemsize, ldy, last - first, c, p, q,
                                      <char*> dx + first * lddx * kernels.itemsize, lddx)


cdef _forward(int which, const real[:, :] x, double p, double q, real[:, :] y, int threads):
    with nogil:
        unary_forward_rows(kernels(sizeof(real)), which, &x[0, 0], stride(x), x.shape[0], x.shape[1], p, q, &y[0, 0],
                           stride(y), threads)


cdef unary_forward(const char* name, x, double p, double q, out, threads):
    """What every <name>_forward does."""
    x = matrix("x", x)
    y = output_like(out, x, (x,))
    if is_single(x):
        _forward[float](unary_index(name), x, p, q, y, usable_threads(threads))
    else:
        _forward[double](unary_index(name), x, p, q, y, usable_threads(threads))
    return y


cdef _backward(int which, const real[:, :] dy, const real[:, :] x, const real[:, :] y, double p, double q,
               real[:, :] dx, int threads):
    with nogil:
        unary_backward_rows(kernels(sizeof(real)), which, &dy[0, 0], stride(dy), &x[0, 0], stride(x), &y[0, 0],
                            stride(y), dy.shape[0], dy.shape[1], p, q, &dx[0, 0], stride(dx), threads)


cdef unary_backward(const char* name, dy, x, y, double p, double q, out, threads):
    """What every <name>_backward does."""
    dy = matrix("dy", dy)
    x = same("x", x, dy)
    y = same("y", y, dy)
    dx = output_like(out, dy, (dy, x, y))
    if is_single(dy):
        _backward[float](unary_index(name), dy, x, y, p, q, dx, usable_threads(threads))
    else:
        _backward[double](unary_index(name), dy, x, y, p, q, dx, usable_threads(threads))
    return dx


def exp_forward(x, *, out=None, threads=1):
    """e to the power x, element by element.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    return unary_forward("exp", x, 0, 0, out, threads)


def exp_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of exp_forward: dy y.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("exp", dy, x, y, 0, 0, out, threads)


def log_forward(x, *, out=None, threads=1):
    """The natural logarithm of x, element by element; -inf at 0 and nan below.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    return unary_forward("log", x, 0, 0, out, threads)


def log_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of log_forward: dy / x.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("log", dy, x, y, 0, 0, out, threads)


def sqrt_forward(x, *, out=None, threads=1):
    """The square root of x, element by element; nan below 0.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    return unary_forward("sqrt", x, 0, 0, out, threads)


def sqrt_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of sqrt_forward: dy / (2 y).

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("sqrt", dy, x, y, 0, 0, out, threads)


def abs_forward(x, *, out=None, threads=1):
    """|x|, element by element.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    return unary_forward("abs", x, 0, 0, out, threads)


def abs_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of abs_forward: dy with the sign of x, 0 where x is 0.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("abs", dy, x, y, 0, 0, out, threads)


def clip_forward(x, low, high, *, out=None, threads=1):
    """x, but low where x is less and high where x is more; nan stays nan.

    x            (n, c), float32 or float64, any layout
    low, high    finite, low <= high
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    low = number("low", low, -INFINITY)
    high = number("high", high, low)
    return unary_forward("clip", x, low, high, out, threads)


def clip_backward(dy, x, y, low, high, *, out=None, threads=1):
    """The gradient of clip_forward: dy where low <= x <= high, else 0.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), forward's argument and result
    low, high    finite, low <= high
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    low = number("low", low, -INFINITY)
    high = number("high", high, low)
    return unary_backward("clip", dy, x, y, low, high, out, threads)
