"""Copies of a matrix, and of a row, a column or a number into a whole one."""

from cython.parallel cimport prange

from ..errors import ShapeError
from .broadcast cimport stride_of_columns, stride_of_rows
from .cpu cimport fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport (
    INFINITY,
    columns_of,
    is_single,
    kind_of,
    matrix,
    number,
    output,
    output_like,
    rows_of,
    stride,
    whole,
)


cdef void copy_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                    Py_ssize_t ldy, int threads) noexcept nogil:
    """y = x; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.copy(x, ldx, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
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
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.spread(<const char*> x + first * x_row * kernels.itemsize, x_row, x_column, scale, last - first, c,
                       <char*> y + first * ldy * kernels.itemsize, ldy)


cdef _copy(const real[:, :] x, real[:, :] y, int threads):
    with nogil:
        copy_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &y[0, 0], stride(y), threads)


def copy(x, *, out=None, threads=1):
    """The elements of x in memory of their own.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype, C-contiguous.
    """
    x = matrix("x", x)
    y = output_like(out, x, (x,))
    if is_single(x):
        _copy[float](x, y, usable_threads(threads))
    else:
        _copy[double](x, y, usable_threads(threads))
    return y


cdef _spread(const real[:, :] x, double scale, real[:, :] y, int threads):
    with nogil:
        spread_rows(kernels(sizeof(real)), &x[0, 0], stride_of_rows(x), stride_of_columns(x), scale, y.shape[0],
                    y.shape[1], &y[0, 0], stride(y), threads)


def spread(x, shape, scale=1.0, *, out=None, threads=1):
    """x times scale in every row, column or place of a matrix: the backward pass of sums and means.

    x            (1, c), (n, 1), (1, 1) or (n, c), float32 or float64, any layout
    shape        (n, c)
    scale        factor of every element
    threads      the most threads that share rows of the result
    Returns (n, c) of x's dtype. Raises ShapeError where x does not fit the shape.
    """
    x = matrix("x", x)
    rows, columns = shape
    cdef Py_ssize_t n = whole("shape", rows, 1), c = whole("shape", columns, 1)
    if (rows_of(x) != 1 and rows_of(x) != n) or (columns_of(x) != 1 and columns_of(x) != c):
        raise ShapeError(f"x: expected 1 or {n} rows and 1 or {c} columns, got shape {x.shape}")
    scale = number("scale", scale, -INFINITY)
    y = output(out, n, c, kind_of(x), (x,))
    if is_single(x):
        _spread[float](x, scale, y, usable_threads(threads))
    else:
        _spread[double](x, scale, y, usable_threads(threads))
    return y
