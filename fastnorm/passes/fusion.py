"""Rewritings of a tape: neighbors joined, idle biases and a loss's own activation left out, a value's part alone."""

from collections.abc import Callable, Collection

from .. import ops
from ..errors import SettingError, TraceError
from ..ops import spec
from ..ops.tape import ROWS, Operation, Tape, Value

GIVEN = ("input", "target", "weight", "parameter", "statistic", "constant")

Known = dict[int, Value]  # value of the old tape -> of the new one


def _rewritten(
    tape: Tape, record: Callable[[Operation, Known], Value | None], left_out: Collection[int] = ()
) -> Tape:
    """A new tape with the given values but for some left out, and the operations that `record` records for each."""
    copy = Tape()
    known = {
        value.index: copy.add(value.role, value.name, value.shape, **value.settings)
        for value in tape.of_role(*GIVEN)
        if value.index not in left_out
    }
    for operation in tape.operations:
        value = record(operation, known)
        if value is not None:
            known[operation.output] = value
    return copy


def _again(operation: Operation, known: Known, **changes: bool) -> Value:
    return ops.repeat(operation, [known[index] for index in operation.inputs], **changes)


def feeds_only(tape: Tape, index: int, name: str) -> bool:
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
        return plain and tape.values[operation.output].ndim == 2 and feeds_only(tape, operation.output, "add")

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
        return spec.of(operation.name).joins_relu and feeds_only(tape, operation.output, "relu")

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
        and feeds_only(tape, operation.output, "batchnorm")
    }
    idle = {index for index in idle if len(tape.consumers(index)) == 1}

    def record(operation: Operation, known: Known) -> Value:
        return ops.repeat(operation, [known[index] for index in operation.inputs if index not in idle])

    return _rewritten(tape, record, idle) if idle else tape


def last_operation(tape: Tape) -> Operation:
    """The operation that gives a tape's result, changes of shape aside."""
    producers, operation = _producers(tape), tape.operations[-1]
    while operation.name == "reshape" and operation.inputs[0] in producers:
        operation = producers[operation.inputs[0]]
    return operation


def to_logits(tape: Tape, activation: str | None) -> Tape:
    """The tape as a loss wants it that applies this activation, softmax or sigmoid, to the outputs itself.

    Where the tape ends in the same activation, it is left out: it would be applied twice. None: all stays.
    Raises SettingError where the tape ends in another one that keeps the outputs from being logits, any numbers.
    """
    if activation is None:
        return tape
    while (last := last_operation(tape)).name == activation:
        tape = _without(tape, last)
    row = spec.of("relu" if last.attributes.get("relu") else last.name)
    if activation in row.spoils:
        other = {"softmax": "SoftmaxCrossEntropy", "sigmoid": "SigmoidCrossEntropy"}.get(row.name)
        way_out = f"leave the last {row.name} out" + (f", or train with fn.{other}()" if other else "")
        raise SettingError(
            f"the forward pass ends in {row.name}: the loss takes logits, any numbers, to which it applies "
            f"{activation} itself, and got {row.gives}; {way_out}"
        )
    return tape


def _without(tape: Tape, left_out: Operation) -> Tape:
    """The tape without an operation, whose readers read its input; all else in the order it was recorded in."""
    copy, producers, known = Tape(), _producers(tape), Known()
    for value in tape.values:
        operation = producers.get(value.index)
        if operation is None:
            known[value.index] = copy.add(value.role, value.name, value.shape, **value.settings)
        elif operation is left_out:
            known[value.index] = known[operation.inputs[0]]
        else:
            known[value.index] = _again(operation, known)
    return copy


def until(tape: Tape, index: int) -> Tape:
    """The part of the tape that a value needs, which becomes its result."""
    needed = {index}
    for operation in reversed(tape.operations):
        if operation.output in needed:
            needed.update(operation.inputs)
    needed.update(value.index for value in tape.of_role("input"))  # the data keep their columns

    def record(operation: Operation, known: Known) -> Value | None:
        return _again(operation, known) if operation.output in needed else None

    return _rewritten(tape, record, {value.index for value in tape.of_role(*GIVEN)} - needed)


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
