"""Actions of keys on a panda that are more than one of its own methods."""

from ..errors import SettingError
from ..tune import Action, Panda
from ..tune.study.actions import GUARD


def veto(panda: Panda, asked: Action | None) -> None:
    """Take back what the guard did last, and switch it off; SettingError where another action came since."""
    if asked is None or asked.by != GUARD:
        raise SettingError("veto: the guard did nothing, or something was done since; u takes that back first")
    _require_last(panda, asked)
    panda.guard = None
    panda.undo()


def undo(panda: Panda, asked: Action | None) -> None:
    """Take the last intervention back; SettingError where it is not the one that was asked for any more."""
    _require_last(panda, asked)
    panda.undo()


def _require_last(panda: Panda, asked: Action | None) -> None:
    if panda.undoable != asked:
        raise SettingError("undo: something was done meanwhile; ask again")


def open_test_set(panda: Panda) -> dict[str, float]:
    """Go back to the best epoch of all branches, whose weights are the model's, and judge them by the test set."""
    if panda.best is not None and not is_at_best(panda):
        panda.revert(panda.best.number, panda.best_left_on)
    return panda.final_score()


def is_at_best(panda: Panda) -> bool:
    """Whether the weights are those of the best epoch of all branches."""
    best, run = panda.best, panda.run
    return best is not None and panda.best_left_on is None and (run.epoch, run.minibatch) == (best.number, 0)


def rescale(panda: Panda, factor: float) -> None:
    """Multiply the learning rate of the next minibatch."""
    with panda.still() as run:
        panda.nudge(learning_rate=run.learning_rate * factor)
