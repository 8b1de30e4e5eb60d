"""A tape as plain JSON and back; nothing in a record is trusted, for every shape is checked as it is recorded anew."""

from typing import Any

import numpy as np

from .. import ops
from ..errors import FastnormError, FileError
from ..ops.tape import ROWS, Operation, Tape
from .model_file import digest

ROLES = ("input", "target", "parameter", "statistic", "constant")


def tape_to_record(tape: Tape) -> dict[str, Any]:
    """A tape as JSON-able lists; values that no operation gives are numbered first. See constants_of."""
    given = [value for value in tape.values if value.role != "result"]
    place = {value.index: number for number, value in enumerate(given)}
    operations = []
    for operation in tape.operations:
        place[operation.output] = len(place)
        inputs = [place[index] for index in operation.inputs]
        operations.append({"name": operation.name, "inputs": inputs, "attributes": dict(operation.attributes)})
    values = []
    for value in given:
        shape = ["N" if n is ROWS else n for n in value.shape]
        settings = {name: setting for name, setting in value.settings.items() if name != "array"}
        values.append({"role": value.role, "name": value.name, "shape": shape, "settings": settings})
    return {"values": values, "operations": operations}


def fingerprint(tape: Tape) -> str:
    """A SHA-256 of a tape's operations and constants."""
    import json

    return digest(constants_of(tape), json.dumps(tape_to_record(tape), sort_keys=True))


def constants_of(tape: Tape, prefix: str = "") -> dict[str, np.ndarray]:
    """The numbers of a tape's constants, for the tensors of a file."""
    return {prefix + value.name: value.settings["array"] for value in tape.of_role("constant")}


def tape_from_record(record: Any, tensors: dict[str, np.ndarray], prefix: str = "") -> Tape:
    """The tape of tape_to_record, recorded anew, so every shape is checked; raises FileError for anything else.

    tensors  those of the file; the constants are taken out of it
    """
    tape = Tape()
    try:
        for value in record["values"]:
            if value["role"] not in ROLES or not isinstance(value["name"], str):
                raise FileError(f"expected a value of role {', '.join(ROLES)}, got {value!r}")
            shape = tuple(ROWS if n == "N" else _length(n) for n in value["shape"])
            tape.add(value["role"], value["name"], shape, **_settings(value, shape, tensors, prefix))
        known = list(tape.values)
        for entry in record["operations"]:
            inputs = [known[_length(index, low=0)] for index in entry["inputs"]]
            known.append(ops.repeat(Operation(entry["name"], (), 0, entry["attributes"], {}), inputs))
        tape.of_role("input")[0], tape.result
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, FastnormError) as error:
        raise FileError(f"its operations cannot be read: {error}") from error
    return tape


def _settings(value: Any, shape: tuple[Any, ...], tensors: dict[str, np.ndarray], prefix: str) -> dict[str, Any]:
    """The settings of a value that no operation gives, from its record."""
    settings = dict(value["settings"])
    if value["role"] == "constant":
        array = tensors.pop(prefix + value["name"])
        if array.shape != shape or array.dtype not in (np.float32, np.float64):
            raise FileError(
                f"expected real numbers of shape {shape} in {value['name']!r}, got {array.dtype} {array.shape}"
            )
        return {"array": array}
    for name in ("decay_factor", "rate_factor") if value["role"] in ("parameter", "statistic") else ():
        if not isinstance(settings[name], float) or not 0 <= settings[name] < np.inf:
            raise FileError(f"{value['name']}: expected a {name} of at least 0, got {settings[name]!r}")
    return settings


def _length(number: Any, low: int = 1) -> int:
    if type(number) is not int or not low <= number < 2**40:
        raise FileError(f"expected a whole number of at least {low}, got {number!r}")
    return number
