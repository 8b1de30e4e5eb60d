"""What a driver shows to the screen: a moment of the training, and notes."""

from dataclasses import dataclass

from ..training.run import Epoch
from ..tune import Action, Advice, Branch, RunStatistics


@dataclass(frozen=True)
class Note:
    """Something to be said that is no action; it came after so many actions."""

    after: int
    words: str
    is_wrong: bool = False


@dataclass(frozen=True)
class Moment:
    """What stands at a minibatch boundary; nothing of it changes any more."""

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
