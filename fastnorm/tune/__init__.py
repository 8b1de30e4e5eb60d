"""Hyperparameter search: a space, samplers, caviar, and the study that records it all."""

from .analysis.ensemble import Ensemble, build_ensemble, select_ensemble
from .analysis.forecast import Expectation, Forecast, expected_best, forecast
from .analysis.importance import Importance, importances
from .diagnostics.advice import Advice, advise
from .diagnostics.baseline import baseline_loss
from .diagnostics.batch_noise import Noise, batch_noise
from .diagnostics.drift import Drift
from .diagnostics.guard import Guard, Verdict
from .diagnostics.layer_statistics import LayerStatistics, RunStatistics, layer_statistics
from .panda.adopt import adopt
from .panda.open import panda, replay
from .panda.panda import Panda
from .samplers.base import Exhausted, Sampler
from .samplers.coarse_to_fine import CoarseToFineSampler
from .samplers.grid import GridSampler
from .samplers.random import RandomSampler
from .samplers.starting_points import Proposals
from .search.ask_tell import Search
from .search.caviar import caviar
from .search.data import KFold
from .search.defaults import default_build, default_model, default_space
from .search.objective import search
from .search.pruning import MedianStopping, Pruner, SuccessiveHalving
from .space.dimensions import Choice, Float, Int
from .space.distribution import Distribution
from .space.lint import lint
from .space.space import Space
from .study.actions import Action, Branch
from .study.comparison import Comparison, compare_best, replicated
from .study.study import Study
from .study.trial import Trial

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
    "Importance",
    "Int",
    "KFold",
    "LayerStatistics",
    "MedianStopping",
    "Noise",
    "Panda",
    "Proposals",
    "Pruner",
    "RandomSampler",
    "RunStatistics",
    "Sampler",
    "Search",
    "Space",
    "Study",
    "SuccessiveHalving",
    "Trial",
    "Verdict",
    "adopt",
    "advise",
    "baseline_loss",
    "batch_noise",
    "build_ensemble",
    "caviar",
    "compare_best",
    "default_build",
    "default_model",
    "default_space",
    "expected_best",
    "forecast",
    "importances",
    "layer_statistics",
    "lint",
    "panda",
    "replay",
    "replicated",
    "search",
    "select_ensemble",
]


def __dir__() -> list[str]:
    return __all__
