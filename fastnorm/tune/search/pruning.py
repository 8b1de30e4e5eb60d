"""Pruners: trials are compared at rungs on the way, and the worst stop there.

The trials that a rule may see are fixed by their numbers, so it decides the same with any number of workers and
however often the search was interrupted. A survivor continues from its state at the rung.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from ... import checks

Key = tuple[float, float]  # of a result: less is better; see metrics.rank


class Pruner(Protocol):
    """A rule for which trials continue; the study records its repr."""

    def rungs(self, epochs: int) -> list[int]:
        """Return the epochs after which trials are judged, rising; the last is `epochs`, where all end."""

    def peers(self, number: int, first: int, epochs: int) -> range:
        """Return the trials that must have come to a rung, or ended, before this one is judged there.

        first  number of the first trial of its wave: trials of later waves begin when this one has ended, so those
               among the peers are left out, as are numbers that the search does not reach
        """

    def survives(self, number: int, rung: int, peers: Sequence[int], keys: Mapping[int, Key]) -> bool:
        """Decide whether a trial continues.

        rung  the place among the rungs, from 0
        keys  the best result until this rung of the trial itself and of each peer that came so far
        """


@dataclass(frozen=True)
class SuccessiveHalving:
    """Of each cohort of trials the best 1 / reduction_factor go on at each rung, with that many times the epochs.

    min_epochs  at the least, before the first trials are stopped; rungs lie at epochs, epochs / reduction_factor, ...
    A cohort is the number of trials, in the order of their numbers, of which one reaches the last epoch: 27 where 27
    epochs are the most, 1 the least and 3 the factor. It costs as much as 3 full trials.
    Source: Jamieson & Talwalkar 2016, Non-stochastic Best Arm Identification and Hyperparameter Optimization.
    """

    min_epochs: int = 1
    reduction_factor: int = 3

    def __post_init__(self) -> None:
        for name, low in (("min_epochs", 1), ("reduction_factor", 2)):
            object.__setattr__(self, name, checks.integer(f"SuccessiveHalving {name}", getattr(self, name), low))

    def rungs(self, epochs: int) -> list[int]:
        """Return `epochs` divided by the factor again and again, rounded, down to min_epochs."""
        rungs, divisor = [epochs], self.reduction_factor
        while self.min_epochs <= (rung := round(epochs / divisor)) < rungs[0]:
            rungs.insert(0, rung)
            divisor *= self.reduction_factor
        return rungs

    def peers(self, number: int, first: int, epochs: int) -> range:
        """Return the cohort, the trial itself included; cohorts are counted from the wave's first trial."""
        size = self.reduction_factor ** (len(self.rungs(epochs)) - 1)
        begin = number - (number - first) % size
        return range(begin, begin + size)

    def survives(self, number: int, rung: int, peers: Sequence[int], keys: Mapping[int, Key]) -> bool:
        """Say whether the trial is among the best of the cohort; equal results are decided by the lower number."""
        places = max(1, len(peers) // self.reduction_factor ** (rung + 1))
        return sorted(keys, key=lambda peer: (keys[peer], peer)).index(number) < places


@dataclass(frozen=True)
class MedianStopping:
    """A trial stops where its best score so far is worse than the median of those before it at the same epoch.

    min_epochs  before the first look; every: epochs between two looks
    min_trials  before it must have come so far
    Source: Golovin et al. 2017, Google Vizier, section 3.1.1, on trials of lower numbers only.
    """

    min_epochs: int = 1
    every: int = 1
    min_trials: int = 5

    def __post_init__(self) -> None:
        for name in ("min_epochs", "every", "min_trials"):
            object.__setattr__(self, name, checks.integer(f"MedianStopping {name}", getattr(self, name), 1))

    def rungs(self, epochs: int) -> list[int]:
        """Return every look's epoch."""
        return [*range(min(self.min_epochs, epochs), epochs, self.every), epochs]

    def peers(self, number: int, first: int, epochs: int) -> range:
        """Return all trials before this one."""
        return range(number)

    def survives(self, number: int, rung: int, peers: Sequence[int], keys: Mapping[int, Key]) -> bool:
        """Say whether the trial is no worse than the median."""
        others = [keys[peer][0] for peer in keys if peer != number]
        return len(others) < self.min_trials or keys[number][0] <= median(others)
