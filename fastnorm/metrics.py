"""Metrics: what an epoch is judged by, beside its loss."""

HIGHER_IS_BETTER = ("accuracy",)  # of the others, lower


def rank(metric: str, score: float, loss: float) -> tuple[float, float]:
    """A key that sorts better results first: by score, then by loss."""
    return (-score if metric in HIGHER_IS_BETTER else score, loss)
