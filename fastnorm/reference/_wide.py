"""The width in which results are judged."""

from typing import Any

import numpy as np

Array = np.ndarray


def _wide(x: Any, *others: Any) -> Any:
    """All arrays in the dtype that judges the first one's."""
    dtype = np.float64 if np.asarray(x).dtype.newbyteorder("=") == np.float32 else np.longdouble
    arrays = [None if array is None else np.asarray(array).astype(dtype) for array in (x, *others)]
    return arrays if others else arrays[0]
