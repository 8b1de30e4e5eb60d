"""Plan: what halving and waves decide is the same for any number of workers, any order of ends, any interruption."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnorm.training.run import Epoch
from fastnorm.tune import MedianStopping, SuccessiveHalving, Trial
from fastnorm.tune.search.scheduler import Plan
from fastnorm.tune.study.trial import DIVERGED, FINISHED, RUNNING

EPOCHS = 9


class Waves:
    """A sampler of which nothing is asked but its waves."""

    def __init__(self, size):
        self.size = size

    def wave(self, number, trials):
        return number - number % self.size if self.size else 0


def epoch(number, score):
    return Epoch(number, 0, 0, 1.0, score, 0, 0, 0)


class Simulation:
    """Trials whose scores are given in advance, ended in the order that `pick` says."""

    def __init__(self, scores, halving, size, workers, pick, revived=()):
        self.scores = scores
        self.workers = workers
        self.pick = pick
        self.make = lambda: Plan(Waves(size), halving, len(scores), EPOCHS, "accuracy", revived)
        self.plan = self.make()
        self.active = {}
        self.seen = {}  # how many trials before a wave had ended

    def step(self):
        """Fill the workers, then end one; False when nothing is left."""
        while len(self.active) < self.workers and (number := self.plan.next()) is not None:
            if number == len(self.plan.trials):
                wave = self.plan.wave(number)
                assert all(trial.state != RUNNING for trial in self.plan.trials[:wave])
                self.plan.open(Trial(number, {}, 0))
            self.active[number] = self.plan.until(number)
        if not self.active:
            return False
        number = sorted(self.active)[self.pick(len(self.active))]
        until = self.active.pop(number)
        trial, curve = self.plan.trials[number], []
        for at in range(trial.epochs + 1, until + 1):
            score = self.scores[number][at - 1]
            curve.append(epoch(at, float("nan") if score is None else score))
            trial = replace(
                trial, epochs=at, state=DIVERGED if score is None else FINISHED if at == EPOCHS else RUNNING
            )
            if score is None:
                break
        self.plan.add(trial, curve)
        self.plan.decide()
        return True

    def interrupt(self):
        """Go on with a new plan that knows what the trials came to, but nothing that was being worked on."""
        trials, self.plan, self.active = self.plan.trials, self.make(), {}
        for trial in trials:
            self.plan.open(trial)
            self.plan.add(trial, [epoch(at + 1, self.scores[trial.number][at] or 0) for at in range(trial.epochs)])
        self.plan.decide()

    def run(self):
        while self.step():
            pass
        assert all(trial.state != RUNNING for trial in self.plan.trials)
        return [(trial.state, trial.epochs) for trial in self.plan.trials]


RULES = [None, SuccessiveHalving(), SuccessiveHalving(2, 2), MedianStopping(2, 2, 2), MedianStopping()]
SCORES = st.lists(
    st.lists(st.one_of(st.integers(0, 9), st.none()), min_size=EPOCHS, max_size=EPOCHS), min_size=1, max_size=25
)


@settings(max_examples=150, deadline=None)
@given(SCORES, st.sampled_from(RULES), st.sampled_from([0, 1, 4, 7]), st.integers(1, 5), st.data())
def test_the_same_trials_stop_at_the_same_epochs(scores, halving, size, workers, data):
    expected = Simulation(scores, halving, size, 1, lambda count: 0).run()
    assert len(expected) == len(scores)
    simulation = Simulation(scores, halving, size, workers, lambda count: data.draw(st.integers(0, count - 1)))
    for _ in range(data.draw(st.integers(0, 3))):
        for _ in range(data.draw(st.integers(0, 30))):
            simulation.step()
        simulation.interrupt()
    assert simulation.run() == expected


@pytest.mark.parametrize(
    ("halving", "epochs", "rungs"),
    [
        (SuccessiveHalving(), 27, [1, 3, 9, 27]),
        (SuccessiveHalving(2), 20, [2, 7, 20]),
        (SuccessiveHalving(1, 2), 5, [1, 2, 5]),
        (SuccessiveHalving(5), 20, [7, 20]),
        (SuccessiveHalving(30), 20, [20]),
        (SuccessiveHalving(), 1, [1]),
        (MedianStopping(2, 3), 9, [2, 5, 8, 9]),
        (MedianStopping(), 3, [1, 2, 3]),
        (MedianStopping(5), 3, [3]),
    ],
)
def test_rungs(halving, epochs, rungs):
    assert halving.rungs(epochs) == rungs


def test_successive_halving_costs_as_much_as_three_full_trials():
    scores = [[number] * 27 for number in range(27)]
    plan = Plan(Waves(0), SuccessiveHalving(), 27, 27, "accuracy")
    while (number := plan.next()) is not None:
        if number == len(plan.trials):
            plan.open(Trial(number, {}, 0))
        begin, until = plan.trials[number].epochs, plan.until(number)
        trial = replace(plan.trials[number], epochs=until, state=FINISHED if until == 27 else RUNNING)
        plan.add(trial, [epoch(at + 1, scores[number][at]) for at in range(begin, until)])
        plan.decide()
    assert [trial.epochs for trial in plan.trials] == [1] * 18 + [3] * 6 + [9] * 2 + [27]
    assert sum(trial.epochs for trial in plan.trials) == 3 * 27


def test_a_cohort_ends_with_its_wave():
    halving = SuccessiveHalving()  # cohorts of 9
    assert halving.peers(4, 0, 9) == range(9)
    assert halving.peers(12, 10, 9) == range(10, 19)
    scores = [[number] * EPOCHS for number in range(8)]
    states = Simulation(scores, halving, 4, 3, lambda count: count - 1).run()
    assert states == [("stopped", 1)] * 3 + [("finished", 9)] + [("stopped", 1)] * 3 + [("finished", 9)]


def test_a_trial_that_diverges_makes_room():
    scores = [[5] * EPOCHS, [4] * EPOCHS, [3] * EPOCHS, [9, None] + [9] * 7] + [[1] * EPOCHS] * 5
    states = Simulation(scores, SuccessiveHalving(), 0, 2, lambda count: 0).run()
    assert states[3] == ("diverged", 2)  # one of three survivors of nine
    assert states[:3] == [("finished", 9), ("stopped", 3), ("stopped", 1)]


def test_median_stopping_looks_at_the_trials_before():
    keys = {number: (float(number), 0.0) for number in range(6)}
    halving = MedianStopping(min_trials=5)
    assert not halving.survives(5, 0, range(5), keys)
    assert halving.survives(4, 0, range(4), {number: keys[number] for number in range(5)})  # four are too few
    assert halving.survives(5, 0, range(5), keys | {5: (2.0, 0.0)})  # no worse than the median


def test_a_revived_trial_goes_on_to_the_end():
    scores = [[number] * EPOCHS for number in range(9)]
    states = Simulation(scores, SuccessiveHalving(), 0, 2, lambda count: 0, revived={0}).run()
    assert states[0] == ("finished", 9)
    assert states[1:] == Simulation(scores, SuccessiveHalving(), 0, 2, lambda count: 0).run()[1:]


@pytest.mark.parametrize("after", [4, 9, 14, 19])
def test_a_steered_trial_holds_nobody_up_and_decides_nothing(after):
    scores = [[number] * EPOCHS for number in range(9)]
    simulation = Simulation(scores, SuccessiveHalving(), 9, 2, lambda count: 0)
    for _ in range(after):
        simulation.step()
    number = max(trial.number for trial in simulation.plan.trials if trial.number not in simulation.active)
    before = [trial.state for trial in simulation.plan.trials]
    simulation.plan.steer(number)
    simulation.plan.decide()
    states = simulation.run()
    assert states[number][0] == "steered"
    assert "running" not in {state for state, _ in states}
    if "stopped" not in before:
        assert states[max({*range(9)} - {number})] == ("finished", EPOCHS)  # the best of the others
    else:
        assert [state for state, _ in states].count("stopped") >= before.count("stopped")  # what was decided stays


def test_a_failed_trial_is_nobodys_to_steer():
    plan = Plan(Waves(0), None, 1, EPOCHS, "accuracy")
    plan.open(failed := Trial(0, {}, 0, "failed"))
    assert plan.steer(0) == failed
