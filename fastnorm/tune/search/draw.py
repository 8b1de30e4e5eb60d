"""Draw: how the trials of a search get their hyperparameters and seeds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ...kernels import random
from ..samplers.base import Sampler
from ..space.space import Space
from ..study.trial import Trial

SEED_POSITION = 2**32 - 1  # the place of no hyperparameter


@dataclass(frozen=True)
class Draw:
    """How the trials of a search get their hyperparameters."""

    sampler: Sampler
    space: Space
    seed: int
    trials: int | None
    metric: str

    def trial(self, number: int, known: Sequence[Trial]) -> Trial:
        """Return the trial of this number, with its hyperparameters just as the record gives them back."""
        drawn = self.sampler.sample(self.space, self.seed, number, self.trials, known, self.metric)
        seed = random.random_bits(self.seed, random.SAMPLE, number, SEED_POSITION, 1)[0]
        return Trial(number, json.loads(json.dumps(drawn)), int(seed))
