"""Samplers: how the hyperparameters of the next trial are chosen."""

from collections.abc import Sequence
from typing import Any, Protocol

from ...errors import FastnormError
from ..space.space import Space
from ..study.trial import Trial


class Exhausted(FastnormError):
    """No hyperparameters are left to try: a search ends here, with the trials it has, and says so."""


class Sampler(Protocol):
    """Source of a search's hyperparameters.

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


def described(sampler: Sampler) -> str:
    """Return a sampler's identity in a study: its repr, or its class where it has none of its own."""
    return type(sampler).__qualname__ if type(sampler).__repr__ is object.__repr__ else repr(sampler)
