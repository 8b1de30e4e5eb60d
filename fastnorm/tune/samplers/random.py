"""Random search: every trial drawn by itself."""

from collections.abc import Sequence
from typing import Any

from ...kernels import random
from ..space.space import Space, filled
from ..study.trial import Trial


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
        return filled(space, lambda place, _, dimension: dimension.at(uniform_draw(seed, number, place)))


def uniform_draw(seed: int, number: int, place: int) -> float:
    """Return a number in [0, 1) for a trial and the place of a hyperparameter in its space."""
    return float(random.uniform(seed, random.SAMPLE, number, place, 1)[0])
