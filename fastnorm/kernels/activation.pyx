"""ReLU and dropout, forward and backward."""

from cython.parallel cimport prange
from libc.stdint cimport uint32_t, uint64_t

from .. import checks
from .cpu cimport fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport columns_of, is_single, matrix, number, output_like, rows_of, same, stride, whole


cdef void relu_forward_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                            void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """y = max(0, x); rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.relu_forward(x, ldx, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.relu_forward(<const char*> x + first * ldx * kernels.itemsize, ldx, last - first, c,
                             <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void relu_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* y, Py_ssize_t ldy,
                             Py_ssize_t n, Py_ssize_t c, void* dx, Py_ssize_t lddx, int threads) noexcept nogil:
    """dx = dy where y > 0, else 0; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.relu_backward(dy, lddy, y, ldy, n, c, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.relu_backward(<const char*> dy + first * lddy * kernels.itemsize, lddy,
                              <const char*> y + first * ldy * kernels.itemsize, ldy, last - first, c,
                              <char*> dx + first * lddx * kernels.itemsize, lddx)


cdef void dropout_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t first_row, Py_ssize_t n,
                       Py_ssize_t c, double rate, uint64_t seed, uint32_t stream, uint32_t index, void* y,
                       Py_ssize_t ldy, int threads) noexcept nogil:
    """y = x / (1 - rate) or 0, by the keyed position of each element; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.dropout(x, ldx, first_row, n, c, rate, seed, stream, index, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.dropout(<const char*> x + first * ldx * kernels.itemsize, ldx, first_row + first, last - first, c, rate,
                        seed, stream, index, <char*> y + first * ldy * kernels.itemsize, ldy)


cdef _relu_forward(const real[:, :] x, real[:, :] y, int threads):
    with nogil:
        relu_forward_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &y[0, 0], stride(y),
                          threads)


def relu_forward(x, *, out=None, threads=1):
    """max(0, x), element by element; nan stays nan.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    x = matrix("x", x)
    y = output_like(out, x, (x,))
    if is_single(x):
        _relu_forward[float](x, y, usable_threads(threads))
    else:
        _relu_forward[double](x, y, usable_threads(threads))
    return y


cdef _relu_backward(const real[:, :] dy, const real[:, :] y, real[:, :] dx, int threads):
    with nogil:
        relu_backward_rows(kernels(sizeof(real)), &dy[0, 0], stride(dy), &y[0, 0], stride(y), dy.shape[0],
                           dy.shape[1], &dx[0, 0], stride(dx), threads)


def relu_backward(dy, y, *, out=None, threads=1):
    """The gradient of relu_forward: dy where y > 0, else 0.

    dy           (n, c), gradient of its result; its dtype is used
    y            (n, c), its result, or the x it was given
    threads      the most threads that share rows
    Returns dx (n, c) of dy's dtype.
    """
    dy = matrix("dy", dy)
    y = same("y", y, dy)
    dx = output_like(out, dy, (dy, y))
    if is_single(dy):
        _relu_backward[float](dy, y, dx, usable_threads(threads))
    else:
        _relu_backward[double](dy, y, dx, usable_threads(threads))
    return dx


cdef _dropout(const real[:, :] x, Py_ssize_t first_row, double rate, uint64_t seed, uint32_t stream, uint32_t index,
              real[:, :] y, int threads):
    with nogil:
        dropout_rows(kernels(sizeof(real)), &x[0, 0], stride(x), first_row, x.shape[0], x.shape[1], rate, seed, stream,
                     index, &y[0, 0], stride(y), threads)


def dropout(x, rate, seed, stream=0, index=0, *, first_row=0, out=None, threads=1):
    """Each element becomes 0 with probability rate, else x / (1 - rate); the same call on the gradient is its backward.

    Whether an element is dropped depends on (seed, stream, index) and its row and column alone.

    x              (n, c), float32 or float64, any layout
    rate           0 <= rate < 1, the expected share of zeros
    seed           0 <= seed < 2**64
    stream, index  0 <= number < 2**32: in training the operation and the step
    first_row      the number of x's first row, where x is a part of a larger matrix
    threads        the most threads that share rows
    Returns (n, c) of x's dtype.
    """
    x = matrix("x", x)
    rate = number("rate", rate, 0, 1, "[)")
    cdef Py_ssize_t last_row = 2**32 // ((columns_of(x) + 3) // 4) - rows_of(x)
    seed = whole("seed", seed, 0, 2**64 - 1)
    stream = whole("stream", stream, 0, 2**32 - 1)
    index = whole("index", index, 0, 2**32 - 1)
    if last_row > 0:
        first_row = whole("first_row", first_row, 0, last_row)
    else:
        first_row = checks.integer("first_row", first_row, 0, last_row)
    y = output_like(out, x, (x,))
    if is_single(x):
        _dropout[float](x, first_row, rate, seed, stream, index, y, usable_threads(threads))
    else:
        _dropout[double](x, first_row, rate, seed, stream, index, y, usable_threads(threads))
    return y
