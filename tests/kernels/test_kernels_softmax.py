"""Softmax and its logarithm, and through them the vector exponential."""

import numpy as np
import pytest
from helpers import cases
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fastnorm import kernels, reference
from fastnorm.kernels import cpu

WIDE = {np.float32: np.float64, np.float64: np.longdouble}


def test_the_exponential_errs_by_less_than_two_ulps(variant, dtype, rng):
    """A row (0, -d) gives exp(-d) / (1 + exp(-d)) in its second place."""
    lowest = 103.9 if dtype == np.float32 else 745.1
    d = np.concatenate([np.linspace(0, lowest, 100001), rng.uniform(0, 1, 20000), np.arange(100) * np.log(2)]).astype(
        dtype
    )
    y = kernels.softmax(np.stack([np.zeros_like(d), -d], axis=1))
    exact = np.exp(-d.astype(WIDE[dtype]))
    exact /= 1 + exact
    error = np.abs(y[:, 1] - exact) / np.spacing(exact.astype(dtype))
    assert error.max() <= 3  # 2 of the exponential, the rest of the share and the product


def test_extreme_logits(variant, dtype):
    largest = np.finfo(dtype).max
    x = np.array(
        [[1e4, -1e4, 1e4], [largest, -largest, 0], [-np.inf, 0, 0], [-1e4, -1e4, -1e4], [0, -200, -np.inf]], dtype
    )
    y = kernels.softmax(x)
    third = dtype(1) / dtype(3)
    tiny = np.exp(dtype(-200))
    np.testing.assert_allclose(
        y, [[0.5, 0, 0.5], [1, 0, 0], [0, 0.5, 0.5], [third, third, third], [1, tiny, 0]], rtol=1e-6, atol=0
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("place", [0, 5, 20])
def test_nan_and_infinity_spoil_their_row_alone(variant, dtype, rng, bad, place):
    x = rng.normal(size=(4, 21)).astype(dtype)
    x[2, place] = bad
    y = kernels.softmax(x)
    assert np.isnan(y[2]).all()
    assert np.isfinite(y[[0, 1, 3]]).all()


@pytest.mark.parametrize("c", [1, 4, 16, 23])
def test_a_row_of_minus_infinity_gives_nan(variant, dtype, c):
    assert np.isnan(kernels.softmax(np.full((2, c), -np.inf, dtype))).all()


def test_a_row_alone_has_the_bits_it_has_in_a_batch(variant, dtype, rng):
    x = rng.normal(size=(29, 37)).astype(dtype)
    together = kernels.softmax(x)
    for i in range(len(x)):
        np.testing.assert_array_equal(kernels.softmax(x[i : i + 1])[0], together[i])


@pytest.mark.parametrize("name", cpu.runnable())
@given(
    arrays.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 70)), elements=st.floats(-1e4, 1e4, width=32))
)
def test_rows_are_shares_in_the_order_of_the_logits(name, x):
    with cpu._using(name):
        y = kernels.softmax(x)
    assert (y >= 0).all()
    np.testing.assert_allclose(y.sum(1, dtype=np.float64), 1, rtol=1e-6)
    np.testing.assert_allclose(y, reference.softmax(x), rtol=1e-3, atol=1e-37)  # |x - max| / 2 ulps of 2e4
    order = np.argsort(x, axis=1)
    assert (np.diff(np.take_along_axis(y, order, axis=1), axis=1) >= 0).all()


@pytest.mark.parametrize("c", [1, 2, 7, 19])
def test_gradients_are_those_of_central_differences(variant, rng, c):
    x, dy = rng.normal(0, 2, (5, c)), rng.normal(size=(5, c))
    for forward, backward in (
        (kernels.softmax, kernels.softmax_backward),
        (kernels.log_softmax_forward, kernels.log_softmax_backward),
    ):
        expected = cases.central_difference(lambda v: (forward(v) * dy).sum(), x)  # noqa: B023
        np.testing.assert_allclose(backward(dy, forward(x)), expected, rtol=1e-7, atol=1e-9)


def test_extreme_logits_have_logarithms(variant, dtype):
    x = np.array([[1e4, -1e4, 1e4], [-np.inf, 0, 0], [-1e4, -1e4, -1e4], [0, -200, -np.inf]], dtype)
    half, third = np.log(0.5), np.log(1 / 3)
    expected = [[half, -2e4 + half, half], [-np.inf, half, half], [third, third, third], [0, -200, -np.inf]]
    np.testing.assert_allclose(kernels.log_softmax_forward(x), np.array(expected), rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rows", [1, 15, 16, 17, 40])
def test_a_row_without_a_finite_largest_has_logarithms_of_nan(variant, dtype, rng, bad, rows):
    """A largest of nan or infinity, or -infinity in a row of nothing else; the rows around it keep their bits."""
    x = rng.normal(size=(rows, 21)).astype(dtype)
    before, place = kernels.log_softmax_forward(x), rows // 2
    x[place, 3:4] = bad
    if bad < 0:
        x[place] = bad
    y = kernels.log_softmax_forward(x)
    assert np.isnan(y[place]).all()
    np.testing.assert_array_equal(np.delete(y, place, 0), np.delete(before, place, 0))


@pytest.mark.parametrize("name", cpu.runnable())
@given(
    arrays.arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 70)), elements=st.floats(-1e4, 1e4))
)  # fmt: skip
def test_logarithms_are_those_of_the_shares_and_gradients_of_a_row_sum_to_0(name, x):
    with cpu._using(name):
        y, shares = kernels.log_softmax_forward(x), kernels.softmax(x)
        gradients = kernels.softmax_backward(x, shares), kernels.log_softmax_backward(x, y)
    assert (y <= 0).all()
    np.testing.assert_allclose(np.exp(y), shares, rtol=1e-11, atol=1e-300)
    for gradient in gradients:
        np.testing.assert_allclose(gradient.sum(1), 0, atol=1e-13 * (1 + np.abs(x).max()) * x.shape[1])
