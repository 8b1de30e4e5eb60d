"""Snapshots for the screen: a moment of the training, and notes."""

from dataclasses import dataclass

from ..training.run import Epoch
from ..tune import Action, Advice, Branch, RunStatistics


@dataclass(frozen=True)
class Note:
    """A message that is no action; `after` is the number of actions before it."""

    after: int
    words: str
    is_wrong: bool = False


@dataclass(frozen=True)
class Moment:
    """The state at a minibatch boundary; it does not change any more."""

    history: list[Epoch]
    branches: list[Branch]
    actions: list[Action]
    place: tuple[int, int]
    slots: dict[str, float]
    learning_rate: float
    peeks: int
    look: RunStatistics | None
    advice: list[Advice]
    opened: dict[str, float] | None
