"""Hyperparameter search: a space, samplers, caviar, and the study that records it all."""

from ._adopt import adopt
from ._advice import Advice, advise
from ._asking import Search
from ._branches import Action, Branch
from ._caviar import caviar
from ._chance import chance
from ._data import KFold
from ._defaults import default_build, default_model, default_space
from ._difference import Comparison, compare_best, replicated
from ._dimensions import Choice, Float, Int
from ._distribution import Distribution
from ._drift import Drift
from ._ensemble import Ensemble, ensemble, select_ensemble
from ._forecast import Expectation, Forecast, expected_best, forecast
from ._grid import GridSampler
from ._guard import Guard, Verdict
from ._halving import Halving, MedianStopping, SuccessiveHalving
from ._importance import Importance, importances
from ._lint import lint
from ._look import Layer, Look, look
from ._noise import Noise, noise
from ._objective import search
from ._opening import panda, replay
from ._panda import Panda
from ._proposals import Proposals
from ._samplers import Exhausted, RandomSampler, Sampler
from ._space import Space
from ._study import Study
from ._trial import Trial
from ._zoom import CoarseToFineSampler

__all__ = [
    "Action",
    "Advice",
    "Branch",
    "Choice",
    "CoarseToFineSampler",
    "Comparison",
    "Distribution",
    "Drift",
    "Ensemble",
    "Exhausted",
    "Expectation",
    "Float",
    "Forecast",
    "GridSampler",
    "Guard",
    "Halving",
    "Importance",
    "Int",
    "KFold",
    "Layer",
    "Look",
    "MedianStopping",
    "Noise",
    "Panda",
    "Proposals",
    "RandomSampler",
    "Sampler",
    "Search",
    "Space",
    "Study",
    "SuccessiveHalving",
    "Trial",
    "Verdict",
    "adopt",
    "advise",
    "caviar",
    "chance",
    "compare_best",
    "default_build",
    "default_model",
    "default_space",
    "ensemble",
    "expected_best",
    "forecast",
    "importances",
    "lint",
    "look",
    "noise",
    "panda",
    "replay",
    "replicated",
    "search",
    "select_ensemble",
]


def __dir__() -> list[str]:
    return __all__
