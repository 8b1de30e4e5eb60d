"""How far kernels that sum, compare, normalize or move rows may stand from the reference, and the other optimizers."""

import numpy as np

from fastnorm import reference
from helpers.tolerances import BOUNDS, CHAIN, MOVED, TWO_SUMS, Bound, _nth


def _sums(axis):
    return lambda x, scale=1.0: np.abs(scale) * np.abs(x).sum(axis)


def _softmax_backward_terms(dy, y):
    return y * (np.abs(dy) + (np.abs(dy) * y).sum(1, keepdims=True))


def _log_softmax_terms(x):
    return 1 + (x.max(1, keepdims=True) - x) + np.log(x.shape[1])


def _log_softmax_backward_terms(dy, y):
    return np.abs(dy) + np.exp(y) * np.abs(dy).sum(1, keepdims=True)


def _row_distance(x, mean):
    """|x - mean|, and for float64, whose mean is no wider than x itself, |x| + |mean| too."""
    mean = mean[:, None]
    return np.abs(x.astype(np.longdouble) - mean) + (np.abs(x) + np.abs(mean) if x.dtype == np.float64 else 0)


def _statistics(x, epsilon):
    wide = x.astype(np.longdouble)
    return wide.mean(1), 1 / np.sqrt(wide.var(1) + epsilon)


def _layernorm_terms(x, gamma, beta, epsilon=1e-5):
    mean, inverse_std = _statistics(x, epsilon)
    return _row_distance(x, mean) * inverse_std[:, None] * np.abs(gamma) + np.abs(beta)


def _inverse_std_terms(x, gamma, beta, epsilon=1e-5):
    """Distances are from the first element. Squares of multiples of one unit may all round the same way."""
    mean, inverse_std = _statistics(x, epsilon)
    return (x.shape[1] + 4) * (1 + ((x[:, 0] - mean) * inverse_std) ** 2) * inverse_std


def _layernorm_dx_terms(dy, x, mean, inverse_std, gamma):
    normal, gradient = np.abs(x - mean[:, None]) * inverse_std[:, None], np.abs(dy * gamma)
    means = gradient.mean(1, keepdims=True) + normal * (gradient * normal).mean(1, keepdims=True)
    return inverse_std[:, None] * (gradient + means)


def _layernorm_dgamma_terms(dy, x, mean, inverse_std):
    return (np.abs(dy * (x - mean[:, None])) * inverse_std[:, None]).sum(0)


def _sgd_terms(
    parameters, gradients, velocity, rate, momentum=0.9, averaged=False, nesterov=False, l2=0.0, weight_decay=0.0
):
    p = np.abs(parameters)
    g = (1 - momentum if averaged else 1) * (np.abs(gradients) + l2 * p)
    moving = momentum * np.abs(velocity) + g
    return p * (1 + rate * weight_decay) + rate * (moving + nesterov * g), moving


def _rmsprop_terms(
    parameters, gradients, second, learning_rate=1e-3, decay=0.99, epsilon=1e-8, l2=0.0, weight_decay=0.0
):
    p, g = np.abs(parameters), np.abs(gradients) + l2 * np.abs(parameters)
    v = decay * second + (1 - decay) * g**2
    return p * (1 + learning_rate * weight_decay) + learning_rate * g / (np.sqrt(v) + epsilon), v


def _nadam_terms(
    parameters, gradients, first, second, step, product, learning_rate=1e-3, epsilon=1e-8, l2=0.0, weight_decay=0.0,
    momentum_decay=4e-3,
):  # fmt: skip
    """The two steps together are below 2 / (1 - 0.9 product) of the larger moment."""
    p, g = np.abs(parameters), np.abs(gradients) + l2 * np.abs(parameters)
    m, v = 0.9 * np.abs(first) + 0.1 * g, 0.999 * second + 0.001 * g**2
    change = (m + g) / (1 - 0.9 * product) / (np.sqrt(v / (1 - 0.999**step)) + epsilon)
    return p * (1 + learning_rate * weight_decay) + learning_rate * change, m, v


QUOTIENT, AVERAGE = "rounded factors, root and quotient", "two rounded factors, products, a sum"
SQUARES = Bound(64, "a chain of up to 4096 squares in double", statistics=True)
ONCE = "a chain in double, rounded once"

BOUNDS |= {
    "softmax_backward": (
        Bound(3, "the sum, a difference and a product are rounded", _softmax_backward_terms, float64=40),
    ),
    "log_softmax_forward": (
        Bound(2, "x - max and the logarithm round, their difference rounds again", _log_softmax_terms, float64=8),
    ),
    "log_softmax_backward": (
        Bound(
            4, "the exponential errs by 2 ulps; a sum, a product, a difference", _log_softmax_backward_terms, float64=50
        ),
    ),
    "row_sums": (Bound(0.5, ONCE, _sums(1), float64=4),),
    "column_sums": (Bound(0.5, ONCE, _sums(0), float64=4),),
    "total_sum": (Bound(0.5, ONCE, _sums(None), float64=4),),
    "all_finite": (Bound(0, "true or false"),),
    "row_max": (MOVED,),
    "column_max": (MOVED,),
    "row_max_backward": (Bound(0.5, "a quotient"),),
    "column_max_backward": (Bound(0.5, "a quotient"),),
    "spread": (Bound(1.5, "the factor and the product are rounded"),),
    "copy": (MOVED,),
    "embedding_forward": (MOVED,),
    "embedding_backward": (
        Bound(4, CHAIN, lambda dy, codes, v: reference.embedding_backward(np.abs(dy), codes, v)),
    ),
    "locate": (Bound(3, "two differences and a quotient err by half an ulp of up to twice the result"),),
    "piecewise_forward": (
        Bound(4, CHAIN, lambda located, weight: reference.piecewise_forward(np.abs(located), np.abs(weight))),
    ),
    "piecewise_backward": (
        Bound(4, CHAIN, lambda dy, located, bins: reference.piecewise_backward(np.abs(dy), np.abs(located), bins)),
    ),
    "layernorm_forward": (
        Bound(3, "x - mean, two products and a sum are rounded", _layernorm_terms, float64=40),
        Bound(4, "a chain of differences in double", lambda x, *rest, **options: np.abs(x).max(1), statistics=True),
        Bound(0.5, "a chain of c squares in double, halved by the root", _inverse_std_terms, statistics=True),
    ),
    "layernorm_backward": (Bound(4, TWO_SUMS, _layernorm_dx_terms, float64=100),),
    "layernorm_gamma_beta_backward": (
        Bound(4, TWO_SUMS, _layernorm_dgamma_terms, float64=100),
        Bound(0.5, ONCE, lambda dy, *rest: np.abs(dy).sum(0), float64=64),
    ),
    "one_hot": (MOVED,),
    "hits": (MOVED,),
    "squares": (SQUARES,),
    "average": (
        Bound(3, "a difference, a rounded share, a product, a sum", lambda p, a, share: np.abs(p) + np.abs(a)),
        Bound(3, "a difference, a rounded share, a product, a sum", lambda p, a, share: np.abs(p) + np.abs(a)),
    ),
    "sgd": (
        Bound(5, "at most four products and three sums", _nth(_sgd_terms, 0)),
        Bound(5, "three products, two sums", _nth(_sgd_terms, 1)),
        SQUARES,
    ),
    "nadam": (
        Bound(8, f"two steps; {QUOTIENT}", _nth(_nadam_terms, 0)),
        Bound(4, AVERAGE, _nth(_nadam_terms, 1)),
        Bound(5, AVERAGE, _nth(_nadam_terms, 2)),
        SQUARES,
        Bound(4, "a few factors in double", statistics=True),
    ),
    "rmsprop": (
        Bound(8, QUOTIENT, _nth(_rmsprop_terms, 0)),
        Bound(5, AVERAGE, _nth(_rmsprop_terms, 1)),
        SQUARES,
    ),
}  # fmt: skip
