"""What a user says of columns: their kinds, the words for missing values, and which are left out."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from .. import checks
from ..errors import FileError, SettingError
from ._text import Form

KINDS = ("auto", "number", "date", "date day first", "date month first", "time", "duration", "category", "ignore")


@dataclass(frozen=True)
class Choice:
    """What was said of one column.

    kind     one of KINDS; "auto": found out, but the column is not left out as a key or row numbers
    missing  words that mean a missing value in it, beside the empty cell; None: as for all columns
    """

    kind: str = "auto"
    missing: tuple[str, ...] | None = None

    @classmethod
    def of(cls, name: str, given: Any) -> Self:
        """Return the choice that a kind, or a dict of kind and missing, stands for."""
        record = {"kind": given} if isinstance(given, str) else given
        if not isinstance(record, Mapping) or not set(record) <= {"kind", "missing"}:
            raise SettingError(f"types: {name!r}: expected a kind, or an object of kind and missing, got {given!r}")
        kind = checks.choice(f"types: {name!r}", record.get("kind", "auto"), KINDS)
        words = record.get("missing")
        if words is not None and (isinstance(words, str) or not all(type(word) is str for word in words)):
            raise SettingError(f"types: {name!r}: missing: expected a list of words, got {words!r}")
        return cls(kind, None if words is None else tuple(words))

    @property
    def form(self) -> Form | None:
        """How its text is spelled, where that was said."""
        _, _, order = self.kind.partition(" ")
        return Form("date", order.removesuffix(" first")) if order else None


def choices(given: Mapping[str, Any] | None, ignore: Iterable[str] = (), keep: Iterable[str] = ()) -> dict[str, Choice]:
    """Return what was said of each column; `ignore` and `keep` are names that are left out, and that are not."""
    said = {name: Choice.of(name, value) for name, value in (given or {}).items()}
    for names, kind in ((ignore, "ignore"), (keep, "auto")):
        said |= {name: Choice(kind) for name in names if kind == "ignore" or name not in said}
    return said


def read_types(path: str | Path) -> dict[str, Any]:
    """Return the types of a TOML file: under [columns], NAME = "kind" or { kind = "kind", missing = ["words"] }.

    Raises FileError for a file that is missing or is none.
    """
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise FileError(f"{path}: expected a TOML file of types; {reason}") from error
    columns = document.get("columns")
    if set(document) != {"columns"} or not isinstance(columns, dict):
        raise FileError(f"{path}: expected a table [columns], got {', '.join(document) or 'nothing'}")
    for name, value in columns.items():
        try:
            Choice.of(name, value)
        except SettingError as error:
            raise FileError(f"{path}: {error}") from error
    return columns
