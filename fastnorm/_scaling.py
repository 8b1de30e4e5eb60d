"""Standardizing: subtract the training rows' mean, divide by their standard deviation (over n); all in float64."""

import numpy as np

from .errors import DataError

LARGEST = float(np.finfo(np.float32).max)  # features are float32


def mean_and_scale(name: str, values: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation of values (n,), n >= 1; the latter is exactly 0 where all values are equal."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return low, 0.0
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        mean, scale = float(values.mean()), float(values.std())
    if not np.isfinite([mean, scale]).all():
        raise DataError(f"column {name!r}: values from {low:g} to {high:g} are too large to average; divide them first")
    return mean, scale


def standardize(name: str, values: np.ndarray, mean: float, scale: float) -> np.ndarray:
    """Return (values - mean) / scale, nan where values are; DataError where the result is too large for float32."""
    with np.errstate(over="ignore"):
        standardized = (values - mean) / scale
    large = np.abs(standardized) > LARGEST
    if large.any():
        row = int(np.argmax(large))
        raise DataError(
            f"column {name!r}: {values[row]:g} in row {row} (rows count from 0) is too far from the training rows,"
            f" whose mean is {mean:g} and standard deviation {scale:g}"
        )
    return standardized
