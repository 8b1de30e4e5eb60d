"""Python's operators, indexing and NumPy's functions on recorded values: what they record, and what they refuse."""

import re

import numpy as np
import pytest
from helpers.twin import parameter

from fastnorm import ops
from fastnorm.errors import ShapeError, TraceError
from fastnorm.ops.tape import ROWS, Tape


@pytest.fixture
def tape():
    return Tape()


@pytest.fixture
def x(tape):
    return tape.add("input", "x", (ROWS, 4))


@pytest.fixture
def w(tape):
    return parameter(tape, "w", 4, 4)


def recorded(value):
    """The names of the operations so far."""
    return [operation.name for operation in value.tape.operations]


BINARY = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b, "power": lambda a, b: a**b, "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b, "equal": lambda a, b: a == b, "not_equal": lambda a, b: a != b,
    "maximum": np.maximum, "minimum": np.minimum,
}  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("other", [2, 2.5, True, np.float32(2), np.ones(4), [1, 2, 3, 4], np.ones((1, 4))], ids=repr)
def test_an_operator_records_and_numbers_become_constants(x, name, other):
    y = BINARY[name](x, other)
    assert recorded(y) == [name]
    assert y.shape == (ROWS, 4)
    constant = x.tape.one("constant")
    np.testing.assert_array_equal(constant.settings["array"], other)
    assert x.tape.operations[0].inputs == (x.index, constant.index)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("other", [2, np.float64(2), np.ones(4)], ids=repr)
def test_a_number_or_an_array_may_stand_first(x, name, other):
    y = BINARY[name](other, x)
    turned = {"less": "less", "less_equal": "less_equal"}.get(name, name)
    assert recorded(y) == [turned]
    first = x.tape.values[x.tape.operations[0].inputs[0]]
    assert first.role == "constant" or name in ("equal", "not_equal")


def test_greater_is_less_turned_round(x, w):
    _ = w[0] > x, w[0] >= x, x < 3
    assert recorded(x)[1:] != []
    names = [
        (operation.name, operation.inputs[0] == x.index) for operation in x.tape.operations if "less" in operation.name
    ]
    assert names == [("less", True), ("less_equal", True), ("less", True)]


@pytest.mark.parametrize(
    ("use", "names"),
    [
        (lambda v: -v, ["multiply"]), (abs, ["abs"]), (np.abs, ["abs"]), (np.exp, ["exp"]), (np.log, ["log"]),
        (np.sqrt, ["sqrt"]), (np.tanh, ["tanh"]), (np.negative, ["multiply"]), (lambda v: np.add(v, 1), ["add"]),
        (lambda v: np.clip(v, 0, 1), ["clip"]), (lambda v: np.where(v > 0, v, 0), ["less", "where"]),
        (lambda v: np.sum(v, axis=1), ["sum"]), (lambda v: np.mean(v, 1), ["mean"]),
        (lambda v: np.max(v, axis=-1), ["max"]),
        (lambda v: np.concatenate([v, v], axis=1), ["concatenate"]), (lambda v: np.greater(v, 0), ["less"]),
        (lambda v: np.reshape(v[:, 0], (-1, 1)), ["part", "reshape", "reshape"]),
        (lambda v: v @ np.ones((4, 2)), ["dense"]),
        (lambda v: np.matmul(v, np.ones(4)), ["reshape", "dense", "reshape"]), (lambda v: v.max(), ["max", "max"]),
        (lambda v: np.float64(2) * v, ["multiply"]), (lambda v: np.ones(4) - v, ["subtract"]), (lambda v: v[:, :], []),
    ],
)  # fmt: skip
def test_numpys_functions_record_the_operation_of_their_name(x, use, names):
    use(x)
    assert recorded(x) == names


@pytest.mark.parametrize(
    ("use", "shape"),
    [
        (lambda x, w: x[:, 1], (ROWS,)), (lambda x, w: x[:, -1:], (ROWS, 1)), (lambda x, w: x[:, 1:3], (ROWS, 2)),
        (lambda x, w: w[1], (4,)), (lambda x, w: w[1:3], (2, 4)), (lambda x, w: w[:, 2], (4,)),
        (lambda x, w: w[-1, 0], ()),
        (lambda x, w: w[1:, :2], (3, 2)), (lambda x, w: w[0][1:3], (2,)), (lambda x, w: x[:], (ROWS, 4)),
        (lambda x, w: x[:, 0][:], (ROWS,)), (lambda x, w: w.T, (4, 4)), (lambda x, w: w[0].T, (4,)),
        (lambda x, w: x.sum(), ()), (lambda x, w: x.sum(axis=0), (4,)), (lambda x, w: x.sum(1), (ROWS,)),
        (lambda x, w: x.mean(axis=-1, keepdims=True), (ROWS, 1)), (lambda x, w: x.max(keepdims=True), (1, 1)),
        (lambda x, w: w.reshape(2, 8), (2, 8)), (lambda x, w: w.reshape((16,)), (16,)),
        (lambda x, w: w.reshape(-1), (16,)),
        (lambda x, w: x[:, 0].reshape(-1, 1), (ROWS, 1)), (lambda x, w: x.reshape(ROWS, 4), (ROWS, 4)),
        (lambda x, w: x @ w, (ROWS, 4)), (lambda x, w: x @ w[0], (ROWS,)), (lambda x, w: w[0] @ w, (4,)),
        (lambda x, w: w[0] @ w[1], ()), (lambda x, w: x + w[0], (ROWS, 4)), (lambda x, w: x * x[:, :1], (ROWS, 4)),
        (lambda x, w: x[:, 0] * 2 + x[:, 1], (ROWS,)), (lambda x, w: ops.concatenate([x] * 20), (ROWS, 80)),
        (lambda x, w: ops.embedding(w, x), (ROWS, 16)), (lambda x, w: ops.embedding(w, x[:, 0]), (ROWS, 4)),
    ],
)  # fmt: skip
def test_shapes_are_numpys(x, w, use, shape):
    assert use(x, w).shape == shape


REFUSED = {
    "an if": (lambda x, w: x if x > 0 else w, TraceError, "a recorded value without numbers: an `if`, a loop over it"),
    "an and": (lambda x, w: x > 0 and w, TraceError, "choose between numbers with fastnorm.ops.where(condition, a, b)"),
    "a loop": (lambda x, w: list(x), TraceError, "<input x: (N, 4)> is a recorded value without numbers"),
    "a conversion": (lambda x, w: float(w.sum()), TraceError, "is a recorded value without numbers"),
    "rows counted": (lambda x, w: range(x.shape[0]), TraceError, "the number of rows N is not known"),
    "a function that is none": (
        lambda x, w: np.arctan(x), TraceError, "no operation named 'arctan'; there are abs, absolute, add",
    ),
    "another one": (lambda x, w: np.median(x), TraceError, "no operation named 'median'; there are"),
    "an operation that is none": (
        lambda x, w: ops.sinus, AttributeError, "no operation named 'sinus'; there are abs, add",
    ),
    "a sum over a ufunc": (
        lambda x, w: np.add.reduce(x), TraceError, "np.add: on recorded values, expected a plain call",
    ),
    "a place to write to": (
        lambda x, w: np.exp(x, out=np.ones(3)), TraceError, "np.exp: on recorded values, expected a",
    ),
    "words": (lambda x, w: x + "1", TraceError, "expected a recorded value or real numbers, got <U1"),
    "nothing": (lambda x, w: x * None, TraceError, "expected a recorded value or real numbers, got object"),
    "complex numbers": (lambda x, w: x * 1j, TraceError, "expected a recorded value or real numbers, got complex128"),
    "shapes that do not broadcast": (
        lambda x, w: x + np.ones(3), ShapeError,
        "add: expected shapes that broadcast, got x (N, 4) and constant_0 (3,)",
    ),
    "rows beside features": (
        lambda x, w: x - x.mean(axis=1), ShapeError,
        "and mean_0 (N,); a sum, mean or max over features keeps a column with",
    ),
    "rows with lengths": (
        lambda x, w: x + w, ShapeError, "add: expected shapes that broadcast, got x (N, 4) and w (4, 4)",
    ),
    "a row of a minibatch": (lambda x, w: x[0], TraceError, "expected all rows, x[:, ...], got 0; rows of a minibatch"),
    "some rows": (lambda x, w: x[1:], TraceError, "expected all rows, x[:, ...], got slice(1, None, None)"),
    "a mask": (lambda x, w: x[np.array([True, False])], TraceError, "rows of a minibatch cannot be picked"),
    "a recorded mask": (lambda x, w: x[x > 0], TraceError, "expected all rows"),
    "columns by values": (lambda x, w: w[:, w[0]], TraceError, "expected whole numbers and slices, got <result"),
    "columns by a list": (lambda x, w: x[:, [0, 1]], TraceError, "expected whole numbers and slices, got [0, 1]"),
    "every other column": (lambda x, w: x[:, ::2], ShapeError, "expected a slice of step 1 with something in it"),
    "no column": (lambda x, w: x[:, 2:2], ShapeError, "expected a slice of step 1 with something in it"),
    "a column that is not there": (
        lambda x, w: x[:, 4], ValueError, "index: expected a whole number from -4 to 3, got 4",
    ),
    "too many indices": (lambda x, w: x[:, 0, 0], ShapeError, "expected at most 2 indices for <input x: (N, 4)>"),
    "an index of a number": (lambda x, w: w.sum()[0], ShapeError, "expected at most 0 indices"),
    "an axis that is not there": (
        lambda x, w: x.sum(axis=2), ValueError, "sum axis: expected a whole number from -2 to 1",
    ),
    "rows turned": (
        lambda x, w: x.T, ShapeError, "transpose: expected a parameter or a constant, got x (N, 4), which has",
    ),
    "rows as a row": (
        lambda x, w: x.sum(axis=0, keepdims=True) @ x, ShapeError, "matmul: expected (N or n, d) @ (d, h)",
    ),
    "lengths that do not meet": (lambda x, w: x @ np.ones((3, 2)), ShapeError, "matmul: expected 4 rows in constant_0"),
    "a product with a number": (lambda x, w: x @ 2, ShapeError, "matmul: expected (N or n, d) @ (d, h), got x"),
    "rows torn": (
        lambda x, w: x.reshape(-1, 2), ShapeError, "reshape: expected a shape of as many elements that keeps rows",
    ),
    "another number": (lambda x, w: w.reshape(3, 5), ShapeError, "reshape: expected a shape of as many elements"),
    "three dimensions": (lambda x, w: w.reshape(2, 2, 4), ShapeError, "reshape: expected a shape of as many elements"),
    "negative lengths": (
        lambda x, w: w.reshape(-2, -8), ShapeError, "expected at most two dimensions, of at least 1 each",
    ),
    "nothing side by side": (
        lambda x, w: ops.concatenate([]), TraceError, "concatenate: expected a recorded value, got",
    ),
    "one above the other": (
        lambda x, w: np.concatenate([w, w]), ShapeError, "concatenate: expected values with columns and",
    ),
    "unequal rows": (
        lambda x, w: ops.concatenate([x, w]), ShapeError, "concatenate: expected equal rows, got (N, 4), (4, 4)",
    ),
    "a column of numbers": (
        lambda x, w: ops.concatenate([w[0], x[:, 0]]), ShapeError, "expected equal rows, got (4,), (N,)",
    ),
    "shares of a column": (lambda x, w: ops.softmax(x[:, 0]), ShapeError, "softmax: expected values with columns"),
    "values of another recording": (
        lambda x, w: x + Tape().add("input", "z", (ROWS, 4)), TraceError,
        "add: expected values of one recording, got <input x: (N, 4)>, <input z: (N, 4)> of several",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_refused_in_words(x, w, name):
    use, error, words = REFUSED[name]
    with pytest.raises(error, match=re.escape(words)):
        use(x, w)


def test_values_are_told_apart_by_identity_though_equality_records(x, w):
    assert {x: 1, w: 2}[w] == 2
    assert x in [x, w]
    assert recorded(x == x) == ["equal"]


def test_numbers_on_both_sides_need_a_recording():
    with pytest.raises(
        TraceError, match=r"exp: expected a recorded value, got float; fastnorm.grad and fastnorm.Model"
    ):
        ops.exp(1.0)
