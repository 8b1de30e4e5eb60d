"""Model: a forward pass with its parameters; it is trained, predicts and is saved."""

import numbers
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .. import checks
from .._frozen import explained
from ..engine.predictor import Predictor
from ..errors import FileError, SettingError, ShapeError, UnknownName
from ..nn import losses
from ..nn.layers import initial
from ..nn.losses import Loss
from ..ops.tape import Tape, Value
from ..passes import folding, fusion
from ..training import recalibration
from ..training.dataset import (
    Dataset,
    dataset,
    divided,
    refuse_frame,
    side_by_side,
    split_fractions,
)
from ..training.optimizers import Optimizer
from ..training.run import Run
from . import fit, recording
from .fit import History

if TYPE_CHECKING:
    from ..table import Table
    from ..table._targets import Target

PREDICTS = ("_tape", "_arrays", "loss", "target", "table")  # a change of these lets the predictors go


class Model:
    """A forward pass that is trained, predicts and is saved.

    forward  a function of recorded values, written with layers, operators and fastnorm.ops: x (N, features) ->
             (N, outputs); branches, residuals and several inputs are the function's own business
    inputs   for a function of several: how many columns each takes; the data are one matrix with all of them side by
             side, or a tuple of matrices
    dtype    "float32" or "float64"

    arrays   name -> parameter (of dtype) or statistic (float64)
    table    set: predict takes raw frames; None: it takes features
    target   labels of the classes, or mean and scale of the values, in which predict answers; None: in outputs
    loss     the last one trained with; it says whether outputs are logits of classes
    """

    @explained
    def __init__(
        self,
        forward: Callable[..., Value] | None = None,
        *,
        inputs: Sequence[int] | None = None,
        dtype: Any = "float32",
    ) -> None:
        self.dtype = np.dtype(checks.choice("dtype", np.dtype(dtype), checks.FLOATS))
        self.table: Table | None = None
        self.target: Target | None = None
        self.loss: Loss | None = None
        self._forward = forward
        self._inputs = None if inputs is None else tuple(checks.integer("inputs", width, 1) for width in inputs)
        self._tape: Tape | None = None
        self._written: Tape | None = None  # with a last activation that the loss applies itself
        self._arrays: dict[str, np.ndarray] = {}
        self._predictors: dict[bool, Predictor] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        """Set it, and let the predictors go that were made of another."""
        object.__setattr__(self, name, value)
        if name in PREDICTS:
            object.__setattr__(self, "_predictors", {})

    if not TYPE_CHECKING:  # which knows what names there are

        def __getattr__(self, name: str) -> NoReturn:
            """Raise UnknownName, with the word here for an attribute of other libraries' models."""
            if name.startswith("_"):  # asked for by copy, pickle and inspect: their error, as ever
                object.__getattribute__(self, name)
            from .. import foreign_words

            hint = foreign_words.way_out(foreign_words.ATTRIBUTES, name, (n for n in dir(self) if n[0] != "_"))
            raise UnknownName(f"{type(self).__name__}: there is no {name!r}; {hint}")

    @property
    def tape(self) -> Tape:
        """The forward pass."""
        if self._tape is None:
            raise SettingError("this model has not seen data yet: call fit, or initialize(features)")
        return self._tape

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Parameters and statistics by name; replace them with `set_arrays`."""
        return self._arrays

    @property
    def features(self) -> int:
        """Length of an input row."""
        return self.tape.features

    @property
    def outputs(self) -> int:
        """Length of a result row."""
        return self.tape.result.features

    def initialized(self, features: int, seed: int = 0) -> tuple[Tape, dict[str, np.ndarray]]:
        """The forward pass for rows of this number of features, and its arrays; new arrays are drawn from the seed."""
        tape = self._written or self._tape or recording.record(self._forward, self._inputs, features)
        arrays = dict(self._arrays)
        for number, value in enumerate(tape.of_role("parameter", "statistic")):
            if value.name not in arrays:
                dtype = self.dtype if value.role == "parameter" else np.float64
                arrays[value.name] = initial(value.settings, value.shape, dtype, seed, number)
        return tape, arrays

    def initialize(self, features: int, seed: int = 0) -> None:
        """Initialize for rows of this number of features, as a Run does: see initialized."""
        tape, arrays = self.initialized(features, seed)
        self.set_arrays(arrays, tape=tape)

    def set_arrays(
        self, arrays: dict[str, np.ndarray], *, tape: Tape | None = None, loss: Loss | None = None,
        written: Tape | None = None,
    ) -> None:  # fmt: skip
        """Use these from now on; ShapeError or DtypeError where the arrays do not fit the forward pass.

        written  the forward pass as it was written, from which `tape` was made for a loss
        """
        tape = tape or self.tape
        recording.require_fit(tape, arrays, self.dtype)
        self._tape, self._written, self._arrays, self.loss = tape, written or self._written, arrays, loss or self.loss

    @property
    def classes(self) -> list[Any] | None:
        """The labels, in the order of the probabilities; None where there are none."""
        return list(getattr(self.target, "values", ())) or None

    def recalibrate(self, x: Any, *, threads: int = 1) -> None:
        """Set batch norm's statistics to exact means and variances (over n - 1) of these rows, not running averages."""
        x = checks.finite("x", checks.matrix("x", self._features(x), self.dtype, self.features))
        arrays = recalibration.recalibrated(self.tape, self._arrays, x, threads)
        for name, array in arrays.items():
            checks.finite(name, array)
        self.set_arrays(arrays)

    def joined(self, x: Any) -> Any:
        """One matrix of the several inputs' matrices, where x is a tuple of those; else x."""
        if not isinstance(x, tuple):
            return x
        widths = [value.features for value in self._tape.of_role("input")] if self._tape else self._inputs or [None]
        return side_by_side(x, widths, self.dtype)

    # ---- training ----

    @explained
    def fit(
        self, x: Any, y: Any = None, *, target: str | None = None, validation: Any = None, task: str | None = None,
        epochs: int = 20, batch_size: int = 128, optimizer: Optimizer | str | None = None,
        schedule: Any = None,
        window: int | None = None, loss: Any = None, sample_weight: Any = None, class_weight: Any = None,
        averaging: float | None = None, metric: str | None = None, patience: int | None = None, seed: int = 0,
        threads: int = 1, verbose: int = 0, deadline: float | None = None, groups: Any = None, time: Any = None,
        types: Mapping[str, Any] | None = None, missing: Collection[str] | None = None,
    ) -> History:  # fmt: skip
        """Train, and keep the weights of the best epoch where there is validation data, else of the last.

        x, y           features (n, d) and targets (n,) or (n, outputs); a tuple of matrices as x for several inputs. Or
                       x is a data frame and y its target: then a Table is fitted on the training rows and kept, and
                       predict finds columns by their names. Labels may be of any type; predict answers in them
        target         name of the frame's target column, instead of y
        validation     rows that choose the best epoch: (x, y), a frame with the target's column, or a fraction of the
                       rows to set aside; None: the last epoch is kept
        task           "classification" or "regression"; by default told by the loss, or by y
        epochs         passes over the training rows, at least 0
        batch_size     rows of a minibatch, at least 1
        optimizer      such as Adam(1e-3), the default, or its name: "sgd", "adamw"
        schedule       factor of the learning rate, such as schedules.Cosine(), or its name; by default constant. Or a
                       dict of hyperparameters and theirs: {"learning_rate": "cosine", "dropout": Exponential(0.9)}. One
                       without a length of its own gets `epochs`
        window         rows shuffled together, None: all; see Run
        loss           such as Huber(), its name, or a function of prediction and target; by default cross-entropy for
                       classes and mean squared error for values
        sample_weight  (n,) weights >= 0 of the training rows, or the name of a frame's column that holds them
        class_weight   "balanced", so that all classes weigh the same, or factors of the weights by label, {"yes": 5}
        averaging      0 <= averaging < 1, fraction of the old average of the weights kept at each step; None: none
        metric         "loss", or the metric that chooses the best epoch; None: "accuracy" for classes, with the loss
                       between equal ones, and "root_mean_squared_error" for values
        patience       stop after this number of epochs in which neither this metric nor the validation loss was better
                       than ever before; needs validation
        seed           of initialization, shuffling, dropout and the rows set aside; the same seed gives the same bits
        threads        the most to use for one step
        verbose        1: a line on stderr that follows the epochs
        deadline       seconds by time.monotonic() at which training stops
        groups, time   values (n,) or the name of a frame's column, by which a fraction of the rows is set aside: rows
                       of one group stay together; or the latest rows are set aside
        types, missing what is known of a frame's columns and of words for missing values, as for Table.fit
        Returns a History: the epochs, and which of them was kept. Fitting again continues from the present weights.
        Raises SettingError for options that do not fit, and DataError, DtypeError or ShapeError for rows that do not.
        Ctrl-C raises KeyboardInterrupt at the next minibatch; the model then has the weights of that moment.
        """
        from ..training import schedules  # only now: importing fastnorm does not wait for them

        if patience is not None and validation is None:
            raise SettingError("patience: expected validation data to judge the epochs by, got none")
        if target is not None:
            if y is not None:
                raise SettingError("fit: expected y or target=..., got both")
            y = target
        loss, schedule = losses.asked_for(loss), schedules.fitted(schedule, epochs)
        if isinstance(validation, numbers.Real):
            known = {"task": task, "loss": loss, "table": self.table, "target": self.target}
            known |= {"sample_weight": sample_weight, "class_weight": class_weight, "types": types, "missing": missing}
            whole, (rows, aside) = divided(
                self.joined(x), y, split_fractions(validation), seed, groups=groups, time=time, **known
            )
            x, y, validation, sample_weight, class_weight = whole.take(rows), None, whole.take(aside), None, None
        elif groups is not None or time is not None:
            raise SettingError("groups, time: expected a fraction of the rows as validation, which they divide")
        run = Run(
            self, x, y, validation=validation, task=task, loss=loss, optimizer=optimizer, schedule=schedule,
            batch_size=batch_size, window=window, sample_weight=sample_weight, class_weight=class_weight,
            averaging=averaging, seed=seed, threads=threads, types=types, missing=missing,
        )  # fmt: skip
        return fit.follow(run, checks.integer("epochs", epochs, 0), metric, patience, verbose, deadline)

    # ---- prediction ----

    def logits(self, x: Any, *, out: np.ndarray | None = None, threads: int = 1) -> np.ndarray:
        """The raw outputs (n, outputs) for features x (n, d), or for a frame where the model has a table.

        out  (n, outputs) of the model's dtype to write into, or None for a new array
        """
        return self._ready(probabilities=False).predict(self._features(x), out=out, threads=threads)

    def _features(self, x: Any) -> Any:
        if isinstance(x, Dataset):
            return self.joined(x.x)
        if self.table is not None:
            return self.table.transform(x)
        refuse_frame("x", x)
        return self.joined(x)

    def predict(self, x: Any, *, threads: int = 1) -> np.ndarray:
        """Classes (n,), labels (n, outputs) of 0 and 1, or values (n,) for one output and (n, outputs) for several.

        Classes are the labels it was trained with, values in their own units. Rows do not depend on each other.
        """
        return self._answers(self.logits(x, threads=threads))

    def _answers(self, outputs: np.ndarray, even: float | None = None) -> np.ndarray:
        """Classes, labels or values; `even` is where an output says neither yes nor no."""
        if even is None:
            even = 0 if self.activation else 0.5
        if self.task == "multilabel":
            return (outputs > even).astype(np.int64)
        if self.task == "regression":
            answers: np.ndarray = outputs[:, 0] if outputs.shape[1] == 1 else outputs
        else:
            answers = outputs.argmax(1) if outputs.shape[1] > 1 else (outputs[:, 0] > even).astype(np.int64)
        return answers if self.target is None else self.target.decode(answers)

    def predict_proba(self, x: Any, *, out: np.ndarray | None = None, threads: int = 1) -> np.ndarray:
        """Probabilities (n, classes), each row adding up to 1; of labels (n, outputs), each from 0 to 1.

        out  of this shape and the model's dtype to write into, or None for a new array
        """
        return self._ready(probabilities=True).predict(self._features(x), out=out, threads=threads)

    def predict_one(self, row: Any) -> Any:
        """The answer for one example, as predict gives it: a label, a value, or values (outputs,).

        row  (d,), for several inputs a tuple of vectors; or a frame of one row where the model has a table
        """
        if self.table is not None:
            return self._only(self.predict(row))
        ready = self._predictors.get(False) or self._ready(probabilities=False)
        return self._answers(ready.predict_one(_vector(row))[None])[0]

    def predict_proba_one(self, row: Any, *, out: np.ndarray | None = None) -> np.ndarray:
        """The probabilities of one example (classes,), as predict_proba gives them; `row` as for predict_one.

        out  of this shape and the model's dtype to write into, or None for a new array; not for a frame
        """
        if self.table is not None:
            return self._only(self.predict_proba(row))
        ready = self._predictors.get(True) or self._ready(probabilities=True)
        # The usual row is handed on at once: two calls more would be a quarter of a small network's time.
        return ready.predict_one(row if type(row) is np.ndarray else _vector(row), out=out)

    @staticmethod
    def _only(answers: np.ndarray) -> Any:
        if len(answers) != 1:
            raise ShapeError(f"row: expected a frame of one row, got {len(answers)}")
        return answers[0]

    @explained
    def evaluate(self, x: Any, y: Any = None) -> dict[str, float | None]:
        """Mean loss and scores on rows and their targets, by name; with a table, on a frame that has the target column.

        Of values, scores are in their own units, and the loss of standardized ones is called so. See scores.scores.
        """
        from ..metrics.scores import scores  # only now: training needs none

        if self.loss is None:
            raise SettingError("evaluate: this model has not been trained")
        data = dataset(x, y, loss=self.loss, table=self.table, target=self.target, learns=False)
        data = data.fitted_to(self.outputs)
        outputs = self.logits(data)
        losses, _ = self.loss.by_row(outputs, self.loss.targets(data.y, self.outputs, self.dtype))
        predicted, actual = self._answers(outputs), data.actual
        if self.task == "multilabel":
            actual = actual > 0.5
        elif self.task == "classification" and data.groups is None:  # shares of classes, of which the largest counts
            actual = self._answers(np.asarray(data.y).reshape(len(outputs), -1), even=0.5)
        return {self.loss_name: float(losses.mean())} | scores(self.task, predicted, actual.reshape(predicted.shape))

    @property
    def loss_name(self) -> str:
        """Name of its loss: of a table's values it is computed on standardized ones."""
        return "standardized_loss" if hasattr(self.target, "scale") else "loss"

    @property
    def task(self) -> str:
        """Task of its loss: "classification", "multilabel" or "regression", which is the default."""
        task = "regression" if self.loss is None else self.loss.task
        return "classification" if task == "multilabel" and self.target is not None else task

    @property
    def activation(self) -> str | None:
        """The operation that makes probabilities of the outputs; None: they are values, or probabilities already.

        They are that where the forward pass ends in softmax for a loss of one's own.
        """
        of_classes = "softmax" if self.outputs > 1 else "sigmoid"
        name = {"classification": of_classes, "multilabel": "sigmoid"}.get(self.task)
        ready = losses.activation_of(self.loss) is None and fusion.last_operation(self.tape).name == name
        return None if ready else name

    def _ready(self, probabilities: bool) -> Predictor:
        """A predictor of the present weights, made when first asked for; another thread may take new ones meanwhile.

        probabilities  whether outputs become those, where they are logits
        """
        made = self._predictors  # read before the arrays, so that a predictor of old arrays is not kept
        if probabilities not in made:
            if probabilities and self.task == "regression":
                raise SettingError("predict_proba: this model predicts values, not classes; use predict")
            tape = folding.fold(self.tape, self._arrays)
            if probabilities:
                recording.record_probabilities(tape.result, self.task, self.activation)
            made[probabilities] = Predictor(tape, self.dtype, finite=True)
        return made[probabilities]

    @property
    def program(self) -> Predictor:
        """What predicts: the forward pass with batch norm folded in, dropout gone; print it to see its operations."""
        return self._ready(probabilities=self.task != "regression")

    def values(self, x: Any) -> dict[str, np.ndarray]:
        """Every intermediate result of a prediction (n, ...), by the operation's name in `print(model.program)`.

        x  as for predict; the last value is that of predict_proba, or of logits for a model that predicts values
        """
        return self.program.values(self._features(x))

    # ---- keeping ----

    def __getstate__(self) -> dict[str, Any]:
        """Contents of copies and pickles: no predictors, and the function only until it is recorded."""
        forward = self._forward if self._tape is None else None
        return {**vars(self), "_predictors": {}, "_forward": forward}

    def to_bytes(self) -> bytes:
        """The model file as bytes; the same model gives the same bytes."""
        from . import serialization  # here and below only now: training needs none of it

        contents = self.tape, self._arrays, str(self.dtype), self.loss, self.table, self.target
        return serialization.pack(serialization.Contents(*contents))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Model":
        """The model of to_bytes; raises FileError where the bytes are no such thing."""
        from . import serialization

        contents = serialization.unpack(data)
        model = Model(dtype=contents.dtype)
        model.set_arrays(contents.arrays, tape=contents.tape, loss=contents.loss)
        model.table, model.target = contents.table, contents.target
        return model

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file, whole or not at all."""
        from ..saving import model_file

        model_file.write(path, self.to_bytes())

    def summary(self) -> str:
        """One line for each operation, with the shape of its result and its parameters, and their number."""
        return recording.summary(self.tape, self.dtype)


def load(path: str | os.PathLike[str]) -> Model:
    """The model of a file that `save` wrote; raises FileError, with the path, for any other."""
    from ..saving import model_file

    data = model_file.read(path)
    try:
        return Model.from_bytes(data)
    except FileError as error:
        raise FileError(f"{path}: {error}") from error


def _vector(row: Any) -> Any:
    """One example as its predictor takes it: several inputs stand side by side; a frame is refused."""
    refuse_frame("row", row)
    return np.concatenate(row) if isinstance(row, tuple) else row
