"""A model as the contents of a file, and back; nothing read from a file is trusted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import checks
from ..errors import DtypeError, FileError, SettingError, ShapeError, TraceError
from ..nn import losses
from ..nn.custom_loss import Own
from ..nn.losses import Loss
from ..ops.tape import Tape
from ..saving import model_file, tape_record
from ..saving.dataclasses import from_record, member, only, to_record
from ..training.dataset import fits
from . import recording

if TYPE_CHECKING:
    from ..table import Table
    from ..table._targets import Target

PREFIX = "loss."  # of the names of a loss's constants


class Contents(NamedTuple):
    """Contents of a model file; see Model for their meaning."""

    tape: Tape
    arrays: dict[str, np.ndarray]
    dtype: str
    loss: Loss | None
    table: "Table | None"
    target: "Target | None"


def pack(model: Contents) -> bytes:
    """The model file as bytes; the same model gives the same bytes."""
    document = {
        "tape": tape_record.tape_to_record(model.tape),
        "dtype": model.dtype,
        "loss": _loss_to_record(model.loss) if model.loss else None,
        "table": model.table.to_dict() if model.table else None,
        "target": to_record(model.target) if model.target and not model.table else None,
    }
    constants = tape_record.constants_of(model.tape) | _constants_of_loss(model.loss)
    return model_file.pack("model", model.arrays | constants, document)


def unpack(data: bytes) -> Contents:
    """The contents that `pack` packed; raises FileError where the bytes are no such thing or do not fit together."""
    arrays, document = model_file.unpack("model", data)
    only("model", document, ["tape", "dtype", "loss", "table", "target"])
    tape = tape_record.tape_from_record(document["tape"], arrays)
    loss = None if document["loss"] is None else _loss_from_record(document["loss"], arrays)
    try:
        recording.require_forward(tape)
        dtype = checks.choice("dtype", member("model", document, "dtype", str), checks.FLOATS)
        recording.require_fit(tape, arrays, np.dtype(dtype))
    except (SettingError, ShapeError, DtypeError, TraceError) as error:
        raise FileError(f"its contents do not fit together: {error}") from error
    table, target = _meaning_from_record(document["table"], document["target"])
    is_wide = table is None or table.width == tape.features
    if not is_wide or not (target is None or fits(_names(target), tape.result.features)):
        raise FileError("its table or its target does not fit its operations")
    return Contents(tape, arrays, dtype, loss, table, target)


def _meaning_from_record(table: Any, target: Any) -> tuple["Table | None", "Target | None"]:
    """Return the table and the target of a model's file; FileError where they are neither."""
    if table is not None:
        from ..table import Table  # here and below only now: numbers need none of it

        learned = Table.from_dict(table)
        return learned, learned.target
    if target is None:
        return None, None
    from ..table._targets import Classes

    return None, from_record("target", target, Classes)


def _names(target: "Target") -> Sequence[Any]:
    """The labels of classes, or the name of a value's column: one for each output."""
    return getattr(target, "values", (target.name,))


def _loss_to_record(loss: Loss) -> dict[str, Any]:
    """Plain data; a loss of one's own is stored as its tape."""
    if not isinstance(loss, Own):
        return to_record(loss)
    tape = None if loss.tape is None else tape_record.tape_to_record(loss.tape)
    return {"type": "Own", "task": loss.task, "tape": tape}


def _constants_of_loss(loss: Loss | None) -> dict[str, np.ndarray]:
    """The numbers a loss of one's own reads."""
    return tape_record.constants_of(loss.tape, PREFIX) if isinstance(loss, Own) and loss.tape is not None else {}


def _loss_from_record(record: Any, tensors: dict[str, np.ndarray]) -> Loss:
    """The loss of _loss_to_record; its constants are taken out of the tensors."""
    if not isinstance(record, dict) or record.get("type") != "Own":
        known: Loss = from_record("loss", record, *losses.LOSSES)
        return known
    only("loss", record, ["type", "task", "tape"])
    tape = tape_record.tape_from_record(record["tape"], tensors, PREFIX)
    if len(tape.of_role("input")) != 1 or len(tape.of_role("target")) != 1 or tape.of_role("parameter", "statistic"):
        raise FileError("loss: expected a function of prediction and target alone")
    try:
        return Own(None, member("loss", record, "task", str), tape)
    except SettingError as error:
        raise FileError(f"loss: {error}") from error
