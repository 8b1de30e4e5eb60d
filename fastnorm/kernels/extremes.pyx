"""The largest of each row or column, and its gradient."""

from cython.parallel cimport prange

from .cpu cimport column_border, fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport ANY, columns_of, is_single, kind_of, matrix, output, output_like, rows_of, stride, vector


cdef void row_max_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                       Py_ssize_t stride, int threads) noexcept nogil:
    """y[i * stride] = the largest of row i; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.row_max(x, ldx, n, c, y, stride)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.row_max(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c,
                        <char*> y + first * stride * kernels.itemsize, stride)


cdef void column_max_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c, void* y,
                          int threads) noexcept nogil:
    """y (c,) = the largest of each column; columns are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.column_max(x, ldx, n, c, y)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = column_border(kernels, c, part, threads)
        last = column_border(kernels, c, part + 1, threads)
        kernels.column_max(<const char*> x + first * kernels.itemsize, ldx, n, last - first,
                           <char*> y + first * kernels.itemsize)


cdef void row_max_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t dy_stride, const void* x,
                                Py_ssize_t ldx, const void* y, Py_ssize_t y_stride, Py_ssize_t n, Py_ssize_t c,
                                void* dx, Py_ssize_t lddx, int threads) noexcept nogil:
    """The gradient of row_max; rows are shared among threads."""
    cdef Py_ssize_t part, first, last, size = kernels.itemsize
    if threads == 1:
        kernels.row_max_backward(dy, dy_stride, x, ldx, y, y_stride, n, c, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.row_max_backward(<const char*> dy + first * dy_stride * size, dy_stride,
                                 <const char*> x + first * ldx * size, ldx, <const char*> y + first * y_stride * size,
                                 y_stride, last - first, c, <char*> dx + first * lddx * size, lddx)


cdef void column_max_backward_rows(const fn_kernels* kernels, const void* dy, const void* x, Py_ssize_t ldx,
                                   const void* y, Py_ssize_t n, Py_ssize_t c, void* dx, Py_ssize_t lddx,
                                   int threads) noexcept nogil:
    """The gradient of column_max; columns are shared among threads."""
    cdef Py_ssize_t part, first, last, offset
    if threads == 1:
        kernels.column_max_backward(dy, x, ldx, y, n, c, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = column_border(kernels, c, part, threads)
        last = column_border(kernels, c, part + 1, threads)
        offset = first * kernels.itemsize
        kernels.column_max_backward(<const char*> dy + offset, <const char*> x + offset, ldx, <const char*> y + offset,
                                    n, last - first, <char*> dx + offset, lddx)


cdef _row_max(const real[:, :] x, real[::1] y, int threads):
    with nogil:
        row_max_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &y[0], 1, threads)


def row_max(x, *, out=None, threads=1):
    """The largest of each row, nan where it has one.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n,) of x's dtype.
    """
    x = matrix("x", x)
    y = output(out, rows_of(x), ANY, kind_of(x), (x,))
    if is_single(x):
        _row_max[float](x, y, usable_threads(threads))
    else:
        _row_max[double](x, y, usable_threads(threads))
    return y


cdef _column_max(const real[:, :] x, real[::1] y, int threads):
    with nogil:
        column_max_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &y[0], threads)


def column_max(x, *, out=None, threads=1):
    """The largest of each column, nan where it has one.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share columns
    Returns (c,) of x's dtype.
    """
    x = matrix("x", x)
    y = output(out, columns_of(x), ANY, kind_of(x), (x,))
    if is_single(x):
        _column_max[float](x, y, usable_threads(threads))
    else:
        _column_max[double](x, y, usable_threads(threads))
    return y


cdef _row_max_backward(const real[::1] dy, const real[:, :] x, const real[::1] y, real[:, :] dx, int threads):
    with nogil:
        row_max_backward_rows(kernels(sizeof(real)), &dy[0], 1, &x[0, 0], stride(x), &y[0], 1, x.shape[0],
                              x.shape[1], &dx[0, 0], stride(dx), threads)


def row_max_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of row_max: equal parts of dy where the largest stand, else 0; nan where y is.

    dy           (n,), gradient of its result; its dtype is used
    x            (n, c), as row_max got it
    y            (n,), its result
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    dy = vector("dy", dy)
    x = matrix("x", x, kind_of(dy), rows_of(dy))
    y = vector("y", y, kind_of(dy), rows_of(x))
    dx = output_like(out, x, (dy, x, y))
    if is_single(dy):
        _row_max_backward[float](dy, x, y, dx, usable_threads(threads))
    else:
        _row_max_backward[double](dy, x, y, dx, usable_threads(threads))
    return dx


cdef _column_max_backward(const real[::1] dy, const real[:, :] x, const real[::1] y, real[:, :] dx, int threads):
    with nogil:
        column_max_backward_rows(kernels(sizeof(real)), &dy[0], &x[0, 0], stride(x), &y[0], x.shape[0], x.shape[1],
                                 &dx[0, 0], stride(dx), threads)


def column_max_backward(dy, x, y, *, out=None, threads=1):
    """The gradient of column_max: equal parts of dy where the largest stand, else 0; nan where y is.

    dy           (c,), gradient of its result; its dtype is used
    x            (n, c), as column_max got it
    y            (c,), its result
    threads      the most threads that share columns
    Returns dx (n, c) of dy's dtype.
    """
    dy = vector("dy", dy)
    x = matrix("x", x, kind_of(dy), ANY, rows_of(dy))
    y = vector("y", y, kind_of(dy), columns_of(x))
    dx = output_like(out, x, (dy, x, y))
    if is_single(dy):
        _column_max_backward[float](dy, x, y, dx, usable_threads(threads))
    else:
        _column_max_backward[double](dy, x, y, dx, usable_threads(threads))
    return dx
