"""Bins and places among edges, and piecewise linear functions of columns, with good and bad numbers."""

import numpy as np
import pytest
from helpers import cases
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels, reference
from fastnorm.errors import SettingError, ShapeError
from fastnorm.kernels import cpu


def test_bins_and_places(variant, dtype):
    edges = [[0, 1, 3, 3], [0, 0, 0, 0], [-1, 0, 1, 2]]  # two bins, none, three
    x = np.array([[-1, 0, 0.5], [0, 0, -9], [1, 0, 9], [2, 0, 1], [3, 0, np.nan], [5, 0, np.inf]], dtype)
    nan = np.nan
    np.testing.assert_array_equal(
        kernels.locate(x, edges),
        [
            [0, nan, 1, -1, nan, 0.5], [0, nan, 0, 0, nan, -8], [1, nan, 2, 0, nan, 8], [1, nan, 2, 0.5, nan, 0],
            [1, nan, nan, 1, nan, nan], [1, nan, nan, 2, nan, nan],
        ],
    )  # fmt: skip


@pytest.mark.parametrize("name", cpu.runnable())
@given(
    n=st.integers(1, 300), d=st.integers(1, 20), bins=st.integers(1, 9), units=st.integers(1, 150),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_the_same_as_a_dense_layer_on_encoded_columns(name, n, d, bins, units, seed):
    rng = np.random.default_rng(seed)
    located = np.hstack([rng.integers(0, bins, (n, d)), rng.integers(-3, 4, (n, d))]).astype(np.float32)
    weight = rng.integers(-9, 9, (d * bins, units)).astype(np.float32)  # whole numbers: every order gives the same
    dy = rng.integers(-9, 9, (n, units)).astype(np.float32)
    with cpu._using(name):
        y, dweight = kernels.piecewise_forward(located, weight), kernels.piecewise_backward(dy, located, bins)
    np.testing.assert_array_equal(y, reference.piecewise_forward(located, weight))
    np.testing.assert_array_equal(dweight, reference.piecewise_backward(dy, located, bins))


def test_a_row_gives_the_same_bits_alone_and_on_any_threads(variant, dtype, rng):
    located = kernels.locate(rng.normal(size=(700, 19)).astype(dtype), np.sort(rng.normal(size=(19, 31)), axis=1))
    weight, dy = rng.normal(size=(19 * 30, 77)).astype(dtype), rng.normal(size=(700, 77)).astype(dtype)
    y, dweight = kernels.piecewise_forward(located, weight), kernels.piecewise_backward(dy, located, 30)
    for threads in (2, 3):
        np.testing.assert_array_equal(kernels.piecewise_forward(located, weight, threads=threads), y)
        np.testing.assert_array_equal(kernels.piecewise_backward(dy, located, 30, threads=threads), dweight)
    for row in (0, 255, 256, 699):
        np.testing.assert_array_equal(kernels.piecewise_forward(located[row : row + 1], weight)[0], y[row])


@pytest.mark.parametrize("bad", [-1, 3, 0.5, np.nan, np.inf, -np.inf, 1e30, 2**31])
def test_a_bad_bin_gives_nan_and_no_gradient(variant, dtype, bad):
    located = np.array([[2, 0.5], [bad, 0.5], [0, 2]], dtype)
    weight = np.array([[1], [10], [100]], dtype)
    np.testing.assert_array_equal(kernels.piecewise_forward(located, weight), [[61], [np.nan], [2]])
    gradient = kernels.piecewise_backward(np.ones((3, 1), dtype), located, 3)
    np.testing.assert_array_equal(gradient, [[3], [1], [0.5]])


def test_gradients_are_those_of_central_differences(variant, rng):
    located = kernels.locate(rng.normal(size=(9, 2)), np.sort(rng.normal(size=(2, 5)), axis=1))
    weight, dy = rng.normal(size=(8, 3)), rng.normal(size=(9, 3))
    gradient = kernels.piecewise_backward(dy, located, 4)
    expected = cases.central_difference(lambda w: (kernels.piecewise_forward(located, w) * dy).sum(), weight)
    assert cases.relative_error(gradient, expected) <= 1e-7


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: kernels.locate(np.ones((4, 3)), np.ones((2, 3))), ShapeError, "edges: expected 3 rows, got 2"),
        (lambda: kernels.locate(np.ones((4, 3)), np.ones((3, 1))), ShapeError, "edges: expected at least 2 for each"),
        (lambda: kernels.piecewise_forward(np.ones((4, 3)), np.ones((3, 1))), ShapeError, "bins and places of each"),
        (lambda: kernels.piecewise_forward(np.ones((4, 4)), np.ones((3, 1))), ShapeError, "1 to 256 rows for each"),
        (lambda: kernels.piecewise_forward(np.ones((4, 2)), np.ones((257, 1))), ShapeError, "1 to 256 rows for each"),
        (lambda: kernels.piecewise_backward(np.ones((4, 2)), np.ones((3, 2)), 2), ShapeError, "expected 4 rows, got 3"),
        (lambda: kernels.piecewise_backward(np.ones((4, 2)), np.ones((4, 2)), 257), SettingError, "at most 256"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
