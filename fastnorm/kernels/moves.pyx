"""Copies of a matrix, and of a row, a column or a number into a whole one."""

from cython.parallel cimport prange

import numpy as np

from .. import checks
from ..errors import ShapeError
from .cpu cimport fn_kernels, kernels, real, usable_threads


cdef void copy_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                    Py_ssize_t ldy, int threads) noexcept nogil:
    """y = x; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.copy(x, ldx, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.copy(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c,
                     <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void spread_rows(const fn_kernels* kernels, const void* x, Py_ssize_t x_row, Py_ssize_t x_column, double scale,
                      Py_ssize_t n, Py_ssize_t c, void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """y[i, j] = scale x[i * x_row + j * x_column]; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.spread(x, x_row, x_column, scale, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.spread(<const char*> x + first * x_row * kernels.itemsize, x_row, x_column, scale, last - first, c,
                       <char*> y + first * ldy * kernels.itemsize, ldy)


cdef _copy(const real[:, ::1] x, real[:, ::1] y, int threads):
    with nogil:
        copy_rows(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], &y[0, 0], y.shape[1], threads)


def copy(x, *, out=None, threads=1):
    """The elements of x in memory of their own.

    x            (n, c), float32 or float64, any layout
    threads      rows are shared among so many
    Returns (n, c) of x's dtype, C-contiguous.
    """
    x = checks.matrix("x", x)
    y = checks.output("out", out, x.shape, x.dtype, x)
    if x.dtype == np.float32:
        _copy[float](x, y, usable_threads(threads))
    else:
        _copy[double](x, y, usable_threads(threads))
    return y


cdef _spread(const real[:, ::1] x, double scale, real[:, ::1] y, int threads):
    cdef Py_ssize_t x_row = 0 if x.shape[0] == 1 else x.shape[1], x_column = 0 if x.shape[1] == 1 else 1
    with nogil:
        spread_rows(kernels(sizeof(real)), &x[0, 0], x_row, x_column, scale, y.shape[0], y.shape[1], &y[0, 0],
                    y.shape[1], threads)


def spread(x, shape, scale=1.0, *, out=None, threads=1):
    """x times scale in every row, column or place of a matrix: the backward pass of sums and means.

    x            (1, c), (n, 1), (1, 1) or (n, c), float32 or float64, any layout
    shape        (n, c)
    scale        what every element is multiplied with
    threads      rows of the result are shared among so many
    Returns (n, c) of x's dtype. Raises ShapeError where x does not fit the shape.
    """
    x = checks.matrix("x", x)
    n, c = (checks.integer("shape", length, 1) for length in shape)
    if x.shape[0] not in (1, n) or x.shape[1] not in (1, c):
        raise ShapeError(f"x: expected 1 or {n} rows and 1 or {c} columns, got shape {x.shape}")
    scale = checks.number("scale", scale, -np.inf)
    y = checks.output("out", out, (n, c), x.dtype, x)
    if x.dtype == np.float32:
        _spread[float](x, scale, y, usable_threads(threads))
    else:
        _spread[double](x, scale, y, usable_threads(threads))
    return y
