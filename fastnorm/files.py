"""The model file: tensors and a JSON document in one safetensors file, with a SHA-256 over both.

Nothing in it names code, and nothing in it is trusted.
"""

import contextlib
import os
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import ops
from .errors import FastnormError, FileError
from .trace import ROWS, Operation, Tape

FORMAT = 1
KEY = "fastnorm"  # one entry of the safetensors metadata, so that the same model gives the same bytes
ROLES = ("input", "target", "parameter", "statistic", "constant")


def _digest(tensors: Mapping[str, np.ndarray], document: str) -> str:
    import hashlib  # here and below only now: training needs no file

    digest = hashlib.sha256(document.encode())
    for name in sorted(tensors):
        array = np.asarray(tensors[name], order="C")
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def pack(kind: str, tensors: Mapping[str, np.ndarray], document: Mapping[str, Any]) -> bytes:
    """The bytes of a file of this kind; the document is JSON-able."""
    import json

    import safetensors.numpy

    text = json.dumps(document, sort_keys=True)
    head = {"format": FORMAT, "kind": kind, "sha256": _digest(tensors, text), "document": text}
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    return safetensors.numpy.save(contiguous, {KEY: json.dumps(head, sort_keys=True)})


def unpack(kind: str, data: bytes) -> tuple[dict[str, np.ndarray], Any]:
    """The tensors and the document of `pack`; raises FileError where the bytes are not such a file, or are damaged."""
    import json

    import safetensors.numpy

    unreadable = safetensors.SafetensorError
    try:
        (length,) = struct.unpack_from("<Q", data)
        head = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][KEY])
        if (head["kind"], head["format"]) != (kind, FORMAT):
            found = f"{head['kind']!r} of format {head['format']!r}"
            raise FileError(f"expected a fastnorm {kind} file of format {FORMAT}, got {found}")
        tensors, document = safetensors.numpy.load(data), json.loads(head["document"])
        intact = head["sha256"] == _digest(tensors, head["document"])
    except FileError:
        raise
    except (struct.error, KeyError, TypeError, ValueError, AttributeError, RecursionError, unreadable) as error:
        raise FileError(f"no fastnorm {kind} file, or a damaged one") from error
    if not intact:
        raise FileError("damaged: its contents do not match its checksum")
    return tensors, document


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all: to a temporary one beside it, synced, then renamed.

    What a link leads to is written; a pipe or a device, which cannot be replaced, is written to as it is.
    """
    folder, name = os.path.split(os.path.realpath(path))
    temporary = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "wb") as pipe:
                pipe.write(data)
            return
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, os.path.join(folder, name))
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from error
    finally:  # after a failure or Ctrl-C; else there is none any more
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def read(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from error


def tape_to_record(tape: Tape) -> dict[str, Any]:
    """A tape as JSON-able lists; values are numbered with those that no operation gives first. See constants_of."""
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
    """A SHA-256 of what a tape computes: its operations and its constants."""
    import json

    return _digest(constants_of(tape), json.dumps(tape_to_record(tape), sort_keys=True))


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
    """What the record of a value that no operation gives says of it beside role, name and shape."""
    settings = dict(value["settings"])
    if value["role"] == "constant":
        array = tensors.pop(prefix + value["name"])
        if array.shape != shape or array.dtype not in (np.float32, np.float64):
            raise FileError(
                f"expected real numbers of shape {shape} in {value['name']!r}, got {array.dtype} {array.shape}"
            )
        return {"array": array}
    if value["role"] in ("parameter", "statistic") and not isinstance(settings["decays"], bool):
        raise FileError(f"expected whether {value['name']!r} decays, got {settings['decays']!r}")
    return settings


def _length(number: Any, low: int = 1) -> int:
    if type(number) is not int or not low <= number < 2**40:
        raise FileError(f"expected a whole number of at least {low}, got {number!r}")
    return number
