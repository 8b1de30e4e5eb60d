"""Forecasts: the best score to expect of more trials, from those of a search; they must have been drawn independently.

Sources: Bergstra & Bengio 2012, Random Search for Hyper-Parameter Optimization, section 2.3 (experiments of s trials);
Dodge et al. 2019, Show Your Work; Tang et al. 2020 on its bias, which drawing without repetition has not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ... import checks
from ...errors import DataError
from ...kernels import random
from ..study.result_order import ranked
from ..study.trial import ENDED, STEERED, Trial

RESAMPLES = 200
FEWEST = 2  # trials below which a best of them says nothing of how bests grow
LEAST = 1e-4  # of the best score: nobody looks for a gain below that
LOST = 0.5  # of its standard error: a gain below that is not to be told from none


@dataclass(frozen=True)
class Expectation:
    """The best of `count` trials: its score in the mean, and the standard deviation from search to search."""

    count: int
    score: float
    spread: float


@dataclass(frozen=True)
class Forecast:
    """The gain to expect of `more` trials.

    best    score so far
    gain    by how much it would be better, in its own units, never below 0
    error   standard error of the gain
    probability  probability that one of them is better than all so far
    """

    more: int
    best: float
    gain: float
    error: float
    probability: float

    def __str__(self) -> str:
        return self.words("better")

    def words(self, unit: str, factor: float = 1.0) -> str:
        """Say it in another unit: scores are multiplied by `factor`; below 0, a smaller score is the better one."""
        gain, error, least = (abs(factor) * value for value in (self.gain, self.error, LEAST * abs(self.best)))
        if gain <= least or gain < LOST * error:
            doubt = f" (+- {_plain(error, error)} {unit})" if error > least else ""
            return f"{self.more} more trials: no gain to expect{doubt}"
        sign = "-" if factor < 0 else "+"
        words = f"about {sign}{_plain(gain, gain)} {unit} (+- {_plain(error, gain)})"
        return f"{self.more} more trials: {words}"


def expected_best(trials: Sequence[Trial], metric: str, counts: Sequence[int] = ()) -> list[Expectation]:
    """Return the expected best score of searches of `counts` trials; by default of 1, 2, 4 ... and of all.

    Trials that diverged or failed count as the worst. Raises DataError without a score, SettingError for counts above
    the number of trials.
    """
    scores = _scores(trials, metric)
    total = len(scores)
    wanted = counts or sorted({*(2**power for power in range(total.bit_length())), total})
    return [_expectation(scores, checks.integer("counts", count, 1, total)) for count in wanted]


def forecast(trials: Sequence[Trial], metric: str, more: int) -> Forecast:
    """Return the gain to expect of `more` trials.

    The gain is that of the step before, from N^2 / (N + more) trials to N, shrunk as that step's was against the one
    before it. Raises DataError where there are too few trials for that.
    """
    scores, more = _scores(trials, metric), checks.integer("more", more, 1)
    total = len(scores)
    ratio = (total + more) / total
    if total / ratio**2 < FEWEST:
        raise DataError(f"forecast: {total} trials do not foretell {more} more; ask for fewer, or try more first")
    steps = [total, total / ratio, total / ratio**2]
    picks = random.uniform(0, random.SAMPLE, 0, 0, RESAMPLES * total).reshape(RESAMPLES, total)
    resampled = scores[np.sort((picks * total).astype(np.int64), axis=1)]
    gains = _gain(resampled, steps)
    gain = float(_gain(scores[None], steps)[0])
    return Forecast(more, float(scores[0]), gain, float(gains.std(ddof=1)), more / (total + more))


def _plain(value: float, size: float) -> str:
    """A number with as many decimals as one of that size has in two figures, and never an exponent."""
    return f"{value:.{max(0, 1 - math.floor(math.log10(size)))}f}"


def _scores(trials: Sequence[Trial], metric: str) -> np.ndarray:
    """All scores, best first."""
    scores = [trial.score for trial in ranked(trials, metric) if trial.score is not None]
    if not scores:
        raise DataError("expected trials with scores, got none")
    lost = sum(trial.state in ENDED and trial.state != STEERED for trial in trials) - len(scores)
    return np.array([*scores, *[scores[-1]] * max(lost, 0)])


def _expectation(scores: np.ndarray, count: int) -> Expectation:
    total = len(scores)
    at_least = (np.arange(total, -1, -1) / total) ** count  # one draw in `count`, with repetition, is among the best i
    weights = at_least[:-1] - at_least[1:]
    mean = weights @ scores
    spread = math.sqrt(max(float(weights @ (scores - mean) ** 2), 0.0))
    return Expectation(count, float(_best_of(scores[None], count)[0]), spread)


def _best_of(scores: np.ndarray, count: float) -> np.ndarray:
    """The expected best of `count` of each row's scores, drawn without repetition; between whole counts, in between."""
    low, high = math.floor(count), math.ceil(count)
    if low == high:
        return scores @ _weights(scores.shape[1], low)
    part = math.log(count / low) / math.log(high / low)
    return (1 - part) * _best_of(scores, low) + part * _best_of(scores, high)


def _weights(total: int, count: int) -> np.ndarray:
    """The probability of each of `total` scores, best first, to be the best of `count` of them."""
    weights = np.empty(total)
    weights[0] = count / total
    for place in range(1, total):
        weights[place] = weights[place - 1] * max(total - place - count + 1, 0) / (total - place)
    return weights


def _gain(scores: np.ndarray, steps: list[float]) -> np.ndarray:
    now, before, long_before = (_best_of(scores, count) for count in steps)
    last, other = np.abs(now - before), np.abs(before - long_before)
    return last * np.minimum(1.0, last / np.where(other > 0, other, np.inf))
