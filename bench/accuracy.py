"""How far a kernel's results stand from the reference's, in ulps."""

from collections.abc import Iterable

import numpy as np


def max_ulp(results: Iterable[object], expected: Iterable[object], dtype: np.dtype) -> float:
    """The largest error of any element of any result; integers and booleans must be equal, else it is infinite.

    An ulp is the distance between neighboring numbers of dtype at the expected element, or at the root mean square of
    its array where that is larger: where terms cancel, an error is measured against what was added.
    """
    return max(_error(np.asarray(a), np.asarray(b), dtype) for a, b in zip(results, expected, strict=True))


def _error(result: np.ndarray, expected: np.ndarray, dtype: np.dtype) -> float:
    if result.dtype.kind in "iub":
        return 0.0 if np.array_equal(result, expected) else np.inf
    typical = np.sqrt(np.mean(np.square(expected, dtype=np.float64)))
    ulp = np.spacing(np.maximum(np.abs(expected), typical).astype(dtype))
    return float(np.max(np.abs(result.astype(expected.dtype) - expected) / ulp))
