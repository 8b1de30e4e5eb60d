"""The order of trials, for all that learns from them."""

import math
from collections.abc import Iterable

from ...metrics import rank
from .trial import FINISHED, STOPPED, Trial

DECIDING = (FINISHED, STOPPED)  # not those a time limit ended, which another machine would have ended elsewhere


def ranked(trials: Iterable[Trial], metric: str) -> list[Trial]:
    """Return the trials that may decide, best first: by score, loss, number."""
    deciding = (trial for trial in trials if trial.state in DECIDING)
    return sorted(deciding, key=lambda trial: (key(trial, metric), trial.number))


def key(trial: Trial, metric: str) -> tuple[float, float]:
    """Return a key that sorts better trials first, equal for equally good ones."""
    score, loss = (math.nan if value is None else value for value in (trial.score, trial.loss))
    return rank(metric, score, loss)
