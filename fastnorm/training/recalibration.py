"""Recalibration: batch norm's statistics as exact means and variances over a data set."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..engine import layout
from ..engine.predictor import Predictor
from ..errors import SettingError
from ..ops.tape import Operation, Tape
from ..passes import folding, fusion

BLOCK = 8192  # rows at a time, so that not all results are in memory


def recalibrated(
    tape: Tape, arrays: Mapping[str, np.ndarray], x: np.ndarray, threads: int = 1, *, corrected: bool = True
) -> dict[str, np.ndarray]:
    """The arrays, with the statistics of every batch norm recomputed over all rows of x (n, features), first to last.

    Each sees its input by inference, with the batch norms before it recomputed already. Costs a prediction for each.

    corrected  variances are times n / (n - 1), unbiased as the running ones are; else those of
               the rows themselves, divided by n, by which training normalizes them where they are a minibatch
    Raises SettingError where a corrected variance would be that of one row.
    """
    arrays = dict(arrays)
    for operation in tape.operations:
        if operation.name == "batchnorm":
            names = [tape.values[index].name for index in operation.inputs[3:]]
            if corrected and len(x) == 1:
                raise SettingError("batch norm needs 2 rows or more to recalibrate: the variance of one row is 0")
            mean, squares = _statistics(tape, operation, arrays, x, threads)
            statistics = mean, squares / (len(x) - corrected), np.ones(1)
            arrays |= dict(zip(names, statistics, strict=True))
    return arrays


def _before_dropout(tape: Tape, index: int) -> int:
    """The value that inference has in the place of this one."""
    for operation in reversed(tape.operations):
        if operation.output == index and operation.name == "dropout":
            index = operation.inputs[0]
    return index


def inside(
    tape: Tape, index: int, arrays: Mapping[str, np.ndarray], x: np.ndarray, threads: int = 1
) -> Iterator[np.ndarray]:
    """Inference's result at this value of the tape on the rows of x (n, features), a block of rows at a time.

    With statistics recalibrated over x, but not corrected, that equals training's result on a minibatch x, but for
    dropout.
    """
    source, predictor = _before_dropout(tape, index), None
    if tape.values[source].role == "input":
        first, end = layout.columns_of_inputs(tape)[source]
        x = x[:, first:end]
    else:
        predictor = Predictor(folding.fold(fusion.until(tape, source), arrays), x.dtype)
    for first in range(0, len(x), BLOCK):
        rows = x[first : first + BLOCK]
        yield rows if predictor is None else predictor.predict(rows, threads=threads)


def _statistics(tape: Tape, operation: Operation, arrays: Mapping[str, np.ndarray], x: np.ndarray, threads: int) -> Any:
    """Mean of each column of the operation's input, and sum of the squared distances from it, in float64."""
    count, mean, squares = 0, np.float64(0), np.float64(0)
    for rows in inside(tape, operation.inputs[0], arrays, x, threads):
        block = rows.astype(np.float64)
        n, block_mean = len(block), block.mean(axis=0)
        distance = block_mean - mean  # Chan, Golub & LeVeque 1979
        squares = squares + ((block - block_mean) ** 2).sum(axis=0) + distance**2 * (count * n / (count + n))
        mean = mean + distance * (n / (count + n))
        count += n
    return mean, squares
