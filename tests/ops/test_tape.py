"""Recording: the symbolic row count, values without numbers, names, slots, and what a whole tape must be."""

import copy

import numpy as np
import pytest
from helpers.twin import parameter

from fastnorm import ops
from fastnorm.errors import ShapeError, TraceError
from fastnorm.ops.tape import ROWS, Tape


@pytest.fixture
def tape():
    return Tape()


@pytest.fixture
def x(tape):
    return tape.add("input", "x", (ROWS, 4))


@pytest.mark.parametrize("use", [int, float, range, lambda n: np.zeros((n, 4)), lambda n: [0] * n, lambda n: [0, 1][n]])
def test_the_number_of_rows_is_no_number(x, use):
    with pytest.raises(TraceError, match="the number of rows N is not known while a forward pass is recorded"):
        use(x.shape[0])


def test_there_is_one_symbol_for_the_rows(x):
    assert repr(x.shape) == "(N, 4)"
    assert copy.deepcopy(ROWS) is ROWS


@pytest.mark.parametrize("use", [bool, float, int, len, list, np.asarray, lambda v: "yes" if v else "no"])
def test_a_recorded_value_has_no_numbers(x, use):
    with pytest.raises(TraceError, match=r"<input x: \(N, 4\)> is a recorded value without numbers"):
        use(x)


def test_a_shape_holds_plain_integers(tape):
    weight = parameter(tape, "w", np.int64(4), np.uint8(2))
    assert [type(length) for length in weight.shape] == [int, int]
    assert weight.features == 2
    with pytest.raises(TypeError):
        parameter(tape, "v", 2.5)


@pytest.mark.parametrize("role", ["parameter", "statistic"])
def test_parameters_have_names_of_their_own(tape, role):
    parameter(tape, "w", 3)
    with pytest.raises(TraceError, match="two parameters are named 'w'"):
        parameter(tape, "w", 3, role=role)


def test_values_are_found_by_role_and_by_reader(tape, x):
    w, v = parameter(tape, "w", 4, 4), parameter(tape, "v", 4, 2)
    y = ops.dense(x, w)
    z = ops.dense(y, v)
    assert tape.of_role("parameter") == [w, v]
    assert tape.of_role("input", "result") == [x, y, z]
    assert [operation.output for operation in tape.consumers(y.index)] == [z.index]
    assert tape.consumers(z.index) == []
    assert tape.one("input") is x


def test_one_value_of_a_role_is_required_where_one_is_meant(tape, x):
    tape.add("input", "z", (ROWS, 2))
    with pytest.raises(TraceError, match=r"expected one input, got <input x: .*>, <input z: .*>"):
        tape.one("input")
    with pytest.raises(TraceError, match="expected one target, got none"):
        tape.one("target")


def test_the_result_is_what_the_last_operation_gives(tape, x):
    with pytest.raises(TraceError, match="a forward pass with an operation, got none"):
        _ = tape.result
    y = ops.relu(ops.relu(x))
    assert tape.result is y


def test_a_value_that_is_never_used_is_named(tape, x):
    ops.relu(x)
    ops.dropout(x, rate=0.5)
    with pytest.raises(TraceError, match=r"<result relu_0: \(N, 4\)> is computed but never used; leave it out"):
        _ = tape.result


def test_values_of_two_recordings_do_not_mix(x):
    with pytest.raises(TraceError, match="dense: expected values of one recording"):
        ops.dense(x, parameter(Tape(), "w", 4, 2))


def test_an_operation_may_take_a_value_twice(tape, x):
    y = x * x
    assert (y.shape, tape.operations[0].inputs) == (x.shape, (x.index, x.index))
    assert tape.consumers(x.index) == tape.operations


@pytest.mark.parametrize("shape", [(0,), (ROWS, 0), (-1, 3), (2, 3, 4), (2, ROWS)])
def test_a_shape_has_at_most_two_dimensions_of_at_least_one(tape, shape):
    with pytest.raises(ShapeError, match="w: expected at most two dimensions, of at least 1 each, got shape"):
        tape.add("constant", "w", shape)


def test_constants_are_frozen_and_named_apart_from_all_before(tape, x):
    array = np.array([1.0, 2.0, 3.0, 4.0])
    first, second = tape.constant(array), tape.constant(3)
    array[0] = 9
    assert first.settings["array"].tolist() == [1, 2, 3, 4]
    assert (first.name, second.name, second.shape) == ("constant_0", "constant_1", ())
    assert tape.constant(np.ones(2, np.float32)).settings["array"].dtype == np.float32
    for wrong in ("words", None, 1j, object()):
        with pytest.raises(TraceError, match="expected a recorded value or real numbers"):
            tape.constant(wrong)


def test_slots_are_counted_by_kind(tape, x):
    for rate in (0.1, 0.2):
        x = ops.dropout(x, rate=rate)
    assert [dict(operation.slots) for operation in tape.operations] == [{"rate": "dropout_0"}, {"rate": "dropout_1"}]
    assert [operation.attributes["rate"] for operation in tape.operations] == [0.1, 0.2]
