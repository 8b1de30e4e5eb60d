"""Steps of the optimizers, sums of squares and averages."""

from typing import Any

import numpy as np

from ._wide import Array, _wide


def sgd(
    parameters: Array, gradients: Any, velocity: Array, learning_rate: float = 1e-2, momentum: float = 0.9, *,
    averaged: bool = False, nesterov: bool = False, l2: float = 0.0, weight_decay: float = 0.0,
) -> float:  # fmt: skip
    p, g, v = _wide(parameters, gradients, velocity)
    total = (g**2).sum()
    g = (1 - momentum if averaged else 1) * (g + l2 * p)
    v = momentum * v + g
    velocity[...] = v
    parameters[...] = p - learning_rate * (g + momentum * v if nesterov else v) - learning_rate * weight_decay * p
    return total


def _moments(g: Array, first_moments: Array, second_moments: Array, beta_1: float, beta_2: float) -> tuple:
    """Both averages, which it has moved."""
    m = beta_1 * first_moments.astype(g.dtype) + (1 - beta_1) * g
    v = beta_2 * second_moments.astype(g.dtype) + (1 - beta_2) * g**2
    first_moments[...], second_moments[...] = m, v
    return m, v


def adam(
    parameters: Array, gradients: Any, first_moments: Array, second_moments: Array, step: int,
    learning_rate: float = 1e-3, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, *,
    l2: float = 0.0, weight_decay: float = 0.0,
) -> float:  # fmt: skip
    p, g = _wide(parameters, gradients)
    total = (g**2).sum()
    g = g + l2 * p
    m, v = _moments(g, first_moments, second_moments, beta_1, beta_2)
    change = m / (1 - beta_1**step) / (np.sqrt(v / (1 - beta_2**step)) + epsilon)
    parameters[...] = p - learning_rate * change - learning_rate * weight_decay * p
    return total


def nadam(
    parameters: Array, gradients: Any, first_moments: Array, second_moments: Array, step: int, momentum_product: float,
    learning_rate: float = 1e-3, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, *,
    l2: float = 0.0, weight_decay: float = 0.0, momentum_decay: float = 4e-3,
) -> tuple[float, float]:  # fmt: skip
    p, g = _wide(parameters, gradients)
    total = (g**2).sum()
    g = g + l2 * p
    m, v = _moments(g, first_moments, second_moments, beta_1, beta_2)
    now = beta_1 * (1 - 0.96 ** (step * momentum_decay) / 2)
    then = beta_1 * (1 - 0.96 ** ((step + 1) * momentum_decay) / 2)
    product = momentum_product * now
    ahead = (1 - now) / (1 - product) * g + then / (1 - product * then) * m
    change = ahead / (np.sqrt(v / (1 - beta_2**step)) + epsilon)
    parameters[...] = p - learning_rate * change - learning_rate * weight_decay * p
    return total, product


def rmsprop(
    parameters: Array, gradients: Any, second_moments: Array, learning_rate: float = 1e-3, decay: float = 0.99,
    epsilon: float = 1e-8, *, l2: float = 0.0, weight_decay: float = 0.0,
) -> float:  # fmt: skip
    p, g, v = _wide(parameters, gradients, second_moments)
    total = (g**2).sum()
    g = g + l2 * p
    v = decay * v + (1 - decay) * g**2
    second_moments[...] = v
    change = g / (np.sqrt(v) + epsilon)
    parameters[...] = p - learning_rate * change - learning_rate * weight_decay * p
    return total


def squares(gradients: Any) -> float:
    return (_wide(gradients) ** 2).sum()


def average(parameters: Any, averages: Array, share: float) -> Array:
    averages[...] = _wide(averages) + share * (_wide(parameters) - _wide(averages))
    return averages
