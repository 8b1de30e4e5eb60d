"""Hyperparameter search: a space, samplers, caviar, and the study that records it all."""

from ._adopt import adopt
from ._asking import Search
from ._branches import Action, Branch
from ._caviar import caviar
from ._data import KFold
from ._defaults import default_build, default_model, default_space
from ._difference import Comparison, compare_best, replicated
from ._dimensions import Choice, Float, Int
from ._distribution import Distribution
from ._ensemble import Ensemble, ensemble, select_ensemble
from ._forecast import Expectation, Forecast, expected_best, forecast
from ._grid import GridSampler
from ._halving import Halving, MedianStopping, SuccessiveHalving
from ._importance import Importance, importances
from ._lint import lint
from ._objective import search
from ._opening import panda
from ._panda import Panda
from ._proposals import Proposals
from ._replay import replay
from ._samplers import Exhausted, RandomSampler, Sampler
from ._space import Space
from ._study import Study
from ._trial import Trial
from ._zoom import CoarseToFineSampler

__all__ = [
    "Action",
    "Branch",
    "Choice",
    "CoarseToFineSampler",
    "Comparison",
    "Distribution",
    "Ensemble",
    "Exhausted",
    "Expectation",
    "Float",
    "Forecast",
    "GridSampler",
    "Halving",
    "Importance",
    "Int",
    "KFold",
    "MedianStopping",
    "Panda",
    "Proposals",
    "RandomSampler",
    "Sampler",
    "Search",
    "Space",
    "Study",
    "SuccessiveHalving",
    "Trial",
    "adopt",
    "caviar",
    "compare_best",
    "default_build",
    "default_model",
    "default_space",
    "ensemble",
    "expected_best",
    "forecast",
    "importances",
    "lint",
    "panda",
    "replay",
    "replicated",
    "search",
    "select_ensemble",
]
