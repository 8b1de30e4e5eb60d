"""The order in which an epoch takes the rows: keyed by seed and epoch, handed out in pieces of whole minibatches."""

import numpy as np

from .. import checks
from ..errors import SettingError
from ..kernels import random

WINDOW = 1 << 16  # rows, where they lie on disk and nothing else is asked for
BLOCKS = 64  # of a window


def minibatch_starts(rows: int, batch_size: int, normalizes: bool) -> np.ndarray:
    """Where each minibatch begins in the order of an epoch, and the end of the last; one that normalizes has 2 rows."""
    starts = np.append(np.arange(0, rows, batch_size), rows)
    if normalizes and min(batch_size, rows) == 1:
        raise SettingError("batch norm needs minibatches of 2 rows or more: the variance of one row is 0")
    if normalizes and starts[-1] - starts[-2] == 1:
        starts = np.delete(starts, -2)
    return starts


class Shuffle:
    """All rows in random order, or in windows.

    seed    the key, with the epoch's number
    starts  where each minibatch begins in the order of an epoch, and the end of the last: the number of rows
    window  rows shuffled together, or None for all. With a window the rows are cut into blocks of window / 64 that
            follow each other in memory; the blocks are shuffled, then the rows of each 64 blocks among themselves. So
            reading stays within 64 places at a time, and no list of all rows is needed
    """

    def __init__(self, seed: int, starts: np.ndarray, window: int | None = None) -> None:
        self.rows = int(starts[-1])
        self.window = None if window is None or window >= self.rows else checks.integer("window", window, 1)
        self._seed, self._starts = seed, starts
        self._block = -(-(self.window or self.rows) // BLOCKS)
        self._kept: tuple[int, np.ndarray] | None = None

    def piece(self, epoch: int, minibatch: int) -> tuple[int, int, np.ndarray]:
        """The piece of an epoch's order with this minibatch: its first, the one after its last, and their rows."""
        starts = self._starts
        order = self._order(epoch)
        if self.window is None:
            return 0, len(starts) - 1, order
        borders = self._borders(order)
        window = int(np.searchsorted(borders, starts[minibatch], side="right")) - 1
        first, end = (int(minibatch) for minibatch in np.searchsorted(starts, borders[window : window + 2]))
        end = min(end, len(starts) - 1)
        parts = []
        for number in range(window, int(np.searchsorted(borders, starts[end]))):
            rows = self._window(epoch, order, number)
            parts.append(rows[max(starts[first] - borders[number], 0) : starts[end] - borders[number]])
        return first, end, np.concatenate(parts)

    def _order(self, epoch: int) -> np.ndarray:
        """The rows of an epoch in order, or its blocks where there are windows."""
        if self._kept is None or self._kept[0] != epoch:
            self._kept = None  # before the next takes as much memory
            count = self.rows if self.window is None else -(-self.rows // self._block)
            purpose = 0 if self.window is None else 1
            self._kept = epoch, random.permutation(self._seed, random.SHUFFLE, purpose, epoch % 2**32, count)
        return self._kept[1]

    def _borders(self, blocks: np.ndarray) -> np.ndarray:
        """Where each window begins in the epoch, and the end: all have one size, but the one with the last block."""
        ends = np.minimum((np.arange(0, len(blocks), BLOCKS) + BLOCKS), len(blocks)) * self._block
        short = len(blocks) * self._block - self.rows
        ends[int(np.argmax(blocks)) // BLOCKS :] -= short
        return np.append(0, ends)

    def _window(self, epoch: int, blocks: np.ndarray, number: int) -> np.ndarray:
        """The rows of a window in order."""
        first = blocks[number * BLOCKS : (number + 1) * BLOCKS] * self._block
        rows = (first[:, None] + np.arange(self._block)).reshape(-1)
        rows = rows[rows < self.rows]
        return rows[random.permutation(self._seed, random.SHUFFLE, 2 + number, epoch % 2**32, len(rows))]
