"""Sums of rows and of whole matrices, and whether all is finite; sums of columns stand with the dense layer."""

from cython.parallel cimport prange

from .cpu cimport fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport (
    ANY,
    INFINITY,
    flat,
    floating,
    is_single,
    kind_of,
    matrix,
    new_vector,
    number,
    output,
    rows_of,
    stride,
)


cdef void row_sums_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                        double scale, void* sums, Py_ssize_t stride, int threads) noexcept nogil:
    """sums[i * stride] = scale times the sum of row i; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.row_sums(x, ldx, n, c, scale, sums, stride)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.row_sums(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c, scale,
                         <char*> sums + first * stride * kernels.itemsize, stride)


cdef void total_sum_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                         double scale, void* sum, int threads) noexcept nogil:
    """sum = scale times the sum of x, whatever the threads: a sum is never split."""
    kernels.total_sum(x, ldx, n, c, scale, sum)


cdef _row_sums(const real[:, :] x, double scale, real[::1] sums, int threads):
    with nogil:
        row_sums_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], scale, &sums[0], 1, threads)


def row_sums(x, scale=1.0, *, out=None, threads=1):
    """The sum of each row times scale, added up in double.

    x            (n, c), float32 or float64, any layout
    scale        1 / c gives means
    threads      the most threads that share rows
    Returns (n,) of x's dtype.
    """
    x = matrix("x", x)
    scale = number("scale", scale, -INFINITY)
    sums = output(out, rows_of(x), ANY, kind_of(x), (x,))
    if is_single(x):
        _row_sums[float](x, scale, sums, usable_threads(threads))
    else:
        _row_sums[double](x, scale, sums, usable_threads(threads))
    return sums


cdef _total_sum(const real[:, :] x, double scale, real[::1] sum):
    with nogil:
        total_sum_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], scale, &sum[0], 1)


def total_sum(x, scale=1.0):
    """The sum of all elements times scale: the rows' sums in double, one after the other.

    x            (n, c), float32 or float64, any layout
    scale        1 / (n * c) gives the mean
    Returns a scalar of x's dtype.
    """
    x = matrix("x", x)
    scale = number("scale", scale, -INFINITY)
    sum = new_vector(1, kind_of(x))
    if is_single(x):
        _total_sum[float](x, scale, sum)
    else:
        _total_sum[double](x, scale, sum)
    return sum[0]


cdef bint is_finite(const fn_kernels* kernels, const void* x, Py_ssize_t count) noexcept nogil:
    """Whether none of x's elements is nan or infinite."""
    cdef int finite
    kernels.all_finite(x, count, &finite)
    return finite


cdef bint _all_finite(const real[::1] x):
    with nogil:
        return is_finite(kernels(sizeof(real)), &x[0], x.shape[0])


def all_finite(x):
    """Whether no element is nan or infinite.

    x            any shape, float32 or float64, any layout
    Returns a bool; True where there is no element.
    """
    x = flat(floating("x", x))
    return _all_finite[float](x) if is_single(x) else _all_finite[double](x)
