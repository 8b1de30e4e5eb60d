"""What keys do to a panda, where that is more than one of its own methods."""

from ..errors import SettingError
from ..tune import Panda
from ..tune._branches import GUARD


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


def open_test_set(panda: Panda) -> dict[str, float]:
    """Go back to the best epoch, whose weights are the model's, and judge them by the test set."""
    best, run = panda.best, panda.run
    if best is not None and (run.epoch, run.minibatch) != (best.number, 0):
        panda.revert(best.number)
    return panda.final_score()


def rescale(panda: Panda, factor: float) -> None:
    """Multiply the learning rate of the next minibatch."""
    with panda.still() as run:
        panda.nudge(learning_rate=run.learning_rate * factor)
