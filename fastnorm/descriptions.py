"""Descriptions: what is written down once, a layer, a loss, an optimizer, a schedule; equal by value, never changed."""

from dataclasses import FrozenInstanceError, dataclass, fields
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


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
    """A dataclass(frozen=True) whose methods, but for __init__, are not compiled anew for each class.

    There are some thirty such classes; their methods took more than half of the time in which fastnorm is imported.
    """
    made = dataclass(repr=False, eq=False)(cls)
    for name in SHARED:
        if name not in vars(cls):
            setattr(made, name, vars(_Shared)[name])
    return made
