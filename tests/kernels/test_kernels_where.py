"""The choice between two numbers."""

import numpy as np
import pytest
from helpers import cases
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels
from fastnorm.errors import ShapeError
from fastnorm.kernels import cpu

INF, NAN = np.inf, np.nan


def test_whatever_is_not_0_chooses_the_first(variant, dtype):
    condition = np.array([[0, -0.0, 1, -1, 0.25, INF, NAN, 0]], dtype)
    np.testing.assert_array_equal(kernels.where_forward(condition, 1, 2), [[2, 2, 1, 1, 1, 1, 1, 2]])
    np.testing.assert_array_equal(kernels.where_forward(condition, NAN, 2), [[2, 2, NAN, NAN, NAN, NAN, NAN, 2]])


def test_truths_choose_in_float64():
    y = kernels.where_forward(np.array([[True, False]]), np.float32(1), [[5, 7]])
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, [[1, 7]])


def test_what_was_not_chosen_has_no_gradient(variant, dtype):
    da, db = kernels.where_backward(np.array([[3, NAN, 4, INF]], dtype), np.array([[1, 1, 0, 0]], dtype))
    np.testing.assert_array_equal(da, [[3, NAN, 0, 0]])
    np.testing.assert_array_equal(db, [[0, 0, 4, INF]])


def test_gradients_are_those_of_central_differences(variant, rng):
    a, b, dy = rng.normal(size=(3, 3, 21))
    condition = rng.integers(0, 2, (3, 21))
    da, db = kernels.where_backward(dy, condition)
    expected = cases.central_difference(lambda v: float((dy * kernels.where_forward(condition, v, b)).sum()), a)
    assert cases.relative_error(da, expected) <= 1e-8
    expected = cases.central_difference(lambda v: float((dy * kernels.where_forward(condition, a, v)).sum()), b)
    assert cases.relative_error(db, expected) <= 1e-8


SHAPES = st.sampled_from(["full", "row", "column", "vector", "scalar"])


@pytest.mark.parametrize("name", cpu.runnable())
@given(n=st.integers(1, 5), c=st.integers(1, 40), kinds=st.tuples(*[SHAPES] * 3), seed=st.integers(0, 2**32 - 1))
def test_operands_broadcast_as_in_numpy(name, n, c, kinds, seed):
    rng = np.random.default_rng(seed)
    shapes = {"full": (n, c), "row": (1, c), "column": (n, 1), "vector": (c,), "scalar": ()}
    condition, a, b = (rng.integers(0, 3, shapes[kind]).astype(np.float32) for kind in kinds)
    with cpu._using(name):
        y = kernels.where_forward(condition, a, b)
    np.testing.assert_array_equal(y, np.atleast_2d(np.where(condition != 0, a, b)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: kernels.where_forward(x, x[:2], x), "condition and a and b: expected shapes that broadcast to one"),
        (lambda x: kernels.where_backward(x[:1], x), r"dy: expected the operands' common shape \(4, 3\), got \(1, 3\)"),
        (lambda x: kernels.where_backward(x, x[:2]), "dy and condition: expected shapes that broadcast"),
    ],
)
def test_shapes_that_do_not_fit_are_named(call, words):
    with pytest.raises(ShapeError, match=words):
        call(np.ones((4, 3)))
