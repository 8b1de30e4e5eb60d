"""The parts of the screen, and how they look."""

from collections.abc import Callable

from rich.text import Text
from textual.widget import Widget

CSS = """
Screen { layout: vertical; }
#status, #keys { height: 1; background: $panel; }
#curves { height: 1fr; }
#curves.alone { layout: vertical; }
Region { width: 1fr; height: 1fr; border-top: solid $primary; padding: 0 1 0 0; }
#slots { width: 28; padding: 0; }
#log { width: 6fr; }
#advice { width: 5fr; padding: 0 1; }
ModalScreen { align: center middle; }
.box {
    width: 78; max-width: 100%; height: auto; max-height: 100%;
    border: round $primary; padding: 0 1; background: $surface;
}
#complaint { color: $text-warning; }
"""


class Region(Widget):
    """A part of the screen with a title; it draws itself into whatever room there is."""

    def __init__(self, name: str, title: str, draw: Callable[[int, int], Text]) -> None:
        super().__init__(id=name)
        self.border_title = title
        self._draw = draw

    def render(self) -> Text:
        width, height = self.content_size
        return self._draw(width, height) if width and height else Text()
