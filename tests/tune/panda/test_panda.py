"""Panda: what a person does while one model trains, and what it comes to."""

import pytest
from helpers.running import VALIDATION, X, Y, assert_same, make, straight, untimed, weights

import fastnorm as fn
from fastnorm.errors import SettingError
from fastnorm.tune import panda


def steered(study=None, **options):
    return panda(make(validation=VALIDATION, **options), study)


def kinds(watched):
    return [action.kind for action in watched.actions]


def test_a_panda_that_nobody_steers_is_the_run():
    watched = steered()
    assert untimed(watched.advance(2)) == untimed(watched.history)
    watched.advance(1, minibatches=3)
    watched.advance(2)
    assert_same(watched.run, straight(4, validation=VALIDATION))
    assert (watched.actions, watched.peeks) == ([], 0)
    (branch,) = watched.branches
    assert branch.curve == watched.history == watched.run.history


def test_a_nudge_is_what_setting_the_run_is():
    schedule = fn.schedules.InverseTime(0.5)
    watched, run = steered(schedule=schedule), make(validation=VALIDATION, schedule=schedule)
    watched.advance(2)
    watched.nudge(learning_rate=0.03, dropout=0.4)
    watched.advance(minibatches=3)
    watched.nudge(momentum=0.5, weight_decay=0.01)
    watched.advance(2)
    run.advance(2)
    run.learning_rate = 0.03
    run.set(dropout_0=0.4)
    run.advance(minibatches=3)
    run.set(beta_1=0.5, weight_decay=0.01)
    run.advance(2)
    assert_same(watched.run, run)
    first, second = watched.actions
    assert (first.number, first.branch, first.epoch, first.minibatch, first.step) == (0, 0, 2, 0, 14)
    assert (first.kind, first.by) == ("nudge", "person")
    assert first.details["from"] == {"learning_rate": 0.005, "dropout_0": 0.25}
    assert first.details["to"] == {"learning_rate": pytest.approx(0.03, rel=1e-15), "dropout_0": 0.4}
    assert (second.epoch, second.minibatch, second.step) == (2, 3, 17)
    assert second.details["from"] == {"beta_1": 0.9, "weight_decay": 0.0}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "nudge: expected hyperparameters out of learning_rate, beta_1, .*, got none"),
        ({"rate": 1}, "no hyperparameter named 'rate'; there are learning_rate, beta_1, beta_2, epsilon"),
        ({"momentum_decay": 1}, "no hyperparameter named 'momentum_decay'; there are"),
        ({"learning_rate": 0.1, "dropout": 1}, r"dropout_0: expected a finite number in \[0, 1\), got 1"),
        ({"learning_rate": -1, "dropout": 0.1}, r"learning_rate: expected a finite number in \[0, inf\], got -1"),
        ({"dropout": 0.1, "dropout_0": 0.2}, "nudge: dropout_0 is asked for twice"),
        ({"beta_1": 1.0}, r"beta_1: expected a finite number in \[0, 1\)"),
    ],
)
def test_a_nudge_that_cannot_be_changes_and_records_nothing(settings, words):
    watched = steered()
    watched.advance(1, minibatches=2)
    before = watched.run.checkpoint()
    with pytest.raises(SettingError, match=words):
        watched.nudge(**settings)
    assert watched.run.checkpoint() == before
    assert watched.actions == watched.study.actions() == []


def test_sgd_has_a_momentum_of_its_own_and_a_plain_network_no_dropout():
    watched = panda(make(chain=[fn.Dense(3)], optimizer=fn.SGD(0.1)))
    watched.nudge(momentum=0.5)
    assert watched.run.slots["momentum"] == 0.5
    with pytest.raises(SettingError, match="no hyperparameter named 'dropout'; there are learning_rate, momentum"):
        watched.nudge(dropout=0.1)


def test_reverting_goes_back_to_the_end_of_an_epoch_and_begins_a_branch():
    watched = steered()
    watched.advance(3)
    watched.nudge(learning_rate=1.0)
    watched.advance(2)
    watched.revert(3)
    assert watched.run.learning_rate == 0.01  # what was done at the end of epoch 3 is not in it
    watched.advance(2)
    assert_same(watched.run, straight(5, validation=VALIDATION))
    dead, live = watched.branches
    assert (live.number, live.parent, live.epoch, live.minibatch) == (1, 0, 3, 0)
    assert [[epoch.number for epoch in branch.curve] for branch in (dead, live)] == [[1, 2, 3, 4, 5], [4, 5]]
    assert kinds(watched) == ["nudge", "revert"]
    watched.revert(0)
    watched.advance(5)
    assert_same(watched.run, straight(5, validation=VALIDATION))
    assert watched.branches[-1].parent == 0


@pytest.mark.parametrize("epoch", [-1, 4, 1.5])
def test_there_is_no_way_to_an_epoch_that_was_not(epoch):
    watched = steered()
    watched.advance(3)
    before = watched.run.checkpoint()
    with pytest.raises(SettingError, match="revert: expected a whole number"):
        watched.revert(epoch)
    assert watched.run.checkpoint() == before
    assert len(watched.branches) == 1


def test_undo_takes_back_one_intervention_after_the_other():
    watched, marks = steered(), []
    watched.advance(2)
    for step in ({"learning_rate": 0.1}, {"dropout": 0.5}, {"weight_decay": 0.1}):
        watched.advance(1, minibatches=2)
        marks.append(watched.run.checkpoint())
        watched.nudge(**step)
        watched.checkpoint("a mark is nothing to take back")
    watched.advance(2)
    end = watched.run.checkpoint()
    watched.revert(1)
    watched.advance(1)
    watched.undo()
    assert watched.run.checkpoint() == end
    for mark in reversed(marks):
        watched.undo()
        assert watched.run.checkpoint() == mark
    branches = watched.branches
    with pytest.raises(SettingError, match="undo: nothing has been done yet that could be taken back"):
        watched.undo()
    assert watched.branches == branches
    watched.nudge(learning_rate=0.2)
    watched.undo()
    watched.advance(2)
    assert_same(watched.run, straight(watched.run.epoch, validation=VALIDATION))


def test_undo_of_an_older_nudge_goes_behind_what_followed_it():
    watched = steered()
    watched.nudge(learning_rate=0.1)
    watched.advance(1)
    watched.nudge(dropout=0.5)
    watched.undo()
    watched.nudge(dropout=0.6)
    watched.undo()
    watched.undo()
    assert watched.run.slots == make().slots
    assert watched.run.epoch == 0


def test_peeks_are_the_interventions_that_could_be_decided_by_validation():
    watched = steered()
    watched.nudge(learning_rate=0.1)
    assert watched.peeks == 0  # there was nothing to see
    watched.advance(1)
    watched.checkpoint("no decision")
    watched.nudge(learning_rate=0.1)
    watched.revert(0)
    watched.nudge(learning_rate=0.1)  # what was seen stays seen
    assert watched.peeks == 3
    blind = panda(make())
    blind.advance(1)
    blind.nudge(learning_rate=0.1)
    assert blind.peeks == 0


def test_a_run_that_was_changed_beside_its_panda_is_refused():
    for change in (lambda run: run.advance(), lambda run: run.set(dropout_0=0.1)):
        watched = steered()
        watched.advance(1)
        change(watched.run)
        for act in (watched.advance, watched.undo, watched.checkpoint):
            with pytest.raises(SettingError, match=r"panda\.run was trained or changed by itself"):
                act()


def test_a_panda_may_take_over_a_run_in_the_middle():
    run = make(X, Y, validation=VALIDATION)
    run.advance(2)
    run.advance(minibatches=3)
    watched = panda(run)
    watched.nudge(learning_rate=0.1)
    watched.advance(2)
    assert [epoch.number for epoch in watched.history] == [1, 2, 3, 4]
    with pytest.raises(SettingError, match="revert: expected a whole number from 3 to 4, got 2"):
        watched.revert(2)
    watched.revert(3)
    watched.undo()
    watched.undo()
    watched.advance(2)
    assert_same(watched.run, straight(4, validation=VALIDATION))


def test_a_closed_panda_is_refused():
    with steered() as watched:
        watched.advance(1)
    before = weights(watched.run)
    with pytest.raises(SettingError, match="this panda is closed"):
        watched.advance()
    watched.close()
    assert weights(watched.run) == before
