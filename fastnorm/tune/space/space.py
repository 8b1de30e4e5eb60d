"""Space: a dimension for every hyperparameter of a search, in the order in which they are drawn."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, Self

from ...errors import FastnormError, FileError, SettingError
from . import toml
from .conditions import holds
from .dimensions import Choice, Float, Int
from .distribution import Distribution

Dimension = Float | Int | Choice | Distribution
KINDS: dict[str, type[Dimension]] = {"Float": Float, "Int": Int, "Choice": Choice, "Distribution": Distribution}
HEADINGS = ("name", "kind", "values", "scale", "when")


class Space(dict[str, Dimension]):
    """The dimensions of a search by the names of their hyperparameters; every search makes its dict one.

    space  a mapping of name to Float, Int, Choice, a list (a Choice of it) or a frozen distribution of scipy.stats
    A condition asks for a hyperparameter that comes before its own; where it does not hold, its own is absent.
    print(space) shows a table. Raises SettingError that names the entry.
    """

    def __init__(self, space: Any) -> None:
        if not isinstance(space, Mapping) or not space:
            raise SettingError(f"space: expected a dict of hyperparameters with at least one, got {space!r}")
        super().__init__()
        for name, entry in space.items():
            if not isinstance(name, str):
                raise SettingError(f"space: expected names as keys, got {name!r}")
            dimension = _dimension(name, entry)
            if dimension.when is not None:
                self._check_condition(name, dimension.when)
            super().__setitem__(name, dimension)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        """For all that would change it without the checks above."""
        raise SettingError("space: it cannot be changed once it is made; make another: Space({**space, ...})")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Dimension]]]:
        return type(self), (dict(self),)

    def _check_condition(self, name: str, when: Any) -> None:
        if when.name not in self:
            raise SettingError(
                f"space[{name!r}]: its condition {when} asks for {when.name!r}, which must stand before it; before it "
                f"stand {', '.join(self) or 'none'}"
            )
        try:
            when.holds({when.name: self[when.name].at(0.0)})
        except TypeError as error:
            raise SettingError(f"space[{name!r}]: its condition {when} cannot be tested: {error}") from None

    def configurations(self) -> Iterator[dict[str, Any]] | None:
        """Give every configuration there is, None where they are too many to tell apart."""
        options = {name: values for name, dimension in self.items() if (values := dimension.values()) is not None}
        return products(self, options) if len(options) == len(self) else None

    def check(self, values: Mapping[str, Any]) -> None:
        """Raise SettingError where these hyperparameters, all or some, cannot be a configuration of this space."""
        for name, value in values.items():
            if name not in self:
                raise SettingError(f"expected hyperparameters out of {', '.join(self)}, got {name!r}")
            dimension = self[name]
            if not holds(dimension.when, values):
                raise SettingError(f"{name} is there only when {dimension.when}; leave it out, or set that too")
            if not _fits(dimension, value):
                raise SettingError(f"{name}: expected a value of {dimension}, got {value!r}")

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> "Space":
        """Read a space that to_toml wrote, or a person did, with a table or a list for each name.

        Raises FileError that names the file, where it cannot be read or holds no space.
        """
        try:
            packed = toml.read(Path(path).read_text(encoding="utf-8"))
            return cls({name: _unpacked(entry) if isinstance(entry, dict) else entry for name, entry in packed.items()})
        except OSError as error:
            raise FileError(f"{path}: cannot read this file ({error.strerror})") from None
        except (FastnormError, KeyError, TypeError, ValueError) as error:
            words = "expected a space, for each name a table with kind, low, high..."
            raise FileError(f"{path}: {words}: {error}") from None

    def to_toml(self, path: str | os.PathLike[str]) -> None:
        """Write the space as a TOML file, over one that is there; SettingError for an option TOML has no word for."""
        text = toml.tables(pack_space(self))
        Path(path).write_text(text, encoding="utf-8")

    def __str__(self) -> str:
        rows = [HEADINGS, *(_cells(name, dimension) for name, dimension in self.items())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(line.rstrip() for line in lines)


def check_space(space: Any) -> Space:
    """Return the space as a Space, or raise SettingError that names the entry."""
    return space if isinstance(space, Space) else Space(space)


def filled(space: Mapping[str, Dimension], pick: Callable[[int, str, Dimension], Any]) -> dict[str, Any]:
    """Return a configuration: pick(place, name, dimension) for each hyperparameter whose condition holds."""
    values: dict[str, Any] = {}
    for place, (name, dimension) in enumerate(space.items()):
        if holds(dimension.when, values):
            values[name] = pick(place, name, dimension)
    return values


def products(space: Mapping[str, Dimension], options: Mapping[str, Iterable[Any]]) -> Iterator[dict[str, Any]]:
    """Give every configuration that takes one of its options for each hyperparameter whose condition holds."""
    names = list(space)

    def grow(place: int, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if place == len(names):
            yield values
        elif not holds(space[names[place]].when, values):
            yield from grow(place + 1, values)
        else:
            for value in options[names[place]]:
                yield from grow(place + 1, {**values, names[place]: value})

    return grow(0, {})


def pack_space(space: Mapping[str, Dimension]) -> dict[str, Any]:
    """Return the space as plain data for a study file."""
    return {name: {"kind": type(entry).__name__, **_packed(entry)} for name, entry in space.items()}


def unpack_space(packed: Any) -> Space:
    """Return the space that pack_space packed; FileError where a study file holds something else."""
    try:
        return Space({name: _unpacked(entry) for name, entry in packed.items()})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FileError(f"study: its space is damaged ({error})") from None


def _dimension(name: str, entry: Any) -> Dimension:
    if isinstance(entry, Dimension):
        return entry
    try:
        if isinstance(entry, list | tuple):
            return Choice(entry)
        if hasattr(entry, "ppf"):
            return Distribution.of(entry)
    except SettingError as error:
        raise SettingError(f"space[{name!r}]: {error}") from None
    raise SettingError(f"space[{name!r}]: expected Float, Int, Choice or a list, got {entry!r}")


def _fits(dimension: Dimension, value: Any) -> bool:
    try:
        return bool(dimension.nearest(value) == value)
    except (TypeError, ValueError):
        return False


def _packed(dimension: Dimension) -> dict[str, Any]:
    """The fields that were set, conditions and options as lists."""
    values = {field.name: getattr(dimension, field.name) for field in fields(dimension)}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v is not None}


def _unpacked(entry: dict[str, Any]) -> Dimension:
    entry = dict(entry)
    return KINDS[entry.pop("kind")](**entry)


def _cells(name: str, dimension: Dimension) -> tuple[str, ...]:
    match dimension:
        case Float(low=low, high=high, step=step):
            values = f"{low:g} ... {high:g}" + (f" in steps of {step:g}" if step else "")
        case Int(low=low, high=high):
            values = f"{low} ... {high}"
        case Choice(options=options):
            values = ", ".join(map(str, options))
        case Distribution():
            keywords = [f"{key}={value:g}" for key, value in dimension.keywords.items()]
            values = f"{dimension.name}({', '.join([*(f'{value:g}' for value in dimension.arguments), *keywords])})"
    return name, type(dimension).__name__, values, getattr(dimension, "scale", ""), str(dimension.when or "")
