"""Each operation by itself: its value by NumPy's formula, its gradient by central differences, whatever the shapes."""

from types import SimpleNamespace

import numpy as np
import pytest
from helpers import cases, formulas
from helpers.cases_elementwise import CHOSEN
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnorm as fn
from fastnorm import ops
from fastnorm.ops import spec

NUMPY = SimpleNamespace(**formulas.FORMULAS)
SIDES = st.sampled_from([1, 2, 3, 5, 8, 17, 33])


def apart(shapes, seed, dtype=np.float64, positive=False):
    """Arrays of these shapes whose numbers differ from each other and from quarters, where kinks are."""
    sizes = [int(np.prod(shape)) for shape in shapes]
    places = np.random.default_rng(seed).permutation(sum(sizes)) + 0.5
    numbers = 4 * places / sum(sizes) + 0.1 if positive else 6 * places / sum(sizes) - 3
    numbers += 0.01 * (np.abs(4 * numbers - np.round(4 * numbers)) < 0.02)
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    return [part.reshape(shape).astype(dtype) for part, shape in zip(parts, shapes, strict=True)]


def judge(f, arrays, dtype=np.float64):
    """f(m, *arrays), with m the operations or their formulas, has one value and one gradient."""
    wide = [array.astype(np.float64) for array in arrays]
    result = f(NUMPY, *wide)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, np.shape(result)).astype(dtype)
    value, gradients = fn.value_and_grad(lambda values: (f(ops, *values) * weights).sum())(arrays)
    scale = 1 + np.abs(result * weights).sum()
    assert abs(value - (result * weights).sum()) <= (1e-12 if dtype == np.float64 else 1e-5) * scale
    exactness = 1e-6 if dtype == np.float64 else 1e-4
    for place, (gradient, array) in enumerate(zip(gradients, wide, strict=True)):

        def number(moved, place=place):
            return float((f(NUMPY, *wide[:place], moved, *wide[place + 1 :]) * weights).sum())

        assert gradient.dtype == dtype
        assert gradient.shape == array.shape
        expected = cases.central_difference(number, array)
        assert np.linalg.norm(gradient - expected) <= exactness * (1 + np.linalg.norm(expected))


def unary(name, **attributes):
    return lambda m, x: getattr(m, name)(x, **attributes)


ONE = {
    " ".join([name, *map(str, settings.values())]): unary(name, **settings)
    for name, settings in [*CHOSEN, ("relu", {})]
} | {
    "negative": lambda m, x: -x,
    "square": lambda m, x: x**2,
    "its own power": lambda m, x: (abs(x) + 0.5) ** x,
    "with itself": lambda m, x: x * x + x / (x * x + 1) - m.maximum(x, x) + m.where(x > 0, x, x),
    "with numbers": lambda m, x: 2 - 3 * x + (1 + x) / 2 + 1 / (x + 10) + np.float64(2) * x + x * np.float32(3),
    "through where": lambda m, x: m.where(x, x * 2, 0.0) + m.where(x > 0.4321, m.exp(x), x**3),
}  # fmt: skip
ROWWISE = {
    "softmax": unary("softmax"),
    "log_softmax": unary("log_softmax"),
    "transpose": lambda m, x: m.transpose(x) * 2,
    "columns": lambda m, x: x[:, -1] * 2 + x[:, 0],
    "a part": lambda m, x: x[: len_of(x), :1] + x[-1:, :],
    "a row": lambda m, x: x[0] * x[-1],
    "one element": lambda m, x: x[0, 0] * x,
    "side by side": lambda m, x: m.concatenate([x, 2 * x, x[:, :1]]) if m is ops else m.concatenate(x, 2 * x, x[:, :1]),
    "reshape": lambda m, x: m.reshape(x, (-1,)) * 2,
    "a column": lambda m, x: x.reshape(-1, 1) * x.reshape(-1, 1),
    "layernorm": lambda m, x: m.layernorm(x, x[0] + 1.0, x[-1], epsilon=0.5),
    "matmul": lambda m, x: x @ x.T + x.T.sum(axis=0),
    "matmul of vectors": lambda m, x: (x @ x[0]) @ x * (x[0] @ x[-1]),
    "dense": lambda m, x: (
        ops.dense(x, x.T, x[:, 0] + 0.37, relu=True) if m is ops else np.maximum(x @ x.T + x[:, 0] + 0.37, 0)
    ),
}


def len_of(x):
    return x.shape[0]


@pytest.mark.parametrize("name", ONE)
@settings(max_examples=12)
@given(shape=st.lists(SIDES, max_size=2), seed=st.integers(0, 9), double=st.booleans())
def test_an_operation_on_one_array(name, shape, seed, double):
    dtype = np.float64 if double else np.float32
    judge(ONE[name], apart([tuple(shape)], seed, dtype, name in spec.OPERATIONS and spec.of(name).positive), dtype)


@pytest.mark.parametrize("name", ROWWISE)
@settings(max_examples=12)
@given(rows=SIDES, columns=SIDES, seed=st.integers(0, 9), double=st.booleans())
def test_an_operation_on_a_matrix(name, rows, columns, seed, double):
    dtype = np.float64 if double else np.float32
    judge(ROWWISE[name], apart([(rows, columns)], seed, dtype), dtype)


@st.composite
def broadcast(draw, count):
    """Shapes that broadcast: some dimensions of one shape are 1 or, in front, left out."""
    whole = draw(st.lists(SIDES, max_size=2))
    shapes = [
        [n if draw(st.booleans()) else 1 for n in whole][draw(st.integers(0, len(whole))) :] for _ in range(count - 1)
    ]
    return draw(st.permutations([tuple(shape) for shape in [whole, *shapes]]))


@pytest.mark.parametrize("name", formulas.BINARY)
@settings(max_examples=25)
@given(shapes=broadcast(2), seed=st.integers(0, 9), double=st.booleans())
def test_an_operation_on_two_arrays_that_broadcast(name, shapes, seed, double):
    dtype = np.float64 if double else np.float32
    judge(lambda m, a, b: getattr(m, name)(a, b) + 0 * a, apart(shapes, seed, dtype, positive=True), dtype)


@settings(max_examples=60)
@given(shapes=broadcast(3), seed=st.integers(0, 9), double=st.booleans())
def test_a_choice_between_arrays_that_broadcast(shapes, seed, double):
    dtype = np.float64 if double else np.float32
    judge(lambda m, c, a, b: m.where(c > 0, a, b) * c, apart(shapes, seed, dtype), dtype)


@pytest.mark.parametrize("name", formulas.REDUCED)
@settings(max_examples=40)
@given(
    shape=st.lists(SIDES, min_size=1, max_size=2), axis=st.sampled_from([None, 0, 1, -1]), keepdims=st.booleans(),
    seed=st.integers(0, 9), double=st.booleans(),
)  # fmt: skip
def test_reductions(name, shape, axis, keepdims, seed, double):
    axis = None if axis is not None and axis >= len(shape) else axis
    dtype = np.float64 if double else np.float32
    judge(lambda m, x: getattr(m, name)(x, axis=axis, keepdims=keepdims) * 2, apart([tuple(shape)], seed, dtype), dtype)


@settings(max_examples=30)
@given(SIDES, SIDES, SIDES, st.booleans())
def test_products_of_two_matrices(n, d, h, double):
    dtype = np.float64 if double else np.float32
    arrays = apart([(n, d), (d, h), (h,)], 0, dtype)
    judge(lambda m, a, b, c: m.matmul(a, b) + c, arrays, dtype)
    judge(lambda m, a, b, c: np.ones((2, n)) @ a @ b * c, arrays, dtype)


@settings(max_examples=20)
@given(st.lists(SIDES, min_size=1, max_size=15), st.sampled_from([(), (3,)]))
def test_any_number_of_values_side_by_side(widths, rows):
    arrays = apart([(*rows, width) for width in widths], 0)
    judge(lambda m, *parts: m.concatenate(parts) if m is ops else m.concatenate(*parts), arrays)


@pytest.mark.parametrize("shape", [(), (4,), (4, 3)], ids=str)
def test_rows_of_a_table(shape):
    codes = np.random.default_rng(0).integers(0, 5, shape).astype(float)
    if shape == ():
        with pytest.raises(ValueError, match=r"embedding: expected codes \(N,\) or \(N, f\), got shape \(\)"):
            judge(lambda m, table: m.embedding(table, codes), apart([(5, 3)], 0))
        return
    judge(lambda m, table: m.embedding(table, codes), apart([(5, 3)], 0))


def test_codes_that_no_row_has_give_nan_and_teach_nothing():
    codes = np.array([[0.0, 2.0], [-1.0, 1.5], [np.nan, 1.0]])
    both = fn.value_and_grad(lambda table, codes: ops.embedding(table, codes)[:1].sum())
    value, gradient = both(np.arange(6.0).reshape(2, 3), codes[:, :1])
    assert value == 3
    np.testing.assert_array_equal(gradient, [[1, 1, 1], [0, 0, 0]])
    whole, gradient = fn.value_and_grad(lambda table: ops.embedding(table, codes).sum())(np.ones((2, 3)))
    assert np.isnan(whole)
    np.testing.assert_array_equal(gradient, [[1, 1, 1], [1, 1, 1]])


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: np.maximum(x, 1.0), 1.0, 0.5), (lambda x: np.minimum(x, 1.0), 1.0, 0.5), (abs, 0.0, 0.0),
        (lambda x: np.maximum(x, x), 3.0, 1.0), (ops.relu, 0.0, 0.0), (lambda x: x == 1, 1.0, 0.0),
        (lambda x: ops.clip(x, 0, 2), 5.0, 0.0), (lambda x: np.where(x < 1, x, 2 * x), 1.0, 2.0),
        (np.sqrt, 0.0, np.inf), (lambda x: x**0.0, 0.0, 0.0), (lambda x: x**2, 0.0, 0.0), (lambda x: x**1.0, 0.0, 1.0),
    ],
)  # fmt: skip
def test_gradients_at_kinks_are_as_said(f, x, expected):
    assert fn.grad(lambda v: f(v) * 1.0)(x) == expected


def test_equal_maxima_share_the_gradient():
    np.testing.assert_allclose(fn.grad(lambda x: x.max())(np.array([1.0, 3, 3, 3])), [0, 1 / 3, 1 / 3, 1 / 3])
    gradient = fn.grad(lambda x: x.max(axis=0).sum())(np.array([[1.0, 2], [1, 0]]))
    np.testing.assert_array_equal(gradient, [[0.5, 1], [0.5, 0]])


def test_every_operation_is_judged_here_or_by_networks_and_losses():
    judged = {*formulas.FORMULAS, "dense", "matmul"}
    elsewhere = {"batchnorm", "normalize", "dropout", "hits", "one_hot", "softmax_cross_entropy", "mean_squared_error"}
    assert set(ops.CATALOGUE) - judged - elsewhere == {"weighted_mean"}
