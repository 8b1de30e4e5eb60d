"""Rows of a table by codes, good and bad."""

import numpy as np
import pytest
from helpers import cases
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels, reference
from fastnorm.errors import DtypeError, SettingError, ShapeError
from fastnorm.kernels import cpu

BAD = [-1, 3, 0.5, 2.5, -0.5, np.nan, np.inf, -np.inf, 1e30, -1e30, 2**31, 2**24 + 1, 1e-40]


@pytest.mark.parametrize("name", cpu.runnable())
@given(
    n=st.integers(1, 9), f=st.integers(1, 4), e=st.integers(1, 40), v=st.integers(1, 9), seed=st.integers(0, 99)
)  # fmt: skip
def test_rows_stand_side_by_side_and_gradients_come_back_to_them(name, n, f, e, v, seed):
    rng = np.random.default_rng(seed)
    table, codes = np.arange(v * e, dtype=np.float32).reshape(v, e), rng.integers(0, v, (n, f))
    dy = rng.integers(-9, 9, (n, f * e)).astype(np.float32)
    with cpu._using(name):
        y, dtable = kernels.embedding_forward(table, codes), kernels.embedding_backward(dy, codes, v)
    np.testing.assert_array_equal(y, table[codes].reshape(n, f * e))
    np.testing.assert_array_equal(dtable, reference.embedding_backward(dy, codes, v))


@pytest.mark.parametrize("e", [1, 3, 16, 19])
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_code_gives_nan_and_no_gradient(variant, dtype, e, bad):
    table = np.arange(1, 3 * e + 1, dtype=dtype).reshape(3, e)
    codes = np.array([[2, bad], [bad, -0.0]], dtype)
    y = kernels.embedding_forward(table, codes)
    nan = np.full(e, np.nan)
    np.testing.assert_array_equal(y, [[*table[2], *nan], [*nan, *table[0]]])
    dtable = kernels.embedding_backward(np.ones((2, 2 * e), dtype), codes, 3)
    np.testing.assert_array_equal(dtable, np.repeat([[1], [0], [1]], e, 1))


@pytest.mark.parametrize("v", [2**24 - 1, 2**24, 2**24 + 1])
def test_codes_at_the_end_of_a_float_s_whole_numbers(variant, v):
    table = np.zeros((v, 1), np.float32)
    table[-1] = 1
    codes = np.array([[v - 2, v - 1, v, v + 2]], np.float64)
    wanted = codes.astype(np.float32).astype(np.float64)
    good = wanted < v
    y = kernels.embedding_forward(table, codes)
    np.testing.assert_array_equal(np.isnan(y), ~good)
    np.testing.assert_array_equal(y[good], wanted[good] == v - 1)


def test_gradients_are_those_of_central_differences(variant, rng):
    table, codes, dy = rng.normal(size=(4, 3)), rng.integers(0, 4, (5, 2)), rng.normal(size=(5, 6))
    gradient = kernels.embedding_backward(dy, codes, 4)
    expected = cases.central_difference(lambda v: (kernels.embedding_forward(v, codes) * dy).sum(), table)
    assert cases.relative_error(gradient, expected) <= 1e-7


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: kernels.embedding_forward(np.ones((4, 3)), [0, 1]), ShapeError, "codes: expected a matrix"),
        (lambda: kernels.embedding_forward(np.ones((4, 3)), [["a"]]), DtypeError, "codes: expected real numbers"),
        (lambda: kernels.embedding_backward(np.ones((4, 3)), [[0]], 2), ShapeError, "codes: expected 4 rows, got 1"),
        (
            lambda: kernels.embedding_backward(np.ones((1, 3)), [[0, 1]], 2),
            ShapeError,
            r"dy: expected columns for each of 2 codes, got shape \(1, 3\)",
        ),
        (lambda: kernels.embedding_backward(np.ones((1, 3)), [[0]], 0), SettingError, "v: expected a whole number"),
    ],
)
def test_what_does_not_fit_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
