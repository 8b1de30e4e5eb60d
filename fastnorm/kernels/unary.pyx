"""Functions of single numbers, forward and backward: what all of them share, and those of arithmetic."""

from cython.parallel cimport prange

import math

import numpy as np

from .. import checks
from .cpu cimport fn_kernels, fn_unary_index, kernels, real, usable_threads


cdef void unary_forward_rows(const fn_kernels* kernels, int which, const void* x, Py_ssize_t ldx, Py_ssize_t n,
                             Py_ssize_t c, double p, double q, void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """y = f(x; p, q) for number `which` of the family; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.unary[which].forward(x, ldx, n, c, p, q, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
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
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.unary[which].backward(<const char*> dy + first * lddy * kernels.itemsize, lddy,
                                      <const char*> x + first * ldx * kernels.itemsize, ldx,
                                      <const char*> y + first * ldy * kernels.itemsize, ldy, last - first, c, p, q,
                                      <char*> dx + first * lddx * kernels.itemsize, lddx)


cdef _forward(int which, const real[:, ::1] x, double p, double q, real[:, ::1] y, int threads):
    with nogil:
        unary_forward_rows(kernels(sizeof(real)), which, &x[0, 0], x.shape[1], x.shape[0], x.shape[1], p, q, &y[0, 0],
                           y.shape[1], threads)


cdef unary_forward(const char* name, x, double p, double q, out, threads):
    """What every <name>_forward does."""
    x = checks.matrix("x", x)
    y = checks.output("out", out, x.shape, x.dtype, x)
    if x.dtype == np.float32:
        _forward[float](fn_unary_index(name), x, p, q, y, usable_threads(threads))
    else:
        _forward[double](fn_unary_index(name), x, p, q, y, usable_threads(threads))
    return y


cdef _backward(int which, const real[:, ::1] dy, const real[:, ::1] x, const real[:, ::1] y, double p, double q,
               real[:, ::1] dx, int threads):
    with nogil:
        unary_backward_rows(kernels(sizeof(real)), which, &dy[0, 0], dy.shape[1], &x[0, 0], x.shape[1], &y[0, 0],
                            y.shape[1], dy.shape[0], dy.shape[1], p, q, &dx[0, 0], dx.shape[1], threads)


cdef unary_backward(const char* name, dy, x, y, double p, double q, out, threads):
    """What every <name>_backward does."""
    dy = checks.matrix("dy", dy)
    x = checks.matrix("x", x, dy.dtype, rows=dy.shape[0], columns=dy.shape[1])
    y = checks.matrix("y", y, dy.dtype, rows=dy.shape[0], columns=dy.shape[1])
    dx = checks.output("out", out, dy.shape, dy.dtype, dy, x, y)
    if dy.dtype == np.float32:
        _backward[float](fn_unary_index(name), dy, x, y, p, q, dx, usable_threads(threads))
    else:
        _backward[double](fn_unary_index(name), dy, x, y, p, q, dx, usable_threads(threads))
    return dx


def exp_forward(x, *, out=None, threads=1):
    """e to the power x, element by element.

    x            (n, c), float32 or float64, any layout
    threads      rows are shared among so many
    Returns (n, c) of x's dtype.
    """
    return unary_forward("exp", x, 0, 0, out, threads)


def exp_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of exp_forward: dy y.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), what it was given and its result
    threads      rows are shared among so many
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("exp", dy, x, y, 0, 0, out, threads)


def log_forward(x, *, out=None, threads=1):
    """The natural logarithm of x, element by element; -inf at 0 and nan below.

    x            (n, c), float32 or float64, any layout
    threads      rows are shared among so many
    Returns (n, c) of x's dtype.
    """
    return unary_forward("log", x, 0, 0, out, threads)


def log_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of log_forward: dy / x.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), what it was given and its result
    threads      rows are shared among so many
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("log", dy, x, y, 0, 0, out, threads)


def sqrt_forward(x, *, out=None, threads=1):
    """The square root of x, element by element; nan below 0.

    x            (n, c), float32 or float64, any layout
    threads      rows are shared among so many
    Returns (n, c) of x's dtype.
    """
    return unary_forward("sqrt", x, 0, 0, out, threads)


def sqrt_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of sqrt_forward: dy / (2 y).

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), what it was given and its result
    threads      rows are shared among so many
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("sqrt", dy, x, y, 0, 0, out, threads)


def abs_forward(x, *, out=None, threads=1):
    """|x|, element by element.

    x            (n, c), float32 or float64, any layout
    threads      rows are shared among so many
    Returns (n, c) of x's dtype.
    """
    return unary_forward("abs", x, 0, 0, out, threads)


def abs_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of abs_forward: dy with the sign of x, 0 where x is 0.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), what it was given and its result
    threads      rows are shared among so many
    Returns dx (n, c) of dy's dtype.
    """
    return unary_backward("abs", dy, x, y, 0, 0, out, threads)


def clip_forward(x, low, high, *, out=None, threads=1):
    """x, but low where x is less and high where x is more; nan stays nan.

    x            (n, c), float32 or float64, any layout
    low, high    finite, low <= high
    threads      rows are shared among so many
    Returns (n, c) of x's dtype.
    """
    low = checks.number("low", low, -math.inf)
    high = checks.number("high", high, low)
    return unary_forward("clip", x, low, high, out, threads)


def clip_backward(dy, x, y, low, high, *, out=None, threads=1):
    """The gradient of clip_forward: dy where low <= x <= high, else 0.

    dy           (n, c), gradient of its result; its dtype is used
    x, y         (n, c), what it was given and its result
    low, high    finite, low <= high
    threads      rows are shared among so many
    Returns dx (n, c) of dy's dtype.
    """
    low = checks.number("low", low, -math.inf)
    high = checks.number("high", high, low)
    return unary_backward("clip", dy, x, y, low, high, out, threads)
