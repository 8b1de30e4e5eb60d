"""Metrics: the number that ranks epochs and trials, beside their loss."""

import math

HIGHER_IS_BETTER = ("accuracy", "score")  # of the others, lower
OF_SQUARES = "root_mean_squared_error"  # its mean over the rows is one of squares, whose root is taken at the end


def from_mean(metric: str, mean: float, unit: float = 1.0) -> float:
    """Return a metric from the mean over its rows.

    unit  size of one standardized unit of the target, in the target's own
    """
    return unit * math.sqrt(mean) if metric == OF_SQUARES else mean


def rank(metric: str, score: float, loss: float) -> tuple[float, float]:
    """A key that sorts better results first: by score, then by loss; nan comes last."""
    key = -score if metric in HIGHER_IS_BETTER else score
    return (math.inf if math.isnan(key) else key, math.inf if math.isnan(loss) else loss)
