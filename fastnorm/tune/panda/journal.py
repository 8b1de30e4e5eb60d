"""Journal: the record of one trial that is steered by hand, in a study's file; see study/schema.py for the tables.

After every finished epoch and with every action the live state is written in the same transaction, so a process that is
killed loses no action, and of the training no more than the present epoch. The start is kept as Run.state() gives it,
with the facts of the run; of all later moments the bytes of Checkpoint.state, for the branches hold their history.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import FileError
from ...training.run import Checkpoint, Epoch
from ..study.actions import NOTHING, Action, Branch, Spot, Tree
from ..study.schema import CURVE, values_of
from ..study.study import Study
from ..study.trial import Trial
from ..study.writer import Writer

LIVE = 0  # the part of a trial's state that a panda continues from
ACTION = "INSERT INTO actions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
BRANCH = "INSERT INTO branches VALUES (?, ?, ?, ?, ?, ?)"
BRANCH_EPOCHS = f"REPLACE INTO branch_epochs VALUES (?, ?, {', '.join('?' for name in CURVE)})"
CHECKPOINT = "REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?)"


class Journal:
    """The tables of one trial; `write` and `begin` record all of their arguments or none."""

    def __init__(self, writer: Writer, trial: int) -> None:
        self.writer = writer
        self.trial = trial

    def begin(self, trial: Trial, branch: Branch, start: Checkpoint, facts: Mapping[str, Any]) -> None:
        """Record that a trial is steered from here on, its history so far being branch 0's."""
        with self.writer.writing() as write:
            for table in ("branches", "actions", "branch_epochs", "checkpoints"):
                write.execute(f"DELETE FROM {table} WHERE trial = ?", [self.trial])
            place = 0, branch.epoch, branch.minibatch, NOTHING
            write.execute(CHECKPOINT, (self.trial, *place, start.to_bytes(facts)))
        self.writer.start(trial)
        self.write(trial, start.history, start.state, branches=[branch])

    def write(
        self, trial: Trial, history: Sequence[Epoch] | None, state: bytes, *, actions: Sequence[Action] = (),
        branches: Sequence[Branch] = (), epochs: tuple[int, Sequence[Epoch]] = (0, ()), checkpoint: Spot | None = None,
        stale: Sequence[Spot] = (),
    ) -> None:  # fmt: skip
        """Record the trial's state and the new actions and epochs.

        history     epochs of the live path, where it has become another one
        state       to continue from
        epochs      of a branch, and its number; they are the live path's too
        checkpoint  where this state is to be kept; stale: which ones are let go
        """
        number = self.trial
        with self.writer.writing() as write:
            if history is not None:
                write.execute("DELETE FROM epochs WHERE trial = ?", [number])
            write.executemany(ACTION, [_to_row(number, action) for action in actions])
            for branch in branches:
                write.execute(
                    BRANCH, (number, branch.number, branch.parent, branch.epoch, branch.minibatch, branch.after)
                )
                write.executemany(BRANCH_EPOCHS, [(number, branch.number, *values_of(epoch)) for epoch in branch.curve])
            write.executemany(BRANCH_EPOCHS, [(number, epochs[0], *values_of(epoch)) for epoch in epochs[1]])
            if checkpoint is not None:
                spot = checkpoint
                write.execute(CHECKPOINT, (number, spot.branch, spot.epoch, spot.minibatch, spot.after, state))
            for spot in stale:
                write.execute(
                    "DELETE FROM checkpoints WHERE trial = ? AND branch = ? AND epoch = ?",
                    (number, spot.branch, spot.epoch),
                )
            write.execute("DELETE FROM states WHERE trial = ?", [number])
            write.execute("INSERT INTO states VALUES (?, ?, ?)", (number, LIVE, state))
        self.writer.stand(trial, epochs[1] if history is None else history)
        self.writer.commit()

    def keep(self, trial: Trial, model: bytes) -> None:
        """Record the trial's model."""
        with self.writer.writing() as write:
            write.execute("REPLACE INTO models VALUES (?, ?)", (self.trial, model))
        self.writer.stand(trial)
        self.writer.commit()


def live(study: Study, trial: int, tree: Tree, facts: Mapping[str, Any]) -> Checkpoint:
    """The state to continue from; FileError where the trial was not steered, or the run has other facts."""
    if not tree.branches:
        raise FileError(f"{study.path or 'study'}: trial {trial} was not steered by hand")
    start(study, trial, facts)
    curve, ((state,),) = study.curve(trial), study._read("SELECT content FROM states WHERE trial = ?", trial)
    return Checkpoint(bytes(state), tuple(curve))


def start(study: Study, trial: int, facts: Mapping[str, Any]) -> Checkpoint:
    """Where it began; FileError where the run has other facts."""
    return Checkpoint.from_bytes(_content(study, trial, checkpoints(study, trial)[0]), facts)


def checkpoints(study: Study, trial: int) -> list[Spot]:
    """Where there are checkpoints, the start first."""
    rows = study._read("SELECT branch, epoch, minibatch, after FROM checkpoints WHERE trial = ? ORDER BY 1, 2", trial)
    return [Spot(*row) for row in rows]


def checkpoint_at(study: Study, trial: int, spot: Spot, tree: Tree, facts: Mapping[str, Any]) -> Checkpoint:
    """One of them."""
    if spot == checkpoints(study, trial)[0]:
        return start(study, trial, facts)
    return Checkpoint(_content(study, trial, spot), tree.history(spot))


def _content(study: Study, trial: int, spot: Spot) -> bytes:
    query = "SELECT content FROM checkpoints WHERE trial = ? AND branch = ? AND epoch = ?"
    return bytes(study._read(query, trial, spot.branch, spot.epoch)[0][0])


def _to_row(trial: int, action: Action) -> tuple[Any, ...]:
    place = action.branch, action.epoch, action.minibatch, action.step
    return (trial, action.number, *place, action.kind, action.by, json.dumps(action.details))
