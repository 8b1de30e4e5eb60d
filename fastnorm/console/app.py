"""The console: a panda on a terminal, with a key for every action."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from .. import checks
from ..errors import SettingError
from ..tune import Panda
from ..tune.panda.names import slots_of
from ..tune.study.actions import GUARD
from . import tables
from .actions import is_at_best, open_test_set, rescale, undo, veto
from .curves import Plot
from .dialogs import Page, Prompt, Question
from .driver import Driver
from .keys import ABOUT_CURVES, bindings, help_lines
from .log_words import best_in_words, count_of
from .widgets import CSS, Region

REDRAWS = 0.2  # seconds between two looks at whether there is something new
RESTS = 20  # times the cost of a plot until it is drawn again: a long training leaves the processor to itself
EDGES = 3  # cells beside a title
FACTOR = 3  # of a nudge of the rate by a key
LAYOUTS = {"all": ("curves", "middle", "bottom"), "curves": ("curves",), "layers": ("middle",)}
LEFT, INTERRUPTED = "left", "interrupted"


class Console(App[str]):
    """The screen of a driver; run() returns "left" or "interrupted", and never touches what is recorded.

    source     name of the data
    place      where study and model will be
    is_ending  asked again and again whether it is to be left as by Ctrl-C
    """

    BINDINGS: ClassVar = bindings()
    ENABLE_COMMAND_PALETTE = False
    CSS = CSS

    def __init__(
        self, driver: Driver, source: str, place: str, is_ending: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__()
        self.driver = driver
        self._is_ending = is_ending
        self.title = f"fastnorm panda {source}"
        self._source, self._place = source, place
        self._plots = {"loss": Plot(driver.panda.run.model.loss_name, "loss"), "metric": Plot(driver.metric, "metric")}
        self._arrangement = "all"
        self._drawn = -1
        self._next_draw = 0.0

    def compose(self) -> ComposeResult:
        yield Static(id="status")
        with Horizontal(id="curves"):
            for name, plot in self._plots.items():
                yield Region(name, name, partial(self._plot, plot))
        with Horizontal(id="middle"):
            yield Region("layers", "layers", lambda *room: tables.layers(self.driver.moment.look, *room))
            yield Region("slots", "hyperparameters", lambda *room: tables.slots(self.driver.moment, *room))
        with Horizontal(id="bottom"):
            yield Region("log", "done, after epoch:minibatch", lambda *room: tables.last_lines(self._done(), *room))
            yield Region("advice", "advice", lambda *room: tables.advice(self.driver.moment.advice, *room))
        yield Static(id="keys")

    def on_mount(self) -> None:
        self.driver.start()
        self.set_interval(REDRAWS, self._tick)
        self._tick()

    def on_resize(self, event: Resize) -> None:
        self._lay_out(event.size.height)

    def _lay_out(self, rows: int) -> None:
        """Divide the rows: the curves have those that the others do not need."""
        rest, look = rows - 2, self.driver.moment.look
        layers = 2 + len(look.layers if look else ())
        heights = {"middle": min(max(9, layers), max(9, rest // 3)), "bottom": max(4, rest // 5)}
        shown = LAYOUTS[self._arrangement]
        for name in LAYOUTS["all"]:
            band = self.query_one(f"#{name}")
            band.display = name in shown
            band.set_class(len(shown) == 1, "alone")
            band.styles.height = heights[name] if name in heights and len(shown) > 1 else "1fr"

    @property
    def shown(self) -> int:
        """The version that was drawn last."""
        return self._drawn

    def _tick(self) -> None:
        """Draw the news, unless this is to end."""
        if self._is_ending():
            self.action_interrupt()
        if not self.query("#status"):
            return  # the app is going, and has taken its widgets down before its timer
        driver = self.driver
        line = tables.status(
            self._source, driver.state, driver.place, driver.goal, driver.minibatches, driver.moment, driver.guarded
        )
        self.query_one("#status", Static).update(line)
        self.query_one("#keys", Static).update(tables.keys(self.size.width, driver.state))
        if self._drawn != driver.version and time.monotonic() >= self._next_draw:
            self._drawn = driver.version
            for name, plot in self._plots.items():
                region = self.query_one(f"#{name}")
                title = plot.title(driver.moment, region.outer_size.width - EDGES)
                region.border_title = Content.from_rich_text(title)
            for region in self.query(Region):
                region.refresh()

    def _plot(self, plot: Plot, width: int, height: int) -> Text:
        begun = time.monotonic()
        drawn = plot.draw(self.driver.moment, width, height)
        self._next_draw = begun + RESTS * (time.monotonic() - begun)
        return drawn

    def _done(self) -> list[Text]:
        return tables.log_lines(self.driver.moment, self.driver.notes)

    # ---- keys ----

    def action_go_or_pause(self) -> None:
        self.driver.toggle()

    def action_faster(self) -> None:
        self.driver.act(lambda panda: rescale(panda, FACTOR))

    def action_slower(self) -> None:
        self.driver.act(lambda panda: rescale(panda, 1 / FACTOR))

    def action_nudge(self, name: str) -> None:
        try:
            slots = slots_of(self.driver.panda.run, name)
        except SettingError as error:
            self.driver.say(str(error), is_wrong=True)
            return
        moment = self.driver.moment
        values = moment.slots | {"learning_rate": moment.learning_rate}
        now = ", ".join(f"{slot} {values[slot]:.4g}" for slot in slots)

        def submit(text: str) -> Future[Any]:
            value = checks.number(name, text, 0)
            return self.driver.act(lambda panda: panda.nudge(**{name: value}))

        self._prompt(name, f"now {now}", submit)

    def action_undo(self) -> None:
        asked = self.driver.panda.undoable
        self._ask_if_lost("undo?", lambda panda: undo(panda, asked))

    def action_veto(self) -> None:
        asked = self.driver.panda.undoable
        if asked is not None and asked.by == GUARD:
            self._ask_if_lost("veto?", lambda panda: veto(panda, asked))
        else:
            self.driver.act(lambda panda: veto(panda, asked))

    def action_guard(self) -> None:
        self.driver.guard()

    def action_revert(self) -> None:
        last, panda = self.driver.place[0], self.driver.panda
        words = f"to the end of which epoch, 0 (the start) to {last}?"
        words += "" if panda.best is None else f" The best by validation is {best_in_words(panda)}."

        def submit(text: str) -> Future[Any]:
            epoch = _whole(text, "epoch", 0)
            return self.driver.act(lambda panda: panda.revert(epoch))

        self._prompt("back", words, submit)

    def action_checkpoint(self) -> None:
        def submit(note: str) -> Future[Any]:
            return self.driver.act(lambda panda: panda.checkpoint(note))

        self._prompt("checkpoint", "a note, or nothing", submit)

    def action_cubs(self) -> None:
        def submit(text: str) -> Future[Any]:
            epochs = _whole(text or "1", "epochs", 1)
            return self.driver.act(lambda panda: panda.cubs(epochs=epochs))

        words = "a third of, the same and three times the rate, side by side: for how many epochs? (1)"
        self._prompt("cubs", words, submit)

    def action_advice(self) -> None:
        found = [tables.advice_in_words(one) for one in self.driver.moment.advice]
        self.push_screen(Page("advice", found or [Text("nothing seems wrong")]))

    def action_history(self) -> None:
        self.push_screen(Page("done, after epoch:minibatch", self._done() or [Text("nothing yet")], at_end=True))

    def action_layout(self) -> None:
        names = list(LAYOUTS)
        self._arrangement = names[(names.index(self._arrangement) + 1) % len(names)]
        self._lay_out(self.size.height)

    def action_help(self) -> None:
        lines = [Text().append(f"{label:<8}", tables.KEY).append(words) for label, words in help_lines()]
        self.push_screen(Page("help", [*lines, Text(), Text(ABOUT_CURVES)]))

    def action_final_score(self) -> None:
        panda = self.driver.panda
        words = "This opens the test set, once: it cannot be steered any more after it."
        if panda.best is not None and not is_at_best(panda):
            words += f" It goes back to epoch {best_in_words(panda)} first: the best by validation, which is saved."
        self.driver.pause()
        self._ask("final score?", words, lambda: self.driver.act(open_test_set))

    def action_leave(self) -> None:
        words = f"Study and model are saved in {self._place}; the same command goes on from here."
        self._ask("leave?", words, lambda: self.exit(LEFT))

    def action_interrupt(self) -> None:
        self.exit(INTERRUPTED)

    def _prompt(self, title: str, words: str, submit: Callable[[str], Future[Any]]) -> None:
        self.push_screen(Prompt(title, words, submit))

    def _ask_if_lost(self, title: str, call: Callable[[Panda], None]) -> None:
        """Ask before finished epochs are left behind; where none are, do it at once."""
        lost = self.driver.panda.lost_by_undo
        if lost:
            words = f"This leaves {count_of(lost, 'finished epoch')} behind, as a branch in the record."
            self._ask(title, words, lambda: self.driver.act(call))
        else:
            self.driver.act(call)

    def _ask(self, title: str, words: str, done: Callable[[], Any]) -> None:
        self.push_screen(Question(title, words), lambda yes: done() if yes else None)


def _whole(text: str, name: str, low: int) -> int:
    """The whole number in the typed text."""
    word = text.strip()
    return checks.integer(name, int(word) if word.isdecimal() else word, low)
