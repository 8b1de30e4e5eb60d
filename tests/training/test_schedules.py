"""Schedules: factors of the learning rate, by hand and by their properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.errors import SettingError
from fastnorm.training.schedules import Constant, Cosine, InverseTime

TIMES = st.lists(st.floats(0, 1000), min_size=1, max_size=20).map(lambda times: np.array(sorted(times)))
WARM_UPS = st.floats(0.1, 50)


def factors(schedule, *epochs):
    return schedule.factors(np.array(epochs, np.float64)).tolist()


def test_constant_is_one():
    assert factors(Constant(), 0, 0.5, 1000) == [1, 1, 1]


def test_inverse_time_steps_with_whole_epochs_as_in_the_course():
    """rate / (1 + decay_rate * epoch): with decay_rate 1, 1/2 in the second epoch, 1/3 in the third."""
    assert factors(InverseTime(1), 0, 0.99, 1, 1.5, 2, 9) == [1, 1, 1 / 2, 1 / 2, 1 / 3, 1 / 10]
    assert factors(InverseTime(0), 0, 7) == [1, 1]


def test_cosine_is_half_a_cosine_and_zero_after_it():
    expected = [1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125), 0, 0, 0]
    assert factors(Cosine(8), 0, 2, 4, 6, 8, 9, 1000) == pytest.approx(expected, abs=1e-15)


def test_warm_up_is_a_straight_line_from_zero():
    assert factors(Constant(warm_up=2), 0, 0.5, 1, 2, 3) == [0, 0.25, 0.5, 1, 1]
    assert factors(InverseTime(1, warm_up=2), 0, 0.5, 1, 2) == [0, 0.25, 0.5 / 2, 1 / 3]
    assert factors(Cosine(4, warm_up=2), 0, 1, 2) == pytest.approx([0, 0.5 * (0.5 + math.sqrt(0.125)), 0.5])
    assert factors(Constant(warm_up=0.5), 0, 0.25, 0.5) == [0, 0.5, 1]


@given(TIMES, st.floats(0, 10), st.floats(0.5, 500))
def test_without_warm_up_they_start_at_one_and_only_fall(times, decay_rate, epochs):
    for schedule in (Constant(), InverseTime(decay_rate), Cosine(epochs)):
        assert schedule.factors(np.zeros(1))[0] == 1
        values = schedule.factors(times)
        assert values.dtype == np.float64
        assert (np.diff(values) <= 0).all()
        assert ((values >= 0) & (values <= 1)).all()


@given(TIMES, WARM_UPS, st.floats(0, 10))
def test_warm_up_multiplies_what_is_there_without_it(times, warm_up, decay_rate):
    for cold, warm in (
        (Constant(), Constant(warm_up)),
        (InverseTime(decay_rate), InverseTime(decay_rate, warm_up)),
        (Cosine(20), Cosine(20, warm_up)),
    ):
        shares = np.minimum(times / warm_up, 1)
        np.testing.assert_allclose(warm.factors(times), shares * cold.factors(times), rtol=1e-12)


@given(TIMES)
def test_a_schedule_does_not_depend_on_what_else_is_asked(times):
    for schedule in (Constant(3), InverseTime(0.3, 2), Cosine(50, 1.5)):
        each = [schedule.factors(times[place : place + 1])[0] for place in range(len(times))]
        np.testing.assert_allclose(schedule.factors(times), each, rtol=1e-15)


def test_cosine_needs_a_length():
    with pytest.raises(SettingError, match="Cosine: expected `epochs`, the length of the training, got none"):
        Cosine().factors(np.zeros(1))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Constant(-1), r"warm_up: expected a finite number in \[0, inf\], got -1"),
        (lambda: InverseTime(-0.1), "decay_rate: expected a finite number"),
        (lambda: InverseTime(0.1, math.nan), "warm_up: expected a finite number"),
        (lambda: InverseTime("fast"), "decay_rate: expected a number, got 'fast'"),
        (lambda: Cosine(0), r"Cosine epochs: expected a finite number in \(0, inf\], got 0"),
        (lambda: Cosine(10, math.inf), "warm_up: expected a finite number"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, words):
    with pytest.raises(SettingError, match=words):
        make()
