"""One of two numbers, as a condition says; operands broadcast by NumPy's rule."""

from cython.parallel cimport prange

from .broadcast cimport broadcast, must_fit, operand, stride_of_columns, stride_of_rows
from .cpu cimport fn_kernels, kernels, moved, real, row_border, usable_threads
from .arguments cimport ANY, is_single, kind_of, matrix, output, output_like, stride


cdef void where_forward_rows(const fn_kernels* kernels, const void* condition, Py_ssize_t condition_row,
                             Py_ssize_t condition_column, const void* a, Py_ssize_t a_row, Py_ssize_t a_column,
                             const void* b, Py_ssize_t b_row, Py_ssize_t b_column, Py_ssize_t n, Py_ssize_t c, void* y,
                             Py_ssize_t ldy, int threads) noexcept nogil:
    """y = a where condition != 0, else b; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.where_forward(condition, condition_row, condition_column, a, a_row, a_column, b, b_row, b_column, n, c,
                              y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.where_forward(<const char*> condition + first * condition_row * kernels.itemsize, condition_row,
                              condition_column, <const char*> a + first * a_row * kernels.itemsize, a_row, a_column,
                              <const char*> b + first * b_row * kernels.itemsize, b_row, b_column, last - first, c,
                              <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void where_backward_rows(const fn_kernels* kernels, const void* dy, Py_ssize_t lddy, const void* condition,
                              Py_ssize_t condition_row, Py_ssize_t condition_column, Py_ssize_t n, Py_ssize_t c,
                              void* da, Py_ssize_t ldda, void* db, Py_ssize_t lddb, int threads) noexcept nogil:
    """da = dy where condition != 0, db = dy elsewhere, each NULL where not wanted; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.where_backward(dy, lddy, condition, condition_row, condition_column, n, c, da, ldda, db, lddb)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.where_backward(<const char*> dy + first * lddy * kernels.itemsize, lddy,
                               <const char*> condition + first * condition_row * kernels.itemsize, condition_row,
                               condition_column, last - first, c, moved(da, first * ldda * kernels.itemsize),
                               ldda, moved(db, first * lddb * kernels.itemsize), lddb)


cdef _where_forward(const real[:, :] condition, const real[:, :] a, const real[:, :] b, real[:, :] y,
                    int threads):
    with nogil:
        where_forward_rows(kernels(sizeof(real)), &condition[0, 0],
                           stride_of_rows(condition),
                           stride_of_columns(condition),
                           &a[0, 0], stride_of_rows(a), stride_of_columns(a),
                           &b[0, 0], stride_of_rows(b), stride_of_columns(b),
                           y.shape[0], y.shape[1], &y[0, 0], stride(y), threads)


def where_forward(condition, a, b, *, out=None, threads=1):
    """a where condition is not 0, else b, element by element; nan is not 0.

    condition    (n, c), or broadcast to it: (1, c), (n, 1), (c,) or a number; its dtype is used, float64 for bool
    a, b         likewise
    threads      the most threads that share rows
    Returns (n, c) of condition's dtype.
    """
    cdef Py_ssize_t n, c
    condition = operand("condition", condition, ANY)
    a, b = operand("a", a, kind_of(condition)), operand("b", b, kind_of(condition))
    broadcast(("condition", "a", "b"), (condition, a, b), &n, &c)
    y = output(out, n, c, kind_of(condition), (condition, a, b))
    if is_single(condition):
        _where_forward[float](condition, a, b, y, usable_threads(threads))
    else:
        _where_forward[double](condition, a, b, y, usable_threads(threads))
    return y


cdef _where_backward(const real[:, :] dy, const real[:, :] condition, real[:, :] da, real[:, :] db,
                     int threads):
    with nogil:
        where_backward_rows(kernels(sizeof(real)), &dy[0, 0], stride(dy), &condition[0, 0],
                            stride_of_rows(condition),
                            stride_of_columns(condition), dy.shape[0], dy.shape[1], &da[0, 0],
                            stride(da), &db[0, 0], stride(db), threads)


def where_backward(dy, condition, *, threads=1):
    """The gradients of where_forward: dy where condition is not 0, else 0; and the other way round.

    dy           (n, c), gradient of its result; its dtype is used
    condition    forward's condition
    threads      the most threads that share rows
    Returns da, db (n, c), not summed where a or b was broadcast.
    """
    dy = matrix("dy", dy)
    condition = operand("condition", condition, kind_of(dy))
    must_fit("dy", dy, ("dy", "condition"), (dy, condition))
    da, db = output_like(None, dy, ()), output_like(None, dy, ())
    if is_single(dy):
        _where_backward[float](dy, condition, da, db, usable_threads(threads))
    else:
        _where_backward[double](dy, condition, da, db, usable_threads(threads))
    return da, db
