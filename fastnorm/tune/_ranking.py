"""The order of trials, for all that learns from them."""

import math
from collections.abc import Iterable

from ..metrics import rank
from ._trial import FINISHED, STOPPED, Trial

DECIDING = (FINISHED, STOPPED)  # not those a time limit ended, which another machine would have ended elsewhere


def ranked(trials: Iterable[Trial], metric: str) -> list[Trial]:
    """Return the trials that may decide, best first: by score, loss, number."""
    return sorted((trial for trial in trials if trial.state in DECIDING), key=lambda trial: _key(trial, metric))


def _key(trial: Trial, metric: str) -> tuple[float, ...]:
    score, loss = (math.nan if value is None else value for value in (trial.score, trial.loss))
    return (*rank(metric, score, loss), trial.number)
