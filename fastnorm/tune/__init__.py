"""Hyperparameter search: a space, samplers, caviar, and the study that records it all."""

from ._caviar import caviar
from ._data import KFold
from ._defaults import default_build, default_model, default_space
from ._halving import Halving, MedianStopping, SuccessiveHalving
from ._objective import search
from ._samplers import Exhausted, RandomSampler, Sampler
from ._space import Choice, Float, Int
from ._study import Study
from ._trial import Trial

__all__ = [
    "Choice",
    "Exhausted",
    "Float",
    "Halving",
    "Int",
    "KFold",
    "MedianStopping",
    "RandomSampler",
    "Sampler",
    "Study",
    "SuccessiveHalving",
    "Trial",
    "caviar",
    "default_build",
    "default_model",
    "default_space",
    "search",
]
