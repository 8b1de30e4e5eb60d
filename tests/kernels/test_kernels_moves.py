"""Copies, and one row, column or number spread over a matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels
from fastnorm.errors import SettingError, ShapeError
from fastnorm.kernels import cpu


def test_any_bits_are_copied_unchanged(variant, dtype):
    x = np.array([[np.nan, -0.0, np.inf, np.finfo(dtype).smallest_subnormal]] * 7, dtype)
    y = kernels.copy(x)
    assert y.tobytes() == x.tobytes()
    assert not np.may_share_memory(x, y)


@pytest.mark.parametrize("name", cpu.runnable())
@given(n=st.integers(1, 20), c=st.integers(1, 70), rows=st.booleans(), columns=st.booleans())
def test_spread_is_a_broadcast(name, n, c, rows, columns):
    x = np.arange((n if rows else 1) * (c if columns else 1), dtype=np.float32).reshape(n if rows else 1, -1)
    with cpu._using(name):
        y = kernels.spread(x, (n, c), 0.25)
    np.testing.assert_array_equal(y, np.broadcast_to(x / 4, (n, c)))


def test_spread_keeps_nan_and_infinity(variant, dtype):
    x = np.array([[np.nan], [np.inf], [-np.inf]], dtype)
    np.testing.assert_array_equal(kernels.spread(x, (3, 5), 2), np.broadcast_to(x, (3, 5)))


@pytest.mark.parametrize(
    ("shape", "scale", "error", "words"),
    [
        ((3, 4), 1, ShapeError, r"x: expected 1 or 3 rows and 1 or 4 columns, got shape \(2, 4\)"),
        ((2, 5), 1, ShapeError, r"x: expected 1 or 2 rows and 1 or 5 columns, got shape \(2, 4\)"),
        ((0, 4), 1, SettingError, "shape: expected a whole number at least 1, got 0"),
        ((2, 4.0), 1, SettingError, "shape: expected a whole number, got 4.0"),
        ((2, 4), np.nan, SettingError, "scale: expected a finite number"),
    ],
)
def test_what_does_not_fit_is_named(shape, scale, error, words):
    with pytest.raises(error, match=words):
        kernels.spread(np.ones((2, 4)), shape, scale)
