"""Samplers: where the next trial is looked for."""

from typing import Any, Protocol

from ..kernels import random
from ._space import Space


class Sampler(Protocol):
    """What caviar asks for hyperparameters."""

    def sample(self, space: Space, seed: int, trial: int) -> dict[str, Any]:
        """Return the hyperparameters of a trial, a value for each name of the space."""


class RandomSampler:
    """Every trial drawn by itself, evenly on the scales of the space.

    A draw is keyed by seed, trial number and the parameter's place in the space, so it is the same whatever else was
    drawn, in whatever order, by however many workers.
    Source: Bergstra & Bengio 2012, Random Search for Hyper-Parameter Optimization.
    """

    def sample(self, space: Space, seed: int, trial: int) -> dict[str, Any]:
        """Return the hyperparameters of a trial; trial is at least 0."""
        return {
            name: dimension.at(float(random.uniform(seed, random.SAMPLE, trial, position, 1)[0]))
            for position, (name, dimension) in enumerate(space.items())
        }
