"""panda: one model under a person's eyes, steered while it trains (Ng's "pandas versus caviar")."""

import os
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, Self

from .. import __version__, checks
from ..errors import FileError, SettingError
from ..run import Epoch, Run
from ._branches import GUARD, MARK, NUDGE, PAUSE, PERSON, REVERT, SCORE, UNDO, VETO, Action, Branch
from ._data import fingerprint
from ._dimensions import Choice
from ._file import claimed
from ._helm import Helm
from ._slots import named
from ._space import pack_space
from ._steering import Steering
from ._study import Study
from ._trial import STEERED, Trial
from ._turns import Turns
from ._writer import Writer


class Verdict(Protocol):
    """What a guard says of a training gone wrong: go back to the end of `epoch`, on with `factor` times the rate."""

    @property
    def reason(self) -> str: ...

    @property
    def epoch(self) -> int: ...

    @property
    def factor(self) -> float: ...


class Guard(Protocol):
    """Who looks at the curve of the live path after each epoch; `veto` may be None, True lets the training go on."""

    @property
    def veto(self) -> Any: ...

    def judge(self, history: list[Epoch]) -> Verdict | None: ...


class Panda:
    """A run that a person steers; `panda` makes one. Every intervention is on record, and can be taken back.

    run    as it stands; look at it, but train and change it through the panda alone
    study  the record
    Any thread may act (nudge, checkpoint, revert, undo, cubs, pause) while another one is in advance: the action takes
    effect at the next minibatch boundary, and the advance goes on after it. A refused action changes nothing.
    """

    def __init__(self, helm: Helm, guard: Guard | None, test: tuple[Any, Any] | None, until_closed: ExitStack) -> None:
        self.guard = guard
        self._helm = helm
        self._test = test
        self._turns = Turns(helm.run.stop)
        self._pauses = False
        self._left = self._standing()
        self._finalizer = weakref.finalize(self, until_closed.close)

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
    def branches(self) -> list[Branch]:
        """All branches; the last one is live."""
        return [replace(branch, curve=list(branch.curve)) for branch in self._helm.tree.branches]

    @property
    def history(self) -> list[Epoch]:
        """The epochs of the live path, from the start."""
        return list(self.run.history)

    @property
    def peeks(self) -> int:
        """How often somebody steered with results on the validation data before their eyes: person, guard or cubs.

        The more often, the more the model fits these rows by choice, and the less their score says of new ones.
        """
        return sum("peek" in action.details for action in self._helm.tree.actions)

    # ---- forward ----

    def advance(
        self, epochs: int = 1, *, deadline: float | None = None, minibatches: int | None = None
    ) -> list[Epoch]:
        """Train as Run.advance does; return the epochs that were finished, those on branches left meanwhile included.

        After each epoch the guard, where there is one, judges the live path, and may take it back to an earlier epoch.
        Returns early after pause(), at the deadline (by time.monotonic()), or after so many minibatches in all.
        """
        epochs, run = checks.integer("epochs", epochs, 0), self.run
        left = None if minibatches is None else checks.integer("minibatches", minibatches, 0)
        finished: list[Epoch] = []
        with self._turns.training():
            self._pauses = False
            while len(finished) < epochs and not self._pauses:
                with self._turns.slice():
                    self._require_open()
                    if self._pauses:
                        break
                    before = run.epoch * run.minibatches + run.minibatch
                    try:
                        done = run.advance(1, deadline=deadline, minibatches=left)
                    finally:
                        self._helm.take_in()
                        self._left = self._standing()
                    if left is not None:
                        left -= run.epoch * run.minibatches + run.minibatch - before
                if done:
                    finished += done
                    self._guarded()
                elif left == 0 or (deadline is not None and time.monotonic() >= deadline):
                    break
        return finished

    def pause(self) -> None:
        """Have an advance under way in another thread return at its next minibatch boundary; nothing where none is."""
        with self._acting():
            if self._turns.trains:
                self._helm.act(PAUSE)
                self._pauses = True

    def _guarded(self) -> None:
        """Let the guard judge; what a person does while it is asked for a veto comes before what it wanted."""
        count = len(self._helm.tree.actions)
        verdict = self.guard.judge(self.history) if self.guard is not None else None
        if verdict is None:
            return
        is_vetoed = self.guard is not None and self.guard.veto is not None and self.guard.veto(self, verdict)
        with self._acting():
            if is_vetoed:
                self._helm.act(VETO, PERSON, reason=verdict.reason)
            elif count == len(self._helm.tree.actions):
                self._rescue(verdict)

    def _rescue(self, verdict: Verdict) -> None:
        helm = self._helm
        rate = helm.run.slots["learning_rate"] * verdict.factor
        epoch = max(verdict.epoch, helm.tree.first_epoch)
        spot = helm.tree.end_of(epoch, helm.now)
        reverted = helm.branch_off(spot, REVERT, GUARD, epoch=epoch, reason=verdict.reason)
        helm.set({"learning_rate": rate}, GUARD, reason=verdict.reason, part_of=reverted.number)

    # ---- what a person does ----

    def nudge(self, **settings: float) -> None:
        """Change hyperparameters from the next minibatch on: panda.nudge(learning_rate=0.01, dropout=0.2).

        Names are those of run.slots. dropout and running_decay mean all slots of their kind (dropout_0, dropout_1 ...),
        momentum means beta_1 where the optimizer has that. learning_rate is the rate of the next minibatch, and
        rescales the schedule from there on. All are changed or none: SettingError for an unknown name, which lists
        those there are, and for a value outside its bounds.
        """
        with self._acting():
            self._helm.set(named(self.run, settings))

    def checkpoint(self, note: str = "") -> None:
        """Mark this minibatch in the record, with a note."""
        with self._acting():
            self._helm.act(MARK, note=str(note))

    def revert(self, epoch: int) -> None:
        """Go back to the end of an epoch on the live path, before anything was done there; 0: to the start.

        A branch begins there; what is left behind stays in the record. Any epoch will do: where its checkpoint is not
        kept any more, the way to it from an earlier one is trained again, to the same bits.
        """
        with self._acting():
            spot = self._helm.tree.end_of(epoch, self._helm.now)
            self._helm.branch_off(spot, REVERT, epoch=spot.epoch)

    def undo(self) -> None:
        """Take the last intervention back, to the state just before it; again: the one before that, and so on.

        What undo goes back behind is a branch left behind, too.
        """
        with self._acting():
            spot, undone = self._helm.tree.before_last(self._helm.now)
            self._helm.branch_off(spot, UNDO, undone=undone.number)

    def _redo(self, action: Action) -> None:
        """Do what was done to another run: a nudge or a mark."""
        with self._acting():
            if action.kind == NUDGE:
                self._helm.set(action.details["slots"], action.by)
            elif action.kind == MARK:
                self._helm.act(MARK, action.by, **action.details)

    # ---- the end ----

    def close(self) -> None:
        """Record where it stands, and let others open the study's file; closing twice is nothing."""
        if self._finalizer.alive:
            with self._turns.acting():
                self._helm.take_in()
                self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # ---- order ----

    @contextmanager
    def _acting(self) -> Iterator[None]:
        with self._turns.acting():
            self._require_open()
            self._helm.settle()
            try:
                yield
            finally:
                self._left = self._standing()

    def _standing(self) -> tuple[Any, ...]:
        """What nobody else may change."""
        return self.run.program.state.position, self.run.slots

    def _require_open(self) -> None:
        if not self._finalizer.alive:
            raise SettingError("this panda is closed; fn.tune.panda(run, study=...) goes on with its record")
        if self._standing() != self._left:
            raise SettingError(
                "panda.run was trained or changed by itself, so its record would not be true any more; "
                "use panda.advance and panda.nudge"
            )
        if any(action.kind == SCORE for action in self._helm.tree.actions):
            raise SettingError("the test set has been opened: steering on would make it a second development set")


def panda(
    run: Run,
    study: str | os.PathLike[str] | None = None,
    *,
    guard: Guard | None = None,
    test: tuple[Any, Any] | None = None,
) -> Panda:
    """Steer a run by hand: nudge, look, take back, branch; every intervention is recorded by its minibatch.

    run    where it stands now is the start. To go on with a study: one made in the same way, not trained yet
    study  file of the record, by default it stays in memory. The live state is in it after every epoch and action
    guard  takes a training that has gone wrong back by itself, see Guard
    test   (x, y) that stay sealed until final_score()
    Raises FileError where the study was made with another run or other rows, or where another panda holds it.
    """
    file = None if study is None else Path(study)
    with ExitStack() as stack:
        stack.enter_context(claimed(file, 0))
        writer = Writer(file, _facts(run), "run")
        stack.callback(writer.close)
        helm = Helm(run, Steering(writer, 0), Trial(0, _settings(run), run.seed, STEERED))
        if helm.tree.branches:
            _take_up(helm, file)
        else:
            helm.begin()
        return Panda(helm, guard, test, stack.pop_all())


def _take_up(helm: Helm, file: Path | None) -> None:
    if helm.run.program.state.position != (0, 0, 0):
        raise SettingError("run: expected one that is not trained yet, to go on with the study's own state")
    try:
        helm.go_on()
    except FileError as error:
        raise FileError(f"{file}: {error}") from None


def _settings(run: Run) -> dict[str, Any]:
    """The hyperparameters it was made with."""
    return {**run.optimizer.slots, "batch_size": run.batch_size}


def _facts(run: Run) -> dict[str, Any]:
    """What must be equal for the record to go on, beside what the state itself asks for."""
    validation = run._validation
    return {
        "metric": run.loss.metric, "seed": checks.integer("seed", run.seed, 0, 2**63 - 1),
        "space": pack_space({name: Choice([value]) for name, value in _settings(run).items()}), "epochs": None,
        "sampler": None, "halving": None, "data": fingerprint(*run._data[:2]),
        "validation": None if validation is None else fingerprint(validation.x, validation.y),
        "version": __version__,
    }  # fmt: skip
