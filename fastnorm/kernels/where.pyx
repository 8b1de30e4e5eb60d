"""One of two numbers, as a condition says; operands broadcast by NumPy's rule."""

from cython.parallel cimport prange

import numpy as np

from .. import checks
from .broadcast cimport common_shape, must_be, operand, row_or_null, stride_of_columns, stride_of_rows
from .cpu cimport fn_kernels, kernels, real, usable_threads


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
        first = n * part // threads
        last = n * (part + 1) // threads
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
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.where_backward(<const char*> dy + first * lddy * kernels.itemsize, lddy,
                               <const char*> condition + first * condition_row * kernels.itemsize, condition_row,
                               condition_column, last - first, c, row_or_null(da, first * ldda * kernels.itemsize),
                               ldda, row_or_null(db, first * lddb * kernels.itemsize), lddb)


cdef _where_forward(const real[:, ::1] condition, const real[:, ::1] a, const real[:, ::1] b, real[:, ::1] y,
                    int threads):
    with nogil:
        where_forward_rows(kernels(sizeof(real)), &condition[0, 0],
                           stride_of_rows(condition.shape[0], condition.shape[1]),
                           stride_of_columns(condition.shape[1]),
                           &a[0, 0], stride_of_rows(a.shape[0], a.shape[1]), stride_of_columns(a.shape[1]),
                           &b[0, 0], stride_of_rows(b.shape[0], b.shape[1]), stride_of_columns(b.shape[1]),
                           y.shape[0], y.shape[1], &y[0, 0], y.shape[1], threads)


def where_forward(condition, a, b, *, out=None, threads=1):
    """a where condition is not 0, else b, element by element; nan is not 0.

    condition    (n, c), or what broadcasts to it: (1, c), (n, 1), (c,) or a number; its dtype is used, float64 for bool
    a, b         likewise
    threads      rows are shared among so many
    Returns (n, c) of condition's dtype.
    """
    condition = operand("condition", condition, None)
    a, b = operand("a", a, condition.dtype), operand("b", b, condition.dtype)
    shape = common_shape({"condition": condition, "a": a, "b": b})
    y = checks.output("out", out, shape, condition.dtype, condition, a, b)
    if condition.dtype == np.float32:
        _where_forward[float](condition, a, b, y, usable_threads(threads))
    else:
        _where_forward[double](condition, a, b, y, usable_threads(threads))
    return y


cdef _where_backward(const real[:, ::1] dy, const real[:, ::1] condition, real[:, ::1] da, real[:, ::1] db,
                     int threads):
    with nogil:
        where_backward_rows(kernels(sizeof(real)), &dy[0, 0], dy.shape[1], &condition[0, 0],
                            stride_of_rows(condition.shape[0], condition.shape[1]),
                            stride_of_columns(condition.shape[1]), dy.shape[0], dy.shape[1], &da[0, 0], da.shape[1],
                            &db[0, 0], db.shape[1], threads)


def where_backward(dy, condition, *, threads=1):
    """The gradients of where_forward: dy where condition is not 0, else 0; and the other way round.

    dy           (n, c), gradient of its result; its dtype is used
    condition    what it was given
    threads      rows are shared among so many
    Returns da, db (n, c), not summed where a or b was broadcast.
    """
    dy = checks.matrix("dy", dy)
    condition = operand("condition", condition, dy.dtype)
    must_be("dy", dy, common_shape({"dy": dy, "condition": condition}))
    da, db = np.empty_like(dy), np.empty_like(dy)
    if dy.dtype == np.float32:
        _where_backward[float](dy, condition, da, db, usable_threads(threads))
    else:
        _where_backward[double](dy, condition, da, db, usable_threads(threads))
    return da, db
