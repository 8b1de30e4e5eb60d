"""Rows of a table by codes that stand among the numbers, and the gradient of the table."""

from cython.parallel cimport prange

from ..errors import ShapeError
from .cpu cimport column_border, fn_kernels, kernels, real, row_border, usable_threads
from .arguments cimport columns_of, is_single, kind_of, matrix, output, rows_of, stride, whole


cdef void embedding_forward_rows(const fn_kernels* kernels, const void* table, Py_ssize_t ldt, Py_ssize_t v,
                                 const void* codes, Py_ssize_t ldcodes, Py_ssize_t n, Py_ssize_t f, Py_ssize_t e,
                                 void* y, Py_ssize_t ldy, int threads) noexcept nogil:
    """y[i, k e : (k + 1) e] = row codes[i, k] of table; rows of y are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.embedding_forward(table, ldt, v, codes, ldcodes, n, f, e, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.embedding_forward(table, ldt, v, <const char*> codes + first * ldcodes * kernels.itemsize, ldcodes,
                                  last - first, f, e, <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void embedding_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* codes,
                                  Py_ssize_t ldcodes, Py_ssize_t n, Py_ssize_t f, Py_ssize_t e, Py_ssize_t v,
                                  void* dtable, Py_ssize_t ldt, int threads) noexcept nogil:
    """The gradient of table (v, e); its columns are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.embedding_backward(dy, lddy, codes, ldcodes, n, f, e, e, v, dtable, ldt)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = column_border(kernels, e, part, threads)
        last = column_border(kernels, e, part + 1, threads)
        kernels.embedding_backward(<const char*> dy + first * kernels.itemsize, lddy, codes, ldcodes, n, f, e,
                                   last - first, v, <char*> dtable + first * kernels.itemsize, ldt)


cdef _embedding_forward(const real[:, :] table, const real[:, :] codes, real[:, :] y, int threads):
    with nogil:
        embedding_forward_rows(kernels(sizeof(real)), &table[0, 0], stride(table), table.shape[0], &codes[0, 0],
                               stride(codes), codes.shape[0], codes.shape[1], table.shape[1], &y[0, 0],
                               stride(y), threads)


def embedding_forward(table, codes, *, out=None, threads=1):
    """The rows of a table that codes name, those of one row of codes side by side.

    table        (v, e), float32 or float64, any layout
    codes        (n, f), whole numbers in [0, v) of any dtype; any other number gives nan
    threads      the most threads that share rows of the result
    Returns (n, f * e) of table's dtype.
    """
    table = matrix("table", table)
    codes = matrix("codes", codes, kind_of(table))
    y = output(out, rows_of(codes), columns_of(codes) * columns_of(table), kind_of(table), (table, codes))
    if is_single(table):
        _embedding_forward[float](table, codes, y, usable_threads(threads))
    else:
        _embedding_forward[double](table, codes, y, usable_threads(threads))
    return y


cdef _embedding_backward(const real[:, :] dy, const real[:, :] codes, real[:, :] dtable, int threads):
    with nogil:
        embedding_backward_rows(kernels(sizeof(real)), &dy[0, 0], stride(dy), &codes[0, 0], stride(codes),
                                codes.shape[0], codes.shape[1], dtable.shape[1], dtable.shape[0], &dtable[0, 0],
                                stride(dtable), threads)


def embedding_backward(dy, codes, v, *, out=None, threads=1):
    """The gradient of embedding_forward's table: at each row the sum of dy where a code names it, added row after row.

    dy           (n, f * e), gradient of its result; its dtype is used
    codes        (n, f), forward's codes; one that is no whole number in [0, v) adds nothing
    v            the number of the table's rows
    threads      the most threads that share columns of the table
    Returns dtable (v, e) of dy's dtype.
    """
    dy = matrix("dy", dy)
    codes = matrix("codes", codes, kind_of(dy), rows_of(dy))
    cdef Py_ssize_t e = columns_of(dy) // columns_of(codes)
    if e * columns_of(codes) != columns_of(dy):
        raise ShapeError(f"dy: expected columns for each of {codes.shape[1]} codes, got shape {dy.shape}")
    dtable = output(out, whole("v", v, 1), e, kind_of(dy), (dy, codes))
    if is_single(dy):
        _embedding_backward[float](dy, codes, dtable, usable_threads(threads))
    else:
        _embedding_backward[double](dy, codes, dtable, usable_threads(threads))
    return dtable
