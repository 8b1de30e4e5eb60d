"""Hyperparameter search: a space, samplers, caviar, and the study that records it all."""

from ._asking import Search
from ._caviar import caviar
from ._data import KFold
from ._defaults import default_build, default_model, default_space
from ._dimensions import Choice, Float, Int
from ._distribution import Distribution
from ._grid import GridSampler
from ._halving import Halving, MedianStopping, SuccessiveHalving
from ._lint import lint
from ._objective import search
from ._proposals import Proposals
from ._samplers import Exhausted, RandomSampler, Sampler
from ._space import Space
from ._study import Study
from ._trial import Trial
from ._zoom import CoarseToFineSampler

__all__ = [
    "Choice",
    "CoarseToFineSampler",
    "Distribution",
    "Exhausted",
    "Float",
    "GridSampler",
    "Halving",
    "Int",
    "KFold",
    "MedianStopping",
    "Proposals",
    "RandomSampler",
    "Sampler",
    "Search",
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
