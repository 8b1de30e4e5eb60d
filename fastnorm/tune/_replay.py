"""replay: the live path of a steered training once more, from the start, to the same weights."""

from ..errors import FileError, SettingError
from ..run import Run
from ._branches import Tree
from ._helm import reach
from ._opening import panda
from ._panda import Panda
from ._steering import live, start
from ._study import Study


def replay(study: Study, run: Run, trial: int = 0) -> Panda:
    """Do again, at the same minibatches, what led to the end of a record; what was taken back is left out.

    study  with the record; trial: which one of it was steered
    run    one made in the same way, not trained yet
    Returns a panda whose record, in memory, has these actions alone. Its weights are those at the end of the record,
    bit for bit: FileError where they are not, and where the run was made in another way.
    """
    facts, tree = run.facts(), Tree(study.branches(trial), study.actions(trial))
    recorded = live(study, trial, tree, facts)
    if run.program.state.position != (0, 0, 0):
        raise SettingError(f"replay: expected a run that is not trained yet, got one of {run.epoch} epochs")
    begins = tree.branches[0]
    if (begins.epoch, begins.minibatch) == (0, 0) and start(study, trial, facts).state != run.checkpoint().state:
        raise FileError("run: expected one that starts as the recorded one did: other weights, or hyperparameters")
    end = run.fork()
    end.revert(recorded)
    again = panda(run)
    for action in tree.done(tree.now(end.epoch, end.minibatch)):
        reach(run, action.epoch, action.minibatch, again)
        again._redo(action)
    reach(run, end.epoch, end.minibatch, again)
    if run.checkpoint().state != recorded.state:
        raise FileError(f"{study.path or 'study'}: other weights came about than are recorded: expected the same rows")
    return again
