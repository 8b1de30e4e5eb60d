"""What text spells: missing values, numbers, dates and times. One set of rules for files and for frames.

A column of text measures something if all its values that are not missing are spelled in one form:

kind    style                                        examples
number  the decimal mark, and behind it the unit     1234.5  1,234.50  1 234.50  $12  12.5 %; with "," 1.234,50
date    "iso", "day" or "month": what comes first    2024-03-01  2024-03-01T10:00:00Z  01.03.2024  1 March 2024
time    "iso"                                        10:00  10:00:00.5

A number with a leading zero (007), or a whole one of more than 15 digits, is a code, so its column stays text, and so
does one of two units ($ and %). Whole
numbers in groups of three (1,234) are read by the file's decimal mark, "." where that is not known. A date is read
day first or month first where a value of its column decides it, and where none does by "." (01.03.2024 is in March).
"""

import datetime
import math
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np

from ._columns import Column, Labels

# Words for a missing value in any column; and those that are one only among numbers, dates and times.
WORDS = frozenset(["?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "NaT"])
MARKS = frozenset(["-", ".", "none", "na", "missing", "unknown"])
STYLES = {"day": "day first", "month": "month first", ",": "decimal comma"}  # in words

DIGITS = 15  # of a whole number, which float64 tells apart; longer ones are codes
# 007 is a code, too; an infinite number is none to learn from, which is said of its row.
_WHOLE = rf"(?:0|[1-9]\d{{0,{DIGITS - 1}}}(?!\d)|[1-9]\d*(?=[.eE]))"
PLAIN = re.compile(
    rf"[-+]?(?:(?:{_WHOLE}|(?=\.\d))(?:\.\d*)?(?:[eE][-+]?\d+)?|(?i:inf(?:inity)?))", re.ASCII
)
_GROUPED = r"[1-9]\d{0,2}(?P<gap>[%s '\u00a0\u202f])\d{3}(?:(?P=gap)\d{3})*"
_NUMBERS = {  # by the decimal mark
    mark: re.compile(
        rf"[-+]?(?P<before>[$€£¥]?) ?[-+]?"
        rf"(?:{_GROUPED % other}|0|[1-9]\d{{0,{DIGITS - 1}}}(?!\d)|(?={re.escape(mark)}\d))"
        rf"(?:{re.escape(mark)}\d*)?(?:[eE][-+]?\d+)?[ \u00a0]?(?P<after>[$€£¥%]?)",
        re.ASCII,
    )
    for mark, other in ((".", ","), (",", "."))
}
_NO_PART_OF_A_NUMBER = re.compile(r"[$€£¥% '\u00a0\u202f]")

_TIME = r"(?:[T ] ?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>\.\d{1,9})?)?)?"
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[-+]\d\d(?::?\d\d)?)?)?", re.ASCII)
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})[/.](?P<b>\d{{1,2}})[/.](?P<a>\d{{1,2}}){_TIME}", re.ASCII)
_NUMERIC = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<mark>[-/.])(?P<b>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d\d){_TIME}", re.ASCII
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAME = r"(?P<name>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\.?"
_NAMED = [
    re.compile(rf"(?P<a>\d{{1,2}})[- ./]{_NAME}[- ./,]+(?P<year>\d{{4}}){_TIME}", re.ASCII | re.IGNORECASE),
    re.compile(rf"{_NAME} (?P<a>\d{{1,2}}),? (?P<year>\d{{4}}){_TIME}", re.ASCII | re.IGNORECASE),
]
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d*)?))?", re.ASCII)
_EPOCH = datetime.datetime(1970, 1, 1)
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Form:
    """How the values of a column are spelled: its kind and style (see the head of this file)."""

    kind: str
    style: str

    def value(self, label: str) -> float | None:
        """Return the number, or the days, that a label spells; None where it spells none in this form."""
        return _SPELLED[self.kind](label, self.style)


def is_number(label: str, decimal: str) -> bool:
    """Whether a label spells a number with this decimal mark, "" for the point."""
    return _spelled_units([label], decimal or ".") is not None


def gaps(missing: Collection[str] | None, *, measuring: bool) -> frozenset[str]:
    """Return the words for a missing value.

    missing  those that were asked for; None: the usual ones, with more where the column measures
    """
    if missing is not None:
        return frozenset(missing)
    return WORDS | MARKS if measuring else WORDS


def recognized(labels: Iterable[str], decimal: str = "") -> Form | None:
    """Return the form that all of these labels are spelled in; None: they are text.

    decimal  decimal mark of the file, "" where that is not known
    """
    labels = list(labels)
    if not labels:
        return None
    if decimal != "," and all(PLAIN.fullmatch(label) for label in labels):
        return Form("number", ".")
    for mark in (",", ".") if decimal == "," else (".", ","):
        units = _spelled_units(labels, mark)
        if units is not None and len(units) <= 1:
            return Form("number", mark + "".join(units))
    if _CLOCK.fullmatch(labels[0]):
        return _if_all(Form("time", "iso"), labels)
    return _if_all(Form("date", _order(labels)), labels)


def understood(
    column: Column, missing: Collection[str] | None, form: Form | None, *, learns: bool = False
) -> tuple[Column, Form | None]:
    """Return a column of text as what it spells, without the words for missing values, and its form.

    form    the form its training rows had; None: labels
    learns  whether it is to find out the form by itself; a column that is no text then stays as it is
    Raises DataError naming the column, the row and the value that the form does not spell.
    """
    if not isinstance(column.values, Labels):
        return column, None
    if form is not None and form.kind == "number" and column.decimal:
        form = Form("number", column.decimal + form.style[1:])
    if learns and column.kind == "text":
        words = gaps(missing, measuring=True)
        form = recognized((label for label in _used(column.values) if label not in words), column.decimal)
    if form is None:
        return _without_gaps(column, gaps(missing, measuring=False)), None
    return _measured(column, form, gaps(missing, measuring=True)), form


def _used(labels: Labels) -> list[str]:
    """Return the labels that rows have, as text."""
    counts = labels.counts()
    return [str(value) for value, count in zip(labels.values, counts.tolist(), strict=True) if count]


def _without_gaps(column: Column, words: frozenset[str]) -> Column:
    values: Labels = column.values
    found = [place for place, value in enumerate(values.values) if type(value) is str and value in words]
    if not found:
        return column if column.kind == "category" else replace(column, kind="category")
    counts = values.counts()
    counted = {values.values[place]: int(counts[place]) for place in found if counts[place]}
    kept = values.mapped(lambda value: None if type(value) is str and value in words else value)
    return replace(column, kind="category", values=kept, gaps=column.gaps | counted)


def _measured(column: Column, form: Form, words: frozenset[str]) -> Column:
    labels: Labels = column.values
    counts = labels.counts()
    gone = {str(value): int(count) for value, count in zip(labels.values, counts, strict=True) if str(value) in words}
    spelled = [None if str(value) in words else form.value(str(value)) for value in labels.values]
    wrongly = [
        place for place, value in enumerate(spelled) if value is None and str(labels.values[place]) not in words
    ]
    wrongly = [place for place in wrongly if counts[place]]
    if wrongly:
        again = recognized((label for label in _used(labels) if label not in words), column.decimal)
        if again is None or again.kind != form.kind or again == form or _unit(again) not in ("", _unit(form)):
            place = min(wrongly, key=labels.first_row)
            raise column.wrong(f"{form.kind} values", str(labels.values[place]), labels.first_row(place))
        return _measured(column, again, words)
    values = np.array([math.nan if value is None else value for value in spelled] + [math.nan])
    found = {word: count for word, count in gone.items() if count}
    return replace(column, kind=form.kind, values=values[labels.codes], gaps=column.gaps | found)


def _unit(form: Form) -> str:
    return form.style[1:] if form.kind == "number" else ""


def _if_all(form: Form, labels: list[str]) -> Form | None:
    return form if form.style and all(form.value(label) is not None for label in labels) else None


def _spelled_units(labels: list[str], mark: str) -> set[str] | None:
    """Return the units beside the numbers; None where a label is no number with this decimal mark."""
    units = set()
    for label in labels:
        found = _NUMBERS[mark].fullmatch(label)
        if found is None or (found["before"] and found["after"]):
            return None
        units.add(found["before"] or found["after"])
    return units - {""}


def _spelled_number(label: str, style: str) -> float | None:
    if style[0] == "." and PLAIN.fullmatch(label):
        return float(label)
    found = _NUMBERS[style[0]].fullmatch(label)
    if found is None or (found["before"] + found["after"]) not in ("", style[1:]):
        return None
    bare = _NO_PART_OF_A_NUMBER.sub("", label)
    return float(bare.replace(",", "") if style[0] == "." else bare.replace(".", "").replace(",", "."))


def _order(labels: list[str]) -> str:
    """Return which part of 01.03.2024 is the day, as the values decide; "" where they do not."""
    found = [parts for label in labels if (parts := _NUMERIC.fullmatch(label))]
    if not found:
        return "iso"
    for order, part in (("day", "a"), ("month", "b")):
        if any(int(parts[part]) > 12 for parts in found):
            return order
    return "day" if all(parts["mark"] == "." for parts in found) else ""


def is_undecided_date(labels: Iterable[str]) -> bool:
    """Whether the labels are dates like 01/03/2024 of which none says whether the day or the month comes first."""
    labels = list(labels)
    return bool(labels) and not _order(labels) and all(_spelled_date(label, "day") is not None for label in labels)


def _spelled_date(label: str, style: str) -> float | None:
    try:
        if _ISO.fullmatch(label):
            moment = datetime.datetime.fromisoformat(label)
            if moment.tzinfo is not None:
                moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
            return (moment - _EPOCH) / _DAY
        for pattern in (_YEAR_FIRST, *_NAMED, *((_NUMERIC,) if style != "iso" else ())):
            if parts := pattern.fullmatch(label):
                return _moment(parts.groupdict(), style)
    except ValueError:  # the 31st of February
        return None
    return None


def _moment(parts: dict[str, str | None], style: str) -> float:
    if name := parts.get("name"):
        month, day = _MONTHS.index(name[:3].lower()) + 1, int(parts["a"] or 0)
    else:
        first, second = int(parts["a"] or 0), int(parts["b"] or 0)
        month, day = (first, second) if style == "month" and parts.get("mark") else (second, first)
    year = parts["year"] or ""
    century = 0 if len(year) == 4 else 2000 if int(year) < 70 else 1900
    hour, minute, second = (int(parts[key] or 0) for key in ("hour", "minute", "second"))
    moment = datetime.datetime(century + int(year), month, day, hour, minute, second)
    return (moment - _EPOCH) / _DAY + float(parts["fraction"] or 0) / 86400


def _spelled_time(label: str, style: str) -> float | None:
    parts = _CLOCK.fullmatch(label)
    if parts is None:
        return None
    return (int(parts[1]) * 3600 + int(parts[2]) * 60 + float(parts[3] or 0)) / 86400


_SPELLED: dict[str, Callable[[str, str], float | None]] = {
    "number": _spelled_number, "date": _spelled_date, "time": _spelled_time,
}  # fmt: skip
