"""Losses, each with its gradient from one pass over the rows."""

from cython.parallel cimport prange
from libc.stdint cimport int32_t

import numpy as np

from .. import checks
from ..errors import DataError, ShapeError
from .cpu cimport fn_kernels, kernels, moved, real, usable_threads


cdef void softmax_cross_entropy_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n,
                                     Py_ssize_t k, const int32_t* labels, const void* targets, Py_ssize_t ldt,
                                     const void* weights, double smoothing, double scale, double* losses,
                                     double* correct, void* dx, Py_ssize_t lddx, int threads) noexcept nogil:
    """Each row's loss, hit and gradient; rows are shared among threads, the sum over them is the caller's."""
    cdef Py_ssize_t part, first, last, size = kernels.itemsize
    if threads == 1:
        kernels.softmax_cross_entropy(x, ldx, n, k, labels, targets, ldt, weights, smoothing, scale, losses, correct,
                                      dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.softmax_cross_entropy(
            moved(x, first * ldx * size), ldx, last - first, k, <const int32_t*> moved(labels, first * sizeof(int32_t)),
            moved(targets, first * ldt * size), ldt, moved(weights, first * size), smoothing, scale, losses + first,
            correct + first, moved(dx, first * lddx * size), lddx)


cdef void mean_squared_error_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                  const void* targets, Py_ssize_t ldt, const void* weights, double scale,
                                  double* losses, double* absolute, void* dx, Py_ssize_t lddx,
                                  int threads) noexcept nogil:
    """Each row's loss, distance and gradient; rows are shared among threads, the sum over them is the caller's."""
    cdef Py_ssize_t part, first, last, size = kernels.itemsize
    if threads == 1:
        kernels.mean_squared_error(x, ldx, n, c, targets, ldt, weights, scale, losses, absolute, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = n * part // threads
        last = n * (part + 1) // threads
        kernels.mean_squared_error(
            moved(x, first * ldx * size), ldx, last - first, c, moved(targets, first * ldt * size), ldt,
            moved(weights, first * size), scale, losses + first, absolute + first,
            moved(dx, first * lddx * size), lddx)


cdef double _weighted_mean(const double[::1] losses, const real[::1] weights, double total):
    """Row after row, as a program adds them."""
    cdef double sum = 0
    cdef Py_ssize_t i
    for i in range(losses.shape[0]):
        sum += losses[i] if weights is None else weights[i] * losses[i]
    return sum / total


def _weights(weights, n, dtype):
    """The weights as a vector or None, and their sum."""
    if weights is None:
        return None, float(n)
    weights = checks.finite("weights", checks.vector("weights", weights, dtype, n))
    if weights.min() < 0:
        raise DataError(f"weights: expected numbers >= 0, got {weights.min()} at position {weights.argmin()}")
    total = float(weights.sum(dtype=np.float64))
    if total == 0:
        raise DataError("weights: expected a positive sum, got all zeros")
    return weights, total


def _class_target(target, n, k, dtype):
    """(labels, None) for class numbers, (None, shares) for soft labels."""
    if np.ndim(target) == 1:
        labels = checks.indices("target", target, k, np.int32)
        if labels.shape[0] != n:
            raise ShapeError(f"target: expected {n} rows, got {labels.shape[0]}")
        return labels, None
    return None, checks.shares("target", target, dtype, k, n)


cdef _cross_entropy(const real[:, ::1] x, const int32_t[::1] labels, const real[:, ::1] targets,
                    const real[::1] weights, double smoothing, double scale, double[::1] losses, double[::1] correct,
                    real[:, ::1] dx, int threads):
    cdef const int32_t* label = NULL
    cdef const real* target = NULL
    cdef const real* weight = NULL
    cdef real* gradient = NULL
    if labels is not None:
        label = &labels[0]
    if targets is not None:
        target = &targets[0, 0]
    if weights is not None:
        weight = &weights[0]
    if dx is not None:
        gradient = &dx[0, 0]
    with nogil:
        softmax_cross_entropy_rows(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], label, target,
                                   x.shape[1], weight, smoothing, scale, &losses[0], &correct[0], gradient, x.shape[1],
                                   threads)


def softmax_cross_entropy(logits, target, weights=None, label_smoothing=0.0, *, out=None, threads=1):
    """The cross-entropy of softmax(logits) against the target, and its gradient, in one pass.

    logits           (n, k), float32 or float64, any layout; finite or -inf
    target           (n,) class numbers in [0, k), or (n, k) shares, each row >= 0 with sum 1
    weights          (n,) >= 0 with a positive sum, or None for equal weights
    label_smoothing  0 <= share < 1 of the target that is spread evenly over the classes
    threads          rows are shared among so many
    Returns loss, a float = sum(w l) / sum(w) in nats, and its gradient dlogits (n, k) of logits' dtype.
    Raises DataError for a class number out of range.
    """
    x, labels, shares, weights, total, smoothing = _cross_entropy_arguments(logits, target, weights, label_smoothing)
    dx = checks.output("out", out, x.shape, x.dtype, x, labels, shares, weights)
    losses, correct = np.empty((2, x.shape[0]))
    cdef int count = usable_threads(threads)
    if x.dtype == np.float32:
        _cross_entropy[float](x, labels, shares, weights, smoothing, 1 / total, losses, correct, dx, count)
        return _weighted_mean[float](losses, weights, total), dx
    _cross_entropy[double](x, labels, shares, weights, smoothing, 1 / total, losses, correct, dx, count)
    return _weighted_mean[double](losses, weights, total), dx


def softmax_cross_entropy_by_row(logits, target, label_smoothing=0.0, *, threads=1):
    """Each row's cross-entropy, and whether its first largest logit is the target's; no gradient.

    Takes what softmax_cross_entropy takes. Returns losses (n,) in nats and correct (n,), 1 or 0, both float64.
    """
    x, labels, shares, _, _, smoothing = _cross_entropy_arguments(logits, target, None, label_smoothing)
    losses, correct = np.empty((2, x.shape[0]))
    if x.dtype == np.float32:
        _cross_entropy[float](x, labels, shares, None, smoothing, 1, losses, correct, None, usable_threads(threads))
    else:
        _cross_entropy[double](x, labels, shares, None, smoothing, 1, losses, correct, None, usable_threads(threads))
    return losses, correct


def _cross_entropy_arguments(logits, target, weights, label_smoothing):
    x = checks.matrix("logits", logits)
    labels, shares = _class_target(target, *x.shape, x.dtype)
    weights, total = _weights(weights, x.shape[0], x.dtype)
    return x, labels, shares, weights, total, checks.number("label_smoothing", label_smoothing, 0, 1, ends="[)")


cdef _squared_error(const real[:, ::1] x, const real[:, ::1] targets, const real[::1] weights, double scale,
                    double[::1] losses, double[::1] absolute, real[:, ::1] dx, int threads):
    cdef const real* weight = NULL
    cdef real* gradient = NULL
    if weights is not None:
        weight = &weights[0]
    if dx is not None:
        gradient = &dx[0, 0]
    with nogil:
        mean_squared_error_rows(kernels(sizeof(real)), &x[0, 0], x.shape[1], x.shape[0], x.shape[1], &targets[0, 0],
                                x.shape[1], weight, scale, &losses[0], &absolute[0], gradient, x.shape[1], threads)


def mean_squared_error(x, target, weights=None, *, out=None, threads=1):
    """The mean of (x - target)^2, and its gradient, in one pass.

    x            (n, c), float32 or float64, any layout
    target       (n, c)
    weights      (n,) >= 0 with a positive sum, or None for equal weights
    threads      rows are shared among so many
    Returns loss, a float = sum(w l) / sum(w) with l a row's mean, and its gradient dx (n, c) of x's dtype.
    """
    x = checks.matrix("x", x)
    target = checks.matrix("target", target, x.dtype, rows=x.shape[0], columns=x.shape[1])
    weights, total = _weights(weights, x.shape[0], x.dtype)
    dx = checks.output("out", out, x.shape, x.dtype, x, target, weights)
    losses, absolute = np.empty((2, x.shape[0]))
    if x.dtype == np.float32:
        _squared_error[float](x, target, weights, 1 / total, losses, absolute, dx, usable_threads(threads))
        return _weighted_mean[float](losses, weights, total), dx
    _squared_error[double](x, target, weights, 1 / total, losses, absolute, dx, usable_threads(threads))
    return _weighted_mean[double](losses, weights, total), dx


def mean_squared_error_by_row(x, target, *, threads=1):
    """Each row's mean of (x - target)^2 and of |x - target|; no gradient.

    Takes what mean_squared_error takes. Returns losses (n,) and absolute (n,), both float64.
    """
    x = checks.matrix("x", x)
    target = checks.matrix("target", target, x.dtype, rows=x.shape[0], columns=x.shape[1])
    losses, absolute = np.empty((2, x.shape[0]))
    if x.dtype == np.float32:
        _squared_error[float](x, target, None, 1, losses, absolute, None, usable_threads(threads))
    else:
        _squared_error[double](x, target, None, 1, losses, absolute, None, usable_threads(threads))
    return losses, absolute
