"""Rewritings of a tape: `join` merges neighbors, `fold` turns a forward pass into that of inference."""

from collections.abc import Callable, Mapping

import numpy as np

from . import ops
from .errors import TraceError
from .trace import ROWS, Operation, Tape, Value

JOINS_RELU = ("dense", "batchnorm", "normalize")
GIVEN = ("input", "target", "weight", "parameter", "statistic", "constant")

Known = dict[int, Value]  # value of the old tape -> of the new one


def _rewritten(tape: Tape, record: Callable[[Operation, Known], Value | None]) -> Tape:
    """A new tape with the same given values, and for each operation what `record` records, or None for nothing yet."""
    copy = Tape()
    known = {
        value.index: copy.add(value.role, value.name, value.shape, **value.settings) for value in tape.of_role(*GIVEN)
    }
    for operation in tape.operations:
        value = record(operation, known)
        if value is not None:
            known[operation.output] = value
    return copy


def _again(operation: Operation, known: Known, **changes: bool) -> Value:
    return ops.repeat(operation, [known[index] for index in operation.inputs], **changes)


def _feeds_only(tape: Tape, index: int, name: str) -> bool:
    """Whether a value is read by one operation, and that has this name."""
    return [operation.name for operation in tape.consumers(index)] == [name]


def _producers(tape: Tape) -> dict[int, Operation]:
    return {operation.output: operation for operation in tape.operations}


def join(tape: Tape) -> Tape:
    """A matrix product that feeds only the addition of a vector takes it over as its bias, a dense layer or batch norm
    that feeds only a ReLU takes that over: one pass less over the values, each way.
    """  # fmt: skip
    return _join_relu(_join_bias(tape))


def _join_bias(tape: Tape) -> Tape:
    producers = _producers(tape)

    def product(operation: Operation) -> tuple[Operation, int] | None:
        """The product that an addition takes over, and the value it adds as a bias."""
        for place in (0, 1) if operation.name == "add" else ():
            source, bias = producers.get(operation.inputs[place]), operation.inputs[1 - place]
            if (
                source is not None
                and taken_over(source)
                and tape.values[bias].shape == (tape.values[source.output].features,)
            ):
                return source, bias
        return None

    def taken_over(operation: Operation) -> bool:
        plain = operation.name == "dense" and len(operation.inputs) == 2 and not operation.attributes["relu"]
        return plain and tape.values[operation.output].ndim == 2 and _feeds_only(tape, operation.output, "add")

    sources = {found[0].output for operation in tape.operations if (found := product(operation))}

    def record(operation: Operation, known: Known) -> Value | None:
        if operation.output in sources:
            return None
        if found := product(operation):
            source, bias = found
            return ops.dense(*(known[index] for index in (*source.inputs, bias)))
        return _again(operation, known)

    return _rewritten(tape, record) if sources else tape


def _join_relu(tape: Tape) -> Tape:
    producers = _producers(tape)

    def joined(operation: Operation) -> bool:
        return operation.name in JOINS_RELU and _feeds_only(tape, operation.output, "relu")

    def record(operation: Operation, known: Known) -> Value:
        source = producers.get(operation.inputs[0])
        if operation.name == "relu" and source is not None and joined(source):
            return known[source.output]
        return _again(operation, known, relu=True) if joined(operation) else _again(operation, known)

    return _rewritten(tape, record)


def without_idle_biases(tape: Tape) -> Tape:
    """The tape without optional biases that feed only a batch norm, whose beta does the same."""
    idle = {
        operation.inputs[2]
        for operation in tape.operations
        if operation.name == "dense"
        and len(operation.inputs) == 3
        and tape.values[operation.inputs[2]].settings.get("optional")
        and _feeds_only(tape, operation.output, "batchnorm")
    }
    idle = {index for index in idle if len(tape.consumers(index)) == 1}
    if not idle:
        return tape
    copy = Tape()
    known = {
        value.index: copy.add(value.role, value.name, value.shape, **value.settings)
        for value in tape.of_role(*GIVEN)
        if value.index not in idle
    }
    for operation in tape.operations:
        inputs = [known[index] for index in operation.inputs if index not in idle]
        known[operation.output] = ops.repeat(operation, inputs)
    return copy


def until(tape: Tape, index: int) -> Tape:
    """The part of the tape that a value needs, which becomes its result."""
    needed = {index}
    for operation in reversed(tape.operations):
        if operation.output in needed:
            needed.update(operation.inputs)
    copy = Tape()
    known: Known = {}
    for value in tape.of_role(*GIVEN):
        if value.index in needed or value.role == "input":
            known[value.index] = copy.add(value.role, value.name, value.shape, **value.settings)
    for operation in tape.operations:
        if operation.output in needed:
            known[operation.output] = _again(operation, known)
    return copy


def require_rows_apart(tape: Tape) -> None:
    """Raise TraceError where rows meet other than in batch norm: a prediction would depend on the rows beside it."""
    mixed = {value.index for value in tape.of_role("input")}
    for operation in tape.operations:
        if mixed.intersection(operation.inputs):
            mixed.add(operation.output)
            value = tape.values[operation.output]
            if ROWS not in value.shape:
                raise TraceError(
                    f"{value!r}: a model's rows meet here, so a prediction would depend on the rows beside it; "
                    "reduce over features (axis=1), or normalize with batchnorm"
                )


@np.errstate(all="ignore")  # a diverged model predicts nan, without a warning
def fold(tape: Tape, arrays: Mapping[str, np.ndarray]) -> Tape:
    """The tape of inference: parameters are constants, dropout is gone, batch norm is part of the layer before it.

    arrays  parameters and statistics by name, as the tape has them
    A dense layer that feeds it alone takes it in by W' = W s and b' = (b - mean) s + beta for s = gamma / sqrt(variance
    + epsilon), computed in float64. Elsewhere (x - mean) s + beta stays an operation, "normalize".
    """
    tape = join(tape)
    return join(_Folding(tape, arrays).tape)


class _Folding:
    """The work of `fold`: a new tape, operation by operation."""

    def __init__(self, tape: Tape, arrays: Mapping[str, np.ndarray]) -> None:
        self._old, self._arrays, self._known = tape, arrays, dict[int, Value]()
        self._waiting: dict[int, Operation] = {}  # result of a dense layer that a batch norm takes in -> that layer
        self.tape = Tape()
        for operation in tape.operations:
            if operation.name == "batchnorm":
                self._known[operation.output] = self._batchnorm(operation)
            elif operation.name == "dropout":
                self._known[operation.output] = self._value(operation.inputs[0])
            elif self._is_taken_in(operation):
                self._waiting[operation.output] = operation
            else:
                self._known[operation.output] = ops.repeat(operation, [self._value(i) for i in operation.inputs])

    def _value(self, index: int) -> Value:
        """The new tape's value for one of the old: inputs stay, what has numbers is a constant."""
        value = self._old.values[index]
        if index not in self._known:
            if value.role not in ("input", "parameter", "constant"):
                raise TraceError(f"{value!r} is no part of a forward pass for inference")
            self._known[index] = (
                self.tape.add(value.role, value.name, value.shape)
                if value.role == "input"
                else self._constant(value.name, self._numbers(value))
            )
        return self._known[index]

    def _constant(self, name: str, array: np.ndarray, **settings: bool) -> Value:
        return self.tape.add("constant", name, array.shape, array=array, **settings)

    def _numbers(self, value: Value) -> np.ndarray:
        return self._arrays[value.name] if value.role != "constant" else value.settings["array"]

    def _is_taken_in(self, operation: Operation) -> bool:
        """Whether this is a dense layer whose numbers are known, which the batch norm behind it can become part of."""
        if operation.name != "dense" or operation.attributes["relu"]:
            return False
        known = all(self._old.values[index].role in ("parameter", "constant") for index in operation.inputs[1:])
        return known and _feeds_only(self._old, operation.output, "batchnorm") and self._scales(operation.output)

    def _scales(self, index: int) -> bool:
        """Whether the batch norm that reads a value has a gamma and beta whose numbers are known."""
        (reader,) = self._old.consumers(index)
        return all(self._old.values[place].role in ("parameter", "constant") for place in reader.inputs[1:3])

    def _batchnorm(self, operation: Operation) -> Value:
        old = [self._old.values[index] for index in operation.inputs]
        mean, variance = (self._arrays[value.name] for value in old[3:5])
        inverse_std = 1 / np.sqrt(variance + operation.attributes["epsilon"])
        name, relu = f"{operation.output}.", operation.attributes["relu"]
        dense = self._waiting.get(operation.inputs[0])
        if dense is None:
            x, gain, shift = (self._value(value.index) for value in old[:3])
            centers = self._constant(name + "mean", mean, statistic=True)
            scales = self._constant(name + "inverse_std", inverse_std, statistic=True)
            return ops.normalize(x, gain, shift, centers, scales, relu=relu)
        gamma, beta = (self._numbers(value).astype(np.float64) for value in old[1:3])
        weight, *bias = (self._numbers(self._old.values[index]) for index in dense.inputs[1:])
        scale = gamma * inverse_std
        shift = beta - mean * scale + (bias[0] * scale if bias else 0)
        return ops.dense(
            self._value(dense.inputs[0]), self._constant(name + "weight", (weight * scale).astype(weight.dtype)),
            self._constant(name + "bias", shift.astype(weight.dtype)), relu=relu,
        )  # fmt: skip
