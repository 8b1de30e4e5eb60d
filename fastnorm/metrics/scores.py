"""Scores of predictions: several for each task, and those of the best constant prediction, to compare them with."""

from collections.abc import Callable
from typing import Any

import numpy as np

UNEVEN = 2  # times as many rows in the largest class as in the smallest ask for the balanced accuracy


def scores(task: str, predicted: Any, actual: Any) -> dict[str, float | None]:
    """Return the scores of predictions (n,) or (n, outputs) by name; None where one is not defined.

    classification  accuracy, and balanced_accuracy: the mean over the classes of the share of their rows that is right
    multilabel      accuracy
    regression      root_mean_squared_error and mean_absolute_error in the target's units; r_squared, the share of the
                    variance that is explained, which rows of one value do not define
    """
    predicted, actual = np.asarray(predicted), np.asarray(actual)
    return {name: score(predicted, actual) for name, score in ROWS[task].items()}


def best_constant(task: str, actual: Any) -> dict[str, float | None]:
    """Return the same scores of the constant that is best for each of them: the most frequent class, mean or median."""
    actual = np.asarray(actual)
    usual = np.mean(actual, axis=0) if task == "regression" else _most_frequent(actual)
    found = {}
    for name, score in ROWS[task].items():
        constant = np.median(actual, axis=0) if name == "mean_absolute_error" else usual
        found[name] = score(np.broadcast_to(constant, actual.shape), actual)
    return found


def is_uneven(labels: np.ndarray) -> bool:
    """Whether the classes are so uneven that accuracy alone misleads."""
    counts = np.unique(labels, return_counts=True)[1]
    return bool(counts.max() > UNEVEN * counts.min())


def _most_frequent(actual: np.ndarray) -> Any:
    if actual.ndim == 2:
        return np.array([_most_frequent(column) for column in actual.T])
    values, counts = np.unique(actual, return_counts=True)
    return values[counts.argmax()]


def _accuracy(predicted: np.ndarray, actual: np.ndarray) -> float:
    return float(np.mean(predicted == actual))


def _balanced_accuracy(predicted: np.ndarray, actual: np.ndarray) -> float:
    return float(np.mean([np.mean(predicted[actual == value] == value) for value in np.unique(actual)]))


def _root_mean_squared_error(predicted: np.ndarray, actual: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(predicted - actual))))


def _mean_absolute_error(predicted: np.ndarray, actual: np.ndarray) -> float:
    return float(np.mean(np.abs(predicted - actual)))


def _r_squared(predicted: np.ndarray, actual: np.ndarray) -> float | None:
    """Averaged over the outputs; None where the values of one do not differ."""
    variance = np.where((actual == actual[:1]).all(axis=0), 0, np.var(actual, axis=0))  # of equal ones it may be 1e-34
    if not (variance > 0).all():
        return None
    return float(np.mean(1 - np.mean(np.square(predicted - actual), axis=0) / variance))


Score = Callable[[np.ndarray, np.ndarray], float | None]
ROWS: dict[str, dict[str, Score]] = {
    "classification": {"accuracy": _accuracy, "balanced_accuracy": _balanced_accuracy},
    "multilabel": {"accuracy": _accuracy},
    "regression": {
        "root_mean_squared_error": _root_mean_squared_error,
        "mean_absolute_error": _mean_absolute_error,
        "r_squared": _r_squared,
    },
}
