"""Which checkpoints of a training are at hand: the latest in memory, ever fewer of the older ones on the disk."""

from collections.abc import Collection, Iterator

from ...training.run import Checkpoint
from ..study.actions import Spot, Tree

RING_BYTES = 2**28
NEWEST = 4  # epochs that are all kept on the disk
REFERENCE = 8  # bytes of an epoch in a history


class Ring:
    """The latest checkpoints within a limit of bytes; the oldest are dropped first, the newest is always kept."""

    def __init__(self, budget: int = RING_BYTES) -> None:
        self._budget = budget
        self._held: dict[Spot, Checkpoint] = {}
        self._bytes = 0

    def add(self, spot: Spot, mark: Checkpoint) -> None:
        """Keep a checkpoint of this moment."""
        self._drop(spot)
        self._held[spot] = mark
        self._bytes += _size(mark)
        while self._bytes > self._budget and len(self._held) > 1:
            self._drop(next(iter(self._held)))

    def _drop(self, spot: Spot) -> None:
        if spot in self._held:
            self._bytes -= _size(self._held.pop(spot))

    def __iter__(self) -> Iterator[Spot]:
        return iter(self._held)

    def __contains__(self, spot: Spot) -> bool:
        return spot in self._held

    def __getitem__(self, spot: Spot) -> Checkpoint:
        return self._held[spot]


def _size(mark: Checkpoint) -> int:
    return len(mark.state) + REFERENCE * len(mark.history)


def kept(epochs: Collection[int]) -> set[int]:
    """Which of these epochs' checkpoints stay: the newest 4, then every 2nd to an age of 8, every 4th to 16, and so on.

    So from a checkpoint to any later epoch it is less than two thirds of that one's age, there are about 2 for every
    doubling of the length, and one that was let go is never asked for again. The first one always stays.
    """
    newest = max(epochs)
    return {epoch for epoch in epochs if epoch == min(epochs) or epoch % _spacing(newest - epoch) == 0}


def _spacing(age: int) -> int:
    """The power of two that an epoch of this age must be a multiple of."""
    return 1 if age < NEWEST else 2 ** ((age // (NEWEST // 2)).bit_length() - 1)


def stale(tree: Tree, stored: Collection[Spot], now: Spot) -> list[Spot]:
    """The stored checkpoints to let go: of the live path as `kept` says, and of a dead branch all but the newest."""
    live = [spot for spot in stored if tree.leads(spot, now)]
    stay = kept([spot.epoch for spot in live]) if live else set()
    newest = {spot.branch: spot for spot in sorted(stored, key=lambda spot: spot.place)}
    return [spot for spot in stored if (spot.epoch not in stay if spot in live else newest[spot.branch] != spot)]
