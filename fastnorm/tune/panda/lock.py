"""Turns: training in one thread, and others that act on it between two minibatches."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...errors import SettingError


class Turns:
    """Whose turn it is.

    Training takes its turn slice by slice. Whoever wants to act comes in through the door, has the slice under way stop
    at its next minibatch, and has the next turn: training waits as long as anyone holds it.
    stop  ends a slice under way, or the next one at once
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._door = threading.RLock()
        self._room = threading.RLock()
        self._trains = threading.Lock()
        self._ends = False

    @contextmanager
    def training(self) -> Iterator[None]:
        """All slices of one advance; SettingError for a second thread."""
        if not self._trains.acquire(blocking=False):
            raise SettingError("this panda is training in another thread; wait for it, or call its pause() first")
        try:
            yield
        finally:
            with self._room:
                self._ends = False
                self._trains.release()

    @property
    def ends(self) -> bool:
        """Whether the advance under way is to have no further slice."""
        return self._ends

    def end(self) -> None:
        """Have an advance under way end with the slice before this turn."""
        self._ends = self.trains

    @property
    def trains(self) -> bool:
        """Whether an advance is under way."""
        return self._trains.locked()

    @contextmanager
    def slice(self) -> Iterator[None]:
        """A turn of the training."""
        with self._door:
            pass
        with self._room:
            yield

    @contextmanager
    def acting(self) -> Iterator[None]:
        """A turn of whoever acts."""
        with self._door:
            if self.trains:
                self._stop()
            with self._room:
                yield
