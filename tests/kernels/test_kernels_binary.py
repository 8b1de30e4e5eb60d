"""Functions of two numbers: how operands broadcast, their values at the ends, ties and gradients."""

import numpy as np
import pytest
from helpers import cases
from helpers.cases_elementwise import BINARY, COMPARISONS
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels, reference
from fastnorm.errors import ShapeError
from fastnorm.kernels import cpu

INF, NAN = np.inf, np.nan
ENDS = [-INF, -2.5, -2, -1, -0.5, -0.0, 0.0, 0.5, 1, 2, 3, 2.5, INF, NAN]
NUMPY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "power": np.power,
    "maximum": np.maximum, "minimum": np.minimum, "less": np.less, "less_equal": np.less_equal, "equal": np.equal,
    "not_equal": np.not_equal,
}  # fmt: skip


def same(actual, expected):
    """Equal, with nan in the same places, and the sign of 0, too."""
    np.testing.assert_array_equal(actual, expected)
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(actual)[zero], np.signbit(expected)[zero])


@pytest.mark.parametrize("name", NUMPY)
def test_values_at_the_ends_are_those_of_numpy(variant, dtype, name):
    a, b = (x.reshape(1, -1) for x in np.meshgrid(np.array(ENDS, dtype), np.array(ENDS, dtype)))
    y = getattr(kernels, f"{name}_forward")(a, b)
    with np.errstate(all="ignore"):
        expected = NUMPY[name](a, b).astype(dtype)
    if name == "power":
        inexact = np.isfinite(expected) & (np.abs(expected) > 0)
        np.testing.assert_allclose(y[inexact], expected[inexact], rtol=4 * np.finfo(dtype).eps)
        same(y[~inexact], expected[~inexact])
    elif name in ("maximum", "minimum"):
        np.testing.assert_array_equal(y, expected)
    else:
        same(y, expected)


@pytest.mark.parametrize("exponent", ENDS)
def test_a_power_by_one_number_is_the_one_by_an_array(variant, dtype, exponent):
    a = np.array([ENDS], dtype)
    alone, full = kernels.power_forward(a, exponent), kernels.power_forward(a, np.full_like(a, exponent))
    np.testing.assert_allclose(alone, full, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(np.signbit(alone) & (alone == 0), np.signbit(full) & (full == 0))


def test_powers_far_out_keep_their_digits(variant, dtype, rng):
    """The exponent's error counts as many times as it is large: hence the logarithm of two parts."""
    limits = np.finfo(dtype)
    a = np.ldexp(rng.uniform(1, 2, (1, 20000)), rng.integers(limits.minexp, limits.maxexp, 20000)).astype(dtype)
    a[0, ::2] = rng.uniform(0.5, 2, 10000)
    b = (rng.uniform(-1, 1, a.shape) * np.log(limits.max) / np.log(a)).astype(dtype)
    y, expected = kernels.power_forward(a, b), reference.power_forward(a, b)
    normal = (np.abs(expected) > limits.tiny) & (np.abs(expected) < limits.max)
    error = (np.abs(y - expected) / np.spacing(expected.astype(dtype)))[normal]
    assert error.max() <= (0.51 if dtype == np.float32 else 64)


@pytest.mark.parametrize("exponent", [2, 3, -1, -2, 5, 64, -64])
def test_a_small_whole_power_is_a_product(variant, dtype, rng, exponent):
    a = (rng.uniform(0.5, 2, (4, 33)) * rng.choice([-1, 1], (4, 33))).astype(dtype)
    y, expected = kernels.power_forward(a, exponent), reference.power_forward(a, dtype(exponent))
    assert (np.abs(y - expected) <= abs(exponent) * np.spacing(np.abs(expected).astype(dtype))).all()


def test_the_gradient_of_a_power_at_its_edges(variant, dtype):
    a, b = np.array([[0, 0, 0, 0, -2, -2, 2, 1e-30]], dtype), np.array([[0, 1, 2, 0.5, 3, 0.5, 0, 0.5]], dtype)
    y = kernels.power_forward(a, b)
    da, db = kernels.power_backward(np.ones_like(a), a, b, y)
    np.testing.assert_allclose(da[0], [0, 1, 0, INF, 12, NAN, 0, 0.5e15], rtol=1e-6)
    np.testing.assert_allclose(db[0, 1:], [0, 0, 0, NAN, NAN, np.log(2), -69.0775528e-15], rtol=1e-6)
    for exponent in (0, 1, 2):
        da, _ = kernels.power_backward(np.ones_like(a), a, exponent, kernels.power_forward(a, exponent))
        np.testing.assert_allclose(da[0], exponent * a[0] ** max(exponent - 1, 0), rtol=1e-6)


def test_half_of_the_gradient_goes_to_each_where_they_are_equal(variant, dtype):
    dy, a, b = np.array([[8, 8, 8, 8], [1, 2, 3, NAN], [1, 3, 2, 5]], dtype)[:, None]
    np.testing.assert_array_equal(kernels.maximum_backward(dy, a, b, a), [[[4, 0, 8, 0]], [[4, 8, 0, 0]]])
    np.testing.assert_array_equal(kernels.minimum_backward(dy, a, b, a), [[[4, 8, 0, 0]], [[4, 0, 8, 0]]])


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (lambda a, b: kernels.add_forward(a, b), lambda *all: kernels.add_backward(*all)),
        (lambda a, b: kernels.subtract_forward(a, b), lambda *all: kernels.subtract_backward(*all)),
        (lambda a, b: kernels.multiply_forward(a, b), lambda *all: kernels.multiply_backward(*all)),
        (lambda a, b: kernels.divide_forward(a, b), lambda *all: kernels.divide_backward(*all)),
        (lambda a, b: kernels.power_forward(a, b), lambda *all: kernels.power_backward(*all)),
        (lambda a, b: kernels.maximum_forward(a, b), lambda *all: kernels.maximum_backward(*all)),
        (lambda a, b: kernels.minimum_forward(a, b), lambda *all: kernels.minimum_backward(*all)),
    ],
    ids=BINARY,
)
@pytest.mark.parametrize("shape", [(3, 21), (1, 21), (3, 1), (1, 1)])
def test_gradients_are_those_of_central_differences(variant, rng, forward, backward, shape):
    a, b, dy = rng.uniform(0.5, 2, (3, 21)), rng.uniform(0.5, 2, shape), rng.normal(size=(3, 21))
    da, db = backward(dy, a, b, forward(a, b))
    broadcast = tuple(axis for axis in (0, 1) if shape[axis] == 1)
    expected = cases.central_difference(lambda v: float((dy * forward(v, b)).sum()), a)
    assert cases.relative_error(da, expected) <= 1e-8
    expected = cases.central_difference(lambda v: float((dy * forward(a, v)).sum()), b)
    assert cases.relative_error(db.sum(broadcast, keepdims=True), expected) <= 1e-8


@pytest.mark.parametrize("name", cpu.runnable())
@given(
    n=st.integers(1, 5),
    c=st.integers(1, 40),
    kinds=st.tuples(*[st.sampled_from(["full", "row", "column", "number", "vector", "scalar"])] * 2),
    function=st.sampled_from(BINARY + COMPARISONS),
    seed=st.integers(0, 2**32 - 1),
)
def test_operands_broadcast_as_in_numpy(name, n, c, kinds, function, seed):
    rng = np.random.default_rng(seed)
    shapes = {"full": (n, c), "row": (1, c), "column": (n, 1), "number": (1, 1), "vector": (c,), "scalar": ()}
    a, b = (rng.uniform(0.5, 2, shapes[kind]).astype(np.float32) for kind in kinds)
    full = np.broadcast_arrays(np.atleast_2d(a), np.atleast_2d(b))
    with cpu._using(name):
        forward = getattr(kernels, f"{function}_forward")
        y, expected = forward(a, b), forward(*map(np.ascontiguousarray, full))
    assert y.shape == np.broadcast_shapes(full[0].shape)
    np.testing.assert_allclose(y, expected, rtol=0 if function != "power" else 1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: kernels.less_forward(x, x[:2]), r"a and b: expected .* got a \(4, 3\), b \(2, 3\)"),
        (lambda x: kernels.less_equal_forward(x, x[:0]), "b: expected a number, a vector or a matrix, not empty"),
        (lambda x: kernels.equal_forward(x[None], x), r"a: expected a number, .* got shape \(1, 4, 3\)"),
        (lambda x: kernels.not_equal_forward(x, x.T), "a and b: expected shapes that broadcast"),
        (lambda x: kernels.add_backward(x, x[:1], x[:1], x), r"dy: expected .* shape \(1, 3\), got \(4, 3\)"),
        (lambda x: kernels.add_backward(x, x, x, x[:2]), "y: expected 4 rows, got 2"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_named(call, words):
    with pytest.raises(ShapeError, match=words):
        call(np.ones((4, 3)))
