"""TOML of a space: the standard library reads it; these few lines write it."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from ...errors import SettingError

BARE = re.compile(r"[A-Za-z0-9_-]+")


def read(text: str) -> dict[str, Any]:
    """Return the document; ValueError where it is no TOML."""
    return tomllib.loads(text)


def tables(document: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a TOML document of one table for each entry; SettingError for a value TOML cannot hold."""
    return "\n".join(f"[{_key(name)}]\n{_lines(name, entry)}" for name, entry in document.items())


def _lines(name: str, entry: Mapping[str, Any]) -> str:
    try:
        return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in entry.items())
    except TypeError as error:
        raise SettingError(f"{name}: {error}, so this space cannot be written as TOML") from None


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{{', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())}}}"
    raise TypeError(f"TOML has no word for {value!r}")


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _value(name)
