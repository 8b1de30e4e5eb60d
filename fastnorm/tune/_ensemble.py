"""Ensemble selection: which trials' models, each counted how often, predict best together."""

import math
from typing import Any

import numpy as np

from .. import checks
from ..errors import ShapeError
from ..metrics import rank

DIGITS = 12  # further ones depend on the order of a sum
SMALLEST = 1e-12  # a probability below that costs no more


def select_ensemble(predictions: Any, targets: Any, metric: str, size: int = 50) -> np.ndarray:
    """Return how often each trial's predictions enter a mean that is better than any single one's, or as good.

    Greedy, with replacement: the trial that helps the mean most enters, `size` times; the best mean on the way is kept,
    of equals the smallest. It starts with the best trial, so on these rows the mean is never worse than that.

    predictions  (trials, n, outputs) on rows that no trial was trained on: probabilities, or values for regression
    targets      (n,) classes for "accuracy"; (n,) or (n, outputs) values for "mean_absolute_error"
    metric       one of the two; where it is equal, the loss decides: cross-entropy or squared error
    Returns (trials,) int64, the sum of which is at most size.
    Raises ShapeError, DtypeError and DataError for arrays that do not fit.
    Source: Caruana et al. 2004, Ensemble Selection from Libraries of Models, section 2.1 and 2.2.
    """
    predictions = checks.finite("predictions", checks.floating("predictions", predictions))
    if predictions.ndim != 3 or 0 in predictions.shape:
        raise ShapeError(f"predictions: expected shape (trials, n, outputs), got {predictions.shape}")
    checks.choice("metric", metric, list(JUDGES))
    size = checks.integer("size", size, 1)
    judge = JUDGES[metric]
    targets = _targets(metric, targets, predictions.shape)
    total = np.zeros(predictions.shape[1:])
    counts = np.zeros(len(predictions), np.int64)
    best, kept = (math.inf, math.inf), counts
    for entered in range(1, size + 1):
        judged = [judge((total + candidate) / entered, targets) for candidate in predictions]
        keys = [rank(metric, round(score, DIGITS), round(loss, DIGITS)) for score, loss in judged]
        chosen = min(range(len(keys)), key=keys.__getitem__)
        total += predictions[chosen]
        counts[chosen] += 1
        if keys[chosen] < best:
            best, kept = keys[chosen], counts.copy()
    return kept


def _targets(metric: str, targets: Any, shape: tuple[int, ...]) -> np.ndarray:
    _, rows, outputs = shape
    if metric == "accuracy":
        array = checks.indices("targets", targets, outputs)
    else:
        array = checks.finite("targets", checks.floating("targets", targets))
        array = array[:, None] if array.ndim == 1 and outputs == 1 else array
    expected = (rows,) if metric == "accuracy" else (rows, outputs)
    if array.shape != expected:
        raise ShapeError(f"targets: expected shape {expected} as the predictions, got {array.shape}")
    return array


def _judge_classes(shares: np.ndarray, classes: np.ndarray) -> tuple[float, float]:
    right = shares[np.arange(len(classes)), classes]
    loss = -np.log(np.maximum(right, SMALLEST)).mean()
    return float(np.mean(shares.argmax(axis=1) == classes)), float(loss)


def _judge_values(values: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    differences = values - targets
    return float(np.abs(differences).mean()), float(np.square(differences).mean())


JUDGES = {"accuracy": _judge_classes, "mean_absolute_error": _judge_values}
