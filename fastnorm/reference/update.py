"""One step of an optimizer."""

from typing import Any

import numpy as np

from ._wide import Array, _wide


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
