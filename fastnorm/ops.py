"""The operations a forward pass is written with: each checks its shapes and records itself on the tape of its inputs."""

from collections.abc import Callable, Sequence
from typing import Any

from . import checks
from .errors import ShapeError, TraceError
from .trace import ROWS, Operation, Value


def _rows(operation: str, x: Value) -> Value:
    if not isinstance(x, Value):
        raise TraceError(f"{operation}: expected a recorded value, got {type(x).__name__}")
    if len(x.shape) != 2 or x.shape[0] is not ROWS:
        raise ShapeError(f"{operation}: expected shape (N, features), got {x.shape}")
    return x


def _shape(operation: str, value: Value, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        raise ShapeError(f"{operation}: expected {value.name} of shape {shape}, got {value.shape}")


def dense(x: Value, weight: Value, bias: Value | None = None, *, relu: bool = False) -> Value:
    """x weight + bias: (N, d), (d, h), (h,) -> (N, h); with relu, negative results become 0."""
    d, h = _rows("dense", x).features, weight.features
    _shape("dense", weight, (d, h))
    if bias is not None:
        _shape("dense", bias, (h,))
    inputs = (x, weight) if bias is None else (x, weight, bias)
    return x.tape.record("dense", inputs, (ROWS, h), relu=bool(relu))


def batchnorm(
    x: Value, gamma: Value, beta: Value, running_mean: Value, running_variance: Value, running_weight: Value,
    *, epsilon: float = 1e-5, running_decay: float = 0.9, relu: bool = False,
) -> Value:  # fmt: skip
    """Normalize each column over the minibatch, times gamma plus beta: (N, c) -> (N, c).

    The running values are statistics: float64 averages for inference, kept while training with the share
    `running_decay` (a slot) of the old value, and the weight that corrects their bias.
    """
    c = _rows("batchnorm", x).features
    for value in (gamma, beta, running_mean, running_variance):
        _shape("batchnorm", value, (c,))
    _shape("batchnorm", running_weight, (1,))
    return x.tape.record(
        "batchnorm", (x, gamma, beta, running_mean, running_variance, running_weight), x.shape, {"running_decay": "running_decay"},
        epsilon=checks.number("epsilon", epsilon, 0, ends="(]"),
        running_decay=checks.number("running_decay", running_decay, 0, 1, ends="[)"), relu=bool(relu),
    )  # fmt: skip


def normalize(x: Value, gamma: Value, beta: Value, mean: Value, inverse_std: Value, *, relu: bool = False) -> Value:
    """(x - mean) inverse_std gamma + beta with given statistics: batch norm at inference, (N, c) -> (N, c)."""
    for value in (gamma, beta, mean, inverse_std):
        _shape("normalize", value, (_rows("normalize", x).features,))
    return x.tape.record("normalize", (x, gamma, beta, mean, inverse_std), x.shape, relu=bool(relu))


def relu(x: Value) -> Value:
    """max(0, x), of x's shape."""
    return _rows("relu", x).tape.record("relu", (x,), x.shape)


def dropout(x: Value, *, rate: float) -> Value:
    """While training, each element becomes 0 with probability `rate` (a slot), and the rest is divided by 1 - rate."""
    rate = checks.number("dropout rate", rate, 0, 1, ends="[)")
    return _rows("dropout", x).tape.record("dropout", (x,), x.shape, {"rate": "dropout"}, rate=rate)


def softmax_cross_entropy(logits: Value, target: Value, weight: Value, *, label_smoothing: float = 0.0) -> Value:
    """Mean over the minibatch of -sum t log softmax(logits), weighted by `weight` (N, 1).

    target  (N,) class indices, or (N, k) probabilities;  t is target mixed with label_smoothing / k for every class
    """
    k = _rows("softmax_cross_entropy", logits).features
    if target.shape not in ((ROWS,), (ROWS, k)):
        raise ShapeError(f"softmax_cross_entropy: expected a target of shape (N,) or (N, {k}), got {target.shape}")
    return logits.tape.record(
        "softmax_cross_entropy", (logits, target, weight), (),
        label_smoothing=checks.number("label_smoothing", label_smoothing, 0, 1, ends="[)"),
    )  # fmt: skip


def mean_squared_error(prediction: Value, target: Value, weight: Value) -> Value:
    """Mean over the minibatch, weighted by `weight` (N, 1), and over columns of (prediction - target)^2."""
    if target.shape != _rows("mean_squared_error", prediction).shape:
        raise ShapeError(f"mean_squared_error: expected a target of shape {prediction.shape}, got {target.shape}")
    return prediction.tape.record("mean_squared_error", (prediction, target, weight), ())


CATALOGUE: dict[str, Callable[..., Value]] = {
    function.__name__: function
    for function in (dense, batchnorm, normalize, relu, dropout, softmax_cross_entropy, mean_squared_error)
}


def repeat(operation: Operation, inputs: Sequence[Value], **changes: Any) -> Value:
    """Record an operation again, on other inputs and with changed attributes; its shapes are checked anew."""
    if operation.name not in CATALOGUE:
        raise TraceError(f"no operation named {operation.name!r}; there are {', '.join(CATALOGUE)}")
    return CATALOGUE[operation.name](*inputs, **{**operation.attributes, **changes})
