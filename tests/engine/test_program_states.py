"""What a program's state is: going back to it, its slots and names, and states that cannot be."""

import numpy as np
import pytest
from fastnorm.engine.program import Program
from helpers.training import ROW_COUNT, assert_same, epoch, read_all, task
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.errors import FileError, SettingError, ShapeError
from fastnorm.training.optimizers import SGD, Adam


def test_going_back_gives_the_same_bits_again(variant, rng):
    of = task(rng, "all", rows=24)
    program = of.program(Adam(), capacity=8)
    epoch(program, 24, 8, seconds=0)
    program.begin_epoch()
    epoch(program, 24, 8)
    mark = program.state.to_bytes()
    program.begin_epoch()
    epoch(program, 24, 8)
    after = program.state.to_bytes()
    program.state.restore(mark)
    program.begin_epoch()
    epoch(program, 24, 8)
    assert program.state.to_bytes() == after != mark


def test_going_back_after_everything_is_nan_gives_the_same_bits_again(variant, dtype, rng):
    """Nothing of a diverged minibatch stays behind, in the padding beside the columns either."""
    of = task(rng, "all", dtype=dtype, rows=24)
    program = of.program(SGD(), capacity=8)
    epoch(program, 24, 8)
    mark = program.state.to_bytes()
    program.begin_epoch()
    epoch(program, 24, 8)
    after = program.state.to_bytes()
    for name in read_all(program):
        program.state.write(name, np.full(program.state.read(name).shape, np.inf))
    program.begin_epoch()
    epoch(program, 24, 8)
    assert np.isnan(program.state.epoch_means()[0])
    program.state.restore(mark)
    program.begin_epoch()
    epoch(program, 24, 8)
    assert program.state.to_bytes() == after


def test_a_state_that_cannot_be_is_refused_and_changes_nothing(rng):
    program = task(rng, "all").program(Adam())
    good = program.state.to_bytes()
    words = np.frombuffer(good, np.float64)
    first = int(np.flatnonzero(words == 1e-3)[0])  # the learning rate, first of the slots

    def with_word(place, number):
        changed = words.copy()
        changed[place] = number
        return changed.tobytes()

    slot = {name: first + position for name, position in program.state.slots.items()}
    for state, message in [
        (good[:-8], "state: expected .* bytes, got .*; it belongs to another model or optimizer"),
        (b"", "state: expected"),
        (with_word(slot["dropout_0"], 1.0), r"state: dropout_0: expected a finite number in \[0, 1\), got .*1"),
        (with_word(slot["learning_rate"], np.nan), "state: learning_rate: expected a finite number"),
        (with_word(slot["epsilon"], -1.0), "state: epsilon"),
        (with_word(slot["running_decay_0"], -0.5), "state: running_decay_0"),
        (
            np.concatenate([words[:-8], np.full(8, -1, np.int64).view(float)]).tobytes(),
            "state: expected counters of 0 or",
        ),
    ]:
        with pytest.raises(FileError, match=message):
            program.state.restore(state)
        assert program.state.to_bytes() == good


@given(st.data())
def test_no_state_makes_a_program_touch_memory_it_should_not(data):
    """Whatever the bytes are, they are refused, or an epoch on them ends."""
    program = task(np.random.default_rng(0), "all", rows=6).program(Adam(), capacity=2)
    state = bytearray(program.state.to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(state) // 8 - 1)) * 8
        state[place : place + 8] = data.draw(st.binary(min_size=8, max_size=8))
    try:
        program.state.restore(bytes(state))
    except FileError:
        return
    assert epoch(program, 6, 2)


def test_names_in_a_state_do_not_meet_its_own_parts(rng):
    """A parameter may have any name."""
    of = task(rng, "softmax regression")
    for value in of.tape.of_role("parameter"):
        object.__setattr__(value, "name", {"0.weight": "slots", "0.bias": "counters"}[value.name])
    program = Program(of.tape, np.float64, ROW_COUNT, SGD())
    program.state.write("slots", np.full((4, 3), 5.0))
    program.state.write("counters", np.full(3, 7.0))
    assert program.state.position == (0, 0, 0)
    assert program.state.get_slot("learning_rate") == 0.01


def test_slots_are_what_optimizer_and_operations_read(rng):
    program = task(rng, "all").program(Adam(0.5))
    assert list(program.state.slots) == [
        "learning_rate", "beta_1", "beta_2", "epsilon", "l2", "weight_decay", "clip_norm", "clip_value",
        "running_decay_0", "dropout_0", "running_decay_1", "dropout_1",
    ]  # fmt: skip
    assert program.state.get_slot("learning_rate") == 0.5
    assert program.state.get_slot("dropout_1") == 0.25
    with pytest.raises(SettingError, match="no hyperparameter named 'momentum'; there are learning_rate, beta_1"):
        program.state.get_slot("momentum")


@pytest.mark.parametrize(
    ("name", "value"),
    [("learning_rate", -1), ("beta_1", 1), ("beta_2", -0.1), ("epsilon", 0), ("l2", -1), ("weight_decay", np.inf),
     ("dropout_0", 1), ("running_decay_1", np.nan), ("dropout_0", "much")],
)  # fmt: skip
def test_a_slot_stays_within_what_it_may_be(rng, name, value):
    program = task(rng, "all").program(Adam())
    before = program.state.to_bytes()
    with pytest.raises(SettingError, match=f"{name}: expected a"):
        program.state.set_slot(name, value)
    assert program.state.to_bytes() == before


def test_parameters_are_copied_in_and_out(dtype, rng):
    of = task(rng, "all", dtype=dtype)
    program = of.program()
    assert_same(read_all(program), of.arrays)
    program.state.read("0.weight")[...] = 9
    assert_same(read_all(program), of.arrays)
    with pytest.raises(ShapeError, match=r"0.bias: expected shape \(5,\), got \(4,\)"):
        program.state.write("0.bias", np.zeros(4))
