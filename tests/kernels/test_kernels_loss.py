"""The losses and their gradients: extreme logits, soft labels, weights, label smoothing."""

import numpy as np
import pytest
from helpers import cases
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError
from fastnorm.kernels import cpu

LABELS = np.array([0, 3, 2, 3, 1, 0])
SHARES = np.random.default_rng(5).dirichlet(np.ones(4), 6)
WEIGHTS = np.array([1, 0, 2.5, 0.5, 0, 3])


@pytest.mark.parametrize("target", [LABELS, SHARES], ids=["labels", "shares"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["even", "weighted"])
@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_cross_entropy_gradients_are_those_of_central_differences(variant, rng, target, weights, smoothing):
    x = rng.normal(size=(6, 4))
    _, gradient = kernels.softmax_cross_entropy(x, target, weights, smoothing)
    expected = cases.central_difference(lambda v: kernels.softmax_cross_entropy(v, target, weights, smoothing)[0], x)
    assert cases.relative_error(gradient, expected) <= 1e-7


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["even", "weighted"])
def test_squared_error_gradients_are_those_of_central_differences(variant, rng, weights):
    x, target = rng.normal(size=(2, 6, 4))
    _, gradient = kernels.mean_squared_error(x, target, weights)
    expected = cases.central_difference(lambda v: kernels.mean_squared_error(v, target, weights)[0], x)
    assert cases.relative_error(gradient, expected) <= 1e-7


def test_the_loss_is_a_python_float(dtype):
    assert type(kernels.softmax_cross_entropy(np.zeros((2, 3), dtype), [0, 1])[0]) is float
    assert type(kernels.mean_squared_error(np.zeros((2, 3), dtype), np.ones((2, 3)))[0]) is float


def test_extreme_logits(variant, dtype):
    """Losses in nats of rows that are sure, wrong by 2e4, undecided, and sure of a class against -inf."""
    x = np.array([[1e4, -1e4, 0], [1e4, -1e4, 0], [1e4, 1e4, -1e4], [0, -np.inf, -np.inf], [-np.inf, 3, 3]], dtype)
    losses, correct = kernels.softmax_cross_entropy_by_row(x, [0, 1, 1, 0, 2])
    np.testing.assert_allclose(losses, [0, 2e4, np.log(2), 0, np.log(2)], rtol=1e-15)
    np.testing.assert_array_equal(correct, [1, 0, 0, 1, 0])
    _, gradient = kernels.softmax_cross_entropy(x, [0, 1, 1, 0, 2])
    expected = [[0, 0, 0], [1, -1, 0], [0.5, -0.5, 0], [0, 0, 0], [0, 0.5, -0.5]]
    np.testing.assert_array_equal(gradient, np.array(expected, dtype) * dtype(0.2))


def test_a_target_of_probability_0_costs_infinity_and_has_a_finite_gradient(variant, dtype):
    x = np.array([[0, -np.inf]], dtype)
    loss, gradient = kernels.softmax_cross_entropy(x, [1])
    assert loss == np.inf
    np.testing.assert_array_equal(gradient, [[1, -1]])
    loss, _ = kernels.softmax_cross_entropy(x, [0], label_smoothing=0.1)
    assert loss == np.inf
    loss, gradient = kernels.softmax_cross_entropy(x, [[1, 0]])  # 0 times log 0 counts as 0
    assert loss == 0
    np.testing.assert_array_equal(gradient, [[0, 0]])


def test_a_row_of_weight_0_counts_for_nothing(variant, dtype, rng):
    x = rng.normal(size=(6, 4)).astype(dtype)
    kept = WEIGHTS > 0
    loss, gradient = kernels.softmax_cross_entropy(x, LABELS, WEIGHTS)
    other, rest = kernels.softmax_cross_entropy(x[kept], LABELS[kept], WEIGHTS[kept])
    assert loss == other
    np.testing.assert_array_equal(gradient[kept], rest)
    np.testing.assert_array_equal(gradient[~kept], 0)


def test_class_numbers_are_shares_of_one_class(variant, dtype, rng):
    x = rng.normal(size=(6, 4)).astype(dtype)
    by_number = kernels.softmax_cross_entropy(x, LABELS, WEIGHTS, 0.1)
    by_share = kernels.softmax_cross_entropy(x, np.eye(4)[LABELS], WEIGHTS, 0.1)
    assert by_number[0] == pytest.approx(by_share[0], rel=1e-14)
    np.testing.assert_allclose(by_number[1], by_share[1], rtol=0, atol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.uint64, ">i4"])
def test_class_numbers_of_any_integer_dtype(kind):
    x = np.random.default_rng(0).normal(size=(6, 4))
    assert kernels.softmax_cross_entropy(x, LABELS.astype(kind))[0] == kernels.softmax_cross_entropy(x, LABELS)[0]


@pytest.mark.parametrize("k", [2, 5, 16, 33])
def test_correct_means_that_the_first_largest_stand_at_one_place(variant, dtype, k):
    x = np.zeros((3, k), dtype)
    x[1, k - 1] = 1
    np.testing.assert_array_equal(kernels.softmax_cross_entropy_by_row(x, [0, k - 1, k - 1])[1], [1, 1, 0])
    shares = np.full((3, k), 1 / k)
    shares[1] = np.eye(k)[k - 1]
    shares[2] = np.eye(k)[1]
    np.testing.assert_array_equal(kernels.softmax_cross_entropy_by_row(x, shares)[1], [1, 1, 0])


@pytest.mark.parametrize("name", cpu.runnable())
@given(n=st.integers(1, 40), k=st.integers(1, 70), smoothing=st.floats(0, 0.99), seed=st.integers(0, 99))
def test_gradients_of_a_row_sum_to_0_and_losses_are_those_of_the_rows(name, n, k, smoothing, seed):
    rng = np.random.default_rng(seed)
    x, labels, weights = rng.normal(0, 3, (n, k)), rng.integers(0, k, n), rng.uniform(0.1, 2, n)
    with cpu._using(name):
        loss, gradient = kernels.softmax_cross_entropy(x, labels, weights, smoothing)
        losses, _ = kernels.softmax_cross_entropy_by_row(x, labels, smoothing)
    assert loss == pytest.approx((losses * weights).sum() / weights.sum(), rel=1e-13)
    assert (losses >= -1e-15).all()
    np.testing.assert_allclose(gradient.sum(1), 0, atol=1e-14)


def test_the_squared_error_of_known_rows(variant, dtype):
    x, target = np.array([[1, 2, 3], [0, 0, 0]], dtype), np.array([[1, 0, 0], [2, -2, 1]], dtype)
    losses = kernels.mean_squared_error_by_row(x, target)
    np.testing.assert_array_equal(losses, [13 / 3, 3])
    loss, gradient = kernels.mean_squared_error(x, target, [1, 3])
    assert loss == pytest.approx((13 / 3 + 9) / 4, rel=1e-15)
    factors = np.array([[1], [3]]) / 4 * 2 / 3
    np.testing.assert_allclose(gradient, (x - target) * factors, rtol=3 * np.finfo(dtype).eps)


LOGITS = np.zeros((3, 4))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((LOGITS, [0, 4, 1]), DataError, "target: expected integers from 0 to 3, got 4 at position 1"),
        ((LOGITS, [0, 1, -1]), DataError, "target: expected integers from 0 to 3, got -1 at position 2"),
        ((LOGITS, [0, 1]), ShapeError, "target: expected 3 rows, got 2"),
        ((LOGITS, [0.0, 1.0, 2.0]), DtypeError, "target: expected integers, got dtype float64"),
        ((LOGITS, np.ones((3, 3))), ShapeError, r"target: expected shape \(n, 4\), got \(3, 3\)"),
        (
            (LOGITS, np.ones((3, 4))),
            DataError,
            r"target: expected probabilities >= 0 that sum to 1, got \[1. 1. 1. 1.\] in row 0",
        ),
        ((LOGITS, [[1, 0, 0, 0], [2, -1, 0, 0], [1, 0, 0, 0]]), DataError, "target: .* in row 1"),
        ((LOGITS, np.full((3, 4), np.nan)), DataError, "target: expected probabilities"),
        ((LOGITS, [0, 1, 2], [1, 1]), ShapeError, r"weights: expected shape \(3,\), got \(2,\)"),
        ((LOGITS, [0, 1, 2], [1, -1, 1]), DataError, "weights: expected numbers >= 0, got -1.0 at position 1"),
        ((LOGITS, [0, 1, 2], [1, np.nan, 1]), DataError, "weights: expected finite numbers"),
        ((LOGITS, [0, 1, 2], [0, 0, 0]), DataError, "weights: expected a positive sum, got all zeros"),
        ((LOGITS, [0, 1, 2], None, 1), SettingError, r"label_smoothing: expected a finite number in \[0, 1\), got 1"),
        ((LOGITS, [0, 1, 2], None, -0.1), SettingError, "label_smoothing"),
    ],
)
def test_targets_and_weights_that_do_not_fit_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        kernels.softmax_cross_entropy(*arguments)


def test_squared_error_targets_must_have_the_shape_of_x():
    with pytest.raises(ShapeError, match=r"target: expected shape \(n, 4\), got \(3, 1\)"):
        kernels.mean_squared_error(LOGITS, np.zeros((3, 1)))
