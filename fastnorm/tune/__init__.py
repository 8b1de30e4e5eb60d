"""Hyperparameter search: a space, samplers, caviar, and the study that records it all."""

from ._caviar import caviar
from ._data import KFold
from ._defaults import default_build, default_model, default_space
from ._dimensions import Choice, Float, Int
from ._distribution import Distribution
from ._halving import Halving, MedianStopping, SuccessiveHalving
from ._lint import lint
from ._objective import search
from ._samplers import Exhausted, RandomSampler, Sampler
from ._space import Space
from ._study import Study
from ._trial import Trial

__all__ = [
    "Choice",
    "Distribution",
    "Exhausted",
    "Float",
    "Halving",
    "Int",
    "KFold",
    "MedianStopping",
    "RandomSampler",
    "Sampler",
    "Space",
    "Study",
    "SuccessiveHalving",
    "Trial",
    "caviar",
    "default_build",
    "default_model",
    "default_space",
    "lint",
    "search",
]
