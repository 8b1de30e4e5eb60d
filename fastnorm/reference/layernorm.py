"""Layer normalization."""

from typing import Any

import numpy as np

from ._wide import Array, _wide


def layernorm_forward(x: Any, gamma: Any, beta: Any, epsilon: float = 1e-5) -> tuple[Array, Array, Array]:
    x, gamma, beta = _wide(x, gamma, beta)
    mean = x[:, 0] + (x - x[:, :1]).mean(axis=1)
    distance = x - mean[:, None]
    inverse_std = 1 / np.sqrt((distance**2).mean(axis=1) + epsilon)
    return distance * inverse_std[:, None] * gamma + beta, mean, inverse_std


def layernorm_backward(dy: Any, x: Any, mean: Any, inverse_std: Any, gamma: Any) -> Array:
    dy, x, mean, inverse_std, gamma = _wide(dy, x, mean, inverse_std, gamma)
    normal, gradient = (x - mean[:, None]) * inverse_std[:, None], dy * gamma
    means = gradient.mean(axis=1, keepdims=True) + normal * (gradient * normal).mean(axis=1, keepdims=True)
    return inverse_std[:, None] * (gradient - means)


def layernorm_gamma_beta_backward(dy: Any, x: Any, mean: Any, inverse_std: Any) -> tuple[Array, Array]:
    dy, x, mean, inverse_std = _wide(dy, x, mean, inverse_std)
    normal = (x - mean[:, None]) * inverse_std[:, None]
    return (dy * normal).sum(axis=0), dy.sum(axis=0)
