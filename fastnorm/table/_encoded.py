"""Rows as numbers and codes, for networks whose layers encode them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Encoded:
    """Rows of a Table as it gives them to a network: numbers, and behind them codes; as an array, both side by side.

    numbers  float32 (n, places): a standardized number for each column that measures, 0 where missing, with a flag
             behind it where training rows had gaps; of dates the sines and cosines too
    codes    int32 (n, columns of labels): each label's place among the categories, their number for any other or none
    counts   how many codes each of these columns has, by its name
    A model reads codes by Embedding alone; training on a layer that takes them for numbers is an error.
    """

    numbers: np.ndarray
    codes: np.ndarray
    counts: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.numbers)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        """Return numbers and codes side by side, float32 (n, places + columns of labels)."""
        return np.concatenate([self.numbers, self.codes], axis=1, dtype=dtype or np.float32)

    @property
    def places(self) -> dict[int, str]:
        """The place of each column of codes in the array, and its name."""
        first = self.numbers.shape[1]
        return {first + place: name for place, name in enumerate(self.counts)}
