"""Layer normalization: constants, offsets, gradients."""

import numpy as np
import pytest
from helpers import cases
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels
from fastnorm.errors import SettingError, ShapeError
from fastnorm.kernels import cpu


@pytest.mark.parametrize("value", [0, 0.1, -1e6, 3e30])
@pytest.mark.parametrize("c", [1, 2, 17, 70])
def test_a_row_of_equal_numbers_gives_beta_exactly(variant, dtype, rng, value, c):
    beta = rng.normal(size=c).astype(dtype)
    y, mean, inverse_std = kernels.layernorm_forward(np.full((3, c), value, dtype), rng.normal(size=c), beta)
    np.testing.assert_array_equal(y, np.broadcast_to(beta, (3, c)))
    np.testing.assert_array_equal(mean, dtype(value))
    np.testing.assert_allclose(inverse_std, 1e5**0.5, rtol=1e-15)


def test_an_offset_of_a_million_does_no_harm(variant, rng):
    x = (1e6 + rng.normal(size=(5, 300))).astype(np.float32)
    y, *_ = kernels.layernorm_forward(x, np.ones(300), np.zeros(300))
    wide = x.astype(np.float64)
    expected = (wide - wide.mean(1, keepdims=True)) / np.sqrt(wide.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(y, expected, rtol=0, atol=5e-7)


def test_a_row_alone_has_the_bits_it_has_in_a_batch(variant, dtype, rng):
    x, gamma, beta = rng.normal(size=(9, 37)).astype(dtype), rng.normal(size=37), rng.normal(size=37)
    together = kernels.layernorm_forward(x, gamma, beta)[0]
    for i in range(len(x)):
        np.testing.assert_array_equal(kernels.layernorm_forward(x[i : i + 1], gamma, beta)[0][0], together[i])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_spoil_their_row_alone(variant, dtype, rng, bad):
    x = rng.normal(size=(4, 21)).astype(dtype)
    x[2, 5] = bad
    y, *_ = kernels.layernorm_forward(x, np.ones(21), np.zeros(21))
    assert np.isnan(y[2]).any()
    assert np.isfinite(y[[0, 1, 3]]).all()


@pytest.mark.parametrize("name", cpu.runnable())
@given(n=st.integers(1, 6), c=st.integers(2, 70), seed=st.integers(0, 99))
def test_rows_have_mean_0_and_variance_1_and_their_gradients_neither(name, n, c, seed):
    rng = np.random.default_rng(seed)
    x, dy, ones = rng.normal(3, 2, (n, c)), rng.normal(size=(n, c)), np.ones(c)
    with cpu._using(name):
        y, mean, inverse_std = kernels.layernorm_forward(x, ones, np.zeros(c), 1e-30)
        dx = kernels.layernorm_backward(dy, x, mean, inverse_std, ones)
    np.testing.assert_allclose(y.mean(1), 0, atol=1e-9)
    np.testing.assert_allclose(y.var(1), 1, rtol=1e-9)
    scale = np.abs(dy).max() * inverse_std.max()
    np.testing.assert_allclose(dx.sum(1), 0, atol=1e-9 * scale * c)
    np.testing.assert_allclose((dx * y).sum(1), 0, atol=1e-9 * scale * c)


@pytest.mark.parametrize("c", [1, 4, 19])
def test_gradients_are_those_of_central_differences(variant, rng, c):
    x, dy, gamma, beta = (rng.normal(size=shape) for shape in [(5, c), (5, c), (c,), (c,)])

    def loss(x, gamma, beta):
        return (kernels.layernorm_forward(x, gamma, beta, 0.1)[0] * dy).sum()

    _, mean, inverse_std = kernels.layernorm_forward(x, gamma, beta, 0.1)
    dx = kernels.layernorm_backward(dy, x, mean, inverse_std, gamma)
    dgamma, dbeta = kernels.layernorm_gamma_beta_backward(dy, x, mean, inverse_std)
    expected = cases.central_difference(lambda v: loss(v, gamma, beta), x)
    np.testing.assert_allclose(dx, expected, rtol=1e-6, atol=1e-8)
    expected = cases.central_difference(lambda v: loss(x, v, beta), gamma)
    np.testing.assert_allclose(dgamma, expected, rtol=1e-6, atol=1e-8)
    expected = cases.central_difference(lambda v: loss(x, gamma, v), beta)
    np.testing.assert_allclose(dbeta, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: kernels.layernorm_forward(x, np.ones(3), np.ones(4)), ShapeError, r"gamma: expected shape \(4,\)"),
        (lambda x: kernels.layernorm_forward(x, np.ones(4), np.ones(3)), ShapeError, r"beta: expected shape \(4,\)"),
        (lambda x: kernels.layernorm_forward(x, np.ones(4), np.ones(4), 0), SettingError, "epsilon: .*got 0"),
        (
            lambda x: kernels.layernorm_backward(x, x[:2], np.ones(3), np.ones(3), np.ones(4)),
            ShapeError,
            "x: expected 3 rows, got 2",
        ),
        (
            lambda x: kernels.layernorm_gamma_beta_backward(x, x, np.ones(4), np.ones(3)),
            ShapeError,
            r"mean: expected shape \(3,\), got \(4,\)",
        ),
    ],
)
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call(np.ones((3, 4)))
