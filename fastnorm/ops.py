"""The operations a forward pass is written with: each checks its inputs and records itself on their tape."""

from collections.abc import Callable, Sequence
from typing import Any

from . import checks
from .errors import ShapeError, TraceError
from .trace import ROWS, Operation, Value


def _given(operation: str, value: Value, roles: Sequence[str], *shapes: tuple[Any, ...]) -> Value:
    """value, which must have one of the roles and one of the shapes, where None stands for any length but N."""
    if not isinstance(value, Value):
        raise TraceError(f"{operation}: expected a recorded value, got {type(value).__name__}")
    if value.role not in roles:
        raise TraceError(f"{operation}: expected a value of role {' or '.join(roles)}, got {value!r}")
    for shape in shapes:
        pairs = zip(value.shape, shape, strict=False)
        if len(value.shape) == len(shape) and all(n is not ROWS if m is None else n == m for n, m in pairs):
            return value
    wanted = " or ".join(repr(shape).replace("None", "any") for shape in shapes)
    raise ShapeError(f"{operation}: expected {value.name} of shape {wanted}, got {value.shape}")


def _rows(operation: str, x: Value) -> Value:
    return _given(operation, x, ("input", "result"), (ROWS, None))


def _learned(operation: str, value: Value, *shape: int | None) -> Value:
    return _given(operation, value, ("parameter", "constant"), shape)


def dense(x: Value, weight: Value, bias: Value | None = None, *, relu: bool = False) -> Value:
    """x weight + bias: (N, d), (d, h), (h,) -> (N, h); with relu, negative results become 0."""
    h = _learned("dense", weight, _rows("dense", x).features, None).features
    if bias is not None:
        _learned("dense", bias, h)
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
    for value in (gamma, beta):
        _learned("batchnorm", value, c)
    for value, length in ((running_mean, c), (running_variance, c), (running_weight, 1)):
        _given("batchnorm", value, ("statistic",), (length,))
    return x.tape.record(
        "batchnorm", (x, gamma, beta, running_mean, running_variance, running_weight), x.shape,
        {"running_decay": "running_decay"},
        epsilon=checks.number("epsilon", epsilon, 0, ends="(]"),
        running_decay=checks.number("running_decay", running_decay, 0, 1, ends="[)"), relu=bool(relu),
    )  # fmt: skip


def normalize(x: Value, gamma: Value, beta: Value, mean: Value, inverse_std: Value, *, relu: bool = False) -> Value:
    """(x - mean) inverse_std gamma + beta with given statistics: batch norm at inference, (N, c) -> (N, c)."""
    for value in (gamma, beta, mean, inverse_std):
        _given("normalize", value, ("constant",), (_rows("normalize", x).features,))
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
    _given("softmax_cross_entropy", target, ("target",), (ROWS,), (ROWS, k))
    _given("softmax_cross_entropy", weight, ("weight",), (ROWS, 1))
    return logits.tape.record(
        "softmax_cross_entropy", (logits, target, weight), (),
        label_smoothing=checks.number("label_smoothing", label_smoothing, 0, 1, ends="[)"),
    )  # fmt: skip


def mean_squared_error(prediction: Value, target: Value, weight: Value) -> Value:
    """Mean over the minibatch, weighted by `weight` (N, 1), and over columns of (prediction - target)^2."""
    _given("mean_squared_error", target, ("target",), _rows("mean_squared_error", prediction).shape)
    _given("mean_squared_error", weight, ("weight",), (ROWS, 1))
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
