"""Dense layers: y = x weight + bias and its gradients, on one matrix product with three arrangements."""

from cython.parallel cimport prange

from . import cpu
from .cpu cimport column_border, fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport (
    ANY,
    INFINITY,
    columns_of,
    is_single,
    kind_of,
    matrix,
    number,
    output,
    output_like,
    rows_of,
    start_of,
    stride,
    vector,
)


cdef void gemm_rows(const fn_kernels* kernels, const void* a, Py_ssize_t a_row, Py_ssize_t a_column, const void* b,
                    Py_ssize_t ldb, const void* bias, void* c, Py_ssize_t ldc, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k,
                    int relu, int threads) noexcept nogil:
    """c (m, n) = bias + a b; rows of c are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.gemm(a, a_row, a_column, b, ldb, bias, c, ldc, m, n, k, relu)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(m, part, threads)
        last = row_border(m, part + 1, threads)
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
        first = row_border(c, part, threads)
        last = row_border(c, part + 1, threads)
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


cdef _gemm(const real[:, :] a, bint transpose_a, const real[:, :] b, const real[::1] bias, bint relu,
           real[:, :] c, int threads):
    cdef Py_ssize_t a_row = stride(a), a_column = 1
    if transpose_a:
        a_row, a_column = a_column, a_row
    with nogil:
        gemm_rows(kernels(sizeof(real)), &a[0, 0], a_row, a_column, &b[0, 0], stride(b), start_of(bias), &c[0, 0],
                  stride(c), c.shape[0], c.shape[1], b.shape[0], relu, threads)


def gemm(a, b, bias=None, *, transpose_a=False, relu=False, out=None, threads=1):
    """Matrix product bias + a b, each element summed over k in order, whatever the other rows.

    a            (m, k), or (k, m) with transpose_a; float32 or float64, any layout
    b            (k, n)
    bias         (n,) or None for 0
    relu         negative results become 0
    threads      the most threads that share rows of the result
    Returns (m, n) of a's dtype.
    """
    a = matrix("a", a)
    cdef Py_ssize_t m = rows_of(a), k = columns_of(a)
    if transpose_a:
        m, k = k, m
    b = matrix("b", b, kind_of(a), k)
    if bias is not None:
        bias = vector("bias", bias, kind_of(a), columns_of(b))
    c = output(out, m, columns_of(b), kind_of(a), (a, b, bias))
    if is_single(a):
        _gemm[float](a, transpose_a, b, bias, relu, c, usable_threads(threads))
    else:
        _gemm[double](a, transpose_a, b, bias, relu, c, usable_threads(threads))
    return c


cdef _transpose(const real[:, :] x, real[:, :] y, int threads):
    with nogil:
        transpose_blocks(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &y[0, 0], stride(y),
                         threads)


def transpose(x, *, out=None, threads=1):
    """The transpose of x, copied.

    x            (n, c), float32 or float64, any layout
    threads      the most threads that share rows of the result
    Returns (c, n) of x's dtype, C-contiguous.
    """
    x = matrix("x", x)
    y = output(out, columns_of(x), rows_of(x), kind_of(x), (x,))
    if is_single(x):
        _transpose[float](x, y, usable_threads(threads))
    else:
        _transpose[double](x, y, usable_threads(threads))
    return y


cdef _column_sums(const real[:, :] x, double scale, real[::1] sums, int threads):
    with nogil:
        column_sums_columns(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], scale, &sums[0],
                            threads)


def column_sums(x, scale=1.0, *, out=None, threads=1):
    """The sum of each column times scale, added up in double, row after row: a dense layer's bias gradient.

    x            (n, c), float32 or float64, any layout
    scale        1 / n gives means
    threads      the most threads that share columns
    Returns (c,) of x's dtype.
    """
    x = matrix("x", x)
    scale = number("scale", scale, -INFINITY)
    sums = output(out, columns_of(x), ANY, kind_of(x), (x,))
    if is_single(x):
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
    threads      the most threads that share rows of the result
    Returns (n, h) of x's dtype.
    """
    x = matrix("x", x)
    weight = matrix("weight", weight, kind_of(x), columns_of(x))
    return gemm(x, weight, bias, relu=relu, out=out, threads=threads)


cdef _input_gradient(const real[:, :] dy, const real[:, :] weight, real[:, :] transposed, real[:, :] dx,
                     int threads):
    with nogil:
        dense_input_gradient(kernels(sizeof(real)), &dy[0, 0], stride(dy), &weight[0, 0], stride(weight),
                             &transposed[0, 0], stride(transposed), &dx[0, 0], stride(dx), dy.shape[0],
                             weight.shape[0], weight.shape[1], threads)


def dense_backward(dy, x, weight, *, threads=1):
    """The gradients of dense_forward without relu.

    dy           (n, h), gradient of its result; its dtype is used
    x            (n, d), as forward got it
    weight       (d, h)
    Returns dx (n, d), dweight (d, h), dbias (h,), of dy's dtype.
    """
    dy = matrix("dy", dy)
    x = matrix("x", x, kind_of(dy), rows_of(dy))
    weight = matrix("weight", weight, kind_of(dy), columns_of(x), columns_of(dy))
    dx = output_like(None, x, ())
    transposed = output(None, columns_of(weight), rows_of(weight), kind_of(dy), ())
    if is_single(dy):
        _input_gradient[float](dy, weight, transposed, dx, usable_threads(threads))
    else:
        _input_gradient[double](dy, weight, transposed, dx, usable_threads(threads))
    return dx, gemm(x, dy, transpose_a=True, threads=threads), column_sums(dy, threads=threads)
