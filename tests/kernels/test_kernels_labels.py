"""Class numbers as rows of 0 and 1, and whether a row's largest stands at them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels, reference
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError
from fastnorm.kernels import cpu


@pytest.mark.parametrize("name", cpu.runnable())
@given(n=st.integers(1, 40), k=st.integers(1, 70), threads=st.integers(1, 3), seed=st.integers(0, 99))
def test_a_row_is_1_at_its_label_alone(name, n, k, threads, seed):
    labels = np.random.default_rng(seed).integers(0, k, n)
    with cpu._using(name):
        for dtype in (np.float32, np.float64):
            y = kernels.one_hot(labels, k, dtype, threads=threads)
            np.testing.assert_array_equal(y, reference.one_hot(labels, k, dtype))
            np.testing.assert_array_equal(kernels.hits(y, labels, threads=threads), 1)
            assert y.dtype == dtype


def test_one_hot_writes_to_out(dtype):
    out = np.full((2, 3), np.nan, dtype)
    assert kernels.one_hot(np.array([2, 0], ">i8"), 3, dtype, out=out) is out
    np.testing.assert_array_equal(out, [[0, 0, 1], [1, 0, 0]])


@pytest.mark.parametrize("k", [2, 5, 16, 33])
def test_a_hit_is_the_place_of_the_first_largest(variant, dtype, k):
    x = np.zeros((3, k), dtype)
    x[1, k - 1] = 1
    np.testing.assert_array_equal(kernels.hits(x, [0, k - 1, k - 1]), [1, 1, 0])
    shares = np.full((3, k), 1 / k)
    shares[1] = np.eye(k)[k - 1]
    shares[2] = np.eye(k)[1]
    np.testing.assert_array_equal(kernels.hits(x, shares), [1, 1, 0])


def test_infinity_is_a_number_and_nan_hits_nothing(variant, dtype):
    inf, nan = np.inf, np.nan
    x = np.array([[0, inf, inf], [-inf, -inf, -inf], [0, nan, 1], [nan, nan, nan]], dtype)
    np.testing.assert_array_equal(kernels.hits(x, [1, 0, 2, 0]), [1, 1, 0, 0])
    np.testing.assert_array_equal(kernels.hits(x, x), [1, 1, 0, 0])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: kernels.one_hot([0, 3], 3), DataError, "labels: expected integers from 0 to 2, got 3 at position 1"),
        (lambda: kernels.one_hot([0.0], 3), DtypeError, "labels: expected integers, got dtype float64"),
        (lambda: kernels.one_hot(np.zeros(0, int), 3), ShapeError, r"labels: expected shape \(n,\) with n >= 1"),
        (lambda: kernels.one_hot([0], 0), SettingError, "k: expected a whole number from 1 to"),
        (lambda: kernels.one_hot([0], 3, np.int32), DtypeError, "dtype: expected float32 or float64, got .*int32"),
        (lambda: kernels.hits(np.ones((2, 3)), [0]), ShapeError, "target: expected 2 rows, got 1"),
        (lambda: kernels.hits(np.ones((2, 3)), [0, 3]), DataError, "target: expected integers from 0 to 2, got 3"),
        (lambda: kernels.hits(np.ones((2, 3)), np.ones((2, 2))), ShapeError, r"target: expected shape \(n, 3\)"),
    ],
)
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
