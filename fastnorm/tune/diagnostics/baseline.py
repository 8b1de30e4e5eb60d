"""Baseline loss: how well one does without looking at x."""

import math

import numpy as np

from ...training.run import Run

ROWS = 1 << 16  # looked at, evenly spread, where there are more


def baseline_loss(run: Run) -> float:
    """Return the loss of a model that knows nothing of x: of the best constant prediction for the training targets.

    For softmax cross-entropy it is the entropy of the shares of the classes, for squares the variance; for other losses
    the best of a few constants: the shares' logarithms; the mean and the median; the logits of the mean.
    """
    _, y, weight = run.data
    chosen = np.linspace(0, len(y) - 1, min(ROWS, len(y))).astype(np.int64)
    target, weights = y[chosen], None if weight is None else np.ravel(weight[chosen]).astype(np.float64)
    outputs = run.tape.result.features
    if y.ndim == 1:
        counts = np.bincount(target, weights, outputs)
        constants = [_logarithms(counts / counts.sum())]
    else:
        mean = np.average(target.astype(np.float64), axis=0, weights=weights)
        constants = {
            "classification": [_logarithms(mean)],
            "multilabel": [_logarithms(mean) - _logarithms(1 - mean)],
        }.get(run.loss.task, [mean, np.median(target, axis=0)])
    return min(_loss(run, constant, target, weights) for constant in constants)


def _logarithms(shares: np.ndarray) -> np.ndarray:
    """Return logarithms of shares, one that is 0 as a very small one."""
    return np.log(np.maximum(shares, math.exp(-30)))


def _loss(run: Run, constant: np.ndarray, target: np.ndarray, weights: np.ndarray | None) -> float:
    prediction = np.tile(constant.astype(run.model.dtype), (len(target), 1))
    losses, _ = run.loss.by_row(prediction, target)
    return float(np.average(losses, weights=weights))
