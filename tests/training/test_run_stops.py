"""Stopping a run: Ctrl-C, another thread, a deadline; it stands at a minibatch boundary and goes on from there."""

import gc
import os
import signal
import threading
import time

import numpy as np
import pytest
from helpers.running import ROWS, VALIDATION, X, Y, assert_same, make, straight, weights

import fastnorm as fn
from fastnorm.errors import SettingError

ENDLESS = 10**9  # epochs
LONG = np.resize(X, (400_000, 4)), np.resize(Y, 400_000)  # an epoch of minibatches of 2 takes some 0.2 s


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises KeyboardInterrupt, also where tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()  # hypothesis listens to the collector, and Python drops what is raised in such a listener
    yield
    gc.enable()
    signal.signal(signal.SIGINT, before)


def in_time():
    """A deadline for what should have ended long before."""
    return time.monotonic() + 60


def when_trained(run, minibatches, then):
    """A thread that calls `then` once the run has trained so many more minibatches."""
    wanted = run.program.state.position[0] + minibatches
    limit = in_time()

    def wait():
        while run.program.state.position[0] < wanted and time.monotonic() < limit:
            pass
        then()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def interrupt(run, minibatches):
    """Advance until Ctrl-C comes after so many minibatches."""
    thread = when_trained(run, minibatches, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        run.advance(ENDLESS, deadline=in_time())
    thread.join()


def assert_whole(run):
    """The model has the weights of the state, finite ones."""
    for name, array in run.model.arrays.items():
        np.testing.assert_array_equal(array, run.program.state.read(name))
        assert np.isfinite(array).all()


def test_ctrl_c_within_an_epoch_leaves_the_model_whole_and_training_goes_on(ctrl_c):
    run = make(*LONG, batch_size=2)
    interrupt(run, 5)
    assert run.program.state.position[0] >= 5
    assert_whole(run)
    run.advance()
    other = make(*LONG, batch_size=2)
    other.advance(run.epoch)  # mostly 1, more where the machine was busy
    assert_same(run, other)


def test_ctrl_c_between_short_epochs_loses_none_of_them(ctrl_c):
    run = make(validation=VALIDATION)
    for minibatches in range(1, 40):
        interrupt(run, minibatches)
        assert_whole(run)
    run.advance()
    assert [epoch.number for epoch in run.history] == list(range(1, run.epoch + 1))
    assert_same(run, straight(run.epoch, validation=VALIDATION))


def test_an_interruption_while_the_epoch_is_judged_leaves_it_open(monkeypatch):
    run = make(validation=VALIDATION)
    run.advance()

    def interrupted(rows):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "evaluate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.advance()
    assert run.epoch == len(run.history) == 1
    run.advance()
    assert_same(run, straight(2, validation=VALIDATION))


def test_an_interruption_before_the_epoch_is_closed_does_not_count_it_twice(monkeypatch):
    run = make(validation=VALIDATION)

    class Interrupted:
        def __getattr__(self, name):
            return getattr(program, name)

        def begin_epoch(self):
            raise KeyboardInterrupt

    program = run.program
    with monkeypatch.context() as patch:
        patch.setattr(run, "program", Interrupted())
        with pytest.raises(KeyboardInterrupt):
            run.advance()
    run.advance(2)
    assert_same(run, straight(2, validation=VALIDATION))


def test_a_signal_handler_that_raises_nothing_does_not_stop_training(ctrl_c):
    seen = []
    run = make(*LONG, batch_size=2)
    signal.signal(signal.SIGINT, lambda *_: seen.append(run.program.state.position[0]))
    thread = when_trained(run, 5, lambda: os.kill(os.getpid(), signal.SIGINT))
    assert len(run.advance()) == 1
    thread.join()
    assert len(seen) == 1
    assert seen[0] >= 5


def test_stop_from_another_thread_ends_an_advance_of_any_length():
    run = make()
    thread = when_trained(run, 30, run.stop)
    finished = run.advance(ENDLESS, deadline=in_time())
    thread.join()
    assert finished == run.history
    assert run.program.state.position[0] >= 30
    assert_whole(run)
    run.advance()
    assert_same(run, straight(run.epoch))


def test_a_wish_to_stop_between_epochs_is_not_lost(monkeypatch):
    run = make(validation=VALIDATION)
    evaluate = run.evaluate
    monkeypatch.setattr(run, "evaluate", lambda rows: (run.stop(), evaluate(rows))[1])
    assert len(run.advance(3)) == 1
    assert run.epoch == 1


def test_after_the_deadline_nothing_is_trained():
    run = make()
    assert run.advance(2, deadline=time.monotonic()) == []
    assert run.program.state.position == (0, 0, 0)
    run = make(*LONG, batch_size=2)
    assert run.advance(ENDLESS, deadline=time.monotonic() + 0.01) == []
    assert 0 < run.program.state.position[2] < len(run._starts) - 1
    assert_whole(run)


def test_a_run_advances_in_one_thread_at_a_time():
    run = make(*LONG, batch_size=2)
    thread = threading.Thread(target=run.advance, args=(ENDLESS,), kwargs={"deadline": in_time()})
    thread.start()
    before = weights(run)
    try:
        while run.program.state.position[0] == 0:
            assert thread.is_alive()
        for attempt in (run.advance, run.checkpoint, run.state, lambda: run.revert(fn.Checkpoint(b"", ()))):
            with pytest.raises(SettingError, match="training in another thread; wait for it, or call its stop"):
                attempt()
        assert weights(run) == before  # not those of a moment within a minibatch
    finally:
        run.stop()
        thread.join()
    assert weights(run) != before
    run.advance(0)


def test_a_model_predicts_while_it_is_trained_in_another_thread():
    """Each prediction is that of the weights of one epoch's end."""
    run = make()
    straight_run, known = make(), set()
    for _ in range(20):
        known.add(straight_run.model.logits(X).tobytes())
        straight_run.advance()
    known.add(straight_run.model.logits(X).tobytes())
    thread = threading.Thread(target=lambda: [run.advance() for _ in range(20)])
    thread.start()
    seen = set()
    while thread.is_alive():
        seen.add(run.model.logits(X).tobytes())
    thread.join()
    assert seen <= known
    assert run.model.logits(X).tobytes() == straight_run.model.logits(X).tobytes()


def test_many_runs_train_at_once():
    seeds = range(6)
    alone = [straight(3, seed=seed) for seed in seeds]
    together = [make(seed=seed) for seed in seeds]
    threads = [threading.Thread(target=run.advance, args=(3,)) for run in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together, strict=True):
        assert_same(one, other)
    assert len(X) == ROWS
