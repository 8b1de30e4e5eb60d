"""Softmax over rows."""

from cython.parallel cimport prange

import numpy as np

from .. import checks
from .cpu cimport fn_kernels, kernels, real, usable_threads


cdef void softmax_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                       Py_ssize_t ldy, int threads) noexcept nogil:
    """y = softmax of each row of x; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.softmax(x, ldx, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.softmax(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c,
                        <char*> y + first * ldy * kernels.itemsize, ldy)


cdef _softmax(const real[:, ::1] x, real[:, ::1] y, int threads):
    with nogil:
        softmax_rows(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], &y[0, 0], y.shape[1], threads)


def softmax(x, *, out=None, threads=1):
    """exp(x) over its sum, row by row; large values do no harm.

    x            (n, k) logits, float32 or float64, any layout; -inf gives 0, a row of -inf only gives nan
    threads      rows are shared among so many
    Returns (n, k) of x's dtype.
    """
    x = checks.matrix("x", x)
    y = checks.output("out", out, x.shape, x.dtype, x)
    if x.dtype == np.float32:
        _softmax[float](x, y, usable_threads(threads))
    else:
        _softmax[double](x, y, usable_threads(threads))
    return y
