"""The best epoch of all branches: it is the score, and its model is the one that is kept."""

import hashlib

import pytest
from helpers.running import VALIDATION, make, straight, weights

import fastnorm as fn
from fastnorm.errors import SettingError
from fastnorm.metrics import rank
from fastnorm.tune import Guard, Study, panda


def best_of(branches):
    epochs = [(epoch, branch.number) for branch in branches for epoch in branch.curve]
    return min(epochs, key=lambda one: rank("accuracy", one[0].validation_metric, one[0].validation_loss))


def test_what_was_left_behind_counts_and_is_kept(tmp_path):
    file = tmp_path / "s.sqlite"
    with panda(make(validation=VALIDATION), file) as watched:
        watched.advance(6)
        alone = watched.best
        watched.revert(1)
        watched.nudge(learning_rate=0.0)
        watched.advance(1)
        epoch, branch = best_of(watched.branches)
        assert (watched.best, watched.best_left_on) == (alone, 0) == (epoch, branch)
        watched.give_back()
    with Study.open(file) as study:
        (trial,) = study.trials
        assert (trial.score, trial.loss) == (alone.validation_metric, alone.validation_loss)
        assert (trial.best_epoch, trial.epochs) == (alone.number, 2)
        kept = study.model(0)
    assert trial.weights == hashlib.sha256(kept.to_bytes()).hexdigest()
    arrays = {name: array.tobytes() for name, array in kept.arrays.items()}
    assert arrays == weights(straight(alone.number))


def test_a_cub_that_lost_may_have_been_the_best_on_its_way(tmp_path):
    with panda(make(validation=VALIDATION), tmp_path / "s.sqlite") as watched:
        watched.advance(1)
        watched.cubs((0.3, 1, 3), epochs=4, workers=1)
        watched.advance(1)
        epoch, branch = best_of(watched.branches)
        assert (watched.best, watched.best_left_on) == (epoch, None if branch == 3 else branch)
        best = watched.best
        watched.give_back()
    with Study.open(tmp_path / "s.sqlite") as study:
        found = study.model(0).evaluate(*VALIDATION)
    assert found["accuracy"] == pytest.approx(best.validation_metric)
    assert found["loss"] == pytest.approx(best.validation_loss, rel=1e-5)


def test_one_may_go_back_to_an_epoch_that_was_left_behind():
    watched = panda(make(validation=VALIDATION))
    watched.advance(4)
    watched.revert(1)
    watched.nudge(learning_rate=0.5)
    watched.advance(2)
    watched.revert(3, 0)
    assert weights(watched.run) == weights(straight(3))
    assert watched.run.learning_rate == 0.01
    assert watched.actions[-1].details["left"] == 0
    watched.undo()
    assert watched.run.learning_rate == 0.5
    for branch in (-1, 4, 1.5):
        with pytest.raises(SettingError, match="branch: expected a whole number"):
            watched.revert(1, branch)
    with pytest.raises(SettingError, match="revert: expected a whole number from 0 to 4, got 5"):
        watched.revert(5, 0)


def test_undo_says_what_it_would_leave_behind():
    watched = panda(make(validation=VALIDATION))
    watched.advance(2)
    assert watched.lost_by_undo == 0
    watched.nudge(learning_rate=0.5)
    assert watched.lost_by_undo == 0
    watched.advance(3)
    assert watched.lost_by_undo == 3
    watched.revert(4)
    assert watched.lost_by_undo == 0
    watched.advance(1)
    assert watched.lost_by_undo == 1


def test_how_the_guard_was_switched_is_on_record(tmp_path):
    file = tmp_path / "s.sqlite"
    with panda(make(validation=VALIDATION), file, guard=Guard()) as watched:
        assert watched.switched is None
        watched.guard = watched.guard
        assert watched.actions == []
        watched.advance(1)
        watched.guard = None
    with panda(make(validation=VALIDATION), file, guard=Guard()) as again:
        assert again.switched is False
        again.guard = None
        assert [(action.kind, action.by, action.details) for action in again.actions] == [
            ("guard", "person", {"on": False})
        ]
        again.guard = Guard()
        assert again.switched is True
        assert again.peeks == 0


def test_that_one_left_it_paused_is_on_record_until_it_trains(tmp_path):
    file = tmp_path / "s.sqlite"
    with panda(make(validation=VALIDATION), file) as watched:
        watched.advance(1, minibatches=3)
        assert not watched.left_paused
        watched.pause()
        assert watched.actions == []
        watched.pause(leaving=True)
    with panda(make(validation=VALIDATION), file, guard=Guard()) as again:
        again.guard = None
        assert again.left_paused
        again.advance(minibatches=1)
        assert not again.left_paused


def test_without_a_finite_loss_there_is_no_best():
    with panda(make(validation=VALIDATION, optimizer=fn.SGD(1e38))) as watched:
        watched.advance(2)
        assert (watched.best, watched.best_left_on) == (None, None)
