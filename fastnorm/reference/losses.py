"""Losses."""

from typing import Any

import numpy as np

from ._wide import Array, _wide
from .softmax import softmax


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


def mean_squared_error_by_row(x: Any, target: Any) -> Array:
    x, target = _wide(x, target)
    return ((x - target) ** 2).mean(axis=1)


def mean_squared_error(x: Any, target: Any, weights: Any = None) -> tuple[Array, Array]:
    losses = mean_squared_error_by_row(x, target)
    x, target = _wide(x, target)
    w = np.ones_like(losses) if weights is None else np.asarray(weights).astype(losses.dtype)
    return (w * losses).sum() / w.sum(), (x - target) * (w / w.sum() * 2 / x.shape[1])[:, None]
