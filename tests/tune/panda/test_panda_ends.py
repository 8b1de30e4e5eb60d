"""What a panda does beside a person's hand: the guard's rescues, cubs, the sealed test set, schedule and space."""

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest
from helpers.running import VALIDATION, X, Y, assert_same, make, straight, untimed

import fastnorm as fn
from fastnorm.errors import SettingError
from fastnorm.tune import Choice, Float, caviar, lint, panda, replay

TEST = X[:20], Y[:20]


@dataclass
class Verdict:
    reason: str
    epoch: int
    factor: float = 0.1


class Nan:
    """A guard against nan alone."""

    def __init__(self, veto=None):
        self.veto = veto
        self.seen = []

    def decide(self, history):
        self.seen.append([epoch.number for epoch in history])
        loss = history[-1].loss
        return None if math.isfinite(loss) and loss < 1e3 else Verdict(f"loss {loss}", 0)


def bad_start(guard, **options):
    return panda(make(validation=VALIDATION, optimizer=fn.SGD(1e4), **options), guard=guard)


def test_the_guard_takes_a_training_back_until_it_is_well():
    guard = Nan()
    watched = bad_start(guard)
    finished = watched.advance(10)
    assert len(finished) == 10
    assert 0 < watched.run.learning_rate < 1e4
    assert math.isfinite(watched.history[-1].loss)
    rescues = len(watched.actions) // 2
    assert rescues > 1
    assert [action.kind for action in watched.actions] == ["revert", "nudge"] * rescues
    assert {action.by for action in watched.actions} == {"guard"}
    assert all(action.details["reason"].startswith("loss ") for action in watched.actions)
    assert watched.peeks == rescues
    assert guard.seen[0] == [1]
    assert guard.seen[-1] == [epoch.number for epoch in watched.history]
    assert_same(replay(watched.study, make(validation=VALIDATION, optimizer=fn.SGD(1e4))).run, watched.run)
    watched.undo()  # the last rescue, both halves of it
    assert not watched.history[-1].loss < 1e3


def test_a_veto_lets_it_go_on_and_is_on_record():
    asked = []

    def veto(watched, verdict):
        asked.append((watched.run.epoch, verdict.reason))
        return len(asked) < 3

    watched = bad_start(Nan(veto))
    watched.advance(3)
    assert [action.kind for action in watched.actions] == ["veto", "veto", "revert", "nudge"]
    assert [action.by for action in watched.actions] == ["person", "person", "guard", "guard"]
    assert [epoch for epoch, _ in asked] == [1, 2, 3]


def test_what_a_person_does_while_asked_for_a_veto_comes_first():
    watched = bad_start(Nan(lambda watched, verdict: watched.revert(0)))
    watched.advance(1)
    assert [(action.kind, action.by) for action in watched.actions] == [("revert", "person")]


def test_a_guard_reverts_where_the_schedule_is_at_nothing():
    watched = bad_start(Nan(), schedule=fn.schedules.Constant(warm_up=2))
    watched.advance(1)
    assert watched.run.learning_rate == 0
    assert watched.run.slots["learning_rate"] == pytest.approx(1e3)


# ---- cubs


@pytest.mark.parametrize("validation", [VALIDATION, None])
@pytest.mark.parametrize("minibatches", [0, 3])
def test_the_best_cub_goes_on_and_the_others_are_on_record(validation, minibatches):
    options = {"validation": validation}
    watched, runs = panda(make(**options)), []
    watched.advance(2)
    watched.advance(minibatches=minibatches)
    for factor in (0.1, 1, 3):
        run = make(**options)
        run.advance(2)
        run.advance(minibatches=minibatches)
        run.learning_rate = run.learning_rate * factor
        run.advance(2)
        runs.append(run)
    kept = watched.cubs((0.1, 1, 3), epochs=2, workers=2)
    keys = [
        (-run.history[-1].metric, run.history[-1].loss)
        if validation is None
        else (-run.history[-1].validation_metric, run.history[-1].validation_loss)
        for run in runs
    ]
    place = min(range(3), key=keys.__getitem__)
    assert kept == (0.1, 1, 3)[place]
    assert_same(watched.run, runs[place])
    assert len(watched.branches) == 4
    for number, other in enumerate([run for run in runs if run is not runs[place]], 1):
        assert untimed(watched.branches[number].curve) == untimed(other.history[2:])
        assert watched.branches[number].parent == 0
    assert watched.branches[-1].curve == watched.history[2:]
    action = watched.actions[0]
    assert action.details["scores"] == [-key[0] for key in keys]
    assert watched.peeks == (validation is not None)
    assert_same(replay(watched.study, make(**options)).run, watched.run)
    watched.undo()
    assert (watched.run.epoch, watched.run.minibatch) == (2, minibatches)
    watched.advance(2)
    assert_same(watched.run, straight(4, **options))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"factors": ()}, "factors: expected at least one, got none"),
        ({"factors": (1, 0)}, r"factors: expected a finite number in \(0, inf\), got 0"),
        ({"epochs": 0}, "epochs: expected a whole number at least 1, got 0"),
        ({"workers": 0}, "workers: expected a whole number at least 1, got 0"),
    ],
)
def test_cubs_that_cannot_be_are_refused(arguments, words):
    watched = panda(make())
    with pytest.raises(SettingError, match=words):
        watched.cubs(**arguments)
    assert watched.actions == []


# ---- the test set


def test_the_test_set_is_opened_once_and_ends_the_steering(tmp_path):
    with panda(make(validation=VALIDATION), tmp_path / "p.sqlite", test=TEST) as watched:
        watched.advance(2)
        score = watched.final_score()
        judged = watched.run.model.evaluate(*TEST)
        assert score == {name: judged[name] for name in ("loss", "accuracy")}
        for act in (watched.advance, watched.undo, watched.checkpoint, watched.cubs):
            with pytest.raises(SettingError, match="the test set has been opened: steering on would make it"):
                act()
    with panda(make(validation=VALIDATION), tmp_path / "p.sqlite") as again:
        assert again.final_score() == score
        with pytest.raises(SettingError, match="the test set has been opened"):
            again.nudge(learning_rate=1)


def test_a_test_set_is_needed_and_checked_at_the_door():
    with pytest.raises(SettingError, match="final_score: no test set has been sealed"):
        panda(make()).final_score()
    with pytest.raises(fn.errors.ShapeError, match="expected shape"):
        panda(make(), test=(X[:, :3], Y))


# ---- what is left to others


@pytest.mark.parametrize(
    "schedule", [None, fn.schedules.InverseTime(0.3), fn.schedules.ReduceOnPlateau(patience=0, warm_up=0.5)]
)
def test_the_schedule_trains_at_the_rates_of_the_live_path(schedule):
    options = {"schedule": schedule, "validation": VALIDATION, "optimizer": fn.Adam(1 / 64)}
    watched = panda(make(**options))
    watched.advance(1)
    watched.nudge(learning_rate=watched.run.learning_rate / 4)
    watched.advance(1, minibatches=3)
    watched.nudge(dropout=0.25)
    watched.nudge(learning_rate=watched.run.learning_rate * 2)
    watched.advance(3)
    watched.nudge(learning_rate=1.0)
    watched.revert(4)
    run = make(**options | {"schedule": watched.schedule()})
    run.advance(4)
    rates = [epoch.learning_rate for epoch in run.history]
    assert rates == pytest.approx([epoch.learning_rate for epoch in watched.history], rel=1e-12)
    model = fn.Sequential([fn.Dense(3)])
    fitted = model.fit(X, Y, epochs=4, batch_size=8, optimizer=options["optimizer"], schedule=watched.schedule())
    assert len(fitted) == 4
    if schedule is None:
        assert [epoch.learning_rate for epoch in fitted] == rates
        assert run.model.arrays.keys() == watched.run.model.arrays.keys()
        for name, array in run.model.arrays.items():
            np.testing.assert_array_equal(array, watched.run.model.arrays[name])
        times = np.array([0, 0.9, 1, 1 + 2 / 7, 1 + 3 / 7, 3])
        assert watched.schedule().factors(times).tolist() == [1, 1, 0.25, 0.25, 0.5, 0.5]


def test_the_space_lies_around_the_present_on_the_right_scales():
    watched = panda(make(schedule=fn.schedules.InverseTime(0.3)))
    watched.nudge(learning_rate=0.03, momentum=0.97, weight_decay=0.01)
    space = watched.space()
    assert space["learning_rate"] == Float(0.03 / 3, 0.03 * 3, scale="log")
    assert space["weight_decay"] == Float(0.01 / 3, 0.01 * 3, scale="log")
    assert space["beta_1"].low == pytest.approx(0.91)
    assert space["beta_1"].high == pytest.approx(0.99)
    assert space["beta_1"].scale == "one_minus_log"
    assert space["decay_rate"] == Float(0.3 / 3, 0.3 * 3, scale="log")
    assert space["dropout"] == Float(0.25 / 3, 0.75)
    assert space["batch_size"] == Choice([8])
    assert lint(space) == []
    plain = panda(make(chain=[fn.Dense(3)], optimizer=fn.SGD(0.1, momentum=0.0))).space(2)
    assert plain == {
        "learning_rate": Float(0.05, 0.2, scale="log"),
        "momentum": Float(0.0, 0.5, scale="one_minus_log"),
        "batch_size": Choice([8]),
    }
    study = caviar(lambda h: fn.Sequential([fn.Dense(3)]), plain, X, Y, validation=TEST, trials=2, epochs=1)
    assert len(study.trials) == 2
    with pytest.raises(SettingError, match="width: expected a finite number in"):
        watched.space(1)
    assert json.loads(json.dumps(study.best_params))
