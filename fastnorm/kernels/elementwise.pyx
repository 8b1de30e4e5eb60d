"""Sums of arrays, element by element."""

from cython.parallel cimport prange

from .cpu cimport fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport apart, in_place, is_single, matrix, stride


cdef void accumulate_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                          Py_ssize_t ldy, int threads) noexcept nogil:
    """y += x; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.accumulate(x, ldx, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.accumulate(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c,
                           <char*> y + first * ldy * kernels.itemsize, ldy)


cdef _accumulate(const real[:, :] x, real[:, :] y, int threads):
    with nogil:
        accumulate_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &y[0, 0], stride(y),
                        threads)


def accumulate(x, y, *, threads=1):
    """Add x to y, in place.

    x            (n, c), float32 or float64, any layout
    y            (n, c) of x's dtype, C-contiguous, changed in place
    threads      the most threads that share rows
    Returns y.
    """
    x = matrix("x", x)
    y = in_place("y", y, x)
    apart("y", y, (x,))
    if is_single(x):
        _accumulate[float](x, y, usable_threads(threads))
    else:
        _accumulate[double](x, y, usable_threads(threads))
    return y
