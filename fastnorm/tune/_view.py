"""View: what one sees of a training that is steered by hand, and what it leaves to others."""

from dataclasses import replace

from ..run import Epoch, Run
from ._branches import Action, Branch
from ._exports import Steered, space_around, steered_schedule
from ._helm import Helm
from ._space import Space
from ._study import Study


class View:
    """The reading side of a panda."""

    def __init__(self, helm: Helm) -> None:
        self._helm = helm

    @property
    def run(self) -> Run:
        """The run, at the end of the live branch."""
        return self._helm.run

    @property
    def study(self) -> Study:
        """The study that holds the record."""
        return self._helm.study

    @property
    def actions(self) -> list[Action]:
        """All that was done, on dead branches too, in order."""
        return list(self._helm.tree.actions)

    @property
    def undoable(self) -> Action | None:
        """What undo would take back."""
        return self._helm.tree.last(self._helm.now)

    @property
    def branches(self) -> list[Branch]:
        """All branches; the last one is live."""
        return [replace(branch, curve=list(branch.curve)) for branch in self._helm.tree.branches]

    @property
    def history(self) -> list[Epoch]:
        """The epochs of the live path, from the start."""
        return list(self.run.history)

    @property
    def best(self) -> Epoch | None:
        """The best epoch of the live path by validation; None where none was judged, or none had a finite loss."""
        return self._helm.best

    @property
    def peeks(self) -> int:
        """How often somebody steered with results on the validation data before their eyes: person, guard or cubs.

        The more often, the more the model fits these rows by choice, and the less their score says of new ones.
        """
        return sum("peek" in action.details for action in self._helm.tree.actions)

    @property
    def opened(self) -> dict[str, float] | None:
        """The score on the test set, once final_score has opened it."""
        opened = self._helm.opened
        return (
            None if opened is None else {"loss": opened.details["loss"], self.run.loss.metric: opened.details["metric"]}
        )

    def schedule(self) -> Steered:
        """The learning rate over time of the live path, as factors of the first one: for fit(schedule=...).

        With the same first rate, fit then trains at the rates of this run; what else was nudged is not in it.
        """
        helm = self._helm
        return steered_schedule(self.run, helm.first_rate, helm.tree.done(helm.now))

    def space(self, width: float = 3.0) -> Space:
        """A space for caviar around the present hyperparameters, each from 1 / width to width times its value.

        On each one's own scale: beta_1 and momentum by the factor of their distance to 1. What is 0 is left out;
        dropout is for a build that takes it. learning_rate is what the schedule starts from.
        """
        return space_around(self.run, width)
