"""Actions of a person on a training, its branches, and the path through them to any moment.

A moment of the record is a Spot: a place on a branch, and the last action that was done before it. Nothing here trains.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ... import checks
from ...errors import SettingError
from ...metrics import rank
from ...training.run import Epoch

NUDGE, PAUSE, MARK, REVERT, UNDO = "nudge", "pause", "checkpoint", "revert", "undo"
CUBS, VETO, SCORE, SWITCH = "cubs", "veto", "final_score", "guard"
PERSON, GUARD = "person", "guard"
NOTHING = -1  # done so far


@dataclass(frozen=True)
class Action:
    """One action, and where it took effect.

    number     from 0, in the order in which they were done
    branch     on which
    epoch, minibatch  whole epochs done, and minibatches of the next one; step: updates of the weights in all
    kind       "nudge", "pause", "checkpoint", "revert", "undo", "cubs", "veto", "guard" or "final_score"
    by         "person" or "guard"
    details    of a nudge "from" and "to", by names (learning_rate: as it acts, the schedule included) and "slots", what
               was set; of what begins a branch its number, "branch", and the number of the action that a nudge is
               "part_of"; "reason" of the guard; "note" of a checkpoint; "on", how the guard was switched; "left" of
               the pause in which a console was left; "peek" where there were results on validation data to decide by
    """

    number: int
    branch: int
    epoch: int
    minibatch: int
    step: int
    kind: str
    by: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Branch:
    """A line of training, which begins where it leaves its parent.

    number            from 0; the last one is live, and branches it does not pass through are dead
    parent            None for the first
    epoch, minibatch  where it begins
    after             number of the last action before that moment, -1: none
    curve             its own epochs
    """

    number: int
    parent: int | None
    epoch: int
    minibatch: int
    after: int = NOTHING
    curve: list[Epoch] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class Spot:
    """A moment: where on which branch, after which action (-1: none)."""

    branch: int
    epoch: int
    minibatch: int
    after: int

    @property
    def place(self) -> tuple[int, int]:
        """Where, without the branch."""
        return self.epoch, self.minibatch


class Tree:
    """All branches and actions of one training, in the order of their numbers."""

    def __init__(self, branches: list[Branch], actions: list[Action]) -> None:
        self.branches = branches
        self.actions = actions

    @property
    def live(self) -> Branch:
        """The branch that is being trained."""
        return self.branches[-1]

    @property
    def first_epoch(self) -> int:
        """The first one whose end is on record: 0, unless the training began before it was steered."""
        return self.branches[0].epoch + bool(self.branches[0].minibatch)

    def now(self, epoch: int, minibatch: int) -> Spot:
        """The present moment, with the run's state at this place."""
        own = [action.number for action in self.actions if action.branch == self.live.number]
        return Spot(self.live.number, epoch, minibatch, own[-1] if own else self.live.after)

    def line(self, spot: Spot) -> Iterator[Spot]:
        """The last moment on each branch that leads to this one, from it back to the first branch."""
        yield spot
        while (branch := self.branches[spot.branch]).parent is not None:
            spot = Spot(branch.parent, branch.epoch, branch.minibatch, branch.after)
            yield spot

    def history(self, spot: Spot) -> tuple[Epoch, ...]:
        """The epochs that led to a moment."""
        ends = [*self.line(spot)][::-1]
        return tuple(epoch for end in ends for epoch in self.branches[end.branch].curve if epoch.number <= end.epoch)

    def leads(self, earlier: Spot, spot: Spot) -> bool:
        """Whether a moment lies on the way to another."""
        return any(
            earlier.branch == end.branch and earlier.place <= end.place and earlier.after <= end.after
            for end in self.line(spot)
        )

    def done_between(self, earlier: Spot, spot: Spot) -> list[Action]:
        """The actions on the way from one moment to another."""
        last = {end.branch: end.after for end in self.line(spot)}
        return [action for action in self.actions if earlier.after < action.number <= last.get(action.branch, NOTHING)]

    def done(self, spot: Spot) -> list[Action]:
        """All actions that led to a moment."""
        return self.done_between(Spot(0, 0, 0, NOTHING), spot)

    def end_of(self, epoch: int, now: Spot) -> Spot:
        """The moment at the end of an epoch on the way to now, before anything was done there."""
        epoch = checks.integer("revert", epoch, self.first_epoch, now.epoch)
        place = epoch, 0
        owner = next(end.branch for end in self.line(now) if self._begins_before(end.branch, place))
        done = [action.number for action in self.done(now) if (action.epoch, action.minibatch) < place]
        return Spot(owner, epoch, 0, done[-1] if done else NOTHING)

    def tip(self, branch: int) -> Spot:
        """The moment at the end of a branch's last epoch."""
        curve = self.branches[branch].curve
        return Spot(branch, curve[-1].number if curve else self.branches[branch].epoch, 0, len(self.actions) - 1)

    def _begins_before(self, number: int, place: tuple[int, int]) -> bool:
        branch = self.branches[number]
        return branch.parent is None or (branch.epoch, branch.minibatch) < place

    def before_last(self, now: Spot) -> tuple[Spot, Action]:
        """The moment just before the last intervention that led to now, and that intervention."""
        if (last := self.last(now)) is None:
            raise SettingError("undo: nothing has been done yet that could be taken back")
        return self.just_before(last), last

    def best(self, live: Sequence[Epoch], metric: str) -> tuple[Epoch, int] | None:
        """The best epoch by validation, and its branch; of equals the first of the live path, given whole."""
        found = [(epoch, self.live.number) for epoch in live]
        found += [(epoch, branch.number) for branch in self.branches for epoch in branch.curve if epoch not in live]
        judged = [
            (rank(metric, epoch.validation_metric, epoch.validation_loss), place)
            for place, (epoch, _) in enumerate(found)
            if epoch.validation_metric is not None and epoch.validation_loss is not None
            if math.isfinite(epoch.validation_metric + epoch.validation_loss)
        ]
        return found[min(judged)[1]] if judged else None

    def lost(self, spot: Spot, now: Spot) -> int:
        """The number of epochs that led to now, but do not lead to another moment."""
        stay = self.history(spot)
        return sum(epoch not in stay for epoch in self.history(now))

    def steered(self, now: Spot) -> Spot | None:
        """The moment just after a person's last action on the live path, or after the one that began its branch."""
        for end in self.line(now):
            branch = self.branches[end.branch]
            there = [action for action in self.actions if action.branch == end.branch and action.number <= end.after]
            nudges = [action for action in there if action.kind == NUDGE and action.by == PERSON]
            if nudges:
                last = nudges[-1]
                return Spot(last.branch, last.epoch, last.minibatch, last.number)
            origin = self._origin(branch)
            if origin is not None and origin.by == PERSON:
                return Spot(branch.number, branch.epoch, branch.minibatch, branch.after)
        return None

    def _origin(self, branch: Branch) -> Action | None:
        """The action that began a branch; None for the first one, and for those of cubs that lost."""
        return next((action for action in self.actions if action.details.get("branch") == branch.number), None)

    def last(self, now: Spot) -> Action | None:
        """The last intervention that led to now.

        Marks and pauses are none, they changed nothing; and what was taken back already does not count. A nudge that is
        part of a rescue or of cubs belongs to it.
        """
        for end in self.line(now):
            nudges = [
                action
                for action in self.actions
                if action.branch == end.branch and action.number <= end.after
                if action.kind == NUDGE and "part_of" not in action.details
            ]
            last = nudges[-1] if nudges else self._origin(self.branches[end.branch])
            if last is not None and last.kind != UNDO:
                return last
        return None

    def just_before(self, action: Action) -> Spot:
        """The moment before an action took effect."""
        return Spot(action.branch, action.epoch, action.minibatch, action.number - 1)
