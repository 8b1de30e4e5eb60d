"""The operations that end a recording for training: losses and metrics."""

from .. import checks
from . import _checks
from .tape import ROWS, Value


def softmax_cross_entropy(logits: Value, target: Value, weight: Value, *, label_smoothing: float = 0.0) -> Value:
    """Mean over the minibatch of -sum t log softmax(logits), weighted by `weight` (N, 1).

    target  (N,) class indices, or (N, k) probabilities;  t is target mixed with label_smoothing / k for every class
    """
    k = _checks.given("softmax_cross_entropy", logits, (), (ROWS, None)).features
    _checks.given("softmax_cross_entropy", target, ("target",), (ROWS,), (ROWS, k))
    _checks.given("softmax_cross_entropy", weight, ("weight",), (ROWS, 1))
    return logits.tape.record(
        "softmax_cross_entropy", (logits, target, weight), (),
        label_smoothing=checks.number("label_smoothing", label_smoothing, 0, 1, ends="[)"),
    )  # fmt: skip


def mean_squared_error(prediction: Value, target: Value, weight: Value) -> Value:
    """Mean over the minibatch, weighted by `weight` (N, 1), and over columns of (prediction - target)^2."""
    _checks.given("mean_squared_error", prediction, (), (ROWS, None))
    _checks.given("mean_squared_error", target, ("target",), prediction.shape)
    _checks.given("mean_squared_error", weight, ("weight",), (ROWS, 1))
    return prediction.tape.record("mean_squared_error", (prediction, target, weight), ())


def hits(prediction: Value, target: Value) -> Value:
    """1 for each row whose largest prediction is at the target's class, else 0: (N, k) -> (N,).

    target  (N,) class numbers, or (N, k) shares, of which the largest counts
    """
    k = _checks.given("hits", prediction, (), (ROWS, None)).features
    _checks.given("hits", target, ("target",), (ROWS,), (ROWS, k))
    return prediction.tape.record("hits", (prediction, target), (ROWS,))


def weighted_mean(losses: Value, metrics: Value | None = None, weight: Value | None = None) -> Value:
    """End a recording: the mean over the minibatch of each row's loss, weighted by `weight` (N, 1).

    losses   (N,), or () where the loss is that of all rows at once: then no weight can act
    metrics  (N,), reported beside the loss; by default the losses
    """
    metrics = losses if metrics is None else metrics
    shapes = ((ROWS,), (ROWS, 1), ())
    inputs = tuple(_checks.given("weighted_mean", value, (), *shapes) for value in (losses, metrics))
    if weight is not None:
        inputs += (_checks.given("weighted_mean", weight, ("weight",), (ROWS, 1)),)
    return losses.tape.record("weighted_mean", inputs, ())
