"""Sums of rows, columns and all elements, the largest of rows and columns, and whether all is finite."""

import numpy as np
import pytest
from helpers import cases
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels, reference
from fastnorm.errors import DtypeError, SettingError, ShapeError
from fastnorm.kernels import cpu


@pytest.mark.parametrize("name", cpu.runnable())
@given(n=st.integers(1, 30), c=st.integers(1, 140))
def test_sums_of_whole_numbers_are_exact(name, n, c):
    x = (np.arange(n * c).reshape(n, c) % 23 - 9).astype(np.float32)
    with cpu._using(name):
        rows, columns, total = kernels.row_sums(x, 0.5), kernels.column_sums(x, 0.5), kernels.total_sum(x, 0.5)
    np.testing.assert_array_equal(rows, x.sum(1) / 2)
    np.testing.assert_array_equal(columns, x.sum(0) / 2)
    assert total == x.sum() / 2


@pytest.mark.parametrize("shape", [(40, 1030), (300, 1500), (8200, 1100)])  # all rows of a strip, a few, each alone
def test_columns_come_to_the_same_in_all_orders_of_strips_and_rows(variant, shape):
    n, c = shape
    x, ones = (np.arange(n * c).reshape(shape) % 23 - 9).astype(np.float32), np.ones(n)
    np.testing.assert_array_equal(kernels.column_sums(x), x.sum(0))
    np.testing.assert_array_equal(kernels.column_max(x), x.max(0))
    dgamma, dbeta = kernels.layernorm_gamma_beta_backward(x, x, 0 * ones, ones)  # each row stands as it is
    np.testing.assert_array_equal(dgamma, (x * x).sum(0))
    np.testing.assert_array_equal(dbeta, x.sum(0))


def test_sums_are_added_and_scaled_in_double(variant):
    tenth = np.float32(0.1)
    x = np.full((3, 20000), tenth)
    np.testing.assert_array_equal(kernels.row_sums(x), np.float32(20000 * np.float64(tenth)))
    np.testing.assert_array_equal(kernels.row_sums(x, 1 / 20000), tenth)
    np.testing.assert_array_equal(kernels.column_sums(x.T, 1 / 20000), tenth)
    assert kernels.total_sum(x) == np.float32(60000 * np.float64(tenth))
    assert kernels.total_sum(np.array([[1e8, 1, -1e8]], np.float32)) == 1


def test_the_total_is_a_scalar_of_the_matrix_dtype(dtype):
    assert type(kernels.total_sum(np.ones((2, 3), dtype))) is dtype


def test_sums_keep_nan_and_infinity(variant, dtype):
    x = np.array([[1, np.nan], [1, np.inf], [1, 2]], dtype)
    np.testing.assert_array_equal(kernels.row_sums(x), [np.nan, np.inf, 3])
    np.testing.assert_array_equal(kernels.column_sums(x), [3, np.nan])
    assert np.isnan(kernels.total_sum(x))


@pytest.mark.parametrize("scale", [np.nan, np.inf, "a"])
def test_a_scale_must_be_a_finite_number(scale):
    for kernel in (kernels.row_sums, kernels.column_sums, kernels.total_sum):
        with pytest.raises(SettingError, match="scale: expected a"):
            kernel(np.ones((2, 3)), scale)


@pytest.mark.parametrize("c", [1, 5, 16, 17, 70])
def test_nan_is_larger_than_all_and_minus_infinity_smaller(variant, dtype, c):
    for place in {0, c // 2, c - 1}:
        x = np.full((5, c), -np.inf, dtype)
        x[1], x[2], x[3] = -5, np.inf, 3
        x[:2, place] = np.nan, 7
        x[3, place] = np.nan
        for y, expected in ((kernels.row_max(x), x.max(1)), (kernels.column_max(x.T), x.max(1))):
            np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("name", cpu.runnable())
@given(n=st.integers(1, 20), c=st.integers(1, 140), most=st.integers(0, 5), seed=st.integers(0, 99))
def test_equals_share_the_gradient_and_the_rest_has_none(name, n, c, most, seed):
    rng = np.random.default_rng(seed)
    x, dy = rng.integers(-most, most + 1, (n, c)).astype(np.float32), rng.normal(size=n).astype(np.float32)
    with cpu._using(name):
        y = kernels.row_max(x)
        by_rows = kernels.row_max_backward(dy, x, y)
        by_columns = kernels.column_max_backward(dy, x.T, y)
    largest = x == x.max(1, keepdims=True)
    np.testing.assert_array_equal(y, x.max(1))
    np.testing.assert_array_equal(by_rows, np.where(largest, (dy / largest.sum(1).astype(np.float32))[:, None], 0))
    np.testing.assert_array_equal(by_columns.T, by_rows)


def test_gradients_of_maxima_are_those_of_central_differences(variant, rng):
    x, dy = rng.permutation(42).reshape(6, 7).astype(np.float64), rng.normal(size=6)
    gradient = kernels.row_max_backward(dy, x, kernels.row_max(x))
    expected = cases.central_difference(lambda v: (kernels.row_max(v) * dy).sum(), x)
    assert cases.relative_error(gradient, expected) <= 1e-7
    gradient = kernels.column_max_backward(dy, x.T, kernels.column_max(x.T))
    expected = cases.central_difference(lambda v: (kernels.column_max(v) * dy).sum(), np.ascontiguousarray(x.T))
    assert cases.relative_error(gradient, expected) <= 1e-7


def test_gradients_of_sums_are_those_of_central_differences(variant, rng):
    x, dy = rng.normal(size=(4, 5)), rng.normal(size=(4, 1))
    gradient = kernels.spread(dy, x.shape, 0.3)
    expected = cases.central_difference(lambda v: (kernels.row_sums(v, 0.3) * dy[:, 0]).sum(), x)
    assert cases.relative_error(gradient, expected) <= 1e-7
    gradient = kernels.spread(dy.T, x.T.shape, 0.3)
    expected = cases.central_difference(lambda v: (kernels.column_sums(v, 0.3) * dy[:, 0]).sum(), x.T.copy())
    assert cases.relative_error(gradient, expected) <= 1e-7
    expected = cases.central_difference(lambda v: float(kernels.total_sum(v, 0.3)), x)
    assert cases.relative_error(kernels.spread([[1]], x.shape, 0.3), expected) <= 1e-7


def test_a_maximum_of_nan_has_a_gradient_of_nan_and_other_rows_their_own(variant, dtype):
    x = np.array([[1, np.nan, 3], [2, 2, 1], [-np.inf, -np.inf, -np.inf]], dtype)
    expected = np.array([[np.nan] * 3, [2, 2, 0], [2, 2, 2]], dtype)
    dy = np.array([5, 4, 6], dtype)
    np.testing.assert_array_equal(kernels.row_max_backward(dy, x, kernels.row_max(x)), expected)
    np.testing.assert_array_equal(kernels.column_max_backward(dy, x.T, kernels.column_max(x.T)), expected.T)


def _ends(dtype):
    """The numbers nearest to what is not finite, and those farthest from it."""
    facts = np.finfo(dtype)
    return np.array([facts.max, facts.min, facts.smallest_normal, facts.smallest_subnormal, 0.0, -0.0, 1.0], dtype)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 16, 26, 63, 64, 65, 784])
def test_finite_numbers_are_finite_to_the_largest(variant, dtype, count):
    x = np.resize(_ends(dtype), count)
    assert kernels.all_finite(x) is reference.all_finite(x) is True


@pytest.mark.parametrize("wrong", [np.nan, -np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("count", [1, 2, 7, 16, 26, 63, 64, 65])
def test_one_number_that_is_not_finite_is_seen_wherever_it_stands(variant, dtype, wrong, count):
    x = np.resize(_ends(dtype), count)
    for place in range(count):
        x[place], kept = wrong, x[place]
        assert kernels.all_finite(x) is reference.all_finite(x) is False
        x[place] = kept
    assert kernels.all_finite(np.append(x, wrong)[:-1])  # nothing is read behind the end


def test_every_pattern_of_bits_that_is_not_finite_is_seen(variant):
    """The smallest and the largest of the nans' bits, signalling ones too, of either sign, alone and together."""
    single = np.array([0x7F800001, 0x7FFFFFFF, 0xFF800001, 0xFFFFFFFF, 0x7F800000, 0xFF800000], np.uint32)
    double = np.array([0x7FF0000000000001, 0x7FFFFFFFFFFFFFFF, 0xFFF0000000000001, 0xFFF0000000000000], np.uint64)
    for x in (single.view(np.float32), double.view(np.float64)):
        assert not any(kernels.all_finite(part) for part in (x, *x.reshape(-1, 1)))


@pytest.mark.parametrize("layout", cases.LAYOUTS)
def test_finite_in_any_layout(variant, dtype, layout):
    x = np.ones((5, 7), dtype)
    assert kernels.all_finite(cases.LAYOUTS[layout](x))
    x[2, 3] = np.inf
    assert not kernels.all_finite(cases.LAYOUTS[layout](x))


def test_finite_asks_for_numbers():
    assert kernels.all_finite([1, 2, 3])
    with pytest.raises(DtypeError, match="x: expected real numbers, got dtype complex128"):
        kernels.all_finite(np.ones(2, complex))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: kernels.row_max_backward(np.ones(2), x, np.ones(3)), "x: expected 2 rows, got 3"),
        (lambda x: kernels.row_max_backward(np.ones(3), x, np.ones(4)), r"y: expected shape \(3,\), got \(4,\)"),
        (lambda x: kernels.column_max_backward(np.ones(3), x, np.ones(4)), r"x: expected shape \(n, 3\)"),
        (lambda x: kernels.column_max_backward(np.ones(4), x, np.ones(3)), r"y: expected shape \(4,\), got \(3,\)"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ShapeError, match=words):
        call(np.ones((3, 4)))
