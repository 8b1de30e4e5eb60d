"""The guard: verdicts from curves, starts that it rescues, and an end to rescues."""

import math

import pytest
from helpers import curves, running

import fastnorm as fn
from fastnorm.errors import SettingError
from fastnorm.tune import Guard, Verdict, panda

NAN = math.nan
KNOWING = Guard(baseline_loss=2.3, start=2.4)
FINE = [1.2, 0.5, 0.3, 0.2, 0.15, 0.12, 0.1]


@pytest.mark.parametrize(
    ("guard", "losses", "kind", "epoch", "reason"),
    [
        (Guard(), [NAN], "nan", 0, "loss nan in epoch 1"),
        (Guard(), [1.2, math.inf], "nan", 0, "loss inf in epoch 2"),
        (KNOWING, [*FINE, NAN], "nan", 7, "loss nan in epoch 8"),
        (KNOWING, [3.0], "spike", 0, "loss 3 in epoch 1, above 2.4 before the first step"),
        (KNOWING, [*FINE, 0.4], "spike", 7, "loss 0.4 in epoch 8 is 4 times the 0.1 of epoch 7"),
        (Guard(), [*FINE, 0.4], "spike", 7, "loss 0.4 in epoch 8 is 4 times the 0.1 of epoch 7"),
        (KNOWING, [2.5, 2.31, 2.32, 2.31], "patience", 0, "no loss below the 2.31 of epoch 2 for 2 epochs"),
        (KNOWING, [1.5, 0.9, 1.1, 1.3], "patience", 0, "no loss below the 0.9 of epoch 2 for 2 epochs"),
        (Guard(), [1.5, 0.9, 1.1, 1.3], "patience", 0, "no loss below the 0.9 of epoch 2 for 2 epochs"),
        (KNOWING, [0.0, 0.5], "spike", 1, "loss 0.5 in epoch 2 is far above the 0 of epoch 1"),
        (Guard(patience=4), [1.5, *[1.9, 1.6] * 2], "patience", 0, "no loss below the 1.5 of epoch 1 for 4 epochs"),
    ],
)  # fmt: skip
def test_verdicts(guard, losses, kind, epoch, reason):
    assert guard.decide(curves.curve(losses)) == Verdict(reason, kind, epoch, 1 / 3)
    for end in range(len(losses)):
        assert guard.decide(curves.curve(losses[:end])) is None


@pytest.mark.parametrize(
    ("guard", "losses"),
    [
        (KNOWING, FINE),
        (KNOWING, [2.7]),  # within what another minibatch could have given
        (Guard(), [300.0]),  # nothing to compare it with
        (KNOWING, [2.39, 2.35, 2.3, 2.26]),  # slow is not stuck
        (KNOWING, [*FINE, 0.01, 0.2]),  # many times the best, and small beside chance
        (KNOWING, [*FINE, *[0.1] * 20]),  # a plateau
        (KNOWING, [*FINE, *[0.13, 0.11] * 2]),  # noisy, where next to all is learned
        (KNOWING, [1.2 - 0.05 * epoch for epoch in range(13)] + [0.7, 0.8] * 3),  # noisy, but late
        (KNOWING, [1.5, 1.0, 0.9, 0.91, 0.9]),  # early, but steady
    ],
)
def test_no_verdict(guard, losses):
    assert guard.decide(curves.curve(losses)) is None


def test_it_judges_by_validation():
    losses = [1.0, 0.9, 0.8, 0.9]
    assert KNOWING.decide(curves.curve(losses, validation=[1.1, 0.2, 0.3, 0.4])) is None
    verdict = KNOWING.decide(curves.curve(losses, validation=[1.1, 0.2, 0.3, 0.7]))
    assert (verdict.kind, verdict.epoch) == ("spike", 2)
    verdict = KNOWING.decide(curves.curve([1.0, 0.9], validation=[1.0, NAN]))
    assert verdict.reason == "loss 0.9, validation loss nan in epoch 2"


def test_a_validation_loss_that_rises_while_the_training_loss_falls_is_no_fault_of_the_rate():
    losses, validation = [0.9, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05], [1.0, 0.6, 0.7, 0.8, 1.2, 1.7, 2.4]
    for end in range(len(losses)):
        assert KNOWING.decide(curves.curve(losses[: end + 1], validation[: end + 1])) is None


def test_a_training_that_knows_nothing_is_taken_back_however_late():
    stuck = curves.curve([2.4, 2.35, 2.32, *[2.3] * 10], validation=[2.5] * 13, rates=[0.3] * 8 + [0.1] * 5)
    assert (KNOWING.decide(stuck).kind, KNOWING.decide(stuck).epoch) == ("patience", 0)
    hard = curves.curve([2.4, 2.3, 2.25, *[2.2] * 10], validation=[2.5] * 13)  # next to nothing can be known of it
    assert KNOWING.decide(hard) is None


def test_it_is_silent_where_no_weight_moves():
    assert Guard().decide(curves.curve([NAN], rates=[1e-9])) is None
    assert Guard().decide([]) is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"spike": 1}, r"Guard spike: expected a finite number in \(1, inf\], got 1"),
        ({"patience": 0}, "Guard patience: expected a whole number at least 1, got 0"),
        ({"factor": 1}, r"Guard factor: expected a finite number in \(0, 1\), got 1"),
        ({"baseline_loss": -1}, "Guard baseline_loss: expected a finite number"),
        ({"start": NAN}, "Guard start: expected a finite number"),
        ({"veto": True}, r"Guard veto: expected a function veto\(panda, verdict\), got True"),
    ],
)
def test_settings_are_checked(settings, words):
    with pytest.raises(SettingError, match=words):
        Guard(**settings)


def test_its_repr_says_what_it_does():
    guard = Guard(patience=3, veto=lambda panda, verdict: True)
    assert repr(guard) == f"Guard(spike=3.0, patience=3, factor={1 / 3}, baseline_loss=None, start=None)"
    assert guard == Guard(patience=3)
    assert str(Verdict("loss nan in epoch 1", "nan", 0, 1 / 3)) == (
        "loss nan in epoch 1: back to the start, learning rate x 0.33"
    )
    assert str(Verdict("late", "spike", 4, 0.5)) == "late: back to epoch 4, learning rate x 0.5"


# ---- with a run


def test_knowing_fills_in_what_is_not_given():
    run = curves.run()
    before = run.checkpoint()
    guard = Guard().knowing(run)
    assert run.checkpoint() == before
    assert guard.baseline_loss == pytest.approx(math.log(10), abs=0.01)
    still = curves.run(optimizer=fn.SGD(0.0))
    assert guard.start == still.advance()[0].loss  # as training sees it, minibatch statistics and all
    assert Guard(baseline_loss=1.0, start=2.0).knowing(run) == Guard(baseline_loss=1.0, start=2.0)
    run.advance()
    assert Guard().knowing(run) == Guard(baseline_loss=guard.baseline_loss)


def rescued(run, guard, epochs):
    """The number of rescues in so many epochs in all, those that were taken back included."""
    with panda(run, guard=guard) as watched:
        assert len(watched.advance(epochs)) == epochs
        assert {action.by for action in watched.actions} <= {"guard"}
        return sum(action.kind == "revert" for action in watched.actions)


@pytest.mark.parametrize("between", [[fn.ReLU()], [fn.BatchNorm(), fn.ReLU()]], ids=["plain", "batchnorm"])
@pytest.mark.parametrize("optimizer", [fn.SGD(100.0), fn.Adam(100.0)], ids=["sgd", "adam"])
def test_it_rescues_starts_at_hopeless_rates(between, optimizer):
    run = curves.run(between, optimizer)
    assert run.advance(30)[-1].validation_metric < 0.5
    run = curves.run(between, optimizer)
    assert rescued(run, Guard(), 30) >= 4
    x, y, _, validation = curves.digits()
    assert run.model.evaluate(x[validation], y[validation])["accuracy"] > 0.93


def test_rescues_come_to_an_end():
    """Where no rate helps, because the loss itself is nan, it gives up."""
    run = curves.run([fn.ReLU()], fn.SGD(1.0), loss=lambda p, t: ((p - 1e30) ** 2).sum(axis=1) * 1e30)
    assert rescued(run, Guard(), 30) == math.ceil(math.log(1e8, 3))


def test_a_person_may_veto():
    asked = []

    def veto(watched, verdict):
        asked.append(verdict)
        return True

    run = curves.run([fn.ReLU()], fn.SGD(100.0))
    with panda(run, guard=Guard(veto=veto)) as watched:
        watched.advance(1)
        assert [action.kind for action in watched.actions] == ["veto"]
    assert [verdict.kind for verdict in asked] == ["spike"]
    assert (run.epoch, run.learning_rate) == (1, 100.0)


def test_a_guarded_training_taken_up_again_is_rescued_as_one_undisturbed(tmp_path):
    def make():
        return curves.run([fn.ReLU()], fn.SGD(30.0))

    with panda(make(), guard=Guard()) as whole:
        whole.advance(8)
        history, actions = whole.history, whole.actions
    for part in (1, 1, 3, 3):
        with panda(make(), tmp_path / "study.sqlite", guard=Guard()) as again:
            again.advance(part)
            found = again.history, again.actions
    assert running.untimed(found[0]) == running.untimed(history)
    assert found[1] == actions


def test_it_leaves_a_good_start_alone():
    run = curves.run([fn.ReLU()], fn.SGD(0.03))
    assert rescued(run, Guard(), 40) == 0
    assert run.epoch == 40


# ---- beside a person


def nudged(change, then, before=3):
    """The epochs that a panda with a guard comes to be on, and its actions, after a change and so many epochs."""
    run = curves.run([fn.ReLU()], fn.SGD(0.1))
    with panda(run, guard=Guard()) as watched:
        watched.advance(before)
        watched.nudge(learning_rate=change)
        watched.advance(then)
        return run.epoch, [(action.kind, action.by) for action in watched.actions], run.slots["learning_rate"]


def test_a_raise_is_not_taken_back_for_some_epochs():
    person, rescue = ("nudge", "person"), [("revert", "guard"), ("nudge", "guard")]
    assert nudged(3.0, 5) == (8, [person], 3.0)
    epoch, actions, rate = nudged(3.0, 6)
    assert (actions, rate) == ([person, *rescue], pytest.approx(1.0))
    assert epoch < 9


def test_a_loss_that_is_no_number_counts_at_once_but_what_a_person_did_is_kept():
    run = curves.run([fn.ReLU()], fn.SGD(0.1))
    with panda(run, guard=Guard()) as watched:
        watched.advance(2)
        watched.advance(1, minibatches=3)
        watched.nudge(weight_decay=0.01, learning_rate=1e30)
        watched.advance(1)
        assert [action.kind for action in watched.actions] == ["nudge", "revert", "nudge"]
        _, back, _ = watched.actions
        assert (run.epoch, run.minibatch, back.details["epoch"]) == (2, 3, 2)
        assert back.details["reason"].endswith("; what was done by hand is kept")
        assert run.slots["weight_decay"] == 0.01
        assert run.slots["learning_rate"] == pytest.approx(1e30 / 3)
        watched.undo()
        watched.undo()
        assert run.slots["learning_rate"] == 0.1


@pytest.mark.parametrize("act", ["revert", "undo", "cubs"])
def test_what_else_a_person_does_is_respected_too(act):
    class Eager(Guard):
        def decide(self, history):
            return Verdict("it would", "spike", 0, self.factor)

    run = curves.run([fn.ReLU()], fn.SGD(0.1))
    with panda(run) as watched:
        watched.advance(2)
        watched.nudge(learning_rate=0.05)
        watched.advance(1)
        {"revert": lambda: watched.revert(1), "undo": watched.undo, "cubs": lambda: watched.cubs(workers=1)}[act]()
        count, begun = len(watched.actions), watched.branches[-1].epoch
        watched.guard = Eager()
        watched.advance(begun + 5 - run.epoch)
        assert [action.kind for action in watched.actions[count:]] == ["guard"]
        watched.advance(1)
        assert [action.kind for action in watched.actions[count:]] == ["guard", "revert", "nudge"]
