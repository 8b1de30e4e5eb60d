"""ReLU and dropout."""

from typing import Any

import numpy as np

from ._wide import Array, _wide
from .random import random_bits


def relu_forward(x: Any) -> Array:
    return np.maximum(_wide(x), 0)


def relu_backward(dy: Any, y: Any) -> Array:
    return np.where(np.asarray(y) > 0, _wide(dy), 0)


def dropout(x: Any, rate: float, seed: int, stream: int = 0, index: int = 0, *, first_row: int = 0) -> Array:
    x = _wide(x)
    n, c = x.shape
    stride = -(-c // 4) * 4
    words = random_bits(seed, 3, stream, index, n * stride, first=first_row * stride).reshape(n, stride)[:, :c]
    return np.where(words < int(rate * 2**32), 0, x / (1 - x.dtype.type(rate)))
