"""Class numbers: as rows of 0 and 1, and whether a row's largest stands at them."""

from cython.parallel cimport prange
from libc.stdint cimport int32_t

import numpy as np

from .. import checks
from ..errors import DtypeError, ShapeError
from .cpu cimport fn_kernels, kernels, moved, real, usable_threads


cdef void one_hot_rows(const fn_kernels* kernels, const int32_t* labels, Py_ssize_t n, Py_ssize_t k, void* y,
                       Py_ssize_t ldy, int threads) noexcept nogil:
    """y = 1 at each row's label, else 0; rows are shared among threads."""
    cdef Py_ssize_t part, first, last
    if threads == 1:
        kernels.one_hot(labels, n, k, y, ldy)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
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
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.hits(<const char*> x + first * ldx * size, ldx, last - first, k,
                     <const int32_t*> moved(labels, first * sizeof(int32_t)), moved(targets, first * ldt * size), ldt,
                     <char*> y + first * stride * size, stride)


cdef _one_hot(const int32_t[::1] labels, real[:, ::1] y, int threads):
    with nogil:
        one_hot_rows(kernels(sizeof(real)), &labels[0], y.shape[0], y.shape[1], &y[0, 0], y.shape[1], threads)


def one_hot(labels, k, dtype=np.float32, *, out=None, threads=1):
    """Class numbers as rows that are 1 at the class and 0 elsewhere.

    labels       (n,) integers in [0, k), n >= 1
    k            the number of classes
    dtype        float32 or float64
    threads      rows are shared among so many
    Returns (n, k) of that dtype. Raises DataError for a class number out of range.
    """
    k = checks.integer("k", k, 1, 2**31 - 1)
    labels = checks.indices("labels", labels, k, np.int32)
    if not labels.size:
        raise ShapeError(f"labels: expected shape (n,) with n >= 1, got {labels.shape}")
    if dtype not in checks.FLOATS:
        raise DtypeError(f"dtype: expected float32 or float64, got {dtype!r}")
    y = checks.output("out", out, (labels.shape[0], k), dtype, labels)
    if y.dtype == np.float32:
        _one_hot[float](labels, y, usable_threads(threads))
    else:
        _one_hot[double](labels, y, usable_threads(threads))
    return y


cdef _hits(const real[:, ::1] x, const int32_t[::1] labels, const real[:, ::1] targets, real[::1] y, int threads):
    cdef const int32_t* label = NULL
    cdef const real* target = NULL
    if labels is not None:
        label = &labels[0]
    if targets is not None:
        target = &targets[0, 0]
    with nogil:
        hits_rows(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], label, target, x.shape[1], &y[0],
                  1, threads)


def hits(x, target, *, out=None, threads=1):
    """1 where the first largest of a row stands at the target, else 0; a row with nan hits nothing.

    x            (n, k), float32 or float64, any layout
    target       (n,) class numbers in [0, k), or (n, k): the place of each row's first largest
    threads      rows are shared among so many
    Returns (n,) of x's dtype. Raises DataError for a class number out of range.
    """
    x = checks.matrix("x", x)
    labels = targets = None
    if np.ndim(target) == 1:
        labels = checks.indices("target", target, x.shape[1], np.int32)
        if labels.shape[0] != x.shape[0]:
            raise ShapeError(f"target: expected {x.shape[0]} rows, got {labels.shape[0]}")
    else:
        targets = checks.matrix("target", target, x.dtype, rows=x.shape[0], columns=x.shape[1])
    y = checks.output("out", out, x.shape[:1], x.dtype, x, labels, targets)
    if x.dtype == np.float32:
        _hits[float](x, labels, targets, y, usable_threads(threads))
    else:
        _hits[double](x, labels, targets, y, usable_threads(threads))
    return y
