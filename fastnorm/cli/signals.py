"""SIGINT, SIGTERM and SIGHUP at a command: the first ends it as Ctrl-C does, the next do not end its saving."""

import os
import signal
import threading
import time
from types import FrameType
from typing import Any, Self

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STREAMS = (0, 1, 2)  # stdin, stdout, stderr
SAVING = 10.0  # seconds after one that raised in which others do not


class Signals:
    """A block in which these signals raise KeyboardInterrupt in the main thread.

    Signals that follow soon are ignored, for stopping and saving are under way: systems
    send several, and people press twice. A signal that was ignored before stays so: nohup's SIGHUP.

    received  the number of the first
    raises    False: none of them raises, and who said so looks at `received`
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.raises = True
        self._quiet_until = 0.0  # by time.monotonic()
        self._before: dict[int, Any] = {}
        self._terminals = [stream for stream in STREAMS if os.isatty(stream)]

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # handlers can be set in no other
            for number in ENDING:
                if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *raised: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.received = self.received or number
        if number == signal.SIGHUP:
            self._let_go()
        if self.raises and time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + SAVING
            raise KeyboardInterrupt

    def _let_go(self) -> None:
        """Turn away from a terminal that was closed: words to it would be errors, and the model would not be saved."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in self._terminals:
            if not os.isatty(stream):
                os.dup2(nowhere, stream)
        os.close(nowhere)
