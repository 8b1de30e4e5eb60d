"""Schedules that fall, restart, cycle or wait: their values by hand, and in runs that stop, go back and go on."""

from dataclasses import dataclass

import numpy as np
import pytest
from helpers.running import assert_same, make
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.errors import SettingError
from fastnorm.training.schedules import CosineRestarts, Exponential, OneCycle, ReduceOnPlateau, Step


@dataclass
class Done:
    """What a schedule reads of an epoch."""

    loss: float
    validation_loss: float | None = None


def factors(schedule, *epochs, history=()):
    return schedule.factors(np.array(epochs, np.float64), history).tolist()


def test_exponential_falls_with_every_minibatch():
    assert factors(Exponential(0.25), 0, 0.5, 1, 2) == [1, 0.5, 0.25, 0.0625]
    assert factors(Exponential(0.25, warm_up=2), 0, 1, 2) == [0, 0.125, 0.0625]


def test_step_falls_after_every_so_many_epochs():
    assert factors(Step(2, 0.5), 0, 1.9, 2, 3.9, 4, 6) == [1, 1, 0.5, 0.5, 0.25, 0.125]
    assert factors(Step(0.5, 0.5), 0, 0.5, 0.75, 1) == [1, 0.5, 0.5, 0.25]


def test_cosines_begin_again():
    half = 0.5
    assert factors(CosineRestarts(4), 0, 2, 4, 6, 8) == pytest.approx([1, half, 1, half, 1])
    longer = CosineRestarts(2, growth=2)  # cycles of 2, 4, 8 epochs begin at 0, 2, 6
    assert factors(longer, 0, 1, 2, 4, 6, 10, 14) == pytest.approx([1, half, 1, half, 1, half, 1])
    assert factors(longer, 1.999, 5.999)[0] < 1e-3 > factors(longer, 5.999)[0]


@given(st.floats(0.5, 20), st.floats(1, 3), st.integers(0, 6))
def test_restarts_stand_where_the_cycles_add_up_to(cycle, growth, count):
    begin = sum(cycle * growth**number for number in range(count))
    middle = begin + cycle * growth**count / 2
    assert factors(CosineRestarts(cycle, growth), middle)[0] == pytest.approx(0.5, abs=1e-6)


def test_one_cycle_rises_and_falls():
    cycle = OneCycle(10, rise=0.5, start=0.2, end=0.1)
    assert factors(cycle, 0, 2.5, 5, 7.5, 10, 12) == pytest.approx([0.2, 0.6, 1, 0.55, 0.1, 0.1])
    with pytest.raises(SettingError, match="OneCycle: expected `epochs`, the length of the training, got none"):
        factors(OneCycle(), 0)


def reductions(schedule, losses, **settings):
    """The factor after each of these epochs."""
    history = [Done(loss) for loss in losses]
    return [factors(schedule, n, history=history[:n])[0] for n in range(len(losses) + 1)]


def test_the_rate_is_reduced_once_patience_is_over():
    plateau = ReduceOnPlateau(0.5, patience=1)
    assert reductions(plateau, [3, 2, 2, 2, 2, 2, 1, 1, 1]) == [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]
    assert reductions(ReduceOnPlateau(0.5, patience=0), [3, 3, 3]) == [1, 1, 0.5, 0.25]
    resting = ReduceOnPlateau(0.5, patience=0, cooldown=2)
    assert reductions(resting, [3] * 7) == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]
    assert reductions(ReduceOnPlateau(0.5, patience=0, threshold=0.5), [4, 3, 1]) == [1, 1, 0.5, 0.5]
    assert reductions(ReduceOnPlateau(0.5, patience=0), [np.nan, 2, np.nan]) == [1, 0.5, 0.5, 0.25]


def test_the_validation_loss_counts_where_there_is_one():
    history = [Done(1.0 / n, 3.0) for n in range(1, 5)]
    assert factors(ReduceOnPlateau(0.5, patience=0), 4, history=history) == [0.125]


PLATEAU = ReduceOnPlateau(0.5, patience=0, threshold=0.9)


@pytest.mark.parametrize(
    "schedule", [PLATEAU, OneCycle(4), CosineRestarts(1.5), Step(1, 0.5), Exponential(0.5)], ids=repr
)
def test_a_run_goes_back_and_on_to_the_bit(schedule):
    straight, other, third = (make(schedule=schedule) for _ in range(3))
    straight.advance(5)
    other.advance(2)
    mark = other.checkpoint()
    other.set(learning_rate=1.0)
    other.advance(2)
    other.revert(mark)
    other.advance(1)
    third.restore(other.state())
    for run in (other, third):
        run.advance(2)
        assert_same(run, straight)
    rates = [epoch.learning_rate for epoch in straight.history]
    assert len(set(rates)) > 1


def test_a_plateau_is_told_by_the_epochs_of_this_run_alone():
    run = make(schedule=PLATEAU)
    run.advance(4)
    assert [epoch.learning_rate for epoch in run.history] == pytest.approx([0.01, 0.01, 0.005, 0.0025])
    assert run.learning_rate == pytest.approx(0.00125)
    run.learning_rate = 0.02
    assert run.advance()[0].learning_rate == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Exponential(0), "decay_rate"), (lambda: Exponential(1.1), "decay_rate"),
        (lambda: Step(0), "Step every"),
        (lambda: Step(1, 0), "Step factor"), (lambda: CosineRestarts(0), "CosineRestarts cycle"),
        (lambda: CosineRestarts(1, 0.5), "CosineRestarts growth"), (lambda: OneCycle(rise=1), "OneCycle rise"),
        (lambda: OneCycle(start=2), "OneCycle start"), (lambda: OneCycle(0), "OneCycle epochs"),
        (lambda: ReduceOnPlateau(1), "ReduceOnPlateau factor"),
        (lambda: ReduceOnPlateau(patience=-1), "ReduceOnPlateau patience"),
        (lambda: ReduceOnPlateau(cooldown=0.5), "ReduceOnPlateau cooldown"), (lambda: Step(1, warm_up=-1), "warm_up"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(make, words):
    with pytest.raises(SettingError, match=f"{words}: expected a"):
        make()
