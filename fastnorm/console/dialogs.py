"""Dialogs over the console: a prompt, a question, a page to read."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ..errors import FastnormError

LOOKS = 0.05  # seconds between two checks that a request is done

Submit = Callable[[str], "Future[Any]"]


class Prompt(ModalScreen[None]):
    """A line to type into. It closes when the request is done; where it is refused, it shows the reason and stays.

    submit  begins the action a text asks for, or raises FastnormError
    """

    BINDINGS: ClassVar = [Binding("escape", "dismiss")]

    def __init__(self, title: str, words: str, submit: Submit) -> None:
        super().__init__()
        self._title, self._words, self._submit = title, words, submit
        self._asked: Future[Any] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = self._title
            box.border_subtitle = "enter: do it, escape: leave it"
            yield Static(self._words, markup=False)
            yield Input()
            yield Static("", id="complaint", markup=False)

    def on_mount(self) -> None:
        self.set_interval(LOOKS, self._look)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if self._asked is None:
            try:
                self._asked = self._submit(event.value)
                self._say("at the next minibatch ...")
            except FastnormError as error:
                self._say(str(error))

    def _look(self) -> None:
        if self._asked is None or not self._asked.done():
            return
        error = None if self._asked.cancelled() else self._asked.exception()
        self._asked = None
        if isinstance(error, FastnormError):
            self._say(str(error))
        else:
            self.dismiss()

    def _say(self, words: str) -> None:
        self.query_one("#complaint", Static).update(words)


class Question(ModalScreen[bool]):
    """Yes or no."""

    BINDINGS: ClassVar = [
        Binding("y,enter", "answer(True)"),
        Binding("n,escape", "answer(False)"),
    ]

    def __init__(self, title: str, words: str) -> None:
        super().__init__()
        self._title, self._words = title, words

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = self._title
            box.border_subtitle = "y or enter: yes, n or escape: no"
            yield Static(self._words, markup=False)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)


class Page(ModalScreen[None]):
    """Something to read; the arrows scroll it.

    at_end  whether its last lines are shown first
    """

    BINDINGS: ClassVar = [Binding("escape,enter,space,q,question_mark,a,h", "dismiss")]

    def __init__(self, title: str, lines: Sequence[Text], *, at_end: bool = False) -> None:
        super().__init__()
        self._title, self._lines, self._at_end = title, lines, at_end

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box page") as box:
            box.border_title = self._title
            box.border_subtitle = "up, down: scroll, escape: close"
            yield Static(Text("\n").join(self._lines), id="text")

    def on_mount(self) -> None:
        if self._at_end:
            self.query_one(VerticalScroll).scroll_end(animate=False)
