"""Losses: the operation that ends a tape for training, the targets it takes, and its value on given predictions."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from . import checks, ops
from .errors import DtypeError, ShapeError
from .kernels import mean_squared_error_by_row, softmax_cross_entropy_by_row
from .trace import ROWS, Tape, Value


class Loss(Protocol):
    """The task it belongs to, the metric it reports with it, and the three steps below."""

    task: ClassVar[str]
    metric: ClassVar[str]

    def targets(self, y: Any, outputs: int, dtype: Any) -> np.ndarray: ...

    def record(self, prediction: Value, target: np.ndarray) -> Value: ...

    def by_row(self, prediction: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


def _inputs(tape: Tape, shape: tuple[Any, ...]) -> tuple[Value, Value]:
    return tape.add("target", "y", shape), tape.add("weight", "sample_weight", (ROWS, 1))


@dataclass(frozen=True)
class SoftmaxCrossEntropy:
    """-log of the probability softmax gives to the right class: for C classes, one output each.

    label_smoothing  share of the target spread evenly over all classes, 0 <= share < 1
    Targets are class numbers from 0 to C - 1, or (n, C) probabilities.
    """

    label_smoothing: float = 0.0

    task: ClassVar[str] = "classification"
    metric: ClassVar[str] = "accuracy"

    def __post_init__(self) -> None:
        share = checks.number("label_smoothing", self.label_smoothing, 0, 1, ends="[)")
        object.__setattr__(self, "label_smoothing", share)  # a float, which a file can hold

    def targets(self, y: Any, outputs: int, dtype: Any) -> np.ndarray:
        """y as the program wants it: int32 (n,), or (n, outputs) of dtype."""
        y = np.asarray(y)
        if y.ndim == 2 and y.dtype.kind == "f":
            return checks.shares("y", y, dtype, outputs)
        if y.dtype.kind not in "iub":
            raise DtypeError(
                f"y: expected class numbers from 0 to {outputs - 1}, got dtype {y.dtype}; "
                "fit(frame, target=...) turns words into classes"
            )
        return checks.indices("y", y.astype(np.int64), outputs, np.int32)

    def record(self, prediction: Value, target: np.ndarray) -> Value:
        """End the prediction's tape with this loss on such targets."""
        shape = (ROWS,) if target.ndim == 1 else prediction.shape
        return ops.softmax_cross_entropy(
            prediction, *_inputs(prediction.tape, shape), label_smoothing=self.label_smoothing
        )

    def by_row(self, prediction: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss of each row, and 1 where the likeliest class is right."""
        return softmax_cross_entropy_by_row(prediction, target, self.label_smoothing)


@dataclass(frozen=True)
class MeanSquaredError:
    """Mean of the squared differences; targets are (n,) or (n, outputs) numbers."""

    task: ClassVar[str] = "regression"
    metric: ClassVar[str] = "mean_absolute_error"

    def targets(self, y: Any, outputs: int, dtype: Any) -> np.ndarray:
        """y as the program wants it: (n, outputs) of dtype."""
        y = np.asarray(y)
        if y.ndim == 1 and outputs == 1:
            y = y[:, None]
        if y.ndim != 2 or y.shape[1] != outputs:
            raise ShapeError(f"y: expected shape (n, {outputs}) as the model's outputs, got {y.shape}")
        return checks.finite("y", checks.matrix("y", y, dtype, outputs))

    def record(self, prediction: Value, target: np.ndarray) -> Value:
        """End the prediction's tape with this loss."""
        return ops.mean_squared_error(prediction, *_inputs(prediction.tape, prediction.shape))

    def by_row(self, prediction: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss of each row, and its mean absolute difference."""
        return mean_squared_error_by_row(prediction, target)


LOSSES = (SoftmaxCrossEntropy, MeanSquaredError)


def default(y: Any) -> Loss:
    """Softmax cross-entropy for integers, mean squared error for floats."""
    kind = np.asarray(y).dtype.kind
    return MeanSquaredError() if kind == "f" else SoftmaxCrossEntropy()
