"""Gathering rows of a matrix by their numbers."""

from cython.parallel cimport prange
from libc.stdint cimport int64_t

import numpy as np

from .. import checks
from .cpu cimport fn_kernels, kernels, real, usable_threads


cdef void gather_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, const int64_t* rows, Py_ssize_t n,
                      Py_ssize_t c, void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """Row i of y = row rows[i] of x; rows of y are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.gather(x, ldx, rows, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.gather(x, ldx, rows + first, last - first, c, <char*> y + first * ldy * kernels.itemsize, ldy)


cdef _gather(const real[:, ::1] x, const int64_t[::1] rows, real[:, ::1] y, int threads):
    with nogil:
        gather_rows(kernels(sizeof(real)), &x[0, 0], x.shape[1], &rows[0], rows.shape[0], x.shape[1], &y[0, 0],
                    y.shape[1], threads)


def gather(x, rows, *, out=None, threads=1):
    """The rows of x with the given numbers, in that order.

    x            (n, c), float32 or float64, any layout
    rows         (m,) integers in [0, n), repeats allowed
    threads      rows of the result are shared among so many
    Returns (m, c) of x's dtype. Raises DataError for a row that x does not have.
    """
    x = checks.matrix("x", x)
    rows = checks.indices("rows", rows, x.shape[0])
    y = checks.output("out", out, (rows.shape[0], x.shape[1]), x.dtype, x, rows)
    if x.dtype == np.float32:
        _gather[float](x, rows, y, usable_threads(threads))
    else:
        _gather[double](x, rows, y, usable_threads(threads))
    return y
