"""Model: what is trained, predicts and is saved."""

import numbers
import os
from typing import Any

import numpy as np

from . import checks, files, fitting, joining, losses
from ._records import from_record, member, only, to_record
from .errors import DtypeError, FileError, SettingError, ShapeError
from .kernels import softmax
from .layers import initial
from .losses import Loss
from .optimizers import Optimizer
from .predictor import Predictor
from .run import Epoch, Run
from .schedules import Cosine, Schedule
from .table import Table
from .trace import Tape


class Model:
    """A recorded forward pass, its parameters and statistics, and the table that made numbers of its data.

    tape    the forward pass; `load` gives one, a Sequential records its own
    arrays  name -> parameter (of dtype) or statistic (float64)
    table   set: predict takes raw frames and gives classes or values in their own units; None: it takes features
    loss    the last one trained with; it says whether outputs are logits of classes
    """

    def __init__(
        self, tape: Tape | None = None, arrays: dict[str, np.ndarray] | None = None, dtype: Any = "float32"
    ) -> None:
        self.dtype = np.dtype(checks.choice("dtype", np.dtype(dtype), checks.FLOATS))
        self.table: Table | None = None
        self.loss: Loss | None = None
        self._tape = tape
        self._arrays = arrays or {}
        self._predictor: tuple[dict[str, np.ndarray], Predictor] | None = None  # and the arrays it was made of

    @property
    def tape(self) -> Tape:
        """The forward pass."""
        if self._tape is None:
            raise SettingError("this model has not seen data yet: call fit, or prepare(features)")
        return self._tape

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Parameters and statistics by name; replace them with `take`."""
        return self._arrays

    @property
    def features(self) -> int:
        """Length of an input row."""
        return self.tape.one("input").features

    @property
    def outputs(self) -> int:
        """Length of a result row."""
        return self.tape.result.features

    def prepared(self, features: int, seed: int = 0) -> tuple[Tape, dict[str, np.ndarray]]:
        """The forward pass for rows of so many features, and its arrays; those without numbers get this seed's."""
        tape, arrays = self._tape or self._recorded(features), dict(self._arrays)
        for number, value in enumerate(tape.of_role("parameter", "statistic")):
            if value.name not in arrays:
                dtype = self.dtype if value.role == "parameter" else np.float64
                arrays[value.name] = initial(value.settings, value.shape, dtype, seed, number)
        return tape, arrays

    def prepare(self, features: int, seed: int = 0) -> None:
        """Be ready for rows of so many features, as a Run makes it: see prepared."""
        tape, arrays = self.prepared(features, seed)
        self.take(arrays, tape=tape)

    def take(self, arrays: dict[str, np.ndarray], *, tape: Tape | None = None, loss: Loss | None = None) -> None:
        """Use these from now on; ShapeError or DtypeError where the arrays do not fit the forward pass."""
        tape = tape or self.tape
        _require_fit(tape, arrays, self.dtype)
        self._tape, self._arrays, self.loss = tape, arrays, loss or self.loss

    def _recorded(self, features: int) -> Tape:
        raise SettingError("this model has no forward pass: make one with Sequential, or load a file")

    # ---- training ----

    def fit(
        self, x: Any, y: Any = None, *, target: str | None = None, validation: Any = None, epochs: int = 20,
        batch_size: int = 128, optimizer: Optimizer | None = None, schedule: Schedule | None = None,
        loss: Loss | None = None, sample_weight: Any = None, patience: int | None = None, seed: int = 0,
        threads: int = 1, verbose: int = 0, deadline: float | None = None,
    ) -> list[Epoch]:  # fmt: skip
        """Train, and keep the weights of the best epoch where there is validation data, else of the last.

        x, y        features (n, d) and targets; or x a data frame and `target` the name of its column: then a Table is
                    fitted on the training rows and kept, and predict takes such frames. A model that has one keeps it
        validation  (x, y) (a frame with `target`), or the share of rows to set aside, or None
        patience    stop after so many epochs without a better one; needs validation
        schedule    a Cosine without length gets `epochs`
        verbose     1: a line that follows the epochs, on stderr
        deadline    by time.monotonic(); training stops there
        The other settings are Run's. Returns the epochs. Fitting again goes on from the present weights.
        """
        if patience is not None and validation is None:
            raise SettingError("patience: expected validation data to judge the epochs by, got none")
        table = self.table
        if target is not None:
            if y is not None:
                raise SettingError("fit: expected y or target=..., got both")
            table, x, y, validation, sample_weight = fitting.tabulate(table, x, target, validation, sample_weight, seed)
        elif isinstance(validation, numbers.Real):
            x, y, sample_weight, validation = fitting.set_aside(x, y, sample_weight, float(validation), seed)
        if isinstance(schedule, Cosine) and schedule.epochs is None:
            schedule = Cosine(epochs, schedule.warm_up)
        run = Run(
            self, x, y, validation=validation, loss=loss, optimizer=optimizer, schedule=schedule, batch_size=batch_size,
            sample_weight=sample_weight, seed=seed, threads=threads,
        )  # fmt: skip
        self.table = table
        return fitting.follow(run, checks.integer("epochs", epochs, 0), patience, verbose, deadline)

    # ---- prediction ----

    def logits(self, x: Any, *, threads: int = 1) -> np.ndarray:
        """The raw outputs (n, outputs) for features x (n, d), or for a frame where the model has a table."""
        return self._ready().predict(self.table.features(x) if self.table else x, threads=threads)

    def predict(self, x: Any, *, threads: int = 1) -> np.ndarray:
        """Classes (n,), or values (n,) for one output and (n, outputs) for several.

        Without a table classes are their numbers, int64; with one, the data's own values. Rows do not depend on each
        other.
        """
        outputs = self.logits(x, threads=threads)
        if self._classifies():
            chosen = outputs.argmax(1)
            return self.table.restore(chosen) if self.table else chosen
        values = outputs[:, 0] if outputs.shape[1] == 1 else outputs
        return self.table.restore(values) if self.table else values

    def predict_proba(self, x: Any, *, threads: int = 1) -> np.ndarray:
        """Probabilities (n, classes), each row adding up to 1."""
        if not self._classifies():
            raise SettingError("predict_proba: this model predicts values, not classes; use predict")
        return softmax(self.logits(x, threads=threads))

    def predict_one(self, row: Any) -> np.ndarray:
        """The probabilities (classes,) of one example, or its values (outputs,); row is (d,), or a frame of one row."""
        if self.table is not None:
            answer = self.predict_proba(row) if self._classifies() else self.predict(row)
            if len(answer) != 1:
                raise ShapeError(f"row: expected a frame of one row, got {len(answer)}")
            return answer[0] if answer.ndim == 2 else answer
        outputs = self._ready().predict(checks.vector("row", row, self.dtype)[None])
        return softmax(outputs)[0] if self._classifies() else outputs[0]

    def evaluate(self, x: Any, y: Any = None) -> dict[str, float]:
        """Mean loss and metric on rows and their targets; with a table, on a frame that has the target column."""
        if self.loss is None:
            raise SettingError("evaluate: this model has not been trained")
        target = self.table.target_values(x) if self.table is not None and y is None else y
        outputs = self.logits(x)
        of_rows = self.loss.by_row(outputs, self.loss.targets(target, self.outputs, self.dtype))
        return {"loss": float(of_rows[0].mean()), self.loss.metric: float(of_rows[1].mean())}

    def _classifies(self) -> bool:
        return self.loss is not None and self.loss.task == "classification"

    def _ready(self) -> Predictor:
        """A predictor of the present weights, made when first asked for; another thread may take new ones meanwhile."""
        arrays, made = self._arrays, self._predictor
        if made is None or made[0] is not arrays:
            made = self._predictor = arrays, Predictor(*joining.fold(self.tape, arrays), self.dtype)
        return made[1]

    # ---- keeping ----

    def to_bytes(self) -> bytes:
        """The model file as bytes; the same model gives the same bytes."""
        document = {
            "tape": files.tape_to_record(self.tape),
            "dtype": str(self.dtype),
            "loss": to_record(self.loss) if self.loss else None,
            "table": self.table.to_dict() if self.table else None,
        }
        return files.pack("model", self._arrays, document)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Model":
        """The model of to_bytes; raises FileError where the bytes are no such thing."""
        arrays, document = files.unpack("model", data)
        only("model", document, ["tape", "dtype", "loss", "table"])
        tape, loss, table = files.tape_from_record(document["tape"]), document["loss"], document["table"]
        try:
            model = Model(dtype=member("model", document, "dtype", str))
            model.take(arrays, tape=tape)
        except (SettingError, ShapeError, DtypeError, TypeError) as error:
            raise FileError(f"its contents do not fit together: {error}") from error
        model.loss = None if loss is None else from_record("loss", loss, *losses.LOSSES)
        model.table = None if table is None else Table.from_dict(table)
        if model.table is not None:
            outputs = 1 if model.table.classes is None else len(model.table.classes)
            if (model.table.width, outputs) != (model.features, model.outputs):
                raise FileError("its table does not fit its operations")
        return model

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file, whole or not at all."""
        files.write(path, self.to_bytes())

    def summary(self) -> str:
        """One line for each operation, with the shape of its result and its parameters, and their number."""
        lines = []
        total = 0
        for operation in self.tape.operations:
            inputs = [self.tape.values[index] for index in operation.inputs]
            count = sum(int(np.prod(value.shape)) for value in inputs if value.role == "parameter")
            total += count
            width = self.tape.values[operation.output].features
            lines.append(f"{operation.name:<12} (n, {width}){count:>12,} parameters")
        return "\n".join([f"{'input':<12} (n, {self.features})", *lines, f"{total:,} parameters, {self.dtype}"])


def _require_fit(tape: Tape, arrays: dict[str, np.ndarray], dtype: np.dtype) -> None:
    """Require an array of the right shape and dtype for each parameter and statistic of the tape, and no other."""
    wanted = {value.name: value for value in tape.of_role("parameter", "statistic")}
    if wanted.keys() != arrays.keys():
        raise ShapeError(f"arrays: expected {', '.join(wanted)}, got {', '.join(arrays)}")
    for name, value in wanted.items():
        kind = dtype if value.role == "parameter" else np.dtype(np.float64)
        if arrays[name].shape != value.shape:
            raise ShapeError(f"{name}: expected shape {value.shape}, got {arrays[name].shape}")
        if arrays[name].dtype != kind:
            raise DtypeError(f"{name}: expected {kind}, got {arrays[name].dtype}")


def load(path: str | os.PathLike[str]) -> Model:
    """The model of a file that `save` wrote; raises FileError, with the path, for any other."""
    data = files.read(path)
    try:
        return Model.from_bytes(data)
    except FileError as error:
        raise FileError(f"{path}: {error}") from error
