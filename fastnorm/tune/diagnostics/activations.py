"""Probes inside a model: the inputs of its activations, and rows to compute them with."""

from typing import Any

import numpy as np

from ...errors import SettingError
from ...ops.spec import ACTIVATIONS
from ...ops.tape import Operation, Tape
from ...training.recalibration import inside
from ...training.run import Run


def probe(run: Run, rows: int) -> np.ndarray:
    """Return `rows` of a run's training rows, evenly spread over the data; all where there are fewer."""
    x = run.data[0]
    return np.asarray(x[np.linspace(0, len(x) - 1, min(rows, len(x))).astype(np.int64)])


def pre_activations(tape: Tape) -> dict[str, int]:
    """Return name -> index of each value that an activation reads: a batch norm's result, or a dense layer's.

    Raises SettingError where a model has none.
    """
    results = {operation.output for operation in tape.operations}
    read = [operation.inputs[0] for operation in tape.operations if operation.name in ACTIVATIONS]
    found = {tape.values[index].name: index for index in read if index in results}
    if not found:
        raise SettingError("expected a model with hidden layers, got one where no activation reads a layer's result")
    return found


def normalized_by(tape: Tape, index: int) -> Operation | None:
    """Return the batch norm that gives a value, or None."""
    return next((step for step in tape.operations if step.output == index and step.name == "batchnorm"), None)


def values_at(run: Run, index: int, x: np.ndarray, arrays: dict[str, Any] | None = None) -> np.ndarray:
    """Return inference's result at a value of the run's tape, (n, units) in float64."""
    blocks = inside(run.tape, index, run.model.arrays if arrays is None else arrays, x, run.threads)
    return np.concatenate([block.astype(np.float64) for block in blocks])
