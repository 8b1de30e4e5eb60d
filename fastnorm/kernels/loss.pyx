"""Losses, each with its gradient from one pass over the rows."""

from cython.parallel cimport prange
from libc.math cimport NAN, isnan
from libc.stdint cimport int32_t

from .. import checks
from ..errors import DataError, ShapeError
from .cpu cimport fn_kernels, kernels, moved, real, row_border, usable_threads
from .arguments cimport (
    FLOAT64,
    INFINITY,
    class_numbers,
    dimensions_of,
    is_single,
    kind_of,
    matrix,
    new_vector,
    number,
    output_like,
    rows_of,
    rows_start,
    same,
    shares,
    start_of,
    stride,
    vector,
)


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
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.softmax_cross_entropy(
            moved(x, first * ldx * size), ldx, last - first, k, <const int32_t*> moved(labels, first * sizeof(int32_t)),
            moved(targets, first * ldt * size), ldt, moved(weights, first * size), smoothing, scale, losses + first,
            correct + first, moved(dx, first * lddx * size), lddx)


cdef void mean_squared_error_rows(const fn_kernels* kernels, const void* x, Py_ssize_t ldx, Py_ssize_t n, Py_ssize_t c,
                                  const void* targets, Py_ssize_t ldt, const void* weights, double scale,
                                  double* losses, void* dx, Py_ssize_t lddx, int threads) noexcept nogil:
    """Each row's loss and gradient; rows are shared among threads, the sum over them is the caller's."""
    cdef Py_ssize_t part, first, last, size = kernels.itemsize
    if threads == 1:
        kernels.mean_squared_error(x, ldx, n, c, targets, ldt, weights, scale, losses, dx, lddx)
        return
    for part in prange(threads, num_threads=threads, schedule="static"):
        first = row_border(n, part, threads)
        last = row_border(n, part + 1, threads)
        kernels.mean_squared_error(
            moved(x, first * ldx * size), ldx, last - first, c, moved(targets, first * ldt * size), ldt,
            moved(weights, first * size), scale, losses + first,
            moved(dx, first * lddx * size), lddx)


cdef double _weighted_mean(const double[::1] losses, const real[::1] weights, double total):
    """The sum of w l over total, row after row, as a program adds them; w is 1 where there are no weights."""
    cdef double sum = 0
    cdef Py_ssize_t i
    for i in range(losses.shape[0]):
        sum += losses[i] if weights is None else weights[i] * losses[i]
    return sum / total


cdef double _total(const real[::1] weights):
    """Their sum, nan where one is negative or not finite."""
    cdef double total = 0
    cdef Py_ssize_t i
    for i in range(weights.shape[0]):
        if not 0 <= weights[i] < INFINITY:
            return NAN
        total += weights[i]
    return total


cdef tuple _weights(weights, x):
    """The weights of x's rows, or None, and their sum."""
    if weights is None:
        return None, <double> rows_of(x)
    weights = vector("weights", weights, kind_of(x), rows_of(x))
    cdef double total = _total[float](weights) if is_single(weights) else _total[double](weights)
    if isnan(total):
        checks.finite("weights", weights)
        raise DataError(f"weights: expected numbers >= 0, got {weights.min()} at position {weights.argmin()}")
    if total == 0:
        raise DataError("weights: expected a positive sum, got all zeros")
    return weights, total


cdef _class_target(target, x):
    """(labels, None) for class numbers, (None, shares) for soft labels."""
    if dimensions_of("target", target) == 1:
        return class_numbers(target, x), None
    return None, shares("target", target, x)


cdef inline new_doubles(x):
    """A double for each row."""
    return new_vector(rows_of(x), FLOAT64)


cdef _cross_entropy(const real[:, :] x, const int32_t[::1] labels, const real[:, :] targets,
                    const real[::1] weights, double smoothing, double scale, double[::1] losses, double[::1] correct,
                    real[:, :] dx, int threads):
    with nogil:
        softmax_cross_entropy_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1],
                                   start_of(labels), rows_start(targets), stride(targets),
                                   start_of(weights), smoothing, scale, &losses[0], &correct[0],
                                   NULL if dx is None else &dx[0, 0], stride(dx), threads)


cdef cross_entropy(x, labels, targets, weights, double smoothing, double scale, losses, correct, dx, int threads):
    """The same by x's dtype; where there are no labels, targets, weights or dx, None."""
    if is_single(x):
        _cross_entropy[float](x, labels, targets, weights, smoothing, scale, losses, correct, dx, threads)
    else:
        _cross_entropy[double](x, labels, targets, weights, smoothing, scale, losses, correct, dx, threads)


def softmax_cross_entropy(logits, target, weights=None, label_smoothing=0.0, *, out=None, threads=1):
    """The cross-entropy of softmax(logits) against the target, and its gradient, in one pass.

    logits           (n, k), float32 or float64, any layout; finite or -inf
    target           (n,) class numbers in [0, k), or (n, k) shares, each row >= 0 with sum 1
    weights          (n,) >= 0 with a positive sum, or None for equal weights
    label_smoothing  0 <= share < 1 of the target that is spread evenly over the classes
    threads          the most threads that share rows
    Returns loss, a float = sum(w l) / sum(w) in nats, and its gradient dlogits (n, k) of logits' dtype.
    Raises DataError for a class number out of range.
    """
    x = matrix("logits", logits)
    labels, target_shares = _class_target(target, x)
    weights, total = _weights(weights, x)
    cdef double smoothing = number("label_smoothing", label_smoothing, 0, 1, "[)")
    dx = output_like(out, x, (x, labels, target_shares, weights))
    losses, correct = new_doubles(x), new_doubles(x)
    cross_entropy(x, labels, target_shares, weights, smoothing, 1 / total, losses, correct, dx,
                  usable_threads(threads))
    if is_single(x):
        return _weighted_mean[float](losses, weights, total), dx
    return _weighted_mean[double](losses, weights, total), dx


def softmax_cross_entropy_by_row(logits, target, label_smoothing=0.0, *, threads=1):
    """Each row's cross-entropy, and whether its first largest logit is the target's; no gradient.

    Arguments as for softmax_cross_entropy. Returns losses (n,) in nats and correct (n,), 1 or 0, both float64.
    """
    x = matrix("logits", logits)
    labels, target_shares = _class_target(target, x)
    smoothing = number("label_smoothing", label_smoothing, 0, 1, "[)")
    losses, correct = new_doubles(x), new_doubles(x)
    cross_entropy(x, labels, target_shares, None, smoothing, 1, losses, correct, None, usable_threads(threads))
    return losses, correct


cdef _squared_error(const real[:, :] x, const real[:, :] targets, const real[::1] weights, double scale,
                    double[::1] losses, real[:, :] dx, int threads):
    with nogil:
        mean_squared_error_rows(kernels(sizeof(real)), &x[0, 0], stride(x), x.shape[0], x.shape[1], &targets[0, 0],
                                stride(targets), start_of(weights), scale, &losses[0],
                                NULL if dx is None else &dx[0, 0], stride(dx), threads)


cdef squared_error(x, targets, weights, double scale, losses, dx, int threads):
    """The same by x's dtype; where there are no weights or dx, None."""
    if is_single(x):
        _squared_error[float](x, targets, weights, scale, losses, dx, threads)
    else:
        _squared_error[double](x, targets, weights, scale, losses, dx, threads)


def mean_squared_error(x, target, weights=None, *, out=None, threads=1):
    """The mean of (x - target)^2, and its gradient, in one pass.

    x            (n, c), float32 or float64, any layout
    target       (n, c)
    weights      (n,) >= 0 with a positive sum, or None for equal weights
    threads      the most threads that share rows
    Returns loss, a float = sum(w l) / sum(w) with l a row's mean, and its gradient dx (n, c) of x's dtype.
    """
    x = matrix("x", x)
    target = same("target", target, x)
    weights, total = _weights(weights, x)
    dx = output_like(out, x, (x, target, weights))
    losses = new_doubles(x)
    squared_error(x, target, weights, 1 / total, losses, dx, usable_threads(threads))
    if is_single(x):
        return _weighted_mean[float](losses, weights, total), dx
    return _weighted_mean[double](losses, weights, total), dx


def mean_squared_error_by_row(x, target, *, threads=1):
    """Each row's mean of (x - target)^2; no gradient.

    Arguments as for mean_squared_error. Returns losses (n,), float64.
    """
    x = matrix("x", x)
    target = same("target", target, x)
    losses = new_doubles(x)
    squared_error(x, target, None, 1, losses, None, usable_threads(threads))
    return losses
