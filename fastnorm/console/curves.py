"""The curves of a training: the live path in color, branches left behind in grey, a letter for each action."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.text import Text

from ..metrics import HIGHER_IS_BETTER
from ..training.run import Epoch
from ..tune import Action, Branch
from ..tune.study.actions import GUARD, PAUSE
from .canvas import Canvas
from .log_words import is_whole, mark_of
from .snapshot import Moment

TRAINING, VALIDATION, LEFT, AXIS = "dodger_blue1", "orange1", "grey50", "grey70"
MARK, GUARD_MARK, BROKEN = "bold bright_white", "bold red1", "bold red1"  # BROKEN: a loss that is no number
GUTTER = 9  # cells for the numbers on the left
LOG_PAYS = 10  # times the lowest value: a highest one above asks for a logarithmic scale
LEAST, TINY = 0.1, 1e-9  # of the highest value: the least span of a linear scale


@dataclass(frozen=True)
class Axis:
    """A scale from low to high, logarithmic or not; values outside are drawn at the edge."""

    low: float
    high: float
    is_log: bool

    @classmethod
    def of(cls, live: Sequence[float], left: Sequence[float], may_be_log: bool) -> "Axis":
        """The scale on which these values show.

        The live path's decide: branches left behind may add a factor of 10 on either side, or on a linear scale as much
        as the live path's own span.
        """
        there, gone = ([value for value in values if math.isfinite(value)] for values in (live, left))
        there = there or gone or [0.0, 1.0]
        bottom, top = min(there), max(there)
        everything = [*there, *gone]
        if may_be_log and min(everything) > 0:
            low, high = max(min(everything), bottom / LOG_PAYS), min(max(everything), top * LOG_PAYS)
            if high > LOG_PAYS * low:
                return cls(low, high, True)
        reach = max(top - bottom, abs(top) * LEAST)
        low, high = max(min(everything), bottom - reach), min(max(everything), top + reach)
        return cls(low, high, False) if low < high else cls(low - reach - TINY, high + reach + TINY, False)

    def share(self, values: Sequence[float]) -> np.ndarray:
        """Places of values, 0 at low and 1 at high; nan for values that are not finite."""
        array = np.array([value if math.isfinite(value) else math.nan for value in values], float)
        if self.is_log:
            array = np.log(np.maximum(array, self.low))
            return (array - math.log(self.low)) / math.log(self.high / self.low)
        return (array - self.low) / (self.high - self.low)

    def value(self, share: float) -> float:
        """The value at a share of the way up."""
        if self.is_log:
            return self.low * (self.high / self.low) ** share
        return self.low + share * (self.high - self.low)


@dataclass(frozen=True)
class Plot:
    """One quantity over the epochs.

    name   as it is called: loss, or a metric
    field  of an epoch: "loss" or "metric"
    """

    name: str
    field: str

    def title(self, moment: Moment, width: int) -> Text:
        """The last values, each in the color of its curve; of a name that is too long, the last word."""
        name = self.name.replace("_", " ")
        whole = self._title(moment, name)
        return whole if whole.cell_len <= width else self._title(moment, name.rpartition(" ")[2])

    def _title(self, moment: Moment, name: str) -> Text:
        text = Text(f"{name} ")
        if not moment.history:
            return text.append("(no epoch yet)")
        last = moment.history[-1]
        text.append(_figure(self._of(last)), TRAINING)
        if (judged := self._of(last, "validation_")) is not None:
            text.append(", validation ").append(_figure(judged), VALIDATION)
        return text.append(" (log)") if self._axis(moment).is_log else text

    def draw(self, moment: Moment, width: int, height: int) -> Text:
        """The plot, with its numbers on the left and the epochs below, in `width` by `height` cells."""
        canvas, axis = Canvas(max(width - GUTTER, 1), max(height - 1, 1)), self._axis(moment)
        end = last_epoch(moment)
        for branch in moment.branches[:-1]:
            curve = [*_where_it_leaves(branch, moment), *branch.curve]
            for prefix in ("", "validation_"):
                self._line(canvas, axis, curve, prefix, end, LEFT)
        for prefix, color in (("", TRAINING), ("validation_", VALIDATION)):
            self._line(canvas, axis, moment.history, prefix, end, color)
        marks = Canvas(canvas.width, 1)
        for x, letter, color in _marks(moment, end):
            marks.letter(x, 0, letter, color)
        ticks = {0: 1.0, canvas.height - 1: 0.0} | ({canvas.height // 2: 0.5} if canvas.height >= 6 else {})
        lines = [
            Text(f"{_figure(axis.value(ticks[row])) if row in ticks else '':>{GUTTER - 1}} ", AXIS) + line
            for row, line in enumerate(canvas.rows())
        ]
        return Text("\n", no_wrap=True).join([*lines, _below(marks, end)])

    def _line(self, canvas: Canvas, axis: Axis, curve: list[Epoch], prefix: str, end: int, color: str) -> None:
        values = [self._of(epoch, prefix) for epoch in curve]
        if not values or None in values:
            return
        x = [_across(epoch.number, end) for epoch in curve]
        y = axis.share([value for value in values if value is not None])
        canvas.line(x, y, color)
        for place in np.flatnonzero(np.isnan(y)):
            canvas.letter(x[place], 0, "x", LEFT if color == LEFT else BROKEN)

    def _axis(self, moment: Moment) -> Axis:
        live = list(self._values(moment.history))
        left = [value for branch in moment.branches[:-1] for value in self._values(branch.curve)]
        return Axis.of(live, left, self.name not in HIGHER_IS_BETTER)

    def _values(self, curve: list[Epoch]) -> Iterator[float]:
        for epoch in curve:
            for value in (self._of(epoch), self._of(epoch, "validation_")):
                if value is not None:
                    yield value

    def _of(self, epoch: Epoch, prefix: str = "") -> float | None:
        value: float | None = getattr(epoch, prefix + self.field)
        return value


def last_epoch(moment: Moment) -> int:
    """The last epoch that any branch has come to, at least 2: the right edge."""
    return max(2, moment.place[0], *(branch.curve[-1].number for branch in moment.branches if branch.curve))


def _where_it_leaves(branch: Branch, moment: Moment) -> list[Epoch]:
    """The epoch at whose end a branch leaves those it came from; none at the start."""
    parent = branch.parent
    while parent is not None:
        found = [epoch for epoch in moment.branches[parent].curve if epoch.number == branch.epoch]
        if found:
            return found
        parent = moment.branches[parent].parent
    return []


def _across(epoch: float, end: int) -> float:
    """Where an epoch lies between the left edge, the end of the first one, and the right one."""
    return min(max((epoch - 1) / (end - 1), 0.0), 1.0)


def _marks(moment: Moment, end: int) -> Iterator[tuple[float, str, str]]:
    """The place, letter and color of each action; the guard's are drawn on top."""
    place = {True: GUARD_MARK, False: MARK}
    for guarded in (False, True):
        for action in moment.actions:
            if is_whole(action) and action.kind != PAUSE and (action.by == GUARD) == guarded:
                yield _across(_when(action), end), mark_of(action), place[guarded]


def _when(action: Action) -> float:
    return action.epoch if action.minibatch == 0 else action.epoch + 0.5


def _below(marks: Canvas, end: int) -> Text:
    """The axis of epochs, with a letter for each intervention; on the left the first and the last one."""
    (line,) = marks.rows()
    return Text(f"{f'1-{end}':>{GUTTER - 1}} ", AXIS) + Text(line.plain.replace(" ", "─"), AXIS, spans=line.spans)


def _figure(value: float | None) -> str:
    """A value in so few letters as there are in the gutter, or words."""
    if value is None or not math.isfinite(value):
        return "" if value is None else "no number"
    figure = f"{value:.0f}" if 1000 <= abs(value) < 100_000 else f"{value:.3g}"
    return figure if len(figure) < GUTTER else f"{value:.1e}"
