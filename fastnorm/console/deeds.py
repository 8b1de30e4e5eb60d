"""What keys do to a panda, where that is more than one of its own methods."""

from ..errors import SettingError
from ..tune import Panda
from ..tune._branches import GUARD
from ..tune._helm import best_of


def veto(panda: Panda) -> None:
    """Take back what the guard did last, and switch it off; SettingError where somebody has done something since."""
    last = panda.undoable
    if last is None or last.by != GUARD:
        raise SettingError("veto: the guard did nothing, or something was done since; u takes that back first")
    panda.guard = None
    panda.undo()


def undo(panda: Panda) -> None:
    """Take the last intervention back."""
    panda.undo()


def best_epoch(panda: Panda) -> int | None:
    """The best epoch of the live path by validation; None where none was judged."""
    best = best_of(panda.history, panda.run.loss.metric)
    return None if best is None else best.number


def open_test_set(panda: Panda) -> dict[str, float]:
    """Go back to the best epoch, whose weights are the model's, and judge them by the test set."""
    best, run = best_epoch(panda), panda.run
    if best is not None and (run.epoch, run.minibatch) != (best, 0):
        panda.revert(best)
    return panda.final_score()


def rescale(panda: Panda, factor: float) -> None:
    """Multiply the learning rate of the next minibatch."""
    with panda.still() as run:
        panda.nudge(learning_rate=run.learning_rate * factor)
