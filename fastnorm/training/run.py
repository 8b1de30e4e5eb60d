"""Run: one model in training, an object one can advance, look at, change, save and take back."""

import copy
import math
import time
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .. import checks, metrics
from .._frozen import explained
from ..engine import layout
from ..engine.exclusive import Exclusive
from ..engine.hyperparameters import within
from ..engine.program import Program
from ..errors import SettingError
from ..kernels import variant
from ..nn import losses
from ..nn.losses import Loss
from ..passes import fusion
from . import optimizers, recalibration
from .checkpoints import Checkpoint, Epoch
from .dataset import dataset, pair, refuse_frame
from .optimizers import Optimizer
from .shuffling import WINDOW, Shuffle, minibatch_starts
from .validation import Validation, where_it_lies

if TYPE_CHECKING:
    from .schedules import Schedule


class Run:
    """One model in training on one set of data.

    model            takes the weights after every advance
    x, y             training rows (n, features) and their targets; kept, not copied, where they already are
                     C-contiguous and of the model's dtype, or int32 class numbers from 0. For a model of several inputs
                     x may be a tuple of them. Or x is a frame and y the name of its column, or values beside it: then
                     the model gets a Table. Labels of any type become classes
    validation       (x, y) judged after every epoch, a frame with the target's column, or None
    task             "classification" or "regression"; by default told by the loss, or by y, see dataset
    loss             or a function of prediction (N, outputs) and target that gives each row's loss (N,), written with
                     operations; default: cross-entropy for classes, softmax's, or sigmoid's of two classes by one
                     output; mean squared error for values
    optimizer        default: Adam(1e-3). It, the loss and the schedule may be words: "sgd", "huber", "one_cycle"
    schedule         factor of the learning rate over the epochs, default constant; or a dict of a hyperparameter's name
                     to its schedule: {"learning_rate": "cosine", "dropout": fn.schedules.Exponential(0.9)}. "dropout"
                     is that of all layers, "dropout_0" that of the first
    batch_size       rows of a minibatch. A last one of a single row joins the one before it where there is batch norm
    window           rows shuffled together; None: all. With a window, blocks of window / 64 neighboring rows are
                     shuffled, then the rows of each 64 blocks among themselves: less memory, and reading stays local.
                     x may be a np.memmap, which is read where it lies, with a window of 65536 rows by default
    sample_weight    (n,) weights >= 0 of the training rows in loss and metric; batch norm's statistics ignore them
    averaging        share, 0 <= share < 1, of the old average of the weights kept at each step: then the model has, and
                     validation judges, the averages, with batch norm's statistics recomputed over the training rows
    seed             of initialization, shuffling and dropout: the same seed gives the same bits, whatever the threads
    threads          at the most, for one step; small steps use one
    """

    @explained
    def __init__(
        self, model: Any, x: Any, y: Any = None, *, validation: Any = None, task: str | None = None, loss: Any = None,
        optimizer: Optimizer | str | None = None, schedule: Any = None, batch_size: int = 128,
        window: int | None = None, sample_weight: Any = None, class_weight: Any = None,
        averaging: float | None = None, seed: int = 0, threads: int = 1, types: Mapping[str, Any] | None = None,
        missing: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        self.model = model
        loss = losses.asked_for(loss)
        if model.loss is not None and model.table is None:
            refuse_frame("x", x)
        data = dataset(
            x, y, task=task, loss=loss, table=model.table, target=model.target, sample_weight=sample_weight,
            class_weight=class_weight, types=types, missing=missing,
        )  # fmt: skip
        self.optimizer = optimizers.chosen(optimizer)
        from . import schedules  # only now: importing fastnorm does not wait for them

        self._schedules = schedules.by_slot(schedule)
        self.seed = checks.integer("seed", seed, 0, 2**64 - 1)
        self.threads = threads
        self.batch_size = checks.integer("batch_size", batch_size, 1)
        self._averaging = None if averaging is None else checks.number("averaging", averaging, 0, 1, ends="[)")
        mapped = isinstance(data.x, np.memmap)
        x = checks.finite("x", checks.matrix("x", where_it_lies("x", model.joined(data.x), model.dtype), model.dtype))
        tape, arrays = model.initialized(x.shape[1], self.seed)
        layout.require_embedded(tape, data.codes or {})
        outputs = tape.result.features
        data = data.fitted_to(outputs)
        self.loss: Loss = losses.chosen(loss, data.task, outputs)
        self.tape = fusion.to_logits(tape, losses.activation_of(self.loss))
        checks.matrix("x", x, columns=self.tape.features)
        self.table, self.target = data.table, data.target
        self._data = x, self.loss.targets(data.y, outputs, model.dtype), data.weights
        self.rows = len(x)
        self.validation = None if validation is None else self.evaluation_rows(validation)
        normalizes = any(operation.name == "batchnorm" for operation in self.tape.operations)
        self._starts = minibatch_starts(self.rows, self.batch_size, normalizes)
        self._shuffle = Shuffle(self.seed, self._starts, WINDOW if mapped and window is None else window)
        self.history: list[Epoch] = []
        self._variant = variant()
        self.program = self._program(arrays)
        self._schedules = {
            slot: each for name, each in self._schedules.items() for slot in self.program.state.slots_of(name)
        }
        self._factors(0)  # a schedule that says nothing for this training says so now
        model.set_arrays(arrays, tape=self.tape, loss=self.loss, written=tape)
        model.table, model.target = self.table, self.target
        self._exclusive = Exclusive()

    @property
    def validates(self) -> bool:
        """Whether each epoch is scored on validation rows."""
        return self.validation is not None

    @property
    def unit(self) -> float:
        """Size of one standardized unit of the target, in its own; 1 where y is not standardized."""
        return getattr(self.target, "scale", 1.0)

    def evaluation_rows(self, rows: Any, name: str = "validation") -> Validation:
        """Rows and targets that are none of its own, checked: (x, y), or a frame with both; see evaluate."""
        data = dataset(*pair(name, rows), loss=self.loss, table=self.table, target=self.target, learns=False)
        data = data.fitted_to(self.tape.result.features)
        return Validation(self.tape, self.model.dtype, self.loss, self.model.joined(data.x), data.y, self.threads)

    def _program(self, arrays: dict[str, np.ndarray]) -> Program:
        tape, capacity = fusion.join(self.tape), int(np.diff(self._starts).max())
        self.loss.record(tape.result, self._data[1])
        program = Program(
            tape, self.model.dtype, capacity, self.optimizer,
            averaging=self._averaging, seed=self.seed, threads=self.threads,
        )
        for name, array in arrays.items():
            program.state.write(name, array)
        program.attach(*self._data)
        return program

    # ---- forward in time ----

    @property
    def epoch(self) -> int:
        """Whole epochs done."""
        return int(self.program.state.position[1])

    @property
    def minibatch(self) -> int:
        """Minibatches done of the present epoch; see `minibatches`."""
        return int(self.program.state.position[2])

    @property
    def minibatches(self) -> int:
        """Number of minibatches in an epoch."""
        return len(self._starts) - 1

    @property
    def data(self) -> tuple[np.ndarray, np.ndarray, Any]:
        """The training rows (n, features), their targets as the loss takes them, their weights or None; no copies."""
        return self._data

    def upcoming(self) -> np.ndarray:
        """The rows of the next minibatch: their places in the data."""
        minibatch = min(self.minibatch, self.minibatches - 1)
        first, _, order = self._shuffle.piece(self.epoch, minibatch)
        begin, end = self._starts[minibatch : minibatch + 2] - self._starts[first]
        return order[begin:end]

    def __iter__(self) -> Iterator[Epoch]:
        """Advance one epoch at a time, without end; ends early only if stopped."""
        while done := self.advance():
            yield from done

    def advance(
        self, epochs: int = 1, *, deadline: float | None = None, minibatches: int | None = None
    ) -> list[Epoch]:
        """Train to the end of the present epoch, and `epochs` - 1 more; return the epochs finished.

        deadline     by time.monotonic(): training returns at the first minibatch boundary after it
        minibatches  the most to train, whatever the epochs; None: no limit
        Stops at a minibatch boundary after stop(), the deadline or Ctrl-C (KeyboardInterrupt is raised on); in every
        case the model has the weights of that moment, and the next advance continues from there.
        """
        finished: list[Epoch] = []
        left = math.inf if minibatches is None else checks.integer("minibatches", minibatches, 0)
        with self._exclusive:
            try:
                for _ in range(checks.integer("epochs", epochs, 0)):
                    factors, before = self._factors(self.epoch), self.minibatch
                    if not self._train(factors, math.inf if deadline is None else deadline, before + left):
                        break
                    left -= self.minibatch - before
                    finished.append(self._close_epoch(factors["learning_rate"][-1]))
            finally:
                self._hand_over()
        return finished

    def stop(self) -> None:
        """End an advance under way in another thread at its next minibatch boundary, or the next one at once."""
        self.program.stop()

    def _train(self, factors: dict[str, np.ndarray], deadline: float, until: float) -> bool:
        """Train the rest of this epoch, or to minibatch `until` of it, piece by piece; whether it came to its end."""
        until = min(until, self.minibatches)
        while self.minibatch < until:
            left = deadline - time.monotonic()
            first, end, order = self._shuffle.piece(self.epoch, self.minibatch)
            end = int(min(end, until))
            starts = self._starts[first : end + 1] - self._starts[first]
            rates, *others = ((name, each[first:end]) for name, each in factors.items())
            if not self.program.train(order, starts, rates[1], left, first, dict(others)):
                return False
        return self.minibatch == self.minibatches

    def _factors(self, epoch: int) -> dict[str, np.ndarray]:
        """Of each hyperparameter that has a schedule, its factors in an epoch, the learning rate's first.

        Raises SettingError where they would take it out of its range.
        """
        times = epoch + np.arange(self.minibatches) / self.minibatches
        factors = {name: each.factors(times, self.history[:epoch]) for name, each in self._schedules.items()}
        for name, values in factors.items():
            base = self.program.state.get_slot(name)
            for extreme in (np.min(values), np.max(values)):
                within(name, base * float(extreme))
        return factors

    def _close_epoch(self, factor: float) -> Epoch:
        program = self.program
        loss, metric, norm = program.state.epoch_means()
        metric = metrics.from_mean(self.loss.metric, metric, self.unit)
        rate = program.state.get_slot("learning_rate") * factor
        judged = self.evaluate(self.validation)  # an interruption here leaves it open, and the next advance closes it
        epoch = Epoch(self.epoch + 1, loss, metric, *judged, float(rate), norm, program.seconds)
        self.history[self.epoch :] = [epoch]  # or between these two lines: then it is put in again
        program.begin_epoch()
        return epoch

    def evaluate(self, rows: Validation | None) -> tuple[float | None, float | None]:
        """Loss and metric on such rows by the weights of this moment; None and None where there are no rows."""
        if rows is None:
            return None, None
        loss, metric = rows.evaluate(self._arrays(), by_row=bool(self.program.tape.of_role("weight")))
        return loss, metrics.from_mean(self.loss.metric, metric, self.unit)

    def _arrays(self) -> dict[str, np.ndarray]:
        """The model's weights of this moment: the averages where they are kept."""
        state, parameters = self.program.state, {value.name for value in self.tape.of_role("parameter")}
        if self._averaging is None or state.position[0] == 0:
            return {name: state.read(name) for name in state.parts}
        arrays = {name: self.program.average(name) if name in parameters else state.read(name) for name in state.parts}
        return recalibration.recalibrated(self.tape, arrays, self._data[0], self.threads)

    def _hand_over(self) -> None:
        """Give the model the weights of this moment."""
        self.model.set_arrays(self._arrays(), loss=self.loss)

    # ---- steering ----

    @property
    def schedule(self) -> "Schedule":
        """Of the learning rate; see schedules."""
        return self._schedules["learning_rate"]

    @property
    def schedules(self) -> "dict[str, Schedule]":
        """Of each hyperparameter that has one, by the name it has in slots."""
        return dict(self._schedules)

    @property
    def slots(self) -> dict[str, float]:
        """The hyperparameters that may change between minibatches, without their schedules; `set` changes them."""
        return {name: self.program.state.get_slot(name) for name in self.program.state.slots}

    @property
    def acting(self) -> dict[str, float]:
        """The hyperparameters as they act at the next minibatch: times their schedules' factors."""
        minibatch = min(self.minibatch, self.minibatches - 1)
        factors = {name: float(values[minibatch]) for name, values in self._factors(self.epoch).items()}
        return {name: value * factors.get(name, 1.0) for name, value in self.slots.items()}

    def set(self, **slots: float) -> None:
        """Change hyperparameters from the next minibatch on: run.set(weight_decay=1e-4, dropout_0=0.2)."""
        self.program.state.set_slots(slots)

    @property
    def learning_rate(self) -> float:
        """The rate of the next minibatch. Setting it rescales the schedule from there on."""
        return self.acting["learning_rate"]

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.program.state.set_slot("learning_rate", self.base_for("learning_rate", rate))

    def base_for(self, name: str, value: float) -> float:
        """The value of a slot with which it acts as this one at the next minibatch, by its schedule."""
        if name not in self._schedules:
            return value
        value = checks.number(name, value, 0)
        factor = float(self._factors(self.epoch)[name][min(self.minibatch, self.minibatches - 1)])
        if factor == 0 and value > 0:
            raise SettingError(f"{name}: the schedule is at 0 here, so no value can be set; advance first")
        return value / factor if factor else 0.0

    # ---- back in time, and elsewhere ----

    def checkpoint(self) -> Checkpoint:
        """The state of this moment, to go back to."""
        with self._exclusive:
            return Checkpoint(self.program.state.to_bytes(), tuple(self.history))

    def revert(self, mark: Checkpoint) -> None:
        """Go back to a checkpoint of this run; training from there gives the same bits again."""
        with self._exclusive:
            self.program.state.restore(mark.state)
            self.history = list(mark.history)
            self._hand_over()

    def state(self) -> bytes:
        """The run's state as bytes, from which a run made in the same way continues, in another process too."""
        return self.checkpoint().to_bytes(self.configuration())

    def restore(self, state: bytes) -> None:
        """Take over a state(); FileError where this run was made in another way, and nothing changes then."""
        self.revert(Checkpoint.from_bytes(state, self.configuration()))

    def fork(self) -> "Run":
        """An independent run of a copy of the model, at the same point; the two share the arrays of the data alone."""
        fork = object.__new__(type(self))
        vars(fork).update(vars(self))
        fork.model = copy.copy(self.model)
        fork.validation = None if self.validation is None else self.validation.fork()
        fork._shuffle = Shuffle(self.seed, self._starts, self._shuffle.window)
        fork._exclusive = Exclusive()
        mark = self.checkpoint()
        fork.program = fork._program({})
        fork.revert(mark)
        return fork

    def __reduce__(self) -> NoReturn:
        raise SettingError("a Run is neither copied nor pickled: fork() copies it, and state() goes to another process")

    def configuration(self) -> dict[str, Any]:
        """Settings on which the run's states depend; a state fits only runs of equal settings."""
        from ..saving import tape_record  # only now: training needs none of it

        return {
            "tape": tape_record.tape_to_record(self.tape), "dtype": str(self.model.dtype), "seed": self.seed,
            "rows": self.rows, "window": self._shuffle.window, "batch_size": self.batch_size, "loss": repr(self.loss),
            "schedule": {name: repr(each) for name, each in self._schedules.items()},
            "program": tape_record.fingerprint(self.program.tape),
            "optimizer": self.optimizer.rule, "nesterov": self.optimizer.nesterov, "averaged": self.optimizer.averaged,
            "averaging": self._averaging is not None, "variant": self._variant,
        }  # fmt: skip
