"""A panda in two threads: one advances, the other one acts; and what pause and Ctrl-C leave."""

import threading
import time

import numpy as np
import pytest
from helpers.running import VALIDATION, X, Y, assert_same, make, untimed, weights

import fastnorm as fn
from fastnorm.errors import SettingError
from fastnorm.tune import panda, replay

ENDLESS = 10**9  # epochs
LIMIT = 60  # seconds; all is over long before


@pytest.fixture
def training():
    """Starts an endless advance in a thread; gives the panda, once it has trained some; ends it by pause()."""
    threads = []

    def start(watched, **options):
        ends = []
        thread = threading.Thread(
            target=lambda: ends.append(watched.advance(ENDLESS, deadline=time.monotonic() + LIMIT, **options))
        )
        thread.start()
        threads.append((watched, thread))
        wait(watched, thread)
        return thread, ends

    yield start
    for watched, thread in threads:
        if thread.is_alive():
            watched.pause()
        thread.join()


def wait(watched, thread, steps=20):
    """Wait until so many more minibatches have been trained."""
    state = watched.run.program.state
    wanted = state.position[0] + steps
    while state.position[0] < wanted:
        assert thread.is_alive()
        if state.position[0] + steps < wanted:  # a revert went back
            wanted = state.position[0] + steps


def assert_replays(watched, **options):
    again = replay(watched.study, make(validation=VALIDATION, **options))
    assert_same(again.run, watched.run)


@pytest.mark.parametrize("big", [False, True])
def test_actions_take_effect_between_two_minibatches_and_the_advance_goes_on(training, big):
    options = {"x": [*X] * 400, "y": [*Y] * 400} if big else {}
    watched = panda(make(validation=VALIDATION, **options))
    thread, _ = training(watched)
    for number in range(10):
        watched.nudge(learning_rate=0.01 / (number + 1))
        watched.checkpoint("in between")
        wait(watched, thread)
    watched.revert(0)
    wait(watched, thread)
    watched.undo()
    wait(watched, thread)
    watched.cubs(epochs=1)
    wait(watched, thread)
    assert watched.schedule().factors(np.zeros(1)) == 1  # what only looks does not wait
    watched.nudge(dropout=0.5)
    watched.pause()
    thread.join()
    kinds = [action.kind for action in watched.actions]
    assert kinds == ["nudge", "checkpoint"] * 10 + ["revert", "undo", "cubs", *kinds[23:-2], "nudge", "pause"]
    assert set(kinds[23:-2]) == {"nudge"}  # those of the cubs
    steps = [action.step for action in watched.actions[:20]]
    assert steps == sorted(steps)
    assert steps[0] > 0
    assert len({*steps[::2]}) == 10  # the training went on in between
    assert_replays(watched, **options)


def test_pause_ends_an_advance_at_a_minibatch(training):
    watched = panda(make([*X] * 4000, [*Y] * 4000))
    thread, ends = training(watched)
    watched.pause()
    thread.join()
    (action,) = watched.actions
    assert (action.kind, action.epoch, action.minibatch) == ("pause", watched.run.epoch, watched.run.minibatch)
    assert untimed(ends[0]) == untimed(watched.history)
    watched.pause()  # of nothing
    assert len(watched.actions) == 1
    assert len(watched.advance()) == 1


def test_the_end_of_steering_ends_an_advance_under_way(training):
    watched = panda(make(validation=VALIDATION), test=VALIDATION)
    thread, ends = training(watched)
    watched.final_score()
    thread.join()
    assert untimed(ends[0]) == untimed(watched.history)
    closed = panda(make())
    thread, ends = training(closed)
    closed.close()
    thread.join()
    assert untimed(ends[0]) == untimed(closed.history)


def test_a_refused_action_does_not_stop_the_advance(training):
    watched = panda(make())
    thread, _ = training(watched)
    with pytest.raises(SettingError, match="no hyperparameter named 'rate'"):
        watched.nudge(rate=1)
    with pytest.raises(SettingError, match="this panda is training in another thread"):
        watched.advance()
    wait(watched, thread)
    assert watched.actions == []


def test_the_epochs_and_minibatches_asked_for_are_trained_whatever_is_done_meanwhile(training):
    watched = panda(make([*X] * 400, [*Y] * 400))
    thread, ends = training(watched, minibatches=8000)
    for number in range(5):
        watched.nudge(learning_rate=0.01 / (number + 1))
    thread.join()
    assert watched.run.program.state.position[0] == 8000
    assert len(ends[0]) == 8000 // watched.run.minibatches
    assert len(watched.actions) == 5


def test_pause_gives_cubs_up_and_nothing_has_happened():
    watched = panda(make([*X] * 400, [*Y] * 400))
    watched.advance(1)
    before, answers = watched.run.checkpoint(), []
    thread = threading.Thread(target=lambda: answers.append(watched.cubs(epochs=ENDLESS, workers=3)))
    thread.start()
    while not (held := [*watched._stop_flag._held]) or any(fork.epoch < 2 for fork in held):
        assert thread.is_alive()
    watched.pause()
    thread.join()
    assert answers == [None]
    assert watched.run.checkpoint() == before
    assert (watched.actions, len(watched.branches)) == ([], 1)
    watched.advance(1)


@pytest.mark.parametrize("moment", ["travel", "grow"])
def test_an_interruption_leaves_an_action_done_or_not_done(monkeypatch, moment):
    watched = panda(make(validation=VALIDATION))
    watched.advance(2)
    watched.nudge(learning_rate=0.1)
    watched.advance(2, minibatches=9)
    before, actions = watched.run.checkpoint(), watched.actions

    def interrupted(*arguments):
        done(*arguments)
        raise KeyboardInterrupt

    done = getattr(watched._recorded, moment)
    with monkeypatch.context() as patch:
        patch.setattr(watched._recorded, moment, interrupted)
        with pytest.raises(KeyboardInterrupt):
            watched.revert(1)
    if moment == "travel":
        assert watched.run.checkpoint() == before
        assert watched.actions == actions
    else:
        assert watched.run.epoch == 1
        assert len(watched.actions) == len(watched.branches) == 2
    watched.advance(1)
    assert_replays(watched)


@pytest.mark.parametrize("before", [True, False])
def test_an_epoch_whose_recording_is_interrupted_is_recorded_by_the_next(monkeypatch, before):
    watched = panda(make(validation=VALIDATION))
    watched.advance(1)
    journal, write = watched._recorded.journal, watched._recorded.journal.write

    def interrupted(*arguments, **options):
        if not before:
            write(*arguments, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(journal, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            watched.advance(1)
    watched.advance(1)
    assert [epoch.number for epoch in watched.study.curve(0)] == [1, 2, 3]
    assert [[epoch.number for epoch in branch.curve] for branch in watched.branches] == [[1, 2, 3]]
    assert watched.study.branches()[0].curve == watched.branches[0].curve
    watched.revert(1)
    assert_replays(watched)


def test_an_interruption_of_an_advance_keeps_what_was_trained(monkeypatch):
    watched = panda(make(validation=VALIDATION))
    run, evaluate = watched.run, watched.run.evaluate

    def interrupted(rows):
        raise KeyboardInterrupt

    watched.advance(1)
    with monkeypatch.context() as patch:
        patch.setattr(run, "evaluate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            watched.advance(1)
    assert (run.epoch, run.minibatch) == (1, run.minibatches)
    with monkeypatch.context() as patch:
        patch.setattr(run, "evaluate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            watched.nudge(learning_rate=0.1)
    assert watched.actions == []
    watched.nudge(learning_rate=0.1)  # closes the epoch first
    assert [action.epoch for action in watched.actions] == [2]
    assert run.evaluate == evaluate
    watched.advance(1)
    assert_replays(watched)
    assert weights(run)
    assert isinstance(watched.run, fn.Run)
