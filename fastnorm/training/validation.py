"""Validation: rows set aside that score a run after each epoch, predicted as the model would."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import checks
from ..engine import layout
from ..engine.predictor import Predictor
from ..errors import DtypeError, ShapeError
from ..nn.losses import Loss
from ..ops.tape import Tape
from ..passes.folding import Folding

BLOCK = 1 << 16  # rows at a time, so that not all predictions are in memory


def where_it_lies(name: str, x: Any, dtype: np.dtype) -> Any:
    """x, which must not need a copy in memory where it is a map of a file."""
    if isinstance(x, np.memmap) and (x.dtype != dtype or not checks.lies_plainly(x)):
        came = f"expected {dtype} in C order, got {x.dtype}{checks.layout_of(x)}"
        raise DtypeError(f"{name}: a memory map is read where it lies: {came}")
    return x


class Validation:
    """Rows and their targets, and the forward pass and the loss that judge them; x and y as Run takes them."""

    def __init__(self, tape: Tape, dtype: np.dtype, loss: Loss, x: Any, y: Any, threads: int) -> None:
        x = checks.matrix("validation x", where_it_lies("validation x", x, dtype), dtype, tape.features)
        self.x = checks.codes("validation x", checks.finite("validation x", x), layout.coded(tape))
        self.y = loss.targets(y, tape.result.features, dtype)
        if len(self.x) != len(self.y):
            raise ShapeError(f"validation: expected as many targets as rows, got {len(self.y)} and {len(self.x)}")
        self._tape, self._loss, self._threads = tape, loss, threads
        self._ready: tuple[Folding, Predictor] | None = None  # made by the first look

    def fork(self) -> "Validation":
        """The same rows, for a run in another thread."""
        fork = copy.copy(self)
        fork._ready = None
        return fork

    def evaluate(self, arrays: Mapping[str, np.ndarray], by_row: bool) -> tuple[float, float]:
        """Mean loss and metric by these arrays; by_row False: the loss is one number, and must see all rows at once."""
        if self._ready is None:
            folded = Folding(self._tape, arrays)
            self._ready = folded, Predictor(folded.tape, self.x.dtype)
        folded, predictor = self._ready
        predictor.refill(folded.numbers(arrays))
        rows, sums = len(self.x), np.zeros(2)
        step = BLOCK if by_row else rows
        for first in range(0, rows, step):
            prediction = predictor.predict(self.x[first : first + step], threads=self._threads)
            sums += [np.sum(of) for of in self._loss.by_row(prediction, self.y[first : first + step])]
        return float(sums[0] / rows), float(sums[1] / rows)
