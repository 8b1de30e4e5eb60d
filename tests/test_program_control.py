"""How a program is driven: stop, deadline, one thread at a time, states, and what it refuses in words."""

import threading

import numpy as np
import pytest
from fastnorm.program import Program
from hypothesis import given
from hypothesis import strategies as st
from training import FROZEN, ROW_COUNT, WEIGHTS, assert_same, epoch, read_all, task

from fastnorm import kernels
from fastnorm.errors import DataError, DtypeError, FileError, SettingError, ShapeError
from fastnorm.optimizers import SGD, Adam

ENDLESS = 2_000_000  # minibatches, some seconds


def begun(program):
    """A thread that trains a long epoch on single rows; it has trained some when this returns."""
    answer = []
    order = np.zeros(ENDLESS, np.int64)
    thread = threading.Thread(target=lambda: answer.append(epoch(program, 1, 1, order=order)), daemon=True)
    before = program.state.position[0]
    thread.start()
    while program.state.position[0] == before:
        assert thread.is_alive()
    return thread, answer


def ended(thread, answer):
    thread.join(60)
    return answer


# ---- stop, deadline, threads


def test_stop_ends_training_at_a_minibatch_boundary_and_it_goes_on_from_there(rng):
    order, starts = np.tile(np.arange(6), 50), np.arange(0, 301, 2)
    of = task(rng, "all", rows=6)
    stopped, straight = (of.program(Adam(), capacity=2) for _ in range(2))
    thread, answer = begun(program := of.program(Adam(), capacity=2))
    program.stop()
    assert ended(thread, answer) == [False]
    assert 0 < program.state.position[2] < ENDLESS

    stopped.stop()
    assert not stopped.train(order, starts, np.ones(150))
    assert stopped.state.position == (0, 0, 0)
    assert stopped.train(order, starts, np.ones(150))
    assert straight.train(order, starts, np.ones(150))
    assert stopped.state.to_bytes() == straight.state.to_bytes()


def test_a_wish_to_stop_is_not_lost_when_the_epoch_has_ended_meanwhile(rng):
    program = task(rng, rows=6).program()
    assert epoch(program, 6)
    program.stop()
    assert epoch(program, 6)  # nothing left of this epoch, so nothing to stop
    program.begin_epoch()
    assert not epoch(program, 6)
    assert epoch(program, 6)


def test_after_the_deadline_no_minibatch_begins(rng):
    of = task(rng, rows=6)
    program = of.program(capacity=2)
    for seconds in (0, -1.0, float("nan")):
        assert not epoch(program, 6, 2, seconds=seconds)
        assert program.state.position == (0, 0, 0)
    assert not epoch(program, 1, 1, order=np.zeros(ENDLESS, np.int64), seconds=1e-3)
    assert 0 < program.state.position[2] < ENDLESS
    assert program.seconds >= 1e-3


def test_a_second_thread_is_refused_and_changes_nothing(rng):
    of = task(rng, rows=6)
    thread, answer = begun(program := of.program(SGD(), capacity=1))
    try:
        for attempt in (lambda: epoch(program, 6, 1), lambda: program.attach(*of.data)):
            with pytest.raises(SettingError, match="training in another thread; wait for it, or call its stop"):
                attempt()
    finally:
        program.stop()
    assert ended(thread, answer) == [False]
    program.begin_epoch()
    assert epoch(program, 6, 1)


def test_two_programs_train_at_once(rng):
    tasks = [task(np.random.default_rng(seed), "all", rows=40) for seed in range(3)]
    alone, together = ([of.program(Adam(), capacity=8) for of in tasks] for _ in range(2))
    order, starts = np.tile(np.arange(40), 20), np.arange(0, 801, 8)
    threads = [threading.Thread(target=program.train, args=(order, starts, np.ones(100))) for program in together]
    for thread in threads:
        thread.start()
    for program in alone:
        program.train(order, starts, np.ones(100))
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together, strict=True):
        assert one.state.to_bytes() == other.state.to_bytes()


def test_training_leaves_the_threads_denormals_alone(rng):
    tiny = np.array([2.0**-1060])
    epoch(task(rng).program(), ROW_COUNT)
    assert (tiny / 2 * 2 == 2.0**-1060).all()


# ---- states


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
        "learning_rate", "beta_1", "beta_2", "epsilon", "l2", "weight_decay",
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


# ---- what is refused


def test_the_users_arrays_are_kept_but_labels_cannot_be_changed_under_way(rng):
    of = task(rng, "hidden")
    program = of.program(FROZEN)
    epoch(program, ROW_COUNT)
    before = program.state.epoch_means()[0]
    of.data[1][:] = 1_000_000
    program.begin_epoch()
    epoch(program, ROW_COUNT)
    assert program.state.epoch_means()[0] == before


def test_attached_arrays_outlive_their_names(rng):
    of = task(rng, "hidden", weight=WEIGHTS)
    program = of.program(FROZEN)
    epoch(program, ROW_COUNT)
    before = program.state.epoch_means()
    program.attach(*(array.copy() for array in of.data))
    del of
    np.full(100_000, 3.0).sum()
    program.begin_epoch()
    epoch(program, ROW_COUNT)
    assert program.state.epoch_means() == before


X, Y = np.zeros((ROW_COUNT, 4)), np.zeros(ROW_COUNT, np.int32)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ((X[:, :3], Y), ShapeError, r"x: expected C-contiguous float64 of shape \(7, 4\), got float64 of \(7, 3\)"),
        ((X.astype(np.float32), Y), ShapeError, "x: expected C-contiguous float64"),
        ((X.astype(">f8"), Y), ShapeError, "x: expected C-contiguous float64"),
        ((np.asfortranarray(X), Y), ShapeError, "x: expected C-contiguous float64"),
        ((X[:0], Y[:0]), ShapeError, "x: expected at least one row"),
        ((X, Y + 3), DataError, "y: expected integers from 0 to 2, got 3 at position 0"),
        ((X, Y - 1), DataError, "y: expected integers from 0 to 2, got -1 at position 0"),
        ((X, Y[:-1]), ShapeError, "y: expected 7 rows as in x, got 6"),
        ((X, Y * 1.0), DtypeError, "y: expected integers, got dtype float64"),
        ((X, Y, WEIGHTS[:-1]), ShapeError, r"sample_weight: expected shape \(7,\), got \(6,\)"),
        ((X, Y, -WEIGHTS), DataError, "sample_weight: expected weights of 0 or more, got -3.0"),
        ((X, Y, WEIGHTS * np.nan), DataError, "sample_weight: expected finite numbers, got nan"),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_the_old_ones_stay(rng, data, error, words):
    program = task(rng, "hidden").program(FROZEN)
    epoch(program, ROW_COUNT)
    before = program.state.epoch_means()
    with pytest.raises(error, match=words):
        program.attach(*data)
    program.begin_epoch()
    epoch(program, ROW_COUNT)
    assert program.state.epoch_means() == before


def test_values_that_do_not_fit_are_refused(rng):
    program = task(rng, "hidden", "values").program()
    for y in (np.zeros((7, 2)), np.zeros((6, 3)), np.zeros((7, 3), np.float32), np.zeros((3, 7)).T):
        with pytest.raises(ShapeError, match=r"y: expected C-contiguous float64 of shape \(7, 3\), got"):
            program.attach(X, y)


@pytest.mark.parametrize(
    ("order", "starts", "factors", "error", "words"),
    [
        ([0, 7], [0, 2], [1], DataError, "order: expected integers from 0 to 6, got 7 at position 1"),
        ([0, -1], [0, 2], [1], DataError, "order: expected integers from 0 to 6, got -1"),
        ([0.0, 1.0], [0, 2], [1], DtypeError, "order: expected integers"),
        ([[0, 1]], [0, 2], [1], ShapeError, "order: expected shape"),
        ([0, 1], [0, 3], [1], DataError, "starts: expected integers from 0 to 2, got 3"),
        ([0, 1], [0, 1, 1], [1, 1], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1], [2, 1], [1], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1], np.array([2, 1], np.uint8), [1], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1, 2, 3, 4], [0, 5], [1], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1], [0], [], ShapeError, "starts: expected minibatches of 1 to 4 rows"),
        ([0, 1], [], [], ShapeError, "expected"),
        ([0, 1], [0, 2], [1, 1], ShapeError, r"factors: expected shape \(1,\), got \(2,\)"),
        ([0, 1], [0, 2], ["a"], DtypeError, "factors: expected real numbers"),
    ],
)
def test_an_order_that_leaves_the_rows_is_refused(rng, order, starts, factors, error, words):
    program = task(rng).program(capacity=4)
    before = program.state.to_bytes()
    with pytest.raises(error, match=words):
        program.train(np.array(order), np.array(starts, None if len(starts) else np.int64), np.array(factors))
    assert program.state.to_bytes() == before


def test_without_rows_there_is_nothing_to_train_on(rng):
    of = task(rng)
    program = Program(of.tape, of.dtype, 4, SGD())
    with pytest.raises(DataError, match="order: expected integers from 0 to -1"):
        epoch(program, 4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dtype": np.float16}, "dtype: expected one of"),
        ({"dtype": np.int32}, "dtype: expected one of"),
        ({"capacity": 0}, "capacity: expected a whole number at least 1"),
        ({"threads": 0}, "threads: expected a whole number from 1"),
        ({"seed": -1}, "seed: expected a whole number from 0"),
        ({"seed": 2**64}, "seed: expected a whole number from 0"),
        ({"optimizer": SGD(-1.0)}, "learning_rate: expected a finite number"),
        ({"optimizer": Adam(beta_1=1.0)}, "beta_1: expected a finite number"),
    ],
)
def test_settings_that_cannot_be_are_refused(rng, settings, words):
    settings = {"dtype": np.float64, "capacity": 4, "optimizer": SGD()} | settings
    positional = [settings.pop(name) for name in ("dtype", "capacity", "optimizer")]
    with pytest.raises(SettingError, match=words):
        Program(task(rng).tape, *positional, **settings)


def test_a_program_keeps_the_variant_it_was_made_with(rng):
    of = task(rng, "all")
    programs = []
    for name in kernels.runnable():
        with kernels.cpu._using(name):
            programs.append((of.program(FROZEN), of.mean_loss()))
    for program, loss in programs:
        epoch(program, ROW_COUNT)
        assert program.state.epoch_means()[0] == loss
