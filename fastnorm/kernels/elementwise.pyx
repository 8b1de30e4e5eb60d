"""Sums of arrays, element by element."""

from cython.parallel cimport prange

import numpy as np

from .. import checks
from .cpu cimport fn_kernels, kernels, real, usable_threads


cdef void accumulate_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                          Py_ssize_t ldy, int threads) noexcept nogil:
    """y += x; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.accumulate(x, ldx, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.accumulate(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c,
                           <char*> y + first * ldy * kernels.itemsize, ldy)


cdef _accumulate(const real[:, ::1] x, real[:, ::1] y, int threads):
    with nogil:
        accumulate_rows(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], &y[0, 0], y.shape[1],
                        threads)


def accumulate(x, y, *, threads=1):
    """Add x to y, in place.

    x            (n, c), float32 or float64, any layout
    y            (n, c) of x's dtype, C-contiguous, changed in place
    threads      rows are shared among so many
    Returns y.
    """
    x = checks.matrix("x", x)
    checks.apart("y", checks.in_place("y", y, x.shape, x.dtype), x)
    if x.dtype == np.float32:
        _accumulate[float](x, y, usable_threads(threads))
    else:
        _accumulate[double](x, y, usable_threads(threads))
    return y
