"""Where a program's gradients lie: values whose gradients are never alive together share memory."""

from collections.abc import Mapping
from typing import Any

from .trace import ROWS, Tape

IN_PLACE = ("batchnorm", "relu", "dropout")  # their backward may write the input's gradient over the output's


def lifetimes(tape: Tape) -> dict[int, tuple[int, int]]:
    """For each value with rows that needs a gradient: the backward steps from its first writing to its last reading.

    Backward step s runs operation number len(operations) - 1 - s.
    """
    last = len(tape.operations) - 1
    made = {operation.output: number for number, operation in enumerate(tape.operations)}
    lives = {}
    for value in tape.of_role("result"):
        readers = [number for number, operation in enumerate(tape.operations) if value.index in operation.inputs]
        if value.shape[:1] == (ROWS,) and readers:
            lives[value.index] = (last - max(readers), last - made[value.index])
    return lives


def shared(tape: Tape) -> dict[int, int]:
    """Value index -> number of the memory block its gradient lies in; at most one owner at any backward step.

    A block is only shared among values of equal width: the padding beside the columns is zero and must stay so.
    """
    lives = lifetimes(tape)
    blocks: list[tuple[int, int]] = []  # (columns, last step of the present owner)
    place: dict[int, int] = {}
    for index, (begin, end) in sorted(lives.items(), key=lambda item: item[1]):
        columns = tape.values[index].features
        over = _written_over(tape, index)
        if over in place:
            place[index] = place[over]
        else:
            free = (number for number, (width, busy) in enumerate(blocks) if width == columns and busy < begin)
            place[index] = next(free, len(blocks))
            if place[index] == len(blocks):
                blocks.append((columns, end))
        blocks[place[index]] = (columns, end)
    return place


def _written_over(tape: Tape, index: int) -> int | None:
    """The value whose gradient this one's may overwrite: the result of its only reader, if that works in place."""
    readers = tape.consumers(index)
    if len(readers) == 1 and readers[0].name in IN_PLACE and readers[0].inputs.count(index) == 1:
        return readers[0].output
    return None


def as_matrix(shape: tuple[Any, ...]) -> tuple[Any, Any]:
    """(rows, columns) of a value in memory: a vector is one row."""
    return (1, *shape) if len(shape) == 1 else shape


def offsets(sizes: Mapping[str, int], alignment: int = 64) -> tuple[dict[str, int], int]:
    """Where each named part begins when they lie one behind the other, aligned; and the size of all."""
    places, end = {}, 0
    for name, size in sizes.items():
        places[name] = end
        end += -(-size // alignment) * alignment
    return places, end
