"""Driver: a panda that trains in a thread of its own, is acted on in another, and shows each moment to the screen."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..errors import FastnormError
from ..tune import Advice, Guard, Panda, RunStatistics, advise, layer_statistics
from .snapshot import Moment, Note

LEAST = 0.1  # seconds between two moments while it trains: no eye asks for more
LOOKS = 20  # times the cost of a look until the next one, so training is slowed by 5 % at most
AGAIN = 0.05  # seconds until a pause that came between two epochs is asked for again


class Driver:
    """Trains a panda to a goal, and further; everything here may be called from the thread of the screen.

    panda   which nobody else drives
    epochs  where training stops by itself first; `go` there adds as many
    guard   switched on and off; the panda's own says with which of these it begins
    moment  the last one seen; version changes with it and with the notes
    """

    def __init__(self, panda: Panda, epochs: int, guard: Guard) -> None:
        self.panda = panda
        self.goal = self._more = epochs
        self.minibatches = panda.run.minibatches
        self.metric = panda.run.loss.metric
        self.notes: list[Note] = []
        self.failure: Exception | None = None
        self.version = 0
        self._guard = guard
        self._goes = panda.run.epoch < epochs and not panda.left_paused
        self._leaves = False
        self._last_act: Future[Any] | None = None
        self._last_pause: Future[None] | None = None
        self._versions = itertools.count(1)
        self._look: RunStatistics | None = None
        self._advice: list[Advice] = []
        self._next_look = 0.0
        self._seen = 0.0
        self._changed = threading.Condition()
        self._stands = threading.Event()
        self._stands.set()
        self._actors = ThreadPoolExecutor(1, thread_name_prefix="act")
        self._pausers = ThreadPoolExecutor(1, thread_name_prefix="pause")
        self._trainer = threading.Thread(target=self._train, name="train")
        self.moment = self._take()

    # ---- queries of the screen ----

    @property
    def place(self) -> tuple[int, int]:
        """Whole epochs done, and minibatches of the next one, this instant."""
        return self.panda.run.epoch, self.panda.run.minibatch

    @property
    def guarded(self) -> bool:
        """Whether the guard is on."""
        return self.panda.guard is not None

    @property
    def state(self) -> str:
        """Its present activity, in a word."""
        if self._acts or (self._last_pause is not None and not self._last_pause.done()):
            return "acting"
        if self._goes:
            return "training"
        if self.moment.opened is not None:
            return "finished"
        return "paused" if self.panda.run.epoch < self.goal else "done"

    # ---- actions of the screen ----

    def start(self) -> None:
        """Begin to train, where the goal is not reached yet."""
        self._trainer.start()

    def toggle(self) -> None:
        """Pause, or go on; at the goal, to one that is as far away as the first was."""
        if self._goes:
            self.pause()
        elif self.moment.opened is not None:
            self.say("the test set has been opened: steering on would make it a second development set", is_wrong=True)
        else:
            with self._changed:
                if self.panda.run.epoch >= self.goal:
                    self.goal += self._more
                self._goes = True
                self._changed.notify()

    def pause(self) -> None:
        """Stop at the next minibatch, and give up cubs."""
        self._goes = False
        self._last_pause = self._pausers.submit(self._halt)

    def guard(self) -> None:
        """Switch the guard on or off."""
        self.act(lambda panda: setattr(panda, "guard", None if panda.guard else self._guard))

    def act(self, call: Callable[[Panda], Any]) -> Future[Any]:
        """Act on the panda at the next minibatch, after earlier requests; a refusal is noted too."""
        self._last_act = self._actors.submit(self._act, call)
        return self._last_act

    def say(self, words: str, *, is_wrong: bool = False) -> None:
        """Note something for the screen's log."""
        self.notes.append(Note(len(self.moment.actions), words, is_wrong))
        self.version = next(self._versions)

    def close(self) -> None:
        """Stop training, let the action under way end, and the threads with it; the panda stays open."""
        self._actors.shutdown(wait=False, cancel_futures=True)
        is_left_paused = self.state == "paused" and self.failure is None
        self.panda.hurry()
        with self._changed:
            self._goes, self._leaves = False, True
            self._changed.notify()
        self._halt()
        if self._trainer.is_alive():
            self._trainer.join()
        self._pausers.shutdown()
        self._actors.shutdown()
        if is_left_paused:
            self._pause(leaving=True)

    @property
    def _acts(self) -> bool:
        return self._last_act is not None and not self._last_act.done()

    # ---- threads ----

    def _train(self) -> None:
        """Advance by epochs while it should."""
        while self._is_wanted():
            try:
                try:
                    self.panda.advance()
                finally:
                    self._stands.set()
                if not self._goes or time.monotonic() - self._seen > LEAST:
                    self._refresh()
            except Exception as error:
                self._fail(error)

    def _is_wanted(self) -> bool:
        """Wait until there is something to train; False: never again."""
        with self._changed:
            while not self._leaves:
                if self._goes and self.panda.run.epoch < self.goal:
                    self._stands.clear()
                    return True
                if self._goes:
                    self._goes = False
                    self._refresh()
                self._changed.wait()
        return False

    def _halt(self) -> None:
        """Pause; again where that came just before an advance began."""
        while self._acts or not self._stands.is_set():
            if not self._pause():
                return
            self._stands.wait(AGAIN)

    def _pause(self, leaving: bool = False) -> bool:
        try:
            self.panda.pause(leaving=leaving)
        except FastnormError as error:
            self._fail(error)
            return False
        return True

    def _act(self, call: Callable[[Panda], Any]) -> Any:
        try:
            return call(self.panda)
        except FastnormError as error:
            self.say(str(error), is_wrong=True)
            raise
        except Exception as error:
            self._fail(error)
            raise
        finally:
            self._refresh()

    def _fail(self, error: Exception) -> None:
        """Stop, and note the reason; errors other than of settings and files are raised again when it is closed."""
        self._goes = False
        words = str(error)
        if not isinstance(error, FastnormError):
            self.failure, words = error, f"{type(error).__name__}: {error}"
        self.say(words, is_wrong=True)

    # ---- snapshots ----

    def _refresh(self) -> None:
        self.moment = self._take()
        self.version = next(self._versions)
        self._seen = time.monotonic()

    def _take(self) -> Moment:
        with self.panda.still() as run:
            panda, begun = self.panda, time.monotonic()
            history = panda.history
            if begun >= self._next_look or not self._goes:
                self._look = layer_statistics(run)
                self._advice = advise(history, self._look, panda.undoable)
                self._next_look = begun + LOOKS * (time.monotonic() - begun)
            return Moment(
                history, panda.branches, panda.actions, (run.epoch, run.minibatch), run.slots, run.learning_rate,
                panda.peeks, self._look, self._advice, panda.opened,
            )  # fmt: skip
