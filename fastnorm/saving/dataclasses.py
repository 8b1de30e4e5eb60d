"""Frozen dataclasses to plain JSON records and back. A record comes from a file, so nothing in it is trusted.

A dataclass here has fields of str, bool, float and tuple only, and checks their values in __post_init__.
"""

import reprlib
import sys
from dataclasses import fields
from typing import Any, get_origin

from ..errors import DataError, FileError, SettingError


def to_record(thing: Any) -> dict[str, Any]:
    """Return {"type": the class's name, and every field}, of plain values."""
    values = {field.name: getattr(thing, field.name) for field in fields(thing)}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {"type": type(thing).__name__, **plain}


def from_record(where: str, record: Any, *classes: Any) -> Any:
    """Return the object of a record, of one of the classes; FileError names the place that does not fit."""
    by_name = {cls.__name__: cls for cls in classes}
    name = member(where, record, "type", str)
    if name not in by_name:
        raise FileError(f"{where}: expected a type of {', '.join(by_name)}, got {reprlib.repr(name)}")
    types = {field.name: field.type for field in fields(by_name[name])}
    only(where, record, ["type", *types])
    values = {key: member(where, record, key, kind) for key, kind in types.items()}
    try:
        return by_name[name](**values)
    except (DataError, SettingError) as error:
        raise FileError(f"{where}: {error}") from error


def only(where: str, record: Any, keys: list[str]) -> None:
    """Require a record of exactly these keys."""
    if not isinstance(record, dict) or set(record) != set(keys):
        got = list(record) if isinstance(record, dict) else record
        raise FileError(f"{where}: expected an object of {', '.join(keys)}, got {reprlib.repr(got)}")


def member(where: str, record: Any, key: str, kind: Any) -> Any:
    """Return record[key], which must be of the kind; numbers must be finite."""
    if not isinstance(record, dict) or key not in record:
        raise FileError(f"{where}: expected an object with {key!r}, got {reprlib.repr(record)}")
    value = record[key]
    if kind is float and type(value) in (int, float) and abs(value) <= sys.float_info.max:
        return float(value)
    if kind is not float and type(value) is kind:
        return value
    if get_origin(kind) is tuple and type(value) is list:
        return tuple(value)
    raise FileError(f"{where}: {key!r}: expected {getattr(kind, '__name__', kind)}, got {reprlib.repr(value)}")
