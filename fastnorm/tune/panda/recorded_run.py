"""RecordedRun: a run, the record of the actions on it, and the way back to any moment.

Training is a function of the actions, so a moment without a checkpoint is reached from one before it: the actions in
between are done again at their minibatches, and the same bits come about.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from ...training.run import Checkpoint, Epoch, Run
from ..diagnostics.guard import GRACE, Verdict, is_finite
from ..study.actions import CUBS, GUARD, NUDGE, PERSON, REVERT, SCORE, UNDO, Action, Branch, Spot, Tree
from ..study.study import Study
from ..study.trial import Trial
from .checkpoints import Ring, stale
from .journal import Journal, checkpoint_at, checkpoints, live, start

STEERS = (NUDGE, REVERT, UNDO, CUBS)


class RecordedRun:
    """One trial under way by hand: the run's present state is the end of the live branch."""

    def __init__(self, run: Run, journal: Journal, trial: Trial) -> None:
        self.run = run
        self.journal = journal
        self.trial = trial  # its row, but for the values that follow from the curve
        self.ring = Ring()
        self.facts = run.configuration()
        self.first_rate: float  # the slot learning_rate with which it began; begin and go_on tell it
        self._read()

    def begin(self, state: bytes | None = None) -> None:
        """Steer from the run's present state; the training before it is part of the record."""
        run = self.run
        self.first_rate = run.slots["learning_rate"]
        branch = Branch(0, None, run.epoch, run.minibatch, curve=list(run.history))
        self.tree = Tree([branch], [])
        self.journal.begin(self.row(), branch, run.checkpoint(), self.facts)
        self._read()
        if state is not None:
            run.restore(state)
            self.take_in()

    def go_on(self) -> None:
        """Steer from where the record ends; FileError where the run was made in another way."""
        mark, fork = live(self.study, self.trial.number, self.tree, self.facts), self.run.fork()
        fork.revert(start(self.study, self.trial.number, self.facts))
        self.first_rate = fork.slots["learning_rate"]
        self.run.revert(mark)

    def _read(self) -> None:
        """Take the record as it is written."""
        study, number = self.study, self.trial.number
        self.tree = Tree(study.branches(number), study.actions(number))
        self._stored = checkpoints(study, number)

    # ---- its present state ----

    @property
    def study(self) -> Study:
        """The study that holds the record."""
        return self.journal.writer.study

    @property
    def now(self) -> Spot:
        """The present moment."""
        return self.tree.now(self.run.epoch, self.run.minibatch)

    @property
    def best(self) -> tuple[Epoch, int] | None:
        """The best epoch of all branches by validation, and its branch; of equals one of the live path, the first.

        None where none was judged, or none had a finite loss.
        """
        return self.tree.best(self.run.history, self.run.loss.metric)

    @property
    def opened(self) -> Action | None:
        """The opening of the test set, which is the end of steering."""
        return next((action for action in self.tree.actions if action.kind == SCORE), None)

    def row(self, new: Sequence[Epoch] = ()) -> Trial:
        """The trial as the live path makes it, its best epoch that of all; new ones are not among the branches' yet."""
        history, best = self.run.history, self.best
        curves = [*(branch.curve for branch in self.tree.branches), new]
        seconds = math.fsum(epoch.seconds for curve in curves for epoch in curve)
        trial = replace(self.trial, epochs=len(history), seconds=seconds, score=None, loss=None, best_epoch=None)
        if best is not None:
            epoch, _ = best
            return replace(trial, score=epoch.validation_metric, loss=epoch.validation_loss, best_epoch=epoch.number)
        return trial

    # ---- forward ----

    def settle(self) -> None:
        """Close an epoch whose minibatches are all done, where an interruption has left it open."""
        if self.run.minibatch == self.run.minibatches:
            self.run.advance()
            self.take_in()

    def take_in(self) -> None:
        """Record the epochs that were finished, and the run's state; the next call does what was interrupted."""
        branch, now, mark = self.tree.live, self.now, self.run.checkpoint()
        new = mark.history[len(branch.curve) + (0 if branch.parent is None else branch.epoch) :]
        stored = [*self._stored, now] if new else self._stored
        let_go = stale(self.tree, stored, now) if new else []
        try:
            self.journal.write(
                self.row(new), None, mark.state, epochs=(branch.number, new), checkpoint=now if new else None,
                stale=let_go,
            )  # fmt: skip
        except BaseException:
            self.journal.writer.rollback()
            raise
        self._stored = [spot for spot in stored if spot not in let_go]
        if new:
            self.ring.add(now, mark)
            branch.curve.extend(new)

    def keep_model(self) -> None:
        """Record the model of the best epoch of all branches; of the live path's end, where none was judged."""
        best, fork = self.best, self.run.fork()
        if best is not None and best[0].number >= self.tree.first_epoch:
            self.travel(self.end_of(best[0].number, best[1]), fork)
        model = fork.model.to_bytes()
        self.trial = replace(self.trial, weights=hashlib.sha256(model).hexdigest())
        self.journal.keep(self.row(), model)

    # ---- actions ----

    def act(self, kind: str, by: str = PERSON, **details: Any) -> Action:
        """Record an action that changes nothing in the run."""
        action = self.action(kind, by, details)
        with self.whole() as mark:
            self.journal.write(self.row(), None, mark.state, actions=[action])
            self.tree.actions.append(action)
        return action

    def set(self, slots: Mapping[str, float], by: str = PERSON, **details: Any) -> Action:
        """Change slots from the next minibatch on, and record it."""
        run, before = self.run, self.shown(slots)
        with self.whole() as mark:
            self.ring.add(self.now, mark)
            run.set(**slots)
            changes = {"from": before, "to": self.shown(slots), "slots": dict(slots)}
            action = self.action(NUDGE, by, changes | details)
            self.journal.write(self.row(), None, run.checkpoint().state, actions=[action])
            self.tree.actions.append(action)
        return action

    def branch_off(self, spot: Spot, kind: str, by: str = PERSON, **details: Any) -> Action:
        """Go to a moment and begin a branch there; the branch left behind stays in the record."""
        number = len(self.tree.branches)
        branch = Branch(number, spot.branch, spot.epoch, spot.minibatch, spot.after)
        action = self.action(kind, by, {**details, "branch": number})
        with self.whole() as mark:
            self.ring.add(self.now, mark)
            self.travel(spot)
            self.grow([action], [branch])
        return action

    def rescue(self, verdict: Verdict) -> None:
        """Revert and nudge. The rate is a share of the one that failed, so that one rescue after the other gets on.

        A person's latest action is not taken back: the guard goes back to the moment after it at the most.
        """
        rate, reason = self.run.slots["learning_rate"] * verdict.factor, verdict.reason
        spot = self.tree.end_of(max(verdict.epoch, self.tree.first_epoch), self.now)
        if (held := self.held()) is not None and not self.tree.leads(held, spot):
            spot, reason = held, f"{reason}; what was done by hand is kept"
        reverted = self.branch_off(spot, REVERT, GUARD, epoch=spot.epoch, reason=reason)
        self.set({"learning_rate": rate}, GUARD, reason=reason, part_of=reverted.number)

    def held(self) -> Spot | None:
        """The moment after a person's last act, while the guard must respect it and its epochs were sound."""
        spot = self.tree.steered(self.now)
        if spot is None or self.run.epoch - spot.epoch > GRACE:
            return None
        before = self.tree.history(spot)
        return spot if not before or is_finite(before[-1]) else None

    def grow(self, actions: Sequence[Action], branches: Sequence[Branch]) -> None:
        """Record new branches, the last of which is live: the run is at its end."""
        self.tree.actions.extend(actions)
        self.tree.branches.extend(branches)
        spot = None
        if branches[-1].curve:
            spot = self.now
            self._stored.append(spot)
        mark = self.run.checkpoint()
        row = self.row()
        self.journal.write(row, mark.history, mark.state, actions=actions, branches=branches, checkpoint=spot)

    def action(self, kind: str, by: str, details: dict[str, Any]) -> Action:
        """An action of this moment, not done yet."""
        step, epoch, minibatch = map(int, self.run.program.state.position)
        decides = kind in STEERS and self.run.validates and "part_of" not in details
        seen = kind == CUBS or any(branch.curve for branch in self.tree.branches)
        peek = {"peek": True} if decides and seen else {}
        branch, number = self.tree.live.number, len(self.tree.actions)
        return Action(number, branch, epoch, minibatch, step, kind, by, details | peek)

    def shown(self, names: Mapping[str, Any]) -> dict[str, float]:
        """Hyperparameters as they act, with their schedules' factors."""
        acting = self.run.acting
        return {name: acting[name] for name in names}

    @contextmanager
    def whole(self) -> Iterator[Checkpoint]:
        """A block that is done and recorded, or neither, however it ends; gives the checkpoint of its beginning."""
        mark, count = self.run.checkpoint(), len(self.tree.actions)
        try:
            yield mark
        except BaseException:
            self.journal.writer.rollback()
            self._read()
            if len(self.tree.actions) == count:
                self.run.revert(mark)
            else:
                self.go_on()
            raise

    # ---- back in time ----

    def end_of(self, epoch: int, branch: int) -> Spot:
        """The moment at the end of an epoch on the way to a branch's end, before anything was done there."""
        tree = self.tree
        return tree.end_of(epoch, self.now if branch == tree.live.number else tree.tip(branch))

    def travel(self, spot: Spot, run: Run | None = None) -> None:
        """Bring the run, or a fork of it, to a moment of the record."""
        run = run or self.run
        near = [here for here in [*self.ring, *self._stored] if self.tree.leads(here, spot)]
        last = max(near, key=lambda here: (here.place, here.after))
        if last in self.ring:
            run.revert(self.ring[last])
        else:
            run.revert(checkpoint_at(self.study, self.trial.number, last, self.tree, self.facts))
        for action in self.tree.done_between(last, spot):
            if action.kind == NUDGE:
                reach(run, action.epoch, action.minibatch)
                run.set(**action.details["slots"])
        reach(run, *spot.place)


class Advances(Protocol):
    """Anything with advance(): a Run or a panda."""

    def advance(self, epochs: int, *, minibatches: int) -> list[Epoch]: ...


def reach(run: Run, epoch: int, minibatch: int, forward: Advances | None = None) -> None:
    """Advance a run to a place that lies before it, or have its panda do it."""
    while (left := (epoch - run.epoch) * run.minibatches + minibatch - run.minibatch) > 0:
        (forward or run).advance(epoch - run.epoch + 1, minibatches=left)
