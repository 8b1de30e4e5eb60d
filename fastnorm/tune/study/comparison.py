"""Whether the best trial is better than the second, by scores of several runs of each with different seeds."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from statistics import fmean, stdev

import numpy as np

from ...errors import DataError
from ...kernels import random
from ...metrics import rank
from .result_order import DECIDING
from .trial import Trial

DOUBT = 0.05  # a p-value above that tells nothing apart
ALL_SPLITS = 20_000  # where there are more, this number is drawn
FEWEST = 2  # runs of a trial


@dataclass(frozen=True)
class Comparison:
    """The two best trials.

    first, second  their numbers; first_scores, second_scores: of their runs
    p_value        how likely a difference as large as theirs is where both are equally good
    """

    first: int
    second: int
    first_scores: tuple[float, ...]
    second_scores: tuple[float, ...]
    p_value: float

    @property
    def told_apart(self) -> bool:
        """Whether the first is better and not just luckier: its p-value is at most 1 in 20."""
        return self.p_value <= DOUBT

    def __str__(self) -> str:
        first, second = _summary(self.first, self.first_scores), _summary(self.second, self.second_scores)
        if self.told_apart:
            why = f"chance alone makes such a difference with probability {self.p_value:.2g}"
            return f"{first} is better than {second}: {why}"
        least = 2 / math.comb(len(self.first_scores) + len(self.second_scores), len(self.first_scores))
        why = f"the difference is not beyond chance (probability {self.p_value:.2f})"
        why = "that takes more runs" if least > DOUBT else why
        return f"{first} and {second} cannot be told apart: {why}"


def compare_best(scores: Mapping[int, Sequence[float]], metric: str) -> Comparison:
    """Compare the two trials with the best mean scores.

    scores  of the runs of each trial, by its number: study.confirmations, or `replicated` of a search with replicates
    The p-value is that of the exact permutation test. Raises DataError where two trials with two runs each are missing.
    Source: Fisher 1935, The Design of Experiments.
    """
    several = {number: tuple(values) for number, values in scores.items() if len(values) >= FEWEST}
    if len(several) < 2:
        raise DataError(f"compare_best: expected two trials of {FEWEST} runs or more, got {len(several)}")
    first, second, *_ = sorted(several, key=lambda number: (rank(metric, fmean(several[number]), 0.0), number))
    return Comparison(first, second, several[first], several[second], _p_value(several[first], several[second]))


def replicated(trials: Iterable[Trial]) -> dict[int, list[float]]:
    """Return the scores of the trials of each configuration, by the number of the first of them."""
    numbers: dict[str, int] = {}
    scores: dict[int, list[float]] = {}
    for trial in trials:
        if trial.state in DECIDING and trial.score is not None:
            number = numbers.setdefault(json.dumps(trial.hyperparameters, sort_keys=True), trial.number)
            scores.setdefault(number, []).append(trial.score)
    return scores


def _p_value(first: Sequence[float], second: Sequence[float]) -> float:
    """The share of the splits of all scores into two such groups whose means differ as much as those of these two."""
    both = np.array([*first, *second])
    groups: Iterable[Sequence[int]] = combinations(range(len(both)), len(first))
    if math.comb(len(both), len(first)) > ALL_SPLITS:
        orders = (random.permutation(0, random.SAMPLE, 0, index, len(both)) for index in range(ALL_SPLITS))
        groups = [range(len(first)), *(order[: len(first)] for order in orders)]
    sums = both[np.array(list(groups))].sum(axis=1)
    distances = np.abs(sums - both.sum() * len(first) / len(both))
    observed = abs(math.fsum(first) - both.sum() * len(first) / len(both))
    return float(np.mean(distances >= observed * (1 - 1e-9)))


def _summary(number: int, scores: Sequence[float]) -> str:
    mean, spread = (format(Decimal(words), "f") for words in (f"{fmean(scores):.4g}", f"{stdev(scores):.2g}"))
    return f"trial {number} ({mean} +- {spread}, {len(scores)} runs)"
