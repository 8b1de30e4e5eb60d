"""Ensemble selection: which trials' models, each counted how often, predict best together."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import checks
from ...errors import ShapeError
from ...metrics import OF_SQUARES, rank
from ...models.ensemble import ensemble as joined
from ...models.model import Model
from ...training.dataset import dataset
from ..study.study import Study

DIGITS = 12  # further ones depend on the order of a sum
SMALLEST = 1e-12  # a probability below that costs no more


@dataclass(frozen=True)
class Ensemble:
    """The best trials' models, some of them several times, as one.

    model       that predicts the mean of their predictions; it is saved, loaded and trained on as any other
    members     trial number -> how often its model is counted
    metric      the scores' name
    score       the ensemble's on the rows it was chosen by: a little too good, as it was chosen by them
    best_trial  the study's best so far, and best_score, which that one's model has alone on the same rows
    """

    model: Model
    members: dict[int, int]
    metric: str
    score: float
    best_trial: int
    best_score: float

    def __str__(self) -> str:
        trials = ", ".join(
            f"{number} x {count}" if count > 1 else str(number) for number, count in self.members.items()
        )
        words = f"trial {self.best_trial} alone {self.best_score:.4g}"
        return f"ensemble of trials {trials}: {self.metric.replace('_', ' ')} {self.score:.4g}; {words}"


def build_ensemble(study: Study, x: Any, y: Any = None, *, size: int = 50, top: int = 20) -> Ensemble:
    """Return the ensemble of a study's best models that select_ensemble chooses by these rows.

    x, y  rows no trial was trained on and their targets, as the search took them: those it was validated with. (With
          KFold the kept models have seen all rows of the search: give others.)
    size  as in select_ensemble
    top   number of best trials to choose from, as far as the study keeps their models (caviar's keep)
    Raises DataError where no trial has a score.
    """
    best = study.best_so_far.number
    numbers = sorted({best, *(trial.number for trial in study.leaders(checks.integer("top", top, 1)))})
    models = [study.model(number) for number in numbers]
    predictions = np.stack([_predicted(model, x) for model in models]).astype(np.float64)
    known = models[0]
    rows = dataset(x, y, loss=known.loss, table=known.table, target=known.target, learns=False).fitted_to(known.outputs)
    actual = rows.y.argmax(1) if rows.task == "classification" and np.ndim(rows.y) == 2 else rows.y
    counts = select_ensemble(predictions, actual, study.metric, size)
    score_of, targets = SCORES[study.metric], _targets(study.metric, actual, predictions.shape)
    unit = getattr(models[0].target, "scale", 1.0)  # values are scored as the models give them
    score, alone = (
        score_of(chosen, targets)[0] * (unit if study.metric == OF_SQUARES else 1.0)
        for chosen in (np.tensordot(counts, predictions, 1) / counts.sum(), predictions[numbers.index(best)])
    )
    chosen = {number: int(count) for number, count in zip(numbers, counts, strict=True) if count}
    together = joined([model for model, count in zip(models, counts, strict=True) if count], list(chosen.values()))
    return Ensemble(together, chosen, study.metric, score, best, alone)


def select_ensemble(predictions: Any, targets: Any, metric: str, size: int = 50) -> np.ndarray:
    """Return how often each trial's predictions enter a mean that is better than any single one's, or as good.

    Greedy, with replacement: the trial that helps the mean most enters, `size` times; the best mean on the way is kept,
    of equals the smallest. It starts with the best trial, so on these rows the mean is never worse than that.

    predictions  (trials, n, outputs) on rows that no trial was trained on: probabilities, or values for regression
    targets      (n,) classes for "accuracy"; (n,) or (n, outputs) values for "root_mean_squared_error"
    metric       one of the two; where it is equal, the loss decides: cross-entropy or squared error
    Returns (trials,) int64, the sum of which is at most size.
    Raises ShapeError, DtypeError and DataError for arrays that do not fit.
    Source: Caruana et al. 2004, Ensemble Selection from Libraries of Models, section 2.1 and 2.2.
    """
    predictions = checks.finite("predictions", checks.floating("predictions", predictions))
    if predictions.ndim != 3 or 0 in predictions.shape:
        raise ShapeError(f"predictions: expected shape (trials, n, outputs), got {predictions.shape}")
    checks.choice("metric", metric, list(SCORES))
    size = checks.integer("size", size, 1)
    score_of = SCORES[metric]
    targets = _targets(metric, targets, predictions.shape)
    total = np.zeros(predictions.shape[1:])
    counts = np.zeros(len(predictions), np.int64)
    best, kept = (math.inf, math.inf), counts
    for entered in range(1, size + 1):
        scored = [score_of((total + candidate) / entered, targets) for candidate in predictions]
        keys = [rank(metric, round(score, DIGITS), round(loss, DIGITS)) for score, loss in scored]
        chosen = min(range(len(keys)), key=keys.__getitem__)
        total += predictions[chosen]
        counts[chosen] += 1
        if keys[chosen] < best:
            best, kept = keys[chosen], counts.copy()
    return kept


def _predicted(model: Model, x: Any) -> np.ndarray:
    """Probabilities of classes, or values (n, outputs)."""
    return model.predict_proba(x) if model.task == "classification" else model.logits(x)


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


def _score_classes(probabilities: np.ndarray, classes: np.ndarray) -> tuple[float, float]:
    right = probabilities[np.arange(len(classes)), classes]
    loss = -np.log(np.maximum(right, SMALLEST)).mean()
    return float(np.mean(probabilities.argmax(axis=1) == classes)), float(loss)


def _score_values(values: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    squared = float(np.square(values - targets).mean())
    return math.sqrt(squared), squared


SCORES = {"accuracy": _score_classes, OF_SQUARES: _score_values}
