"""Dense layers: y = x weight + bias and its gradients, on one matrix product with three arrangements."""

from cython.parallel cimport prange

import numpy as np

from . import cpu
from .. import checks
from .cpu cimport column_border, fn_kernels, kernels, real, usable_threads


cdef void gemm_rows(const fn_kernels* kernels, const void* a, Py_ssize_t a_row, Py_ssize_t a_column, const void* b,
                    Py_ssize_t ldb, const void* bias, void* c, Py_ssize_t ldc, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k,
                    int relu, int threads) noexcept nogil:
    """c (m, n) = bias + a b; rows of c are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.gemm(a, a_row, a_column, b, ldb, bias, c, ldc, m, n, k, relu)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = m * part // threads
        last = m * (part + 1) // threads
        kernels.gemm(<const char*> a + first * a_row * kernels.itemsize, a_row, a_column, b, ldb, bias,
                     <char*> c + first * ldc * kernels.itemsize, ldc, last - first, n, k, relu)


cdef void transpose_blocks(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                           void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """y (c, n) = the transpose of x (n, c); rows of y are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.transpose(x, ldx, n, c, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = c * part // threads
        last = c * (part + 1) // threads
        kernels.transpose(<const char*> x + first * kernels.itemsize, ldx, n, last - first,
                          <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void column_sums_columns(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                              double scale, void* sums, int threads) noexcept nogil:
    """sums (c,) = scale times those of the columns of x (n, c); columns are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.column_sums(x, ldx, n, c, scale, sums)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = column_border(kernels, c, part, threads)
        last = column_border(kernels, c, part + 1, threads)
        kernels.column_sums(<const char*> x + first * kernels.itemsize, ldx, n, last - first, scale,
                            <char*> sums + first * kernels.itemsize)


cdef void dense_input_gradient(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* weight,
                               Py_ssize_t ldw, void* transposed, Py_ssize_t ldt, void* dx, Py_ssize_t lddx,
                               Py_ssize_t n, Py_ssize_t d, Py_ssize_t h, int threads) noexcept nogil:
    """dx (n, d) = dy (n, h) times the transpose of weight (d, h), which is put into transposed (h, d), ldt >= d."""
    transpose_blocks(kernels, weight, ldw, d, h, transposed, ldt, threads)
    gemm_rows(kernels, dy, lddy, 1, transposed, ldt, NULL, dx, lddx, n, d, h, 0, threads)


cdef void dense_weight_gradient(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, const void* dy,
                                Py_ssize_t lddy, void* dweight, Py_ssize_t ldw, Py_ssize_t n, Py_ssize_t d,
                                Py_ssize_t h, int threads) noexcept nogil:
    """dweight (d, h) = the transpose of x (n, d) times dy (n, h)."""
    gemm_rows(kernels, x, 1, ldx, dy, lddy, NULL, dweight, ldw, d, h, n, 0, threads)


cdef _gemm(const real[:, ::1] a, bint transpose_a, const real[:, ::1] b, const real[::1] bias, bint relu,
           real[:, ::1] c, int threads):
    cdef const real* start = NULL
    cdef Py_ssize_t lda = a.shape[1], depth = b.shape[0]
    if bias is not None:
        start = &bias[0]
    with nogil:
        gemm_rows(kernels(sizeof(real)), &a[0, 0], 1 if transpose_a else lda, lda if transpose_a else 1,
                  &b[0, 0], b.shape[1], start, &c[0, 0], c.shape[1], c.shape[0], c.shape[1], depth, relu, threads)


def gemm(a, b, bias=None, *, transpose_a=False, relu=False, out=None, threads=1):
    """Matrix product bias + a b, each element summed over k in order, whatever the other rows.

    a            (m, k), or (k, m) with transpose_a; float32 or float64, any layout
    b            (k, n)
    bias         (n,) or None for 0
    relu         negative results become 0
    threads      rows of the result are shared among so many
    Returns (m, n) of a's dtype.
    """
    a = checks.matrix("a", a)
    m, k = a.shape[::-1] if transpose_a else a.shape
    b = checks.matrix("b", b, a.dtype, rows=k)
    if bias is not None:
        bias = checks.vector("bias", bias, a.dtype, b.shape[1])
    c = checks.output("out", out, (m, b.shape[1]), a.dtype, a, b, bias)
    if a.dtype == np.float32:
        _gemm[float](a, transpose_a, b, bias, relu, c, usable_threads(threads))
    else:
        _gemm[double](a, transpose_a, b, bias, relu, c, usable_threads(threads))
    return c


cdef _transpose(const real[:, ::1] x, real[:, ::1] y, int threads):
    with nogil:
        transpose_blocks(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], &y[0, 0], y.shape[1],
                         threads)


def transpose(x, *, out=None, threads=1):
    """The transpose of x, copied.

    x            (n, c), float32 or float64, any layout
    threads      rows of the result are shared among so many
    Returns (c, n) of x's dtype, C-contiguous.
    """
    x = checks.matrix("x", x)
    y = checks.output("out", out, x.shape[::-1], x.dtype, x)
    if x.dtype == np.float32:
        _transpose[float](x, y, usable_threads(threads))
    else:
        _transpose[double](x, y, usable_threads(threads))
    return y


cdef _column_sums(const real[:, ::1] x, double scale, real[::1] sums, int threads):
    with nogil:
        column_sums_columns(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], scale, &sums[0],
                            threads)


def column_sums(x, scale=1.0, *, out=None, threads=1):
    """The sum of each column times scale, added up in double, row after row: a dense layer's bias gradient.

    x            (n, c), float32 or float64, any layout
    scale        1 / n gives means
    threads      columns are shared among so many
    Returns (c,) of x's dtype.
    """
    x = checks.matrix("x", x)
    scale = checks.number("scale", scale, -np.inf)
    sums = checks.output("out", out, x.shape[1:], x.dtype, x)
    if x.dtype == np.float32:
        _column_sums[float](x, scale, sums, usable_threads(threads))
    else:
        _column_sums[double](x, scale, sums, usable_threads(threads))
    return sums


def dense_forward(x, weight, bias=None, *, relu=False, out=None, threads=1):
    """A dense layer: x weight + bias; a row alone gives the same bits as in a batch.

    x            (n, d), float32 or float64, any layout
    weight       (d, h)
    bias         (h,) or None for 0
    relu         negative results become 0
    threads      rows of the result are shared among so many
    Returns (n, h) of x's dtype.
    """
    x = checks.matrix("x", x)
    weight = checks.matrix("weight", weight, x.dtype, rows=x.shape[1])
    return gemm(x, weight, bias, relu=relu, out=out, threads=threads)


cdef _input_gradient(const real[:, ::1] dy, const real[:, ::1] weight, real[:, ::1] transposed, real[:, ::1] dx,
                     int threads):
    with nogil:
        dense_input_gradient(kernels(sizeof(real)), &dy[0, 0], dy.shape[1], &weight[0, 0], weight.shape[1],
                             &transposed[0, 0], transposed.shape[1], &dx[0, 0], dx.shape[1], dy.shape[0],
                             weight.shape[0], weight.shape[1], threads)


def dense_backward(dy, x, weight, *, threads=1):
    """The gradients of dense_forward without relu.

    dy           (n, h), gradient of its result; its dtype is used
    x            (n, d), as forward got it
    weight       (d, h)
    Returns dx (n, d), dweight (d, h), dbias (h,), of dy's dtype.
    """
    dy = checks.matrix("dy", dy)
    x = checks.matrix("x", x, dy.dtype, rows=dy.shape[0])
    weight = checks.matrix("weight", weight, dy.dtype, rows=x.shape[1], columns=dy.shape[1])
    dx = np.empty_like(x)
    transposed = np.empty(weight.shape[::-1], dy.dtype)
    if dy.dtype == np.float32:
        _input_gradient[float](dy, weight, transposed, dx, usable_threads(threads))
    else:
        _input_gradient[double](dy, weight, transposed, dx, usable_threads(threads))
    return dx, gemm(x, dy, transpose_a=True, threads=threads), column_sums(dy, threads=threads)
