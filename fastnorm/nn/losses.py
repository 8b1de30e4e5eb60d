"""Losses: the functions that training minimizes.

A loss of one's own is a function of prediction and target, written with operations; so are most of these.
"""

from typing import Any, ClassVar, Protocol

import numpy as np

from .. import checks, ops
from .._frozen import description, named
from ..errors import SettingError, TraceError
from ..kernels import mean_squared_error_by_row, softmax_cross_entropy_by_row
from ..ops.tape import ROWS, Value
from .custom_loss import METRICS, TARGETS, Own, Recorded, shape_of


class Loss(Protocol):
    """The task it belongs to, the metric it reports with it, and the three steps below.

    One that makes probabilities of the outputs itself names the operation that does: see activation_of.
    """

    @property
    def task(self) -> str: ...

    @property
    def metric(self) -> str: ...

    def targets(self, y: Any, outputs: int, dtype: Any) -> np.ndarray: ...

    def record(self, prediction: Value, target: np.ndarray) -> Value: ...

    def by_row(self, prediction: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


@description
class SoftmaxCrossEntropy:
    """-log of the probability softmax gives to the right class: for C classes, one output each.

    label_smoothing  share of the target spread evenly over all classes, 0 <= share < 1
    Targets are class numbers from 0 to C - 1, or (n, C) probabilities.
    """

    label_smoothing: float = 0.0

    task: ClassVar[str] = "classification"
    metric: ClassVar[str] = METRICS["classification"]
    activation: ClassVar[str] = "softmax"

    def __post_init__(self) -> None:
        share = checks.number("label_smoothing", self.label_smoothing, 0, 1, ends="[)")
        object.__setattr__(self, "label_smoothing", share)  # a float, which a file can hold

    def targets(self, y: Any, outputs: int, dtype: Any) -> np.ndarray:
        """y as the program wants it: int32 (n,), or (n, outputs) of dtype."""
        return TARGETS[self.task](y, outputs, dtype)

    def record(self, prediction: Value, target: np.ndarray) -> Value:
        """End the prediction's tape with this loss on such targets."""
        tape = prediction.tape
        y, weight = tape.add("target", "y", shape_of(target)), tape.add("weight", "sample_weight", (ROWS, 1))
        return ops.softmax_cross_entropy(prediction, y, weight, label_smoothing=self.label_smoothing)

    def by_row(self, prediction: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss of each row, and 1 where the likeliest class is right."""
        return softmax_cross_entropy_by_row(prediction, target, self.label_smoothing)


@description
class MeanSquaredError:
    """Mean of the squared differences; targets are (n,) or (n, outputs) numbers."""

    task: ClassVar[str] = "regression"
    metric: ClassVar[str] = METRICS["regression"]

    def targets(self, y: Any, outputs: int, dtype: Any) -> np.ndarray:
        """y as the program wants it: (n, outputs) of dtype."""
        return TARGETS[self.task](y, outputs, dtype)

    def record(self, prediction: Value, target: np.ndarray) -> Value:
        """End the prediction's tape with this loss."""
        tape = prediction.tape
        y, weight = tape.add("target", "y", shape_of(target)), tape.add("weight", "sample_weight", (ROWS, 1))
        return ops.mean_squared_error(prediction, y, weight)

    def by_row(self, prediction: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss of each row, twice: the metric is made of the same squares."""
        losses = mean_squared_error_by_row(prediction, target)
        return losses, losses


@description
class MeanAbsoluteError(Recorded):
    """Mean of the absolute differences; targets as for MeanSquaredError."""

    @property
    def task(self) -> str:
        return "regression"

    def rows(self, prediction: Value, target: Value) -> Value:
        return abs(prediction - target).mean(axis=1)


@description
class Huber(Recorded):
    """Half the squared difference up to delta, beyond it linear; targets as for MeanSquaredError.

    Source: Huber 1964.
    """

    delta: float = 1.0

    @property
    def task(self) -> str:
        return "regression"

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", checks.number("Huber delta", self.delta, 0, ends="(]"))

    def rows(self, prediction: Value, target: Value) -> Value:
        distance = abs(prediction - target)
        near = ops.minimum(distance, self.delta)
        return (near * (distance - 0.5 * near)).mean(axis=1)


@description
class SigmoidCrossEntropy(Recorded):
    """Each output says yes or no to a label of its own: the mean of their cross-entropies.

    Targets are (n, outputs) from 0 to 1, or (n,) for one output.
    """

    activation: ClassVar[str] = "sigmoid"

    @property
    def task(self) -> str:
        return "multilabel"

    def rows(self, prediction: Value, target: Value) -> Value:
        return (ops.softplus(prediction) - prediction * target).mean(axis=1)


@description
class Focal(Recorded):
    """Softmax cross-entropy times (1 - p)**gamma, p the probability of the right class: easy rows count less.

    Targets as for SoftmaxCrossEntropy.  Source: Lin et al. 2017.
    """

    gamma: float = 2.0

    activation: ClassVar[str] = "softmax"

    @property
    def task(self) -> str:
        return "classification"

    def __post_init__(self) -> None:
        object.__setattr__(self, "gamma", checks.number("Focal gamma", self.gamma, 0))

    def rows(self, prediction: Value, target: Value) -> Value:
        log_p = ops.log_softmax(prediction)
        hot = ops.one_hot(target, prediction.features) if target.shape == (ROWS,) else target
        return -(hot * (1 - ops.exp(log_p)) ** self.gamma * log_p).sum(axis=1)


LOSSES = (SoftmaxCrossEntropy, MeanSquaredError, MeanAbsoluteError, Huber, SigmoidCrossEntropy, Focal)


def activation_of(loss: Any) -> str | None:
    """The operation, softmax or sigmoid, that a loss applies to the outputs itself; None: it takes them as they are."""
    name: str | None = getattr(loss, "activation", None)
    return name


def asked_for(loss: Any) -> Any:
    """The loss of this name, or the loss, function or None itself; TraceError for anything else."""
    loss = named("loss", loss, LOSSES)
    if loss is not None and (isinstance(loss, type) or (not callable(loss) and not hasattr(loss, "record"))):
        raise TraceError(f"loss: expected one such as fn.Huber(), or a function of prediction and target, got {loss!r}")
    return loss


def chosen(loss: Any, task: str, outputs: int) -> Loss:
    """The loss that was asked for, or one made of that function; None: that of the task."""
    if task == "classification" and outputs == 1:
        task = "multilabel"  # the one output says yes or no
    if getattr(loss, "task", None) == "classification" and outputs == 1:
        raise SettingError(
            f"loss: {loss!r} needs an output for each class, and this model has one; give its last layer a unit for "
            "each, or leave loss= out: one output then tells two classes apart"
        )
    if loss is None:
        defaults = {"classification": SoftmaxCrossEntropy, "multilabel": SigmoidCrossEntropy}
        return defaults.get(task, MeanSquaredError)()
    own: Loss = loss if hasattr(loss, "record") else Own(loss, task)
    return own
