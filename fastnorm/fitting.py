"""What `fit` does around a Run: rows set aside for validation, frames made arrays, epochs followed to the best one."""

import numbers
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from . import checks
from .errors import DataError, SettingError
from .metrics import rank
from .run import Epoch, Run

if TYPE_CHECKING:
    from .table import Table

Judged = tuple[np.ndarray, np.ndarray] | None


def table_from_dict(record: Any) -> "Table":
    """The table of a model's file."""
    from .table import Table  # only now: training on arrays needs none

    return Table.from_dict(record)


def tabulate(
    table: "Table | None", frame: Any, target: str, validation: Any, sample_weight: Any, seed: int
) -> tuple["Table", np.ndarray, np.ndarray, Judged, Any]:
    """Features and targets of a frame and of its validation rows.

    They come by the table given, or by one fitted on the training rows alone.

    Returns the table, x, y, (x, y) for validation or None, and the training rows' weights.
    """
    from .table import Table

    if table is not None and (table.target is None or table.target.name != target):
        raise SettingError(f"target: this model's table was not fitted for the target {target!r}")
    held = validation
    if isinstance(validation, numbers.Real):
        whole = table or Table.fit(frame, target)
        groups = whole.target_values(frame) if whole.classes is not None else None
        rows, aside = _shares(len(frame), float(validation), seed, groups)
        frame, held = _rows(frame, rows), _rows(frame, aside)
        sample_weight = None if sample_weight is None else np.asarray(sample_weight)[rows]
    elif isinstance(validation, tuple):
        raise SettingError("validation: with target=..., expected a frame or a share of the rows, got a tuple")
    table = table or Table.fit(frame, target)
    judged = None if held is None else (table.features(held), table.target_values(held))
    return table, table.features(frame), table.target_values(frame), judged, sample_weight


def _rows(frame: Any, rows: np.ndarray) -> Any:
    """Rows of a polars or pandas frame."""
    return frame.iloc[rows] if hasattr(frame, "iloc") else frame[rows]


def _shares(count: int, share: float, seed: int, groups: Any) -> tuple[np.ndarray, ...]:
    """Training rows, and those of validation, a share of all."""
    from .table import split

    share = checks.number("validation", share, 0, 1, ends="()")
    return split(count, (1 - share, share), seed, groups)


def set_aside(x: Any, y: Any, sample_weight: Any, share: float, seed: int) -> tuple[Any, Any, Any, tuple[Any, Any]]:
    """Split rows into training and validation; classes keep their shares."""
    if isinstance(x, np.memmap):
        raise SettingError("validation: a share of a memory map's rows would be copied into memory; give (x, y)")
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise DataError(f"y: expected {len(x)} rows as in x, got {len(y)}")
    groups = y if y.dtype.kind in "iub" and y.ndim == 1 else None
    training, aside = _shares(len(x), share, seed, groups)
    weight = None if sample_weight is None else np.asarray(sample_weight)[training]
    return x[training], y[training], weight, (x[aside], y[aside])


def follow(run: Run, epochs: int, patience: int | None, verbose: int, deadline: float | None) -> list[Epoch]:
    """Advance a run epoch by epoch, and leave it at its best epoch where there is validation data."""
    best, mark = None, None
    while run.epoch < epochs and (done := run.advance(deadline=deadline)):
        epoch = done[-1]
        if verbose:
            _show(epoch, epochs, run.loss.metric)
        if epoch.validation_loss is not None and epoch.validation_metric is not None:
            key = (*rank(run.loss.metric, epoch.validation_metric, epoch.validation_loss), epoch.number)
            if best is None or key < best:
                best, mark = key, run.checkpoint()
            if patience is not None and epoch.number - best[-1] >= patience:
                break
    history = list(run.history)
    if mark is not None:
        run.revert(mark)
    if verbose:
        _end(history, epochs, run.loss.metric)
    return history


def _show(epoch: Epoch, epochs: int, metric: str) -> None:
    """Write over the progress line on a terminal; elsewhere a line for the first epoch and for every tenth of them."""
    if sys.stderr.isatty():
        print(f"\r{_line(epoch, epochs, metric, _width())}\033[K", end="", file=sys.stderr, flush=True)
    elif _is_shown(epoch.number, epochs):
        print(_line(epoch, epochs, metric), file=sys.stderr, flush=True)


def _end(history: list[Epoch], epochs: int, metric: str) -> None:
    """End the line on a terminal; elsewhere give the last epoch's, where training ended before that was due."""
    if sys.stderr.isatty():
        print(file=sys.stderr)
    elif history and not _is_shown(history[-1].number, epochs):
        print(_line(history[-1], epochs, metric), file=sys.stderr, flush=True)


def _is_shown(number: int, epochs: int) -> bool:
    return number == 1 or number * 10 // epochs > (number - 1) * 10 // epochs


def _line(epoch: Epoch, epochs: int, metric: str, width: int | None = None) -> str:
    """What is known of an epoch, as far as it fits into the width."""
    parts = [f"epoch {epoch.number}/{epochs}", f"loss {epoch.loss:.4f}", f"{metric} {epoch.metric:.4f}"]
    if epoch.validation_loss is not None:
        parts += [f"validation loss {epoch.validation_loss:.4f}", f"{metric} {epoch.validation_metric:.4f}"]
    parts += [f"rate {epoch.learning_rate:.2g}", f"{epoch.seconds:.2f} s"]
    while width is not None and len("  ".join(parts)) >= width and len(parts) > 1:
        parts.pop()
    return "  ".join(parts)


def _width() -> int:
    return os.get_terminal_size(sys.stderr.fileno()).columns or 80
