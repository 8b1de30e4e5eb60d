"""Where gradients lie: values whose gradients are alive together never share memory, and chains need little of it."""

import hypothesis.strategies as st
import pytest
from helpers import twin
from helpers.twin import parameter
from hypothesis import given

from fastnorm import ops
from fastnorm.engine import layout
from fastnorm.nn.activations import ReLU
from fastnorm.nn.layers import BatchNorm, Dense, Dropout
from fastnorm.ops import spec
from fastnorm.ops.tape import ROWS, Tape

WIDTHS = (2, 3)


@st.composite
def tapes(draw):
    """Operations on any values so far, so that values have no, one or several readers."""
    tape = Tape()
    values = [ops.dense(tape.add("input", "x", (ROWS, 3)), parameter(tape, "first", 3, 3))]
    for number in range(draw(st.integers(1, 14))):
        x = values[draw(st.integers(max(0, len(values) - 4), len(values) - 1))]
        other = draw(st.sampled_from([value for value in values if value.shape == x.shape]))
        kind = draw(
            st.sampled_from(["dense", "batchnorm", "relu", "dropout", "multiply", "where", "layernorm", "concatenate"])
        )
        if kind == "dense":
            values.append(ops.dense(x, parameter(tape, f"w{number}", x.features, draw(st.sampled_from(WIDTHS)))))
        elif kind == "batchnorm":
            values.append(twin.batchnorm(tape, x, f"bn{number}"))
        elif kind == "layernorm":
            gamma, beta = (parameter(tape, f"{part}{number}", x.features) * 2 for part in ("gamma", "beta"))
            values.append(ops.layernorm(x, gamma, beta))
        elif kind == "multiply":
            values.append(x * other)
        elif kind == "where":
            values.append(ops.where(x > 0, other, x))
        elif kind == "concatenate":
            values.append(ops.concatenate([x, other])[:, : x.features])
        else:
            values.append(ops.relu(x) if kind == "relu" else ops.dropout(x, rate=0.5))
    total = 0.0
    for value in values:
        total = total + (0 if tape.consumers(value.index) else value.sum(axis=1))
    ops.weighted_mean(total)
    return tape


def flowing(tape, wanted, operation):
    """The values an operation's backward writes gradients of."""
    stopped = spec.of(operation.name).stopped
    return [index for place, index in enumerate(operation.inputs) if place not in stopped and index in wanted]


def run_backward(tape, place):
    """Go back over the tape as a program does, and look whether each block holds what is read from it.

    A block holds (value, the operations that have added to its gradient).
    """
    blocks, wanted = {}, layout.differentiated(tape)
    readers = {index: set() for index in wanted}
    for number, operation in enumerate(tape.operations):
        for x in flowing(tape, wanted, operation) if operation.output in wanted else ():
            readers[x].add(number)
    for number in reversed(range(len(tape.operations))):
        operation = tape.operations[number]
        if operation.output not in wanted:
            continue
        if operation.output in place:
            assert blocks.get(place[operation.output]) == (operation.output, readers[operation.output])
        for x in flowing(tape, wanted, operation):
            if x not in place:
                continue
            if operation.output in place and place[x] == place[operation.output]:
                places = spec.of(operation.name).in_place  # others read one while they write the other
                assert x in [operation.inputs[i] for i in places]
            owner, added = blocks.get(place[x], (None, set()))
            blocks[place[x]] = (x, added | {number} if owner == x else {number})


@given(tapes())
def test_a_gradient_is_whole_when_it_is_read(tape):
    run_backward(tape, layout.common_blocks(tape))


@given(tapes())
def test_blocks_have_one_shape_and_every_gradient_has_one(tape):
    place, wanted = layout.common_blocks(tape), layout.differentiated(tape)
    results = {value.index for value in tape.of_role("result")}
    assert set(place) == (wanted & results) - {tape.result.index}
    shapes = {}
    for index, block in place.items():
        shape = layout.as_matrix(tape.values[index].shape)
        assert shapes.setdefault(block, shape) == shape
    assert set(place.values()) == set(range(len(shapes)))


@given(tapes())
def test_sharing_is_worth_it(tape):
    """No more blocks of a shape than gradients of that shape alive at once."""
    place, lives = layout.common_blocks(tape), layout.lifetimes(tape)
    for shape in {layout.as_matrix(tape.values[index].shape) for index in place}:
        of_shape = [index for index in place if layout.as_matrix(tape.values[index].shape) == shape]
        alive = [
            sum(begin <= step <= end for begin, end in (lives[index] for index in of_shape))
            for step in range(len(tape.operations))
        ]
        assert len({place[index] for index in of_shape}) <= max(alive, default=0)


@pytest.mark.parametrize(
    ("chain", "blocks"),
    [
        ([Dense(4)] * 8, 2),
        ([Dense(4), BatchNorm(), ReLU(), Dropout(0.5), BatchNorm(), Dense(3)], 1),
        ([Dense(4), BatchNorm(), ReLU()] * 5, 2),
        ([Dense(width) for width in (2, 3, 4, 5)], 3),
        ([Dense(4)], 0),
    ],
)
def test_a_chain_needs_few_blocks(chain, blocks):
    assert len(set(layout.common_blocks(twin.record(*chain)).values())) == blocks


def test_the_test_itself_sees_a_block_that_is_shared_too_soon():
    tape = twin.record(*[Dense(3)] * 3, features=3)
    first, second = layout.common_blocks(tape)
    with pytest.raises(AssertionError):
        run_backward(tape, {first: 0, second: 0})


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 500), max_size=6), st.sampled_from([1, 8, 64]))
def test_parts_lie_aligned_behind_one_another(sizes, alignment):
    places, end = layout.offsets(sizes, alignment)
    assert list(places) == list(sizes)
    last = 0
    for name, size in sizes.items():
        assert places[name] % alignment == 0
        assert last <= places[name] < last + alignment
        last = places[name] + size
    assert last <= end < last + alignment or not sizes


def test_a_vector_is_one_row_and_one_number_of_each_row_a_column():
    assert layout.as_matrix(()) == (1, 1)
    assert layout.as_matrix((3,)) == (1, 3)
    assert layout.as_matrix((ROWS,)) == (ROWS, 1)
    assert layout.as_matrix((2, 3)) == (2, 3)
    assert layout.as_matrix((ROWS, 3)) == (ROWS, 3)
