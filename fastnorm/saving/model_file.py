"""The model file: tensors and a JSON document in one safetensors file, with a SHA-256 over both.

Nothing in it names code, and nothing in it is trusted.
"""

import contextlib
import os
import struct
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np

from ..errors import FileError

FORMAT = 1
KEY = "fastnorm"  # one entry of the safetensors metadata, so that the same model gives the same bytes


def digest(tensors: Mapping[str, np.ndarray], document: str) -> str:
    """A SHA-256 over tensors and a document."""
    import hashlib  # here and below only now: training needs no file

    found = hashlib.sha256(document.encode())
    for name in sorted(tensors):
        array = np.asarray(tensors[name], order="C")
        found.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def pack(kind: str, tensors: Mapping[str, np.ndarray], document: Mapping[str, Any]) -> bytes:
    """The bytes of a file of this kind; the document is JSON-able."""
    import json

    import safetensors.numpy

    text = json.dumps(document, sort_keys=True)
    head = {"format": FORMAT, "kind": kind, "sha256": digest(tensors, text), "document": text}
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
        intact = head["sha256"] == digest(tensors, head["document"])
    except FileError:
        raise
    except (struct.error, KeyError, TypeError, ValueError, AttributeError, RecursionError, unreadable) as error:
        raise FileError(f"no fastnorm {kind} file, or a damaged one") from error
    if not intact:
        raise FileError("damaged: its contents do not match its checksum")
    return tensors, document


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all; see replacing."""
    with replacing(path) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give a file to write into that takes the path's place when the block has ended without an error.

    It is a temporary one beside it, synced, then renamed. A link's target is replaced; a pipe or a device, which cannot
    be, is written to as it is. Raises FileError where it cannot be written.
    """
    folder, name = os.path.split(os.path.realpath(path))
    temporary = os.path.join(folder, f".{name}.{os.getpid()}")
    replaces = not os.path.exists(path) or os.path.isfile(path)
    try:
        with open(temporary if replaces else path, "wb") as file:
            yield file
            if replaces:
                file.flush()
                os.fsync(file.fileno())
        if replaces:
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
