"""Losses, each with its gradient from one pass over the rows."""

from cython.parallel cimport prange
from libc.stdint cimport int32_t
from numpy cimport NPY_DOUBLE, NPY_FLOAT, ndarray

from .. import checks
from ..errors import DataError, ShapeError
from .cpu cimport fn_kernels, moved, row_border, usable_threads
from .arguments cimport (
    INFINITY,
    class_numbers,
    columns_of,
    data,
    dimensions_of,
    doubles,
    kernels_of,
    kind_of,
    matrix,
    new_vector,
    number,
    output_like,
    rows_of,
    same,
    shares,
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


cdef inline double weight_of(ndarray weights, Py_ssize_t i) noexcept:
    """1 where there are none."""
    if weights is None:
        return 1
    return (<float*> data(weights))[i] if kind_of(weights) == NPY_FLOAT else doubles(weights)[i]


cdef double _weighted_mean(ndarray losses, ndarray weights, double total):
    """Row after row, as a program adds them."""
    cdef double sum = 0
    cdef Py_ssize_t i
    for i in range(rows_of(losses)):
        sum += weight_of(weights, i) * doubles(losses)[i]
    return sum / total


cdef ndarray _weights(weights, ndarray x):
    """The weights of x's rows, or None."""
    if weights is None:
        return None
    cdef ndarray checked = vector("weights", weights, kind_of(x), rows_of(x))
    cdef Py_ssize_t i
    for i in range(rows_of(x)):
        if not 0 <= weight_of(checked, i) < INFINITY:
            weights = checks.finite("weights", checked)
            raise DataError(f"weights: expected numbers >= 0, got {weights.min()} at position {weights.argmin()}")
    return checked


cdef double _total(ndarray weights, ndarray x) except -1:
    """The sum of the weights of x's rows."""
    cdef double total = 0
    cdef Py_ssize_t i
    for i in range(rows_of(x)):
        total += weight_of(weights, i)
    if total == 0:
        raise DataError("weights: expected a positive sum, got all zeros")
    return total


cdef _class_target(target, ndarray x):
    """(labels, None) for class numbers, (None, shares) for soft labels."""
    return (class_numbers(target, x), None) if dimensions_of(target) == 1 else (None, shares("target", target, x))


cdef inline ndarray new_doubles(ndarray x):
    """A double for each row."""
    return new_vector(rows_of(x), NPY_DOUBLE)


cdef _cross_entropy(ndarray x, ndarray labels, ndarray targets,
                    ndarray weights, double smoothing, double scale, ndarray losses, ndarray correct,
                    ndarray dx, int threads):
    with nogil:
        softmax_cross_entropy_rows(kernels_of(x), data(x), columns_of(x), rows_of(x), columns_of(x),
                                   <const int32_t*> data(labels), data(targets), columns_of(x), data(weights),
                                   smoothing, scale, doubles(losses), doubles(correct), data(dx), columns_of(x),
                                   threads)


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
    weights = _weights(weights, x)
    cdef double total = _total(weights, x), smoothing = number("label_smoothing", label_smoothing, 0, 1, "[)")
    dx = output_like(out, x, (x, labels, target_shares, weights))
    losses, correct = new_doubles(x), new_doubles(x)
    _cross_entropy(x, labels, target_shares, weights, smoothing, 1 / total, losses, correct, dx,
                   usable_threads(threads))
    return _weighted_mean(losses, weights, total), dx


def softmax_cross_entropy_by_row(logits, target, label_smoothing=0.0, *, threads=1):
    """Each row's cross-entropy, and whether its first largest logit is the target's; no gradient.

    Arguments as for softmax_cross_entropy. Returns losses (n,) in nats and correct (n,), 1 or 0, both float64.
    """
    x = matrix("logits", logits)
    labels, target_shares = _class_target(target, x)
    smoothing = number("label_smoothing", label_smoothing, 0, 1, "[)")
    losses, correct = new_doubles(x), new_doubles(x)
    _cross_entropy(x, labels, target_shares, None, smoothing, 1, losses, correct, None, usable_threads(threads))
    return losses, correct


cdef _squared_error(ndarray x, ndarray targets, ndarray weights, double scale,
                    ndarray losses, ndarray dx, int threads):
    with nogil:
        mean_squared_error_rows(kernels_of(x), data(x), columns_of(x), rows_of(x), columns_of(x), data(targets),
                                columns_of(x), data(weights), scale, doubles(losses), data(dx), columns_of(x), threads)


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
    weights = _weights(weights, x)
    cdef double total = _total(weights, x)
    dx = output_like(out, x, (x, target, weights))
    losses = new_doubles(x)
    _squared_error(x, target, weights, 1 / total, losses, dx, usable_threads(threads))
    return _weighted_mean(losses, weights, total), dx


def mean_squared_error_by_row(x, target, *, threads=1):
    """Each row's mean of (x - target)^2; no gradient.

    Arguments as for mean_squared_error. Returns losses (n,), float64.
    """
    x = matrix("x", x)
    target = same("target", target, x)
    losses = new_doubles(x)
    _squared_error(x, target, None, 1, losses, None, usable_threads(threads))
    return losses
