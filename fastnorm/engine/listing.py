"""A program in words: its operations, one line each."""

from typing import Any

from ..ops import spec
from ..ops.tape import ROWS, Operation, Tape
from .layout import as_matrix


def listing(tape: Tape, itemsize: int, capacity: int, state: int, scratch: int) -> str:
    """A head, the operations in order, and their totals.

    FLOPs are those of the forward pass of a minibatch of `capacity` rows, backward about twice as many; functions such
    as exp count as one. Memory is that of an operation's result.
    """
    known = tape.of_role("parameter") or tape.of_role("constant")  # in a program that predicts, they are constants
    parameters = sum(_count(value.shape, capacity) for value in known)
    lines = [f"{'operation':<26}{'inputs':<34}{'result':<12}{'memory':>10}{'FLOPs':>14}"]
    total = 0
    for operation in tape.operations:
        work = _work(tape, operation, capacity)
        total += work
        result = tape.values[operation.output]
        inputs = " ".join(str(tape.values[index].shape) for index in operation.inputs[:3])
        inputs += " ..." if len(operation.inputs) > 3 else ""
        memory = _bytes(itemsize * _count(result.shape, capacity))
        lines.append(f"{_name(tape, operation):<26}{inputs:<34}{result.shape!s:<12}{memory:>10}{work:>14,}")
    memory = f"state {_bytes(state)}, scratch {_bytes(scratch)}"
    return "\n".join([*lines, f"N up to {capacity}; {parameters:,} parameters; {memory}; {total:,} FLOPs forward"])


def _name(tape: Tape, operation: Operation) -> str:
    """The operation's result and what was fused with it."""
    parts = [tape.values[operation.output].name]
    if operation.name == "dense" and len(operation.inputs) == 3:
        parts.append("bias")
    if operation.attributes.get("relu"):
        parts.append("relu")
    return " + ".join(parts)


def _count(shape: tuple[Any, ...], rows: int) -> int:
    first, columns = as_matrix(shape)
    return (rows if first is ROWS else int(first)) * int(columns)


def _work(tape: Tape, operation: Operation, rows: int) -> int:
    count = _count(tape.values[operation.output].shape, rows)
    first = tape.values[operation.inputs[0]]
    if operation.name == "dense":
        return count * 2 * first.features
    return spec.of(operation.name).work * max(count, _count(first.shape, rows))


def _bytes(count: int) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count = count / 1000  # type: ignore[assignment]
    return f"{count:.3g} GB"
