"""What is known of a table before anything is trained: each column, how it will be used and why, and oddities."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import DataError
from ._columns import Column, Labels, examples_are_shown, text
from ._features import MAXIMUM_CATEGORIES, fit_feature
from ._frames import open_frame
from ._reader import read_column, target_column, why_left_out
from ._targets import Classes, guessed_task, has_target, numbers
from ._text import PLAIN, STYLES, gaps, is_undecided_date
from ._types import Choice, choices

HEADS = ("column", "kind", "missing", "distinct", "examples", "use", "notes")
WIDEST = 40  # letters of the examples
SAMPLE = 20_000  # rows from which a leak is told
BINS = 64  # of a column of numbers
LEAKS = 0.87  # share of the target's errors, or of its ranks' variance, that one column explains; see bench/tables.toml


@dataclass(frozen=True)
class ColumnReport:
    """One column of a frame.

    kind      "number", "date", "time", "duration" or "category"
    missing   share of the rows without a value
    distinct  number of different values
    examples  the most frequent values as text, or the least and the greatest number
    use       "target", "input" or "left out"
    why       of the target and of what is left out
    notes     how it was read, and what is odd in it
    """

    name: str
    kind: str
    missing: float
    distinct: int
    examples: tuple[str, ...]
    use: str
    why: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Survey:
    """A frame's columns, the number of its rows, the number of rows that repeat an earlier one, and notes in words."""

    columns: tuple[ColumnReport, ...]
    rows: int
    doubled: int
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return the survey as lines of text: rows, notes, and a line for each column."""
        lines = [f"{self.rows} rows of {len(self.columns)} columns", *self.notes]
        lines += [f"{self.doubled} rows are the same as another one"] if self.doubled else []
        widths = self._widths()
        for row in (HEADS, *map(_cells, self.columns)):
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            lines.append("  ".join([*cells, row[-1]]).rstrip())
        return lines

    @property
    def hanging(self) -> int:
        """The place in a column's line where its notes begin."""
        return sum(self._widths()) + 2 * (len(HEADS) - 1)

    def _widths(self) -> list[int]:
        rows = [HEADS, *map(_cells, self.columns)]
        return [max(len(row[place]) for row in rows) for place in range(len(HEADS) - 1)]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _cells(column: ColumnReport) -> tuple[str, ...]:
    examples = ", ".join(map(repr, column.examples)) if column.kind == "category" else " to ".join(column.examples)
    examples = examples if len(examples) <= WIDEST else examples[: WIDEST - 3] + "..."
    missing = f"{column.missing:.1%}" if column.missing else ""
    notes = "; ".join([column.why, *column.notes] if column.why else column.notes)
    return column.name, column.kind, missing, str(column.distinct), examples, column.use, notes


def columns(
    frame: Any, target: Any = None, task: str = "auto", *, types: Mapping[str, Any] | None = None,
    missing: Collection[str] | None = None,
) -> Survey:  # fmt: skip
    """Return what Table.fit would make of each column, and why. Arguments and errors as for Table.fit.

    Rows without a target are left out first, and counted in the notes.
    """
    opened, said = open_frame(frame), choices(types)
    opened.require(said)
    notes = list(opened.notes)
    goal = None if target is None else target_column(opened, target)
    if goal is not None and not (present := has_target(goal)).all():
        notes.append(f"{(~present).sum()} of {len(opened)} rows have no {goal.name!r} and are left out")
        opened, goal = opened.take(np.flatnonzero(present)), goal.take(np.flatnonzero(present))
    seen: dict[bytes, str] = {}
    hashes = np.zeros(len(opened), np.uint64)
    reports = []
    for name in opened.columns:
        raw = opened.column(name)
        choice = said.get(name)
        column, form, words = read_column(raw, choice or Choice(), missing)
        report = _report(raw, column, form, missing)
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) ^ _bits(column)
        if goal is not None and name == goal.name:
            found, why = guessed_task(goal)
            kind = found if task == "auto" else task
            reports.append(replace(report, use="target", why=f"{kind}: {why}" if task == "auto" else kind))
            continue
        notes_of = list(report.notes)
        is_ignored = choice is not None and choice.kind == "ignore"
        why = "ignored" if is_ignored else why_left_out(fit_feature(column, form, words), column, column, choice) or ""
        digest = hashlib.sha256(_content(column)).digest()
        if digest in seen and report.distinct > 1:
            notes_of.append(f"the same as {seen[digest]!r}")
        seen.setdefault(digest, name)
        if goal is not None and not why and (share := _explained(column, goal, task)) > LEAKS:
            notes_of.append(f"possible leak: alone it tells {share:.0%} of {goal.name!r}")
        reports.append(replace(report, use="left out" if why else "input", why=why, notes=tuple(notes_of)))
    doubled = len(hashes) - len(np.unique(hashes))
    return Survey(tuple(reports), len(opened), doubled, tuple(notes))


def leaks(
    frame: Any, target: str, task: str, names: Collection[str], missing: Collection[str] | None = None
) -> dict[str, float]:
    """Return which of these columns of a frame may give its target away, and the share of it that each tells alone."""
    opened = open_frame(frame)
    opened = opened.take(np.arange(0, len(opened), -(-len(opened) // SAMPLE)))
    goal = opened.column(target)
    shares = {name: _explained(read_column(opened.column(name), Choice(), missing)[0], goal, task) for name in names}
    return {name: share for name, share in shares.items() if share > LEAKS}


def types_as_toml(survey: Survey) -> str:
    """Return the kinds of a survey's columns as the text of a types file, to be edited."""
    lines = ["# The kind of each column, for --types. Change what was read wrongly; leave out what may be found out."]
    lines += ['# Kinds: number, date, "date day first", "date month first", time, category, ignore, auto.', "[columns]"]
    for column in survey.columns:
        if column.use != "target":
            kind = "ignore" if column.use == "left out" else column.kind
            why = f"  # {column.why}" if column.why else ""
            lines.append(f"{_quoted(column.name)} = {_quoted(kind)}{why}")
    return "\n".join(lines) + "\n"


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char >= " " and char != "\x7f" else f"\\u{ord(char):04x}" for char in escaped) + '"'


def _report(raw: Column, column: Column, form: Any, missing: Any) -> ColumnReport:
    notes = []
    if form is not None and form.style not in (".", "iso"):
        plain = form.style == "," and all(PLAIN.fullmatch(str(value)) for value in raw.values.values if value)
        notes += [] if plain else [STYLES.get(form.style, f"written with {form.style}")]
    if column.gaps:
        notes.append("missing: " + ", ".join(f"{count} {word!r}" for word, count in column.gaps.items()))
    if raw.kind == "text" and column.kind == "category":
        words = gaps(missing, measuring=True)
        if is_undecided_date(str(value) for value in raw.values.values if value not in words):
            notes.append("dates? the values do not tell day from month; say 'date day first' or 'date month first'")
    absent = float(column.missing().mean())
    if isinstance(column.values, Labels):
        counts = column.values.counts()
        often = sorted(range(len(counts)), key=lambda place: -counts[place])[:3]
        shown = tuple(text(column.values.values[place]) for place in often if counts[place])
        distinct = int(np.count_nonzero(counts))
        if distinct > MAXIMUM_CATEGORIES and counts.max() > 1:
            notes.append(f"the {MAXIMUM_CATEGORIES} most frequent values get a place each")
    else:
        values = np.unique(column.values[~np.isnan(column.values)])
        distinct = len(values)
        shown = tuple(_shown(column.kind, value) for value in (values[[0, -1]] if distinct > 1 else values))
    shown = shown if examples_are_shown() else ()
    return ColumnReport(column.name, column.kind, absent, distinct, shown, "", "", tuple(notes))


def _shown(kind: str, value: float) -> str:
    if kind != "date":
        return f"{value:g}"
    moment = np.datetime64("1970-01-01") + np.timedelta64(round(value * 86400), "s")
    return str(moment).removesuffix("T00:00:00")


def _bits(column: Column) -> np.ndarray:
    """Return a number for each row's value, uint64 (n,)."""
    if isinstance(column.values, Labels):
        return (column.values.codes + 1).astype(np.uint64)
    return np.asarray(column.values, np.float64).view(np.uint64)


def _content(column: Column) -> bytes:
    head = repr(column.values.values).encode() if isinstance(column.values, Labels) else b""
    return head + _bits(column).tobytes()


def _explained(column: Column, goal: Column, task: str) -> float:
    """Return the share of a target's errors, or of its ranks' variance, that the best function of one column explains.

    Each group of rows with one value, or in one of 64 bins, costs a row, so that a key explains nothing.
    """
    rows = np.arange(0, len(goal.missing()), -(-len(goal.missing()) // SAMPLE))
    groups, goal = _groups(column.take(rows)), goal.take(rows)
    count = int(groups.max()) + 1
    if 2 * count > len(rows):
        return 0.0
    kind = guessed_task(goal)[0] if task == "auto" else task
    if kind == Classes.task:
        try:
            classes = Classes.fit(goal).encode(goal)
        except DataError:  # one class alone: training will say so
            return 0.0
        width = int(classes.max()) + 1
        table = np.bincount(groups * width + classes, minlength=count * width).reshape(count, width)
        errors = len(rows) - table.max(axis=1).sum() + count - 1
        return 1 - float(errors) / max(1, len(rows) - int(table.sum(axis=0).max()))
    _, places, sizes = np.unique(numbers(goal), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - sizes / 2)[places]  # so that a few extreme values do not decide
    means = np.bincount(groups, ranks, count) / np.bincount(groups, minlength=count)
    within = ((ranks - means[groups]) ** 2).sum() / (len(rows) - count)
    return 1 - float(within) * (len(rows) - 1) / max(float(((ranks - ranks.mean()) ** 2).sum()), 1e-300)


def _groups(column: Column) -> np.ndarray:
    """Return the group of each row, from 0: its label, or the bin of its number."""
    if isinstance(column.values, Labels):
        return np.unique(column.values.codes, return_inverse=True)[1]
    values = np.asarray(column.values, np.float64)
    present = values[~np.isnan(values)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1])) if present.size else np.zeros(0)
    return np.unique(np.where(np.isnan(values), -1, np.searchsorted(edges, values)), return_inverse=True)[1]
