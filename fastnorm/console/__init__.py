"""The console of `fastnorm panda`: a training steered by hand on a terminal. It needs Textual (the extra `cli`)."""

from .app import INTERRUPTED, Console
from .driver import Driver

__all__ = ["INTERRUPTED", "Console", "Driver"]
