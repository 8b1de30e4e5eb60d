"""Bounds of the kernels of functions of one and of two numbers; the C code says what was measured."""

import numpy as np

from fastnorm import reference
from helpers.tolerances import BOUNDS, MOVED, Bound

ONE = Bound(0.5, "one rounding")
QUOTIENT = Bound(1.5, "a quotient and a product are rounded")


def _gelu_terms(dy, x, y):
    wide = reference._wide(x)
    return np.abs(dy) * (reference.gelu_backward(np.ones_like(x), x, y) + 2 * np.abs(wide) * np.exp(-(wide**2) / 2))


def _silu_terms(dy, x, y):
    share = reference.sigmoid_forward(x)
    return np.abs(dy) * share * (1 + np.abs(x) * (1 - share))


def _mish_terms(dy, x, y):
    share = np.tanh(np.logaddexp(0, reference._wide(x)))
    return np.abs(dy) * (share + np.abs(x) * reference.sigmoid_forward(x) * (1 - share**2))


def _power_terms(a, b):
    """An ulp of the logarithm's smaller terms counts b times."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(reference.power_forward(a, b)) * (1 + np.nan_to_num(np.abs(b * np.log(np.abs(a)))) / 16)


BOUNDS |= {
    "exp_forward": (Bound(1.5, "two rounded sums"),),
    "exp_backward": (ONE,),
    "log_forward": (Bound(1, "a rounded sum of terms, all but the last one small"),),
    "log_backward": (QUOTIENT,),
    "sqrt_forward": (ONE,),
    "sqrt_backward": (QUOTIENT,),
    "sin_forward": (Bound(1, "a rounded sum of terms, all but the first one small"),),
    "sin_backward": (Bound(2, "as forward, and a product"),),
    "cos_forward": (Bound(1, "a rounded sum of terms, all but the first one small"),),
    "cos_backward": (Bound(2, "as forward, and a product"),),
    "abs_forward": (MOVED,),
    "abs_backward": (MOVED,),
    "tanh_forward": (Bound(2, "an exponential, a sum and a quotient"),),
    "tanh_backward": (Bound(3, "1 - y, 1 + y and two products are rounded"),),
    "sigmoid_forward": (Bound(2, "an exponential, a sum and a quotient"),),
    "sigmoid_backward": (Bound(2.5, "1 - y and two products are rounded"),),
    "leaky_relu_forward": (Bound(1.5, "the slope and the product are rounded"),),
    "leaky_relu_backward": (Bound(1.5, "the slope and the product are rounded"),),
    "elu_forward": (Bound(3, "an exponential less 1, and a product"),),
    "elu_backward": (Bound(2.5, "an exponential and two products"),),
    "selu_forward": (Bound(3, "an exponential less 1, a constant and a product"),),
    "selu_backward": (Bound(3, "an exponential, a constant and two products"),),
    "gelu_forward": (Bound(8, "an exponential, a polynomial, a quotient and four products"),),
    "gelu_backward": (Bound(8, "as forward, and a product of three", _gelu_terms),),
    "silu_forward": (Bound(4, "an exponential, a sum, a quotient and a product"),),
    "silu_backward": (Bound(4, "as sigmoid, two products and a sum", _silu_terms),),
    "softplus_forward": (Bound(4, "an exponential, a quotient and two sums"),),
    "softplus_backward": (Bound(3, "as sigmoid, and a product"),),
    "mish_forward": (Bound(5, "an exponential, two sums and products, a quotient and a product"),),
    "mish_backward": (Bound(5, "as forward, a product and a sum", _mish_terms),),
    "clip_forward": (MOVED,),
    "clip_backward": (MOVED,),
    "add_forward": (ONE,),
    "add_backward": (MOVED, MOVED),
    "subtract_forward": (ONE,),
    "subtract_backward": (MOVED, MOVED),
    "multiply_forward": (ONE,),
    "multiply_backward": (ONE, ONE),
    "divide_forward": (ONE,),
    "divide_backward": (QUOTIENT, QUOTIENT),
    "power_forward": (Bound(4, "as many roundings as products; else one of double", _power_terms),),
    "power_backward": (
        Bound(6, "as forward, and two products", lambda dy, a, b, y: np.abs(reference.power_backward(dy, a, b, y)[0])),
        Bound(3, "a logarithm and two products"),
    ),
    "maximum_forward": (MOVED,),
    "maximum_backward": (MOVED, MOVED),
    "minimum_forward": (MOVED,),
    "minimum_backward": (MOVED, MOVED),
    "less_forward": (MOVED,),
    "less_equal_forward": (MOVED,),
    "equal_forward": (MOVED,),
    "not_equal_forward": (MOVED,),
    "where_forward": (MOVED,),
    "where_backward": (MOVED, MOVED),
}
