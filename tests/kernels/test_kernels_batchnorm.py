"""Batch normalization: far from zero, on constant columns, its gradients and its running averages."""

import numpy as np
import pytest
from helpers import cases
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels, reference
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError
from fastnorm.kernels import cpu


@pytest.mark.parametrize("offset", [0, 1e4, 1e5, 1e6])
def test_float32_output_is_exact_far_from_zero(variant, rng, offset):
    x = rng.normal(offset, 1, (256, 64)).astype(np.float32)
    gamma, beta = np.ones(64, np.float32), np.zeros(64, np.float32)
    y, mean, inverse_std = kernels.batchnorm_forward(x, gamma, beta)
    expected, expected_mean, expected_inverse_std = reference.batchnorm_forward(x.astype(np.float64), gamma, beta)
    assert np.abs(y - expected).max() <= 5e-7
    np.testing.assert_allclose(mean, expected_mean.astype(np.float64), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(inverse_std, expected_inverse_std.astype(np.float64), rtol=1e-13)
    variance = 1 / inverse_std**2 - 1e-5
    expected = reference.batchnorm_inference(x.astype(np.float64), mean, variance, gamma, beta)
    assert np.abs(kernels.batchnorm_inference(x, mean, variance, gamma, beta) - expected).max() <= 5e-7


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e6 - 0.3, 1e-30])
@pytest.mark.parametrize(("n", "c"), [(1, 70), (3, 1), (1000, 17)])
def test_a_constant_column_gives_beta_exactly(variant, dtype, rng, constant, n, c):
    x = rng.normal(size=(n, c)).astype(dtype)
    x[:, ::2] = constant
    gamma, beta = rng.normal(size=(2, c)).astype(dtype)
    y, mean, inverse_std = kernels.batchnorm_forward(x, gamma, beta)
    np.testing.assert_array_equal(y[:, ::2], np.broadcast_to(beta[::2], y[:, ::2].shape))
    np.testing.assert_array_equal(mean[::2], dtype(constant))
    np.testing.assert_array_equal(inverse_std[::2], 1 / np.sqrt(1e-5))


@pytest.mark.parametrize("name", cpu.runnable())
@given(
    n=st.integers(2, 200),
    c=st.integers(1, 70),
    mean=st.floats(-1e3, 1e3),
    std=st.floats(0.1, 1e3),
    seed=st.integers(0, 99),
)
def test_columns_come_out_with_mean_0_and_variance_1(name, n, c, mean, std, seed):
    x = np.random.default_rng(seed).normal(mean, std, (n, c))
    with cpu._using(name):
        y, _, inverse_std = kernels.batchnorm_forward(x, np.ones(c), np.zeros(c), 1e-300)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(y.var(0), 1, rtol=1e-9)
    np.testing.assert_allclose(inverse_std, 1 / x.std(0), rtol=1e-9)


def test_statistics_are_float64_for_both_dtypes(dtype):
    _, mean, inverse_std = kernels.batchnorm_forward(np.ones((4, 3), dtype), np.ones(3), np.zeros(3))
    assert mean.dtype == inverse_std.dtype == np.float64


def test_nan_stays_in_its_column(variant, dtype, rng):
    x = rng.normal(size=(40, 21)).astype(dtype)
    x[5, 7] = np.nan
    y, mean, _ = kernels.batchnorm_forward(x, np.ones(21), np.zeros(21))
    assert np.isnan(y[:, 7]).all()
    assert np.isnan(mean[7])
    assert np.isfinite(np.delete(y, 7, axis=1)).all()


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("offset", [0, 1000])
def test_gradients_are_those_of_central_differences(variant, rng, relu, offset):
    x, dy = rng.normal(offset, 1, (7, 5)), rng.normal(size=(7, 5))
    gamma, beta = rng.normal(1, 0.1, 5), rng.normal(3 if relu else 0, 0.1, 5)
    x[0] += 4 * relu  # row 0 makes relu cut some others off, none near its kink
    gamma[1], beta[1] = -3, 2.5

    def loss(x, gamma, beta):
        return (kernels.batchnorm_forward(x, gamma, beta, relu=relu)[0] * dy).sum()

    y, mean, inverse_std = kernels.batchnorm_forward(x, gamma, beta, relu=relu)
    assert relu == (y == 0).any()
    dx, dgamma, dbeta = kernels.batchnorm_backward(dy, x, mean, inverse_std, gamma, y if relu else None)
    step = 1e-4 if offset else 1e-5
    expected = cases.central_difference(lambda v: loss(v, gamma, beta), x, step)
    assert cases.relative_error(dx, expected) <= 1e-7
    assert cases.relative_error(dgamma, cases.central_difference(lambda v: loss(x, v, beta), gamma)) <= 1e-7
    assert cases.relative_error(dbeta, cases.central_difference(lambda v: loss(x, gamma, v), beta)) <= 1e-7


def test_float32_gradients_do_not_suffer_from_an_offset(variant, rng):
    x = rng.normal(1e5, 1, (256, 33)).astype(np.float32)
    dy, gamma = rng.normal(size=x.shape).astype(np.float32), np.ones(33, np.float32)
    _, mean, inverse_std = kernels.batchnorm_forward(x, gamma, gamma)
    results = kernels.batchnorm_backward(dy, x, mean, inverse_std, gamma)
    expected = reference.batchnorm_backward(*(a.astype(np.float64) for a in (dy, x, mean, inverse_std, gamma)))
    for result, wanted in zip(results, expected, strict=True):
        assert cases.relative_error(result, wanted) <= 3e-7


def test_running_averages_are_bias_corrected(rng):
    batches, decay = rng.uniform(1, 2, (5, 2, 6)), 0.9
    mean, variance, weight = np.full(6, 77.0), np.full(6, 77.0), 0.0
    for number, (batch_mean, batch_variance) in enumerate(batches):
        weight = kernels.batchnorm_running(batch_mean, batch_variance, mean, variance, weight, decay)
        shares = decay ** np.arange(number, -1, -1.0)
        expected = np.tensordot(shares / shares.sum(), batches[: number + 1], axes=1)
        np.testing.assert_allclose([mean, variance], expected, rtol=1e-14)
        assert weight == pytest.approx(1 - decay ** (number + 1), rel=1e-14)


@pytest.mark.parametrize("sizes", [(2,), (3,), (16,), (16, 16, 16, 5)], ids=str)
def test_running_averages_are_those_of_pytorch_less_the_share_of_its_start(rng, sizes):
    """PyTorch: running = decay running + (1 - decay) variance (over n - 1), which leaves decay^t of the start."""
    decay, start, steps = 0.9, 1.0, 100
    theirs, ours, weight = np.full((2, 6), start), np.full((2, 6), 77.0), 0.0
    theirs[0] = 0
    for step in range(steps):
        x = rng.normal(3, 2, (sizes[step % len(sizes)], 6))
        theirs = decay * theirs + (1 - decay) * np.array([x.mean(0), x.var(0, ddof=1)])
        weight = kernels.batchnorm_running(x.mean(0), x.var(0), *ours, weight, decay, len(x))
    left = decay**steps
    np.testing.assert_allclose(ours[0], theirs[0] / (1 - left), rtol=1e-12)
    np.testing.assert_allclose(ours[1], (theirs[1] - left * start) / (1 - left), rtol=1e-12)


def test_without_rows_the_variance_is_averaged_as_it_is(rng):
    """The training form of ONNX: the minibatch's variance divided by n, neither corrected."""
    variances = rng.uniform(1, 2, (2, 6))
    mean, running, weight = np.zeros(6), np.zeros(6), 0.0
    for variance in variances:
        weight = kernels.batchnorm_running(mean, variance, mean.copy(), running, weight, 0.5)
    np.testing.assert_allclose(running, (variances[0] + 2 * variances[1]) / 3, rtol=1e-14)


def test_inference_with_the_batch_statistics_is_forward(variant, dtype, rng):
    x, (gamma, beta) = rng.normal(5, 2, (64, 37)).astype(dtype), rng.normal(size=(2, 37)).astype(dtype)
    y, mean, inverse_std = kernels.batchnorm_forward(x, gamma, beta, 0.5)
    again = kernels.batchnorm_inference(x, mean, 1 / inverse_std**2 - 0.5, gamma, beta, 0.5)
    np.testing.assert_allclose(again, y, rtol=0, atol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("n", [1, 29])
def test_inference_of_a_row_alone_has_the_bits_it_has_in_a_batch(variant, dtype, rng, n):
    x, (gamma, beta) = rng.normal(size=(n, 37)).astype(dtype), rng.normal(size=(2, 37)).astype(dtype)
    mean, variance = rng.normal(size=37), rng.uniform(1, 2, 37)
    together = kernels.batchnorm_inference(x, mean, variance, gamma, beta)
    for i in range(n):
        alone = kernels.batchnorm_inference(x[i : i + 1], mean, variance, gamma, beta)
        np.testing.assert_array_equal(alone[0], together[i])


ONES, MATRIX = np.ones(3), np.ones((4, 3))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: kernels.batchnorm_forward(MATRIX, ONES[:2], ONES), ShapeError, r"gamma: .*\(3,\), got \(2"),
        (lambda: kernels.batchnorm_forward(MATRIX, ONES, MATRIX), ShapeError, r"beta: expected shape \(3,\), got \(4"),
        (lambda: kernels.batchnorm_forward(MATRIX, ONES, ONES, 0), SettingError, r"epsilon: .*\(0, inf\], got 0"),
        (lambda: kernels.batchnorm_forward(MATRIX, ONES, ONES, np.nan), SettingError, "epsilon: .*got nan"),
        (
            lambda: kernels.batchnorm_inference(MATRIX, ONES, -ONES, ONES, ONES), DataError,
            "variance: expected numbers >= 0, got -1.0 at position 0",
        ),
        (lambda: kernels.batchnorm_backward(MATRIX[:2], MATRIX, ONES, ONES, ONES), ShapeError, "x: expected 2 rows"),
        (
            lambda: kernels.batchnorm_backward(MATRIX, MATRIX, ONES, ONES, ONES, MATRIX[:, :2]), ShapeError,
            r"y: expected shape \(n, 3\), got \(4, 2\)",
        ),
        (
            lambda: kernels.batchnorm_running(ONES, ONES, np.ones(3, np.float32), ONES.copy(), 0, 0.9), DtypeError,
            "running_mean: expected an array of float64, got float32",
        ),
        (lambda: kernels.batchnorm_running(ONES, ONES, ONES + 0, None, 0, 0.9), DtypeError, "running_variance: .*None"),
        (lambda: kernels.batchnorm_running(ONES, ONES, ONES + 0, ONES + 0, 0, 1), SettingError, r"decay: .*\[0, 1\)"),
        (lambda: kernels.batchnorm_running(ONES, ONES, ONES + 0, ONES + 0, 2, 0.5), SettingError, "weight: .*got 2"),
        (
            lambda: kernels.batchnorm_running(ONES, ONES, ONES + 0, ONES + 0, 0, 0.5, 1), SettingError,
            "rows: expected a whole number at least 2, got 1",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
