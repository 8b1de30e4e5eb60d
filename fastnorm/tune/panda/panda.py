"""Panda: one model under a person's eyes, steered while it trains."""

import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Self

from ... import checks
from ...errors import SettingError
from ...training.run import Epoch, Run
from ...training.validation import Validation
from ..diagnostics.guard import Guard, is_finite
from ..search.cores import cores
from ..search.work import StopFlag
from ..study.actions import MARK, NUDGE, PAUSE, PERSON, REVERT, SCORE, SWITCH, UNDO, VETO, Action
from .cubs import race
from .lock import Turns
from .names import named
from .recorded_run import RecordedRun
from .view import View


class Panda(View):
    """A run that a person steers; `panda` makes one. Every intervention is on record, and can be taken back.

    run    in its present state; look at it, but train and change it through the panda alone
    study  the record
    Any thread may act (nudge, checkpoint, revert, undo, cubs, pause) while another one is in advance: the action takes
    effect at the next minibatch boundary, and the advance continues after it. A refused action changes nothing.
    """

    def __init__(
        self, recorded: RecordedRun, guard: Guard | None, test: Validation | None, until_closed: ExitStack
    ) -> None:
        super().__init__(recorded)
        self._guard = guard
        self._test = test
        self._turns = Turns(recorded.run.stop)
        self._stop_flag = StopFlag()  # of the cubs
        self._left = self._standing()
        self._finalizer = weakref.finalize(self, until_closed.close)

    # ---- forward ----

    def advance(self, epochs: int = 1, *, deadline: float | None = None, minibatches: int | None = None) -> list[Epoch]:
        """Train as Run.advance does; return the epochs that were finished, those on branches left meanwhile included.

        After each epoch the guard, where there is one, judges the live path, and may take it back to an earlier epoch.
        Returns early after pause(), at the deadline (by time.monotonic()), or after `minibatches` in all.
        """
        epochs, run = checks.integer("epochs", epochs, 0), self.run
        left = None if minibatches is None else checks.integer("minibatches", minibatches, 0)
        finished: list[Epoch] = []
        with self._turns.training():
            while len(finished) < epochs:
                with self._turns.slice():
                    if self._turns.ends:
                        break
                    self._require_open()
                    before = run.epoch * run.minibatches + run.minibatch
                    try:
                        done = run.advance(1, deadline=deadline, minibatches=left)
                    finally:
                        self._left = self._standing()
                        self._recorded.take_in()
                    if left is not None:
                        left -= run.epoch * run.minibatches + run.minibatch - before
                if done:
                    finished += done
                    self._guarded()
                elif left == 0 or (deadline is not None and time.monotonic() >= deadline):
                    break
        return finished

    def pause(self, *, leaving: bool = False) -> None:
        """Have an advance under way in another thread return at its next minibatch boundary, and cubs given up.

        Where there is neither, nothing happens; where one leaves it paused, that is recorded, for `left_paused`.
        """
        self._stop_flag.pull()
        with self._acting():
            if self._turns.trains or leaving:
                left: dict[str, Any] = {"left": True} if leaving else {}
                self._recorded.act(PAUSE, **left)
                self._turns.end()

    @property
    def guard(self) -> Guard | None:
        """The guard, or None where it is off. To switch it is recorded, see `switched`."""
        return self._guard

    @guard.setter
    def guard(self, guard: Guard | None) -> None:
        on, was = guard is not None, self._guard is not None if self.switched is None else self.switched
        if on != was:
            with self._acting():
                self._recorded.act(SWITCH, on=on)
        self._guard = guard

    def _guarded(self) -> None:
        """Let the guard decide; an action of the person asked for a veto comes before the guard's."""
        count = len(self._recorded.tree.actions)
        guard = self.guard  # which another thread may take away meanwhile
        verdict = None if guard is None else guard.decide(self.history)
        if guard is None or verdict is None or (is_finite(self.history[-1]) and self._recorded.held() is not None):
            return
        is_vetoed = guard.veto is not None and guard.veto(self, verdict)
        with self._acting():
            if is_vetoed:
                self._recorded.act(VETO, PERSON, reason=verdict.reason)
            elif count == len(self._recorded.tree.actions):
                self._recorded.rescue(verdict)

    # ---- actions of a person ----

    def nudge(self, **settings: float) -> None:
        """Change hyperparameters from the next minibatch on: panda.nudge(learning_rate=0.01, dropout=0.2).

        Names are those of run.slots. dropout and running_decay mean all slots of their kind (dropout_0, dropout_1 ...),
        momentum means beta_1 where the optimizer has that. learning_rate is the rate of the next minibatch, and
        rescales the schedule from there on. All are changed or none: SettingError for an unknown name, which lists
        those there are, and for a value outside its bounds.
        """
        with self._acting():
            self._recorded.set(named(self.run, settings))

    def checkpoint(self, note: str = "") -> None:
        """Mark this minibatch in the record, with a note."""
        with self._acting():
            self._recorded.act(MARK, note=str(note))

    def revert(self, epoch: int, branch: int | None = None) -> None:
        """Go back to the end of an epoch, before anything was done there; 0: to the start.

        A branch begins there; the old one stays in the record. Any epoch will do: where its checkpoint is not
        kept any more, the way to it from an earlier one is trained again, to the same bits.
        branch  number of one that was left behind, whose epoch is meant; None: the live path's
        """
        with self._acting():
            recorded, live = self._recorded, self._recorded.tree.live.number
            number = live if branch is None else checks.integer("branch", branch, 0, live)
            spot = recorded.end_of(epoch, number)
            left: dict[str, Any] = {} if number == live else {"left": number}
            recorded.branch_off(spot, REVERT, epoch=spot.epoch, **left)

    def undo(self) -> None:
        """Take the last intervention back, to the state just before it; again: the one before that, and so on.

        The actions undone stay on a branch left behind, too.
        """
        with self._acting():
            spot, undone = self._recorded.tree.before_last(self._recorded.now)
            self._recorded.branch_off(spot, UNDO, undone=undone.number)

    def cubs(
        self, factors: Sequence[float] = (1 / 3, 1, 3), epochs: int = 1, workers: int | None = None
    ) -> float | None:
        """Try the learning rate times each of these factors for some epochs, side by side; continue with the best.

        The best is that of the last epoch's validation results, or training results where there are none. The others
        stay in the record as dead branches. Undo takes all of it back.
        factors  above 0; 1 is the training left alone
        epochs   the first one is the rest of the present one
        workers  how many at a time, by default one for each core
        Returns the best one's factor; None, and nothing has happened, where pause() has ended it before.
        """
        factors = [checks.number("factors", factor, 0, ends="()") for factor in factors]
        if not factors:
            raise SettingError("factors: expected at least one, got none")
        epochs = checks.integer("epochs", epochs, 1)
        workers = cores() if workers is None else checks.integer("workers", workers, 1)
        with self._acting():
            self._stop_flag = StopFlag()
            return race(self._recorded, factors, epochs, workers, self._stop_flag)

    def _redo(self, action: Action) -> None:
        """Repeat an action of another run: a nudge or a mark."""
        with self._acting():
            if action.kind == NUDGE:
                reason = {name: words for name, words in action.details.items() if name == "reason"}
                self._recorded.set(action.details["slots"], action.by, **reason)
            elif action.kind == MARK:
                self._recorded.act(MARK, action.by, **action.details)

    # ---- the end ----

    def final_score(self) -> dict[str, float]:
        """Open the sealed test set: its loss and metric by the present weights. Steering on is refused after it.

        Asked again, it is the same score. SettingError without a test set.
        """
        if self.opened is None:
            if self._test is None:
                raise SettingError("final_score: no test set has been sealed; give panda(..., test=(x, y))")
            with self._acting():
                loss, metric = self.run.evaluate(self._test)
                self._recorded.act(SCORE, loss=loss, metric=metric)
                self._turns.end()
        score = self.opened
        assert score is not None
        return score

    def hurry(self) -> None:
        """Let the last records wait only a short time for a file that another program holds."""
        self._recorded.journal.writer.hurry()

    def give_back(self) -> None:
        """Record the model of the best epoch of all branches as the trial's, and close.

        The trial stays "steered": a search that continues leaves it out of its decisions.
        """
        with self._turns.acting():
            self._require_whole()
            self._recorded.settle()
            self._recorded.take_in()
            self._recorded.keep_model()
        self.close()

    def close(self) -> None:
        """Record its state, and let others open the study's file; closing twice is nothing."""
        if self._finalizer.alive:
            with self._turns.acting():
                if self._standing() == self._left:  # else it was trained beside the record, which stays true
                    self._recorded.take_in()
                self._turns.end()
                self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        try:
            self.close()
        finally:
            self._finalizer()  # where it could not be recorded, others may open the file all the same

    # ---- order ----

    @contextmanager
    def still(self) -> Iterator[Run]:
        """A block in which the run rests between two minibatches and can be looked at; an advance under way waits."""
        with self._turns.acting():
            yield self.run

    @contextmanager
    def _acting(self) -> Iterator[None]:
        with self._turns.acting():
            self._require_open()
            try:
                self._recorded.settle()
                yield
            finally:
                self._left = self._standing()

    def _standing(self) -> tuple[Any, ...]:
        """The recorded run, while no other thread may change it."""
        return self.run.program.state.position, self.run.slots

    def _require_whole(self) -> None:
        if not self._finalizer.alive:
            raise SettingError("this panda is closed; fn.tune.panda(run, study=...) goes on with its record")
        if self._standing() != self._left:
            raise SettingError(
                "panda.run was trained or changed by itself, so its record would not be true any more; "
                "use panda.advance and panda.nudge"
            )

    def _require_open(self) -> None:
        self._require_whole()
        if self._recorded.opened is not None:
            raise SettingError("the test set has been opened: steering on would make it a second development set")
