"""What every kernel promises: the reference's results, in any layout, for any number of threads; inputs left alone."""

import cases
import numpy as np
import pytest
import tolerances

from fastnorm import kernels, reference
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError


def wide(dtype):
    return np.float64 if dtype == np.float32 else np.longdouble


@pytest.mark.parametrize(("n", "c"), cases.MATRICES)
@pytest.mark.parametrize(("name", "call"), cases.all_calls())
def test_results_match_the_reference(variant, dtype, rng, name, call, n, c):
    arguments = call.arguments(rng, n, c, dtype)
    results = cases.outcome(getattr(kernels, name), call, arguments)
    expected = cases.outcome(getattr(reference, name), call, arguments, wide(dtype))
    tolerances.assert_close(name, results, expected, dtype, *arguments, **call.options)
