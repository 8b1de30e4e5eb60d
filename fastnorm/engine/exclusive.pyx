"""Exclusive: the lock of a program's state, for one thread at a time."""

import threading

from ..errors import SettingError


cdef class Exclusive:
    """A `with` block for one thread at a time; an error for a second one.

    No line of Python lies between the lock and the block, so Ctrl-C cannot leave it locked.
    """

    def __cinit__(self):
        self.lock = threading.Lock()

    def __enter__(self):
        if not self.lock.acquire(blocking=False):
            raise SettingError("this run is training in another thread; wait for it, or call its stop() first")

    def __exit__(self, *_):
        self.lock.release()
