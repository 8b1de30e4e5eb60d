"""Samplers: where the next trial is looked for."""

from collections.abc import Sequence
from typing import Any, Protocol

from ...errors import FastnormError
from ...kernels import random
from ..space.space import Space, filled
from ..study.trial import Trial


class Exhausted(FastnormError):
    """No hyperparameters are left to try: a search ends here, with the trials it has, and says so."""


class Sampler(Protocol):
    """What a search asks for hyperparameters.

    trials  how many trials the search is to have, None where only time ends it
    """

    def wave(self, number: int, trials: int | None) -> int:
        """Return the first number of the wave that trial `number` belongs to.

        Its hyperparameters may depend on the trials below that number, which have all ended by then: 0, on none.
        """

    def sample(
        self, space: Space, seed: int, number: int, trials: int | None, known: Sequence[Trial], metric: str
    ) -> dict[str, Any]:
        """Return the hyperparameters of trial `number`.

        known   the trials below wave(number, trials), all ended, in the order of their numbers
        metric  the name of their scores, which says whether more or less of it is better
        Raises Exhausted where the search must end before this trial.
        """


class RandomSampler:
    """Every trial drawn by itself, evenly on the scales of the space.

    A draw is keyed by seed, trial number and the parameter's place in the space, so it is the same whatever else was
    drawn, in whatever order, by however many workers.
    Source: Bergstra & Bengio 2012, Random Search for Hyper-Parameter Optimization.
    """

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}()"  # a study tells samplers apart by this

    def wave(self, number: int, trials: int | None) -> int:
        """Return 0: no trial depends on others."""
        return 0

    def sample(
        self, space: Space, seed: int, number: int, trials: int | None, known: Sequence[Trial], metric: str
    ) -> dict[str, Any]:
        """Return the hyperparameters of a trial; number is at least 0."""
        return filled(space, lambda place, _, dimension: dimension.at(chance(seed, number, place)))


def chance(seed: int, number: int, place: int) -> float:
    """Return a number in [0, 1) for a trial and the place of a hyperparameter in its space."""
    return float(random.uniform(seed, random.SAMPLE, number, place, 1)[0])


def described(sampler: Sampler) -> str:
    """Return what tells a sampler from others in a study: its repr, or its class where it has none of its own."""
    return type(sampler).__qualname__ if type(sampler).__repr__ is object.__repr__ else repr(sampler)
