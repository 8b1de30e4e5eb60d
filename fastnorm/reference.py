"""Every kernel in plain NumPy, by the formula and slowly: what tests and the bench judge the native code by.

The names, arguments and results are those of fastnorm.kernels, less `out` and `threads`. What judges float32 computes
in float64, what judges float64 in longdouble, and results stay so wide; what a kernel changes in place is changed here
too.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray
WORD, SHIFT = np.uint64(2**32 - 1), np.uint64(32)


def _wide(x: Any, *others: Any) -> Any:
    """All arrays in the dtype that judges the first one's."""
    dtype = np.float64 if np.asarray(x).dtype.newbyteorder("=") == np.float32 else np.longdouble
    arrays = [None if array is None else np.asarray(array).astype(dtype) for array in (x, *others)]
    return arrays if others else arrays[0]


# ---- dense


def gemm(a: Any, b: Any, bias: Any = None, *, transpose_a: bool = False, relu: bool = False) -> Array:
    a, b, bias = _wide(a, b, bias)
    c = (a.T if transpose_a else a) @ b + (0 if bias is None else bias)
    return np.maximum(c, 0) if relu else c


def transpose(x: Any) -> Array:
    return _wide(x).T


def column_sums(x: Any) -> Array:
    return _wide(x).sum(axis=0)


def dense_forward(x: Any, weight: Any, bias: Any = None, *, relu: bool = False) -> Array:
    return gemm(x, weight, bias, relu=relu)


def dense_backward(dy: Any, x: Any, weight: Any) -> tuple[Array, Array, Array]:
    dy, x, weight = _wide(dy, x, weight)
    return dy @ weight.T, x.T @ dy, dy.sum(axis=0)


# ---- batch normalization


def batchnorm_forward(
    x: Any, gamma: Any, beta: Any, epsilon: float = 1e-5, *, relu: bool = False
) -> tuple[Array, Array, Array]:
    x, gamma, beta = _wide(x, gamma, beta)
    mean = x[0] + (x - x[0]).mean(axis=0)
    inverse_std = 1 / np.sqrt(((x - mean) ** 2).mean(axis=0) + epsilon)
    y = (x - mean) * inverse_std * gamma + beta
    return np.maximum(y, 0) if relu else y, mean, inverse_std


def batchnorm_inference(
    x: Any, mean: Any, variance: Any, gamma: Any, beta: Any, epsilon: float = 1e-5, *, relu: bool = False
) -> Array:
    x, mean, variance, gamma, beta = _wide(x, mean, variance, gamma, beta)
    y = (x - mean) / np.sqrt(variance + epsilon) * gamma + beta
    return np.maximum(y, 0) if relu else y


def batchnorm_backward(
    dy: Any, x: Any, mean: Any, inverse_std: Any, gamma: Any, y: Any = None
) -> tuple[Array, Array, Array]:
    dy, x, mean, inverse_std, gamma = _wide(dy, x, mean, inverse_std, gamma)
    if y is not None:
        dy = np.where(np.asarray(y) > 0, dy, 0)
    normal = (x - mean) * inverse_std
    dgamma, dbeta = (dy * normal).sum(axis=0), dy.sum(axis=0)
    return gamma * inverse_std * (dy - (dbeta + normal * dgamma) / len(x)), dgamma, dbeta


def batchnorm_running(
    mean: Any, variance: Any, running_mean: Array, running_variance: Array, weight: float, decay: float
) -> float:
    weight = decay * weight + 1 - decay
    running_mean += (1 - decay) / weight * (_wide(mean) - running_mean)
    running_variance += (1 - decay) / weight * (_wide(variance) - running_variance)
    return weight


# ---- activation


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


# ---- softmax and losses


def softmax(x: Any) -> Array:
    x = _wide(x)
    with np.errstate(invalid="ignore"):  # -inf less -inf, in a row of -inf only
        exponentials = np.exp(x - x.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _class_shares(logits: Array, target: Any, label_smoothing: float) -> Array:
    k = logits.shape[1]
    shares = np.eye(k, dtype=logits.dtype)[target] if np.ndim(target) == 1 else np.asarray(target).astype(logits.dtype)
    return (1 - logits.dtype.type(label_smoothing)) * shares + logits.dtype.type(label_smoothing) / k


def softmax_cross_entropy_by_row(logits: Any, target: Any, label_smoothing: float = 0.0) -> tuple[Array, Array]:
    x = _wide(logits)
    shares = _class_shares(x, target, label_smoothing)
    distance = x - x.max(axis=1, keepdims=True)
    log_shares = distance - np.log(np.exp(distance).sum(axis=1, keepdims=True))
    with np.errstate(invalid="ignore"):  # 0 times -inf, not chosen
        losses = -np.where(shares == 0, 0, shares * log_shares).sum(axis=1)
    hot = target if np.ndim(target) == 1 else np.asarray(target).argmax(axis=1)
    return losses, (x.argmax(axis=1) == hot).astype(np.float64)


def softmax_cross_entropy(
    logits: Any, target: Any, weights: Any = None, label_smoothing: float = 0.0
) -> tuple[Array, Array]:
    losses, _ = softmax_cross_entropy_by_row(logits, target, label_smoothing)
    shares = softmax(logits)
    w = np.ones_like(losses) if weights is None else np.asarray(weights).astype(losses.dtype)
    gradient = (shares - _class_shares(shares, target, label_smoothing)) * (w / w.sum())[:, None]
    return (w * losses).sum() / w.sum(), gradient


def mean_squared_error_by_row(x: Any, target: Any) -> tuple[Array, Array]:
    x, target = _wide(x, target)
    return ((x - target) ** 2).mean(axis=1), np.abs(x - target).mean(axis=1)


def mean_squared_error(x: Any, target: Any, weights: Any = None) -> tuple[Array, Array]:
    losses, _ = mean_squared_error_by_row(x, target)
    x, target = _wide(x, target)
    w = np.ones_like(losses) if weights is None else np.asarray(weights).astype(losses.dtype)
    return (w * losses).sum() / w.sum(), (x - target) * (w / w.sum() * 2 / x.shape[1])[:, None]


# ---- update


def sgd(
    parameters: Array, gradients: Any, velocity: Array, learning_rate: float, momentum: float = 0.0, *,
    nesterov: bool = False, l2: float = 0.0, weight_decay: float = 0.0,
) -> float:  # fmt: skip
    p, g, v = _wide(parameters, gradients, velocity)
    squares = (g**2).sum()
    g = g + l2 * p
    v = momentum * v + g
    velocity[...] = v
    parameters[...] = p - learning_rate * (g + momentum * v if nesterov else v) - learning_rate * weight_decay * p
    return squares


def adam(
    parameters: Array, gradients: Any, first_moments: Array, second_moments: Array, step: int,
    learning_rate: float = 1e-3, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, *,
    l2: float = 0.0, weight_decay: float = 0.0,
) -> float:  # fmt: skip
    p, g, m, v = _wide(parameters, gradients, first_moments, second_moments)
    squares = (g**2).sum()
    g = g + l2 * p
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    first_moments[...], second_moments[...] = m, v
    change = m / (1 - beta_1**step) / (np.sqrt(v / (1 - beta_2**step)) + epsilon)
    parameters[...] = p - learning_rate * change - learning_rate * weight_decay * p
    return squares


# ---- rows


def gather(x: Any, rows: Any) -> Array:
    return _wide(x)[rows]


def accumulate(x: Any, y: Array) -> Array:
    y[...] = _wide(y) + _wide(x)
    return y


# ---- random


def random_bits(seed: int, purpose: int, stream: int, index: int, count: int, *, first: int = 0) -> Array:
    blocks = np.arange(first // 4, first // 4 + -(-count // 4), dtype=np.uint64)
    counter = [blocks & WORD, *(np.full_like(blocks, word) for word in (index, stream, purpose))]
    key = [np.uint64(seed % 2**32), np.uint64(seed >> 32)]
    for _ in range(10):
        first_product, second_product = counter[0] * np.uint64(0xD2511F53), counter[2] * np.uint64(0xCD9E8D57)
        counter = [
            (second_product >> SHIFT) ^ counter[1] ^ key[0], second_product & WORD,
            (first_product >> SHIFT) ^ counter[3] ^ key[1], first_product & WORD,
        ]  # fmt: skip
        key = [(key[0] + np.uint64(0x9E3779B9)) & WORD, (key[1] + np.uint64(0xBB67AE85)) & WORD]
    return np.stack(counter, axis=1).ravel()[:count].astype(np.uint32)


def uniform(seed: int, purpose: int, stream: int, index: int, count: int) -> Array:
    words = random_bits(seed, purpose, stream, index, 2 * count).astype(np.uint64)
    return ((words[0::2] >> 5) * 2**26 + (words[1::2] >> 6)).astype(np.float64) / 2**53


def permutation(seed: int, purpose: int, stream: int, index: int, count: int) -> Array:
    def words() -> Iterator[int]:
        for first in range(0, 2**34, 1024):
            yield from random_bits(seed, purpose, stream, index, 1024, first=first).tolist()

    source, order = words(), list(range(count))
    for last in range(count - 1, 0, -1):
        bound = last + 1
        product = next(source) * bound
        while product % 2**32 < 2**32 % bound:
            product = next(source) * bound
        order[last], order[product >> 32] = order[product >> 32], order[last]
    return np.array(order, np.int64)
