"""Standardizing: subtract the training rows' mean, divide by their standard deviation (over n); all in float64."""

import numpy as np

from ..errors import DataError

LARGEST = float(np.finfo(np.float32).max)  # the limit of standardized targets, float32
FARTHEST = 1e6  # standard deviations: weights that multiply by 1000 in each of 10 layers stay within float32 behind it
ROUNDINGS = 4  # last bits by which values of one number, computed by a few sums and products, may differ


def mean_and_scale(name: str, values: np.ndarray, last_bit: float) -> tuple[float, float]:
    """Return mean and standard deviation of values (n,), n >= 1; the latter is exactly 0 where they are constant.

    last_bit  relative size of the last bit of the column's own numbers, 0 where these are exact; values are constant
              where no two differ by more than ROUNDINGS of it
    """
    low, high = float(values.min()), float(values.max())
    if high - low <= ROUNDINGS * last_bit * max(abs(low), abs(high)):
        return low, 0.0
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        mean, scale = float(values.mean()), float(values.std())
    if not np.isfinite([mean, scale]).all():
        raise DataError(f"column {name!r}: values from {low:g} to {high:g} are too large to average; divide them first")
    return mean, scale


def standardize(values: np.ndarray, mean: float, scale: float) -> np.ndarray:
    """Return (values - mean) / scale, nan where values are, infinite where that is too large for float64."""
    with np.errstate(over="ignore"):
        return (values - mean) / scale


def standardize_feature(values: np.ndarray, mean: float, scale: float) -> np.ndarray:
    """Return the same within +-FARTHEST, so that a network's result for it is finite."""
    return np.clip(standardize(values, mean, scale), -FARTHEST, FARTHEST)


def standardize_target(name: str, values: np.ndarray, mean: float, scale: float) -> np.ndarray:
    """Return the same for values without nan; DataError where that is too large for float32."""
    standardized = standardize(values, mean, scale)
    large = np.abs(standardized) > LARGEST
    if large.any():
        row = int(np.argmax(large))
        raise DataError(
            f"column {name!r}: {values[row]:g} in row {row} (rows count from 0) is too far from the training rows,"
            f" whose mean is {mean:g} and standard deviation {scale:g}"
        )
    return standardized
