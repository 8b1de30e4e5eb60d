"""Softmax, its logarithm, and their gradients."""

from typing import Any

import numpy as np

from ._wide import Array, _wide


def softmax(x: Any) -> Array:
    x = _wide(x)
    with np.errstate(invalid="ignore"):  # -inf less -inf, in a row of -inf only
        exponentials = np.exp(x - x.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def softmax_backward(dy: Any, y: Any) -> Array:
    dy, y = _wide(dy, y)
    return y * (dy - (dy * y).sum(axis=1, keepdims=True))


def log_softmax_forward(x: Any) -> Array:
    x = _wide(x)
    with np.errstate(invalid="ignore"):  # -inf less -inf, in a row of -inf only
        distance = x - x.max(axis=1, keepdims=True)
    return distance - np.log(np.exp(distance).sum(axis=1, keepdims=True))


def log_softmax_backward(dy: Any, y: Any) -> Array:
    dy, y = _wide(dy, y)
    return dy - np.exp(y) * dy.sum(axis=1, keepdims=True)
