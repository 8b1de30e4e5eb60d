"""Which values need a gradient, and where it lies: those whose gradients are never alive together share memory."""

from collections.abc import Mapping
from typing import Any

from ..errors import SettingError
from ..ops import spec
from ..ops.tape import ROWS, Operation, Tape


def _flowing(operation: Operation) -> list[int]:
    """The values a gradient flows back to from the operation's result."""
    stopped = spec.of(operation.name).stopped
    return [index for place, index in enumerate(operation.inputs) if place not in stopped]


def differentiated(tape: Tape) -> set[int]:
    """The values that depend on a parameter and on which the tape's last result depends: those with a gradient."""
    learning = {value.index for value in tape.of_role("parameter")}
    for operation in tape.operations:
        if learning.intersection(_flowing(operation)):
            learning.add(operation.output)
    reached = {tape.operations[-1].output}
    for operation in reversed(tape.operations):
        if operation.output in reached:
            reached.update(_flowing(operation))
    return learning & reached


def lifetimes(tape: Tape) -> dict[int, tuple[int, int]]:
    """For each result that needs a gradient: the backward steps from its first writing to its last reading.

    Backward step s runs operation number len(operations) - 1 - s.
    """
    last = len(tape.operations) - 1
    wanted = differentiated(tape)
    readers: dict[int, int] = {}  # value -> the last operation its gradient flows through
    for number, operation in enumerate(tape.operations):
        if operation.output in wanted:
            readers |= dict.fromkeys(_flowing(operation), number)
    made = {operation.output: number for number, operation in enumerate(tape.operations)}
    return {
        index: (last - readers[index], last - number)
        for index, number in made.items()
        if index in wanted and index in readers
    }


def common_blocks(tape: Tape) -> dict[int, int]:
    """Value index -> number of the memory block its gradient lies in; at most one owner at any backward step.

    A block is only shared among values of equal shape: the padding beside the columns is zero and must stay so.
    """
    lives = lifetimes(tape)
    blocks: list[tuple[Any, int]] = []  # (shape, last step of the present owner)
    place: dict[int, int] = {}
    for index, (begin, end) in sorted(lives.items(), key=lambda item: item[1]):
        shape = as_matrix(tape.values[index].shape)
        over = _written_over(tape, index)
        if over in place:
            place[index] = place[over]
        else:
            free = (number for number, (other, busy) in enumerate(blocks) if other == shape and busy < begin)
            place[index] = next(free, len(blocks))
            if place[index] == len(blocks):
                blocks.append((shape, end))
        blocks[place[index]] = (shape, end)
    return place


def _written_over(tape: Tape, index: int) -> int | None:
    """The value whose gradient this one's may overwrite: the result of its only reader, if that works in place."""
    if _read_once(tape, index):
        (reader,) = tape.consumers(index)
        if _overwriting(tape, reader) == index:
            return reader.output
    return None


def _read_once(tape: Tape, index: int) -> bool:
    return sum(operation.inputs.count(index) for operation in tape.operations) == 1


def _overwriting(tape: Tape, operation: Operation) -> int | None:
    """The input whose gradient takes the place of the result's: the first that may, is as large and read once."""
    shape = tape.values[operation.output].shape
    places = (operation.inputs[place] for place in spec.of(operation.name).in_place)
    return next((index for index in places if tape.values[index].shape == shape and _read_once(tape, index)), None)


def as_matrix(shape: tuple[Any, ...]) -> tuple[Any, Any]:
    """(rows, columns) of a value in memory: a number is 1 x 1, a vector one row, (N,) a column."""
    if len(shape) < 2:
        return (ROWS, 1) if shape == (ROWS,) else (1, *(shape or (1,)))
    return shape[0], shape[1]


def columns_of_inputs(tape: Tape) -> dict[int, tuple[int, int]]:
    """Value index -> [first, end) of its columns in the data, for the inputs and their slices."""
    spans: dict[int, tuple[int, int]] = {}
    end = 0
    for value in tape.of_role("input"):
        spans[value.index] = end, end + value.features
        end += value.features
    for operation in tape.operations:
        source = spans.get(operation.inputs[0])
        if source is not None and operation.name == "part":
            first, last = operation.attributes["columns"]
            spans[operation.output] = source[0] + first, source[0] + last
        elif source is not None and operation.name == "reshape":
            spans[operation.output] = source
    return spans


def require_embedded(tape: Tape, codes: Mapping[int, str]) -> None:
    """Raise SettingError where columns of codes are read as numbers, by anything but an embedding.

    codes  columns of the data, and their names
    """
    spans = columns_of_inputs(tape)
    for operation in tape.operations:
        embedded = operation.inputs[1] if operation.name == "embedding" else None
        for index in operation.inputs if operation.name not in ("part", "reshape") else ():
            first, end = spans.get(index, (0, 0))
            wrong = [name for place, name in codes.items() if first <= place < end and index != embedded]
            if wrong:
                raise SettingError(
                    f"x: column {wrong[0]!r} holds codes of categories, which {operation.name} would take for numbers;"
                    " give such columns to an Embedding, or use table.transform, which gives a column for each category"
                )


def coded(tape: Tape) -> list[tuple[int, int, int]]:
    """(first, end, count) of columns of the data that hold codes, whole numbers from 0 to count - 1."""
    spans = columns_of_inputs(tape)
    return [
        (*spans[operation.inputs[1]], int(tape.values[operation.inputs[0]].shape[0]))
        for operation in tape.operations
        if operation.name == "embedding" and operation.inputs[1] in spans
    ]


def classes(tape: Tape) -> int | None:
    """How many classes the numbers in the target may name, None where nothing says so."""
    counts = [
        operation.attributes["classes"] if operation.name == "one_hot" else tape.values[operation.inputs[0]].features
        for value in tape.of_role("target")
        for operation in tape.consumers(value.index)
    ]
    return min(counts, default=None)


def offsets(sizes: Mapping[str, int], alignment: int = 64) -> tuple[dict[str, int], int]:
    """Where each named part begins when they lie one behind the other, aligned; and the size of all."""
    places, end = {}, 0
    for name, size in sizes.items():
        places[name] = end
        end += -(-size // alignment) * alignment
    return places, end
