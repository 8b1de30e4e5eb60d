"""Descriptions of layers, losses, optimizers and schedules: frozen dataclasses, equal by value."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
from functools import wraps
from typing import Any, NoReturn, TypeVar, dataclass_transform

from .errors import SettingError, UnknownKeyword

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def explained(function: F) -> F:
    """Wrap a function so that the error for an unknown keyword names the right one."""

    @wraps(function)
    def called(*arguments: Any, **keywords: Any) -> Any:
        try:
            return function(*arguments, **keywords)
        except TypeError:
            parameters = inspect.signature(function).parameters.values()
            known = [each.name for each in parameters if each.name != "self" and each.kind != each.VAR_POSITIONAL]
            unknown = [name for name in keywords if name not in known]
            if not unknown:
                raise
        from . import foreign_words  # only now: see there

        owner = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
        hint = foreign_words.way_out(foreign_words.KEYWORDS, unknown[0], known, owner)
        raise UnknownKeyword(f"{owner}: there is no argument {unknown[0]!r}; {hint}")

    return called  # type: ignore[return-value]


def named(what: str, given: Any, classes: Sequence[type]) -> Any:
    """Return `given`; where it is a word, an object of the class of that name: "leaky_relu" is LeakyReLU().

    Raises SettingError for a word that names none, or one that needs numbers.
    """
    if not isinstance(given, str):
        return given
    words: dict[str, Any] = {word(cls): cls for cls in classes}
    if given not in words:
        from . import foreign_words

        hint = foreign_words.way_out(foreign_words.VALUES, given, words)
        raise SettingError(f"{what}: there is no {given!r}; {hint}")
    needs = [f"{field.name}=..." for field in fields(words[given]) if field.default is MISSING]
    if needs:
        module = "fn.schedules" if what == "schedule" else "fn"
        raise SettingError(f"{what}: {given!r} needs numbers: {module}.{words[given].__name__}({', '.join(needs)})")
    return words[given]()


def settings_of(classes: Sequence[type]) -> tuple[str, ...]:
    """The names of these classes' fields, each once."""
    return tuple(dict.fromkeys(field.name for cls in classes for field in fields(cls)))


def of_settings(what: str, name: Any, settings: Mapping[str, Any], classes: Sequence[type]) -> Any:
    """An object of the class of this name, made of those of the settings that it has.

    Raises SettingError for an unknown name, a setting that only others of the classes have, and one that is missing.
    """
    words: dict[str, Any] = {word(cls): cls for cls in classes}
    if not isinstance(name, str) or name not in words:
        raise SettingError(f"{what}: expected one of {', '.join(words)}, got {name!r}")
    own = settings_of([words[name]])
    stray = [setting for setting in settings_of(classes) if setting in settings and setting not in own]
    if stray:
        having = ", ".join(f'"{other}"' for other, cls in words.items() if stray[0] in settings_of([cls]))
        condition = f'when=("{what}", "in", [{having}])'
        raise SettingError(f"{what}: {name} has no {stray[0]}; a space gives it to those that have, by {condition}")
    given = {setting: settings[setting] for setting in own if setting in settings}
    missing = [field.name for field in fields(words[name]) if field.default is MISSING and field.name not in given]
    if missing:
        raise SettingError(f"{what}: {name} needs {', '.join(missing)}; a space gives it by the same name")
    return words[name](**given)


def word(cls: type) -> str:
    """The class's name in snake case, its abbreviations whole: mean_squared_error, leaky_relu, rmsprop."""
    return re.sub("(?<=[a-z])(?=[A-Z][a-z])", "_", cls.__name__).lower()


def chosen(what: str, given: Any, classes: Sequence[type], member: str, example: str) -> Any:
    """Return the object given or named, which must have this member."""
    thing = named(what, given, classes)
    if isinstance(thing, type) or not hasattr(thing, member):
        raise SettingError(f"{what}: expected one such as {example}, got {thing!r}")
    return thing


class _Shared:
    def __repr__(self) -> str:
        values = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self))  # type: ignore[arg-type]
        return f"{type(self).__qualname__}({values})"

    def __eq__(self, other: object) -> bool:
        return _values(self) == _values(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(_values(self))

    def __setattr__(self, name: str, value: Any) -> None:
        """For __init__ alone, which sets each field once."""
        if name in vars(self) or name not in (field.name for field in fields(self)):  # type: ignore[arg-type]
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")


SHARED = ("__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__")


def _values(described: Any) -> tuple[Any, ...]:
    return tuple(getattr(described, field.name) for field in fields(described))


@dataclass_transform(frozen_default=True)
def description(cls: type[T]) -> type[T]:
    """A dataclass(frozen=True) whose methods, but for __init__, are not compiled anew for each class; see explained.

    There are some thirty such classes; their methods took more than half of the time in which fastnorm is imported.
    """
    made = dataclass(repr=False, eq=False)(cls)
    for name in SHARED:
        if name not in vars(cls):
            setattr(made, name, vars(_Shared)[name])
    made.__init__ = explained(made.__init__)  # type: ignore[method-assign]
    return made
