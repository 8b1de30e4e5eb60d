"""Which hyperparameters mattered: how much of the differences between trials each explains by itself."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import DataError
from ..space.dimensions import Choice
from ..space.space import Dimension
from ..study.result_order import key, ranked
from ..study.trial import DIVERGED, Trial

ENOUGH = 30  # trials
LAST = (math.inf, math.inf)  # key of diverged trials
ROUNDING = 1e-9  # a singular value below that fraction of the largest is none


@dataclass(frozen=True)
class Importance:
    """Importance of one hyperparameter.

    name   of the hyperparameter
    fraction  of the variance of the trials' places in the ranking that it predicts by itself, from 0 to 1
    error  standard error of the fraction: below twice that it may be nothing
    """

    name: str
    fraction: float
    error: float


def importances(trials: Sequence[Trial], space: Mapping[str, Dimension], metric: str) -> list[Importance]:
    """Return each hyperparameter's importance, the largest first.

    A trial's place in the ranking is predicted by a parabola on the scale's axis (for a Choice, by the mean place of
    each option) that is fitted to all other trials: so a hyperparameter of no use comes out at 0 and not above. Places
    and not scores, for a few very bad trials would outweigh all others. Diverged trials share the last places. What two
    hyperparameters do only together is not seen; fractions need not add up to 1.
    Raises DataError for fewer than 30 trials.
    """
    counted = [*ranked(trials, metric), *(trial for trial in trials if trial.state == DIVERGED)]
    if len(counted) < ENOUGH:
        raise DataError(f"importance: {len(counted)} trials are too few; it takes {ENOUGH} that ended")
    places = _places([key(trial, metric) if trial.state != DIVERGED else LAST for trial in counted])
    rows = [trial.hyperparameters for trial in counted]
    found = [_importance(name, entry, rows, places) for name, entry in space.items()]
    return sorted(found, key=lambda importance: -importance.fraction)


def _places(keys: list[tuple[float, float]]) -> np.ndarray:
    """The place of each of the sorted keys; equal ones share the mean of theirs."""
    _, groups, sizes = np.unique(np.array(keys), axis=0, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes) - 1
    return (last - (sizes - 1) / 2)[groups.reshape(-1)]


def _importance(name: str, dimension: Dimension, rows: list[dict[str, Any]], places: np.ndarray) -> Importance:
    count = len(places)
    left_out = (places - places.mean()) * count / (count - 1)  # errors of the mean of all others
    if not left_out.any():  # all are equally good
        return Importance(name, 0.0, 0.0)
    errors = _left_out_errors(_columns(name, dimension, rows), places)
    gains = (left_out**2 - errors**2) / np.mean(left_out**2)
    return Importance(name, float(max(gains.mean(), 0.0)), float(gains.std(ddof=1) / np.sqrt(count)))


def _columns(name: str, dimension: Dimension, rows: list[dict[str, Any]]) -> np.ndarray:
    """The predictors: 1, whether it is there, and its powers on the axis or its options."""
    there = np.array([name in values for values in rows], np.float64)
    if isinstance(dimension, Choice):
        options = [[values.get(name) == option for option in dimension.options] for values in rows]
        return np.column_stack([np.ones(len(rows)), there, np.array(options) * there[:, None]])
    fractions = np.array([dimension.fraction(values[name]) - 0.5 if name in values else 0.0 for values in rows])
    return np.column_stack([np.ones(len(rows)), there, fractions, fractions**2])


def _left_out_errors(columns: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The error of each trial's prediction by least squares on all the others, without fitting as many times."""
    basis, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    basis = basis[:, sizes > ROUNDING * sizes[0]]
    leverage = np.einsum("ij,ij->i", basis, basis)
    alone = leverage > 1 - ROUNDING  # nothing else is like it: the mean of the others is all there is
    errors = (y - basis @ (basis.T @ y)) / np.where(alone, 1.0, 1 - leverage)
    return np.where(alone, (y - y.mean()) * len(y) / (len(y) - 1), errors)
