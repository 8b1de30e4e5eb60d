"""How a program is driven: stop, deadline, one thread at a time, states, and what it refuses in words."""

import threading

import numpy as np
import pytest
from helpers.training import ROW_COUNT, epoch, task

from fastnorm.errors import SettingError
from fastnorm.training.optimizers import SGD, Adam

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


def test_an_epoch_in_pieces_is_the_epoch(rng):
    order, starts, factors = np.tile(np.arange(6), 5), np.arange(0, 31, 2), np.linspace(1, 2, 15)
    of = task(rng, "all", rows=6)
    whole, pieces = (of.program(Adam(), capacity=2) for _ in range(2))
    assert whole.train(order, starts, factors)
    for first, end in ((0, 4), (4, 5), (5, 15)):
        piece = order[starts[first] : starts[end]], starts[first : end + 1] - starts[first], factors[first:end]
        assert not pieces.train(*piece, 0.0, first)  # no time: nothing happens
        assert pieces.train(*piece, first=first)
        assert pieces.train(*piece, first=first)  # it is done already
    assert pieces.state.to_bytes() == whole.state.to_bytes()
    with pytest.raises(SettingError, match="first: expected a whole number from 0 to 15, got 16"):
        pieces.train(order, starts, factors, first=16)


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
    before = program.seconds
    epoch(program, 1, 1, order=np.zeros(ENDLESS, np.int64), seconds=1e-3)
    assert program.seconds >= before + 1e-3  # of the epoch, however often it is stopped
    program.begin_epoch()
    assert program.seconds == 0


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
