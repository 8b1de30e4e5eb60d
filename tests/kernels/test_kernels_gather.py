"""Gathering rows, and adding arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import kernels
from fastnorm.errors import DataError, DtypeError, ShapeError
from fastnorm.kernels import cpu


@pytest.mark.parametrize("name", cpu.runnable())
@given(n=st.integers(1, 30), c=st.integers(1, 300), data=st.data())
def test_gathered_rows_are_the_rows(name, n, c, data):
    rows = data.draw(st.lists(st.integers(0, n - 1), max_size=40))
    x = np.arange(n * c, dtype=np.float32).reshape(n, c)
    with cpu._using(name):
        y = kernels.gather(x, np.array(rows, np.int64))
    np.testing.assert_array_equal(y, x[rows].reshape(len(rows), c))


def test_any_bits_are_moved_unchanged(variant, dtype):
    x = np.array([[np.nan, -0.0, np.inf, np.finfo(dtype).smallest_subnormal]], dtype)
    assert kernels.gather(x, [0, 0]).tobytes() == x.tobytes() * 2
    assert kernels.transpose(x).tobytes() == x.tobytes()


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([0, 4], DataError, "rows: expected integers from 0 to 3, got 4 at position 1"),
        ([-1], DataError, "rows: expected integers from 0 to 3, got -1 at position 0"),
        ([0.0], DtypeError, "rows: expected integers, got dtype float64"),
        ([[0]], ShapeError, r"rows: expected shape \(n,\), got \(1, 1\)"),
        (np.array([2**63], np.uint64), DataError, "rows: .*got 9223372036854775808"),
    ],
)
def test_rows_that_are_not_there_are_named(rows, error, words):
    with pytest.raises(error, match=words):
        kernels.gather(np.ones((4, 3)), rows)
