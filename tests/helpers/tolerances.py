"""How far each kernel may stand from the reference: one table, in ulps, each bound with its reason.

An ulp is the distance between neighboring numbers of the input's dtype (of float64 where `statistics`) at a magnitude:
at the expected element, or at what `of` gives, where terms cancel and errors are those of the terms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnorm import reference


@dataclass(frozen=True)
class Bound:
    """The largest error of a result; `float64` where sums in double are no wider than the elements, so they count."""

    ulps: float
    reason: str
    of: Callable[..., Any] | None = None
    float64: float | None = None
    statistics: bool = False


def _gemm_terms(a, b, bias=None, **options):
    return reference.gemm(np.abs(a), np.abs(b), None if bias is None else np.abs(bias))


def _distance(x, mean):
    """|x - mean|, and for float64, whose mean is no wider than x itself, |x| + |mean| too."""
    wide = x.astype(np.longdouble)
    return np.abs(wide - mean) + (np.abs(wide) + np.abs(mean) if x.dtype == np.float64 else 0)


def _forward_terms(x, gamma, beta, epsilon=1e-5, **options):
    wide = x.astype(np.longdouble)
    mean, inverse_std = wide.mean(0), 1 / np.sqrt(wide.var(0) + epsilon)
    return _distance(x, mean) * inverse_std * np.abs(gamma) + np.abs(beta)


def _mean_terms(x, *rest, **options):
    return np.abs(x).max(0)


def _inverse_std_terms(x, gamma, beta, epsilon=1e-5, **options):
    """Distances are from row 0. Squares of multiples of one unit may all round the same way: n times, not sqrt(n)."""
    wide = x.astype(np.longdouble)
    return (len(x) + 4) * (1 + (wide[0] - wide.mean(0)) ** 2 / (wide.var(0) + epsilon)) / np.sqrt(wide.var(0) + epsilon)


def _inference_terms(x, mean, variance, gamma, beta, epsilon=1e-5, **options):
    return _distance(x, mean) / np.sqrt(variance + epsilon) * np.abs(gamma) + np.abs(beta)


def _dx_terms(dy, x, mean, inverse_std, gamma, y=None):
    normal = np.abs(x - mean) * inverse_std
    means = np.abs(dy).mean(0) + normal * (np.abs(dy) * normal).mean(0)
    return np.abs(gamma) * inverse_std * (np.abs(dy) + means)


def _dgamma_terms(dy, x, mean, inverse_std, gamma, y=None):
    return (np.abs(dy) * _distance(x, mean) * inverse_std).sum(0)


def _running_terms(n):
    return lambda *arguments, rows=2: rows / (rows - 1) * np.abs(arguments[n]) + np.abs(arguments[n + 2])


def _softmax_terms(x):
    return reference.softmax(x) * (1 + (x.max(1, keepdims=True) - x))


def _loss_terms(logits, target, weights=None, label_smoothing=0.0):
    return 1 + reference.softmax_cross_entropy(logits, target, weights, label_smoothing)[0]


def _row_loss_terms(logits, target, label_smoothing=0.0):
    return 1 + reference.softmax_cross_entropy_by_row(logits, target, label_smoothing)[0]


def _dlogits_terms(logits, target, weights=None, label_smoothing=0.0):
    w = np.ones(len(logits)) if weights is None else weights.astype(np.float64)
    hot = reference._class_shares(reference._wide(logits), target, label_smoothing)
    return (_softmax_terms(reference._wide(logits)) + hot + label_smoothing) * (w / w.sum())[:, None]


def _distance_terms(x, target, weights=None):
    w = np.ones(len(x)) if weights is None else weights.astype(np.float64)
    return np.abs(reference._wide(x) - target) * (w / w.sum() * 2 / x.shape[1])[:, None]


def _sgd_terms(parameters, gradients, velocity, rate, momentum=0.9, nesterov=False, l2=0.0, weight_decay=0.0):
    p, g = np.abs(parameters), np.abs(gradients)
    moving = momentum * np.abs(velocity) + g + l2 * p
    return p * (1 + rate * weight_decay) + rate * (moving + nesterov * (g + l2 * p)), moving


def _adam_terms(parameters, gradients, first, second, step, learning_rate=1e-3, epsilon=1e-8, l2=0.0, weight_decay=0.0):
    p, g = np.abs(parameters), np.abs(gradients) + l2 * np.abs(parameters)
    m, v = 0.9 * np.abs(first) + 0.1 * g, 0.999 * second + 0.001 * g**2
    change = m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + epsilon)
    return p * (1 + learning_rate * weight_decay) + learning_rate * change, m, v


def _nth(terms, n):
    return lambda *arguments, **options: terms(*arguments, **options)[n]


MOVED = Bound(0, "moved or set to 0, never rounded")
CHAIN = "a sum of k products or terms in one chain: its roundings are of both signs and grow as sqrt(k), the terms as k"
TWO_SUMS = "sums in double of terms that are rounded once; two differences"

BOUNDS: dict[str, tuple[Bound, ...]] = {
    "gemm": (Bound(4, CHAIN, _gemm_terms),),
    "transpose": (MOVED,),
    "column_sums": (Bound(4, "a chain in double, rounded once", lambda x: np.abs(x).sum(0)),),
    "dense_forward": (Bound(4, CHAIN, _gemm_terms),),
    "dense_backward": (
        Bound(4, CHAIN, lambda dy, x, weight: _gemm_terms(dy, weight.T)),
        Bound(4, CHAIN, lambda dy, x, weight: _gemm_terms(x.T, dy)),
        Bound(4, "a chain in double, rounded once", lambda dy, x, weight: np.abs(dy).sum(0)),
    ),
    "batchnorm_forward": (
        Bound(3, "x - mean, its product and the sum are rounded", _forward_terms, float64=40),
        Bound(4, "a chain of differences in double", _mean_terms, statistics=True),
        Bound(0.5, "a chain of n squares in double, halved by the root", _inverse_std_terms, statistics=True),
    ),
    "batchnorm_inference": (Bound(3, "x - mean, its product and the sum are rounded", _inference_terms),),
    "batchnorm_backward": (
        Bound(4, TWO_SUMS, _dx_terms, float64=100),
        Bound(4, TWO_SUMS, _dgamma_terms),
        Bound(4, "a chain in double, rounded once", lambda dy, *rest: np.abs(dy).sum(0), float64=64),
    ),
    "batchnorm_running": (
        Bound(4, "a difference, a product, a sum", _running_terms(0), statistics=True),
        Bound(4, "a difference, a product, a sum", _running_terms(1), statistics=True),
        Bound(1, "the same formula", statistics=True),
    ),
    "relu_forward": (MOVED,),
    "relu_backward": (MOVED,),
    "dropout": (Bound(2, "1 / (1 - rate) and the product are rounded"),),
    "random_bits": (MOVED,),
    "softmax": (
        Bound(3, "x - max rounds: its exponential errs by |x - max| / 2 ulps; a product", _softmax_terms, float64=12),
    ),
    "softmax_cross_entropy": (
        Bound(2, "the logarithm of a sum of exponentials of 2 ulps each", _loss_terms, float64=150),
        Bound(5, "as softmax, a difference and a product", _dlogits_terms, float64=40),
    ),
    "softmax_cross_entropy_by_row": (
        Bound(2, "the logarithm of a sum of exponentials of 2 ulps each", _row_loss_terms, float64=50),
        Bound(0, "a place, no rounding"),
    ),
    "mean_squared_error": (
        Bound(4, "differences round once, squares twice that; the sum is double", float64=150),
        Bound(3, "difference, factor and product are rounded", _distance_terms),
    ),
    "mean_squared_error_by_row": (
        Bound(4, "differences round once, squares twice that; the sum is double", float64=20),
    ),
    "sgd": (
        Bound(4, "at most three products and three sums", _nth(_sgd_terms, 0)),
        Bound(4, "two products, two sums", _nth(_sgd_terms, 1)),
        Bound(64, "a chain of up to 4096 squares in double", statistics=True),
    ),
    "adam": (
        Bound(8, "three rounded factors, root and quotient", _nth(_adam_terms, 0)),
        Bound(4, "two rounded factors, two products, a sum", _nth(_adam_terms, 1)),
        Bound(5, "two rounded factors, three products, a sum", _nth(_adam_terms, 2)),
        Bound(64, "a chain of up to 4096 squares in double", statistics=True),
    ),
    "gather": (MOVED,),
    "accumulate": (Bound(0.5, "one rounding"), Bound(0.5, "one rounding")),
}  # fmt: skip


def largest_error(actual: Any, expected: Any, dtype: Any, magnitude: Any = None) -> float:
    """The largest |actual - expected| in ulps of dtype; nan and infinity must stand in the same places."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    expected_value = expected.astype(dtype)  # too large for the dtype is infinity in both
    finite = np.isfinite(expected_value)
    np.testing.assert_array_equal(actual[~finite], expected_value[~finite])
    magnitude = np.broadcast_to(np.abs(expected) if magnitude is None else magnitude, expected.shape)
    error = np.abs(actual.astype(expected.dtype) - expected)[finite]
    return float((error / np.spacing(magnitude.astype(dtype)[finite])).max(initial=0))


def assert_close(name: str, results: tuple, expected: tuple, dtype: Any, *arguments: Any, **options: Any) -> None:
    """Compare a kernel's results with the reference's; arguments and options are those of the call."""
    for number, (bound, actual, wanted) in enumerate(zip(BOUNDS[name], results, expected, strict=True)):
        magnitude = None if bound.of is None else bound.of(*arguments, **options)
        error = largest_error(actual, wanted, np.float64 if bound.statistics else dtype, magnitude)
        ulps = bound.float64 if bound.float64 and dtype == np.float64 else bound.ulps
        assert error <= ulps, f"{name}, result {number}: {error:.3g} ulps, bound {ulps} ({bound.reason})"
