"""The operations layers are made of: dense, normalizations, softmax, dropout, embedding."""

from typing import Any

from .. import checks
from ..errors import ShapeError, TraceError
from . import _checks
from .tape import ROWS, Value

BINS = 256  # the most of a column, as the kernel keeps their sums on the stack
LEARNED = ("parameter", "constant", "result", "input")  # of which only those without rows N have a fitting shape


def dense(x: Any, weight: Any, bias: Any = None, *, relu: bool = False) -> Value:
    """x weight + bias: (N, d), (d, h), (h,) -> (N, h); with relu, negative results become 0."""
    operands = (x, weight) if bias is None else (x, weight, bias)
    values = _checks.recorded("dense", *operands)
    d = _checks.matrix("dense", values[0]).features
    h = _checks.given("dense", values[1], LEARNED, (d, None)).features
    if bias is not None:
        _checks.given("dense", values[2], LEARNED, (h,))
    return values[0].tape.record("dense", values, (values[0].shape[0], h), relu=bool(relu))


def batchnorm(
    x: Value, gamma: Value, beta: Value, running_mean: Value, running_variance: Value, running_weight: Value,
    *, epsilon: float = 1e-5, running_decay: float = 0.9, relu: bool = False,
) -> Value:  # fmt: skip
    """Normalize each column over the minibatch, times gamma plus beta: (N, c) -> (N, c).

    The running values are statistics: float64 averages for inference of the minibatches' means and of their variances
    times n / (n - 1), kept while training with the share `running_decay` (a slot) of the old value, and the weight that
    corrects their bias.
    """
    c = _checks.given("batchnorm", x, (), (ROWS, None)).features
    for value in (gamma, beta):
        _checks.given("batchnorm", value, LEARNED, (c,))
    for value, length in ((running_mean, c), (running_variance, c), (running_weight, 1)):
        _checks.given("batchnorm", value, ("statistic",), (length,))
    return x.tape.record(
        "batchnorm", (x, gamma, beta, running_mean, running_variance, running_weight), x.shape,
        {"running_decay": "running_decay"},
        epsilon=checks.number("epsilon", epsilon, 0, ends="(]"),
        running_decay=checks.number("running_decay", running_decay, 0, 1, ends="[)"), relu=bool(relu),
    )  # fmt: skip


def normalize(x: Value, gamma: Value, beta: Value, mean: Value, inverse_std: Value, *, relu: bool = False) -> Value:
    """(x - mean) inverse_std gamma + beta with given statistics: batch norm at inference, (N, c) -> (N, c)."""
    c = _checks.given("normalize", x, (), (ROWS, None)).features
    for value in (gamma, beta):
        _checks.given("normalize", value, LEARNED, (c,))
    for value in (mean, inverse_std):
        _checks.given("normalize", value, ("constant",), (c,))
        if not value.settings.get("statistic"):
            raise TraceError(f"normalize: expected float64 statistics, which passes.folding makes, got {value!r}")
    return x.tape.record("normalize", (x, gamma, beta, mean, inverse_std), x.shape, relu=bool(relu))


def layernorm(x: Any, gamma: Any, beta: Any, *, epsilon: float = 1e-5) -> Value:
    """Normalize each row over its features, times gamma plus beta: (N, c) -> (N, c).

    Source: Ba, Kiros & Hinton 2016.
    """
    x, gamma, beta = _checks.recorded("layernorm", x, gamma, beta)
    c = _checks.matrix("layernorm", x).features
    for value in (gamma, beta):
        _checks.given("layernorm", value, LEARNED, (c,))
    epsilon = checks.number("epsilon", epsilon, 0, ends="(]")
    return x.tape.record("layernorm", (x, gamma, beta), x.shape, epsilon=epsilon)


def softmax(x: Any) -> Value:
    """Shares of each row that add up to 1: exp(x) over their sum, without overflow."""
    return _over_features("softmax", x)


def log_softmax(x: Any) -> Value:
    """The logarithm of softmax, exact where a share is tiny."""
    return _over_features("log_softmax", x)


def _over_features(operation: str, x: Any) -> Value:
    (x,) = _checks.recorded(operation, x)
    if _checks.numbers(operation, x).ndim == 0 or x.shape == (ROWS,):
        raise ShapeError(f"{operation}: expected values with columns, got {x.name} of shape {x.shape}")
    return x.tape.record(operation, (x,), x.shape)


def dropout(x: Value, *, rate: float) -> Value:
    """While training, each element becomes 0 with probability `rate` (a slot), and the rest is divided by 1 - rate."""
    rate = checks.number("dropout rate", rate, 0, 1, ends="[)")
    return _checks.matrix("dropout", x).tape.record("dropout", (x,), x.shape, {"rate": "dropout"}, rate=rate)


def embedding(table: Value, codes: Value) -> Value:
    """Rows of a table, gathered: table (v, e) and codes (N, f), whole numbers in [0, v), give (N, f e), side by side.

    Codes that come straight from a model's inputs are checked; any other that is no row of the table gives nan.
    """
    table, codes = _checks.recorded("embedding", table, codes)
    e = _checks.given("embedding", table, LEARNED, (None, None)).features
    if _checks.numbers("embedding", codes).ndim == 0:
        raise ShapeError(f"embedding: expected codes (N,) or (N, f), got shape {codes.shape}")
    f = codes.features if codes.ndim == 2 or codes.shape[0] is not ROWS else 1
    rows = codes.shape[:1] if codes.ndim == 2 or codes.shape[0] is ROWS else ()
    return table.tape.record("embedding", (table, codes), (*rows, f * e))


def locate(x: Value, edges: Any) -> Value:
    """The bin of each number among its column's edges, and where in it: (N, d) and edges (d, bins + 1) -> (N, 2 d).

    Edges ascend in each row; a column with fewer repeats its last one. No gradient flows to x. See kernels.locate.
    """
    x, edges = _checks.recorded("locate", x, edges)
    d = _checks.matrix("locate", x).features
    _checks.given("locate", edges, ("constant", "parameter"), (d, None))
    if edges.features < 2:
        raise ShapeError(f"locate: expected at least 2 edges for each column, got shape {edges.shape}")
    return x.tape.record("locate", (x, edges), (x.shape[0], 2 * d))


def piecewise(located: Value, weight: Value) -> Value:
    """The sum of a piecewise linear function of each column: what locate gave (N, 2 d), (d bins, units) -> (N, units).

    The same as a dense layer on piecewise linear encoded columns, for columns x units multiplications a row.
    Source: Gorishniy, Rubachev & Babenko 2022.
    """
    located, weight = _checks.recorded("piecewise", located, weight)
    _checks.given("piecewise", weight, LEARNED, (None, None))
    columns, odd = divmod(_checks.matrix("piecewise", located).features, 2)
    bins, rest = divmod(int(weight.shape[0]), max(columns, 1))
    if odd or rest or not 0 < bins <= BINS:
        came = f"{located.name} {located.shape} and {weight.name} {weight.shape}"
        raise ShapeError(f"piecewise: expected (N, 2 d) and (d bins, units) with at most {BINS} bins, got {came}")
    return located.tape.record("piecewise", (located, weight), (located.shape[0], weight.features))


def one_hot(target: Value, classes: int) -> Value:
    """Class numbers (N,) of the target as rows with a 1 in the place of the class: (N, classes)."""
    _checks.given("one_hot", target, ("target",), (ROWS,))
    classes = checks.integer("one_hot classes", classes, 1)
    return target.tape.record("one_hot", (target,), (ROWS, classes), classes=classes)
