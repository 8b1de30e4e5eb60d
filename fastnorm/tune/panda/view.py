"""View: the readable side of a steered training, and its exports."""

from dataclasses import replace

from ...training.run import Epoch, Run
from ..space.space import Space
from ..study.actions import PAUSE, SWITCH, Action, Branch
from ..study.study import Study
from .exports import Steered, space_around, steered_schedule
from .recorded_run import RecordedRun


class View:
    """The reading side of a panda."""

    def __init__(self, recorded: RecordedRun) -> None:
        self._recorded = recorded

    @property
    def run(self) -> Run:
        """The run, at the end of the live branch."""
        return self._recorded.run

    @property
    def study(self) -> Study:
        """The study that holds the record."""
        return self._recorded.study

    @property
    def actions(self) -> list[Action]:
        """All that was done, on dead branches too, in order."""
        return list(self._recorded.tree.actions)

    @property
    def undoable(self) -> Action | None:
        """The action that undo would take back."""
        return self._recorded.tree.last(self._recorded.now)

    @property
    def branches(self) -> list[Branch]:
        """All branches; the last one is live."""
        return [replace(branch, curve=list(branch.curve)) for branch in self._recorded.tree.branches]

    @property
    def history(self) -> list[Epoch]:
        """The epochs of the live path, from the start."""
        return list(self.run.history)

    @property
    def best(self) -> Epoch | None:
        """The best epoch of all branches by validation, those left behind too: its model is the one that is kept.

        None where none was judged, or none had a finite loss.
        """
        return None if self._recorded.best is None else self._recorded.best[0]

    @property
    def best_left_on(self) -> int | None:
        """The number of the branch that the best epoch was left behind on; None: it is on the live path."""
        best = self._recorded.best
        return None if best is None or best[1] == self._recorded.tree.live.number else best[1]

    @property
    def lost_by_undo(self) -> int:
        """The number of finished epochs that undo would leave behind."""
        recorded, last = self._recorded, self.undoable
        return 0 if last is None else recorded.tree.lost(recorded.tree.just_before(last), recorded.now)

    @property
    def switched(self) -> bool | None:
        """How the guard was switched last, on or off; None: never."""
        return next((action.details["on"] for action in reversed(self.actions) if action.kind == SWITCH), None)

    @property
    def left_paused(self) -> bool:
        """Whether it was paused when one left it last, and nothing came after that."""
        last = next((action for action in reversed(self.actions) if action.kind != SWITCH), None)
        here = int(self.run.program.state.position[0])
        return last is not None and last.kind == PAUSE and "left" in last.details and last.step == here

    @property
    def peeks(self) -> int:
        """Number of decisions by person, guard or cubs that may have seen results on the validation data.

        The more often, the more the model fits these rows by choice, and the less their score says of new ones.
        """
        return sum("peek" in action.details for action in self._recorded.tree.actions)

    @property
    def opened(self) -> dict[str, float] | None:
        """The score on the test set, once final_score has opened it."""
        opened = self._recorded.opened
        return (
            None if opened is None else {"loss": opened.details["loss"], self.run.loss.metric: opened.details["metric"]}
        )

    def schedule(self) -> Steered:
        """The learning rate over time of the live path, as factors of the first one: for fit(schedule=...).

        With the same first rate, fit then trains at the rates of this run; other nudges are not in it.
        """
        recorded = self._recorded
        return steered_schedule(self.run, recorded.first_rate, recorded.tree.done(recorded.now))

    def space(self, width: float = 3.0) -> Space:
        """A space for caviar around the present hyperparameters, each from 1 / width to width times its value.

        On each one's own scale: beta_1 and momentum by the factor of their distance to 1. Values of 0 are left out;
        dropout is for a build that takes it. learning_rate is the schedule's start.
        """
        return space_around(self.run, width)
