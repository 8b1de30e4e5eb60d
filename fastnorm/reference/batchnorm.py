"""Batch normalization."""

from typing import Any

import numpy as np

from ._wide import Array, _wide


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
    mean: Any, variance: Any, running_mean: Array, running_variance: Array, weight: float, decay: float,
    rows: int | None = None,
) -> float:  # fmt: skip
    weight = decay * weight + 1 - decay
    factor = 1 if rows is None else np.longdouble(rows) / (rows - 1)
    running_mean += (1 - decay) / weight * (_wide(mean) - running_mean)
    running_variance += (1 - decay) / weight * (factor * _wide(variance) - running_variance)
    return weight
