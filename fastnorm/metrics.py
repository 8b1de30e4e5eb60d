"""Metrics: what an epoch is judged by, beside its loss."""

import math

HIGHER_IS_BETTER = ("accuracy", "score")  # of the others, lower


def rank(metric: str, score: float, loss: float) -> tuple[float, float]:
    """A key that sorts better results first: by score, then by loss; nan comes last."""
    key = -score if metric in HIGHER_IS_BETTER else score
    return (math.inf if math.isnan(key) else key, math.inf if math.isnan(loss) else loss)
