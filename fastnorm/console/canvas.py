"""Canvas: lines of dots on a terminal, 2 x 4 of them in each cell (Braille patterns, U+2800 to U+28FF)."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from rich.text import Text

DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)  # a cell's bits, from the top left
BLANK = 0x2800


class Canvas:
    """A rectangle of cells, each with dots of one color, or a character; later drawings are on top.

    width, height  in cells, at least 1
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._dots = np.zeros((height, width), np.uint8)
        self._colors = np.full((height, width), "", object)
        self._letters: dict[tuple[int, int], str] = {}

    def line(self, x: Sequence[float], y: np.ndarray, color: str) -> None:
        """Draw from point to point; 0 is the left edge or the bottom, 1 the right edge or the top.

        Where y is no finite number the line has a gap.
        """
        columns = np.rint(np.asarray(x, float) * (2 * self.width - 1))
        with np.errstate(invalid="ignore"):
            rows = np.rint((1 - np.clip(y, 0, 1)) * (4 * self.height - 1))
        there = np.isfinite(rows)
        self._plot(columns[there], rows[there], color)
        joined = there[:-1] & there[1:]
        down, across = np.diff(rows)[joined], np.diff(columns)[joined]
        steps = np.maximum(np.abs(down), np.abs(across)).astype(int)
        first = np.repeat(np.cumsum(steps) - steps, steps)
        share = (np.arange(steps.sum()) - first) / np.repeat(steps, steps)
        self._plot(
            np.rint(np.repeat(columns[:-1][joined], steps) + share * np.repeat(across, steps)),
            np.rint(np.repeat(rows[:-1][joined], steps) + share * np.repeat(down, steps)),
            color,
        )

    def _plot(self, columns: np.ndarray, rows: np.ndarray, color: str) -> None:
        across, down = columns.astype(int), rows.astype(int)
        cells = down // 4, across // 2
        self._dots[cells[0][self._colors[cells] != color], cells[1][self._colors[cells] != color]] = 0
        np.bitwise_or.at(self._dots, cells, DOTS[down % 4, across % 2])
        self._colors[cells] = color

    def letter(self, x: float, row: int, letter: str, color: str) -> None:
        """Put a character into a row of cells; x as in `line`."""
        cell = row, round(x * (self.width - 1))
        self._letters[cell] = letter
        self._colors[cell] = color

    def rows(self) -> list[Text]:
        """The drawing, a line of text for each row of cells."""
        return [self._row(row) for row in range(self.height)]

    def _row(self, row: int) -> Text:
        text = Text(no_wrap=True)
        cells = [
            (self._colors[row, column], self._letters.get((row, column)) or _pattern(int(self._dots[row, column])))
            for column in range(self.width)
        ]
        for color, run in groupby(cells, key=lambda cell: cell[0]):
            text.append("".join(letter for _, letter in run), color)
        return text


def _pattern(dots: int) -> str:
    return chr(BLANK + dots) if dots else " "
