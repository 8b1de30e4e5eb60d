"""Class numbers: as rows of 0 and 1, and whether a row's largest stands at them."""

from cython.parallel cimport prange
from libc.stdint cimport int32_t

import numpy as np

from .. import checks
from ..errors import DtypeError, ShapeError
from .cpu cimport fn_kernels, kernels, moved, real, row_border, usable_threads
from .arguments cimport (
    ANY,
    FLOAT32,
    FLOAT64,
    INT32,
    class_numbers,
    dimensions_of,
    indices,
    is_single,
    kind_of,
    matrix,
    output,
    rows_of,
    rows_start,
    same,
    start_of,
    stride,
    whole,
)


cdef void one_hot_rows(const fn_kernels* kernels, const int32_t* labels, Py_ssize_t n, Py_ssize_t k, void* y,
                       Py_ssize_t ldy, int threads) noexcept nogil:
    """y = 1 at each row's label, else 0; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.one_hot(labels, n, k, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.one_hot(labels + first, last - first, k, <char*> y + first * ldy * kernels.itemsize, ldy)


cdef void hits_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t k,
                    const int32_t* labels, const void* targets, Py_ssize_t ldt, void* y, Py_ssize_t stride,
                    int threads) noexcept nogil:
    """y[i * stride] = 1 where the first largest of row i is the target's; rows are shared among threads."""
    cdef Py_ssize_t part, first, last, size = kernels.itemsize
    if threads == 1:
        kernels.hits(x, ldx, n, k, labels, targets, ldt, y, stride)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.hits(<const char*> x + first * ldx * size, ldx, last - first, k,
                     <const int32_t*> moved(labels, first * sizeof(int32_t)), moved(targets, first * ldt * size), ldt,
                     <char*> y + first * stride * size, stride)


cdef _one_hot(const int32_t[::1] labels, real[:, :] y, int threads):
    with nogil:
        one_hot_rows(kernels(sizeof(real)), &labels[0], y.shape[0], y.shape[1], &y[0, 0], stride(y),
                     threads)


def one_hot(labels, k, dtype=np.float32, *, out=None, threads=1):
    """Class numbers as rows that are 1 at the class and 0 elsewhere.

    labels       (n,) integers in [0, k), n >= 1
    k            the number of classes
    dtype        float32 or float64
    threads      the most threads that share rows
    Returns (n, k) of that dtype. Raises DataError for a class number out of range.
    """
    k = whole("k", k, 1, 2**31 - 1)
    labels = indices("labels", labels, k, INT32)
    if not labels.size:
        raise ShapeError(f"labels: expected shape (n,) with n >= 1, got {labels.shape}")
    if dtype not in checks.FLOATS:
        raise DtypeError(f"dtype: expected float32 or float64, got {dtype!r}")
    y = output(out, rows_of(labels), k, FLOAT32 if dtype == np.float32 else FLOAT64, (labels,))
    if is_single(y):
        _one_hot[float](labels, y, usable_threads(threads))
    else:
        _one_hot[double](labels, y, usable_threads(threads))
    return y


cdef _hits(const real[:, :] x, const int32_t[::1] labels, const real[:, :] targets, real[::1] y, int threads):
    with nogil:
        hits_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1],
                  start_of(labels), rows_start(targets), stride(targets), &y[0], 1, threads)


def hits(x, target, *, out=None, threads=1):
    """1 where the first largest of a row stands at the target, else 0; a row with nan hits nothing.

    x            (n, k), float32 or float64, any layout
    target       (n,) class numbers in [0, k), or (n, k): the place of each row's first largest
    threads      the most threads that share rows
    Returns (n,) of x's dtype. Raises DataError for a class number out of range.
    """
    x = matrix("x", x)
    labels = targets = None
    if dimensions_of("target", target) == 1:
        labels = class_numbers(target, x)
    else:
        targets = same("target", target, x)
    y = output(out, rows_of(x), ANY, kind_of(x), (x, labels, targets))
    if is_single(x):
        _hits[float](x, labels, targets, y, usable_threads(threads))
    else:
        _hits[double](x, labels, targets, y, usable_threads(threads))
    return y
