"""Gathering rows of a matrix by their numbers."""

from cython.parallel cimport prange
from libc.stdint cimport int64_t

from .cpu cimport fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport INT64, columns_of, indices, is_single, kind_of, matrix, output, rows_of, stride


cdef void gather_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, const int64_t* rows, Py_ssize_t n,
                      Py_ssize_t c, void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """Row i of y = row rows[i] of x; rows of y are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.gather(x, ldx, rows, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.gather(x, ldx, rows + first, last - first, c, <char*> y + first * ldy * kernels.itemsize, ldy)


cdef _gather(const real[:, :] x, const int64_t[::1] rows, real[:, :] y, int threads):
    with nogil:
        gather_rows(kernels(sizeof(real)), &x[0, 0], stride(x), &rows[0], rows.shape[0], x.shape[1],
                    &y[0, 0], stride(y), threads)


def gather(x, rows, *, out=None, threads=1):
    """The rows of x with the given numbers, in that order.

    x            (n, c), float32 or float64, any layout
    rows         (m,) integers in [0, n), repeats allowed
    threads      the most threads that share rows of the result
    Returns (m, c) of x's dtype. Raises DataError for a row that x does not have.
    """
    x = matrix("x", x)
    rows = indices("rows", rows, rows_of(x), INT64)
    y = output(out, rows_of(rows), columns_of(x), kind_of(x), (x, rows))
    if is_single(x):
        _gather[float](x, rows, y, usable_threads(threads))
    else:
        _gather[double](x, rows, y, usable_threads(threads))
    return y
