"""Adding arrays in place."""

import numpy as np
import pytest

from fastnorm import kernels
from fastnorm.errors import DataError, DtypeError, ShapeError


def test_accumulate_changes_its_second_argument(variant, dtype):
    y = np.ones((3, 21), dtype)
    assert kernels.accumulate(np.full((3, 21), 2), y.astype(np.float64)).dtype == np.float64
    assert kernels.accumulate(np.full((3, 21), 2, dtype), y) is y
    np.testing.assert_array_equal(y, 3)


def test_y_must_fit_and_stand_apart():
    x = np.ones((3, 2), np.float32)
    with pytest.raises(DtypeError, match="y: expected an array of float32, got float64"):
        kernels.accumulate(x, np.ones((3, 2)))
    with pytest.raises(ShapeError, match=r"y: expected .* of shape \(3, 2\), got \(2, 3\)"):
        kernels.accumulate(x, np.ones((2, 3), np.float32))
    with pytest.raises(DataError, match="y: expected memory of its own"):
        kernels.accumulate(x, x)
    np.testing.assert_array_equal(x, 1)
