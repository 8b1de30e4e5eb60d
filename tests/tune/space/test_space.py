"""Spaces and samplers: the right distribution on every scale, the same draws whatever else happens."""

import copy
import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import tune
from fastnorm.errors import FileError, SettingError
from fastnorm.kernels import random
from fastnorm.tune import Choice, Float, Int
from fastnorm.tune.space.space import Space, check_space, pack_space, unpack_space

DRAWS = 20_000
ERROR = 4 * 0.5 / math.sqrt(DRAWS)  # four standard deviations of a fraction of so many draws


def draws(dimension):
    fractions = random.uniform(7, random.SAMPLE, 0, 0, DRAWS)
    return [dimension.at(fraction) for fraction in fractions]


def fraction(values, low, high):
    return np.mean([low <= value < high for value in values])


def test_one_minus_log_gives_half_of_the_draws_to_the_last_tenth():
    values = draws(Float(0.9, 0.999, scale="one_minus_log"))
    assert fraction(values, 0.99, 1) == pytest.approx(0.5, abs=ERROR)
    assert 0.9 <= min(values) < 0.9002
    assert 0.9989 < max(values) <= 0.999


def test_log_gives_each_decade_its_even_fraction():
    values = draws(Float(1e-4, 1, scale="log"))
    for decade in (1e-4, 1e-3, 1e-2, 1e-1):
        assert fraction(values, decade, 10 * decade) == pytest.approx(0.25, abs=ERROR)


def test_linear_gives_each_stretch_its_even_fraction():
    values = draws(Float(-1.0, 3.0))
    for low in (-1, 0, 1, 2):
        assert fraction(values, low, low + 1) == pytest.approx(0.25, abs=ERROR)


def test_int_gives_its_ends_as_much_as_the_rest():
    values = draws(Int(1, 4))
    for value in (1, 2, 3, 4):
        assert fraction(values, value, value + 1) == pytest.approx(0.25, abs=ERROR)


def test_log_int_gives_each_number_what_its_place_on_the_axis_says():
    values = draws(Int(1, 8, scale="log"))
    for value in range(1, 9):
        expected = math.log((value + 0.5) / (value - 0.5)) / math.log(8.5 / 0.5)
        assert fraction(values, value, value + 1) == pytest.approx(expected, abs=ERROR)


def test_steps_share_the_axis_as_whole_numbers_do():
    values = draws(Float(0.1, 0.4, step=0.1))
    assert sorted(set(values)) == Float(0.1, 0.4, step=0.1).values() == [0.1, 0.2, 0.3, 0.4]
    for value in (0.1, 0.2, 0.3, 0.4):
        assert values.count(value) / DRAWS == pytest.approx(0.25, abs=ERROR)
    values = draws(Float(1, 8, "log", step=1.0))
    assert values.count(1.0) / DRAWS == pytest.approx(math.log(3) / math.log(17), abs=ERROR)


def test_choice_is_even():
    values = draws(Choice(["a", "b", "c"]))
    for option in "abc":
        assert values.count(option) / DRAWS == pytest.approx(1 / 3, abs=ERROR)


@given(
    st.sampled_from(["linear", "log", "one_minus_log"]),
    st.floats(1e-6, 0.999),
    st.floats(1e-6, 0.999),
    st.floats(0, 1, exclude_max=True),
)
def test_floats_stay_within_their_bounds_and_rise_with_the_fraction(scale, one, other, at):
    low, high = sorted((one, other))
    if low == high:
        return
    dimension = Float(low, high, scale=scale)
    assert dimension.at(0.0) == pytest.approx(low)
    assert low <= dimension.at(at) <= high
    assert dimension.at(at / 2) <= dimension.at(at)


@given(
    st.sampled_from(["linear", "log"]), st.integers(1, 1000), st.integers(1, 1000), st.floats(0, 1, exclude_max=True)
)
def test_ints_stay_within_their_bounds(scale, low, more, at):
    dimension = Int(low, low + more, scale=scale)
    assert type(dimension.at(at)) is int
    assert low <= dimension.at(at) <= low + more
    assert dimension.at(0.0) == low
    assert dimension.at(math.nextafter(1, 0)) == low + more


@pytest.mark.parametrize(
    "dimension",
    [
        Float(-3, 5), Float(1e-4, 1, "log"), Float(0.5, 0.999, "one_minus_log"), Float(0, 1, step=0.05),
        Int(-2, 4), Int(16, 512, "log"), Choice([32, 64, "x", None, [1, 2]]),
    ],
)  # fmt: skip
@given(fraction=st.floats(0, 1, exclude_max=True))
def test_a_value_knows_its_fraction_and_itself(dimension, fraction):
    value = dimension.at(fraction)
    again = dimension.at(dimension.fraction(value))
    assert again == (pytest.approx(value) if isinstance(value, float) else value)
    assert dimension.nearest(value) == value


def test_the_nearest_value_of_a_dimension():
    assert Float(0.1, 1).nearest(3) == 1
    assert Float(0, 1, step=0.25).nearest(0.4) == 0.5
    assert Int(16, 64).nearest(4.2) == 16
    assert Choice([32, 64, "x"]).nearest(100) == 64
    assert Choice([32, 64, "x"]).nearest("y") == 32


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Float(0.1, 0.01), "low < high; a fixed value is Choice"),
        (lambda: Float(0.1, 0.1), "low < high"),
        (lambda: Float(0, 1, scale="log"), "log scale needs low > 0"),
        (lambda: Float(0.9, 1.0, scale="one_minus_log"), "0 <= low < high < 1"),
        (lambda: Float(0.9, math.nan), "Float high: expected a finite number"),
        (lambda: Float(0.1, 1, scale="reverse_log"), "KerasTuner and Vizier mirror a log scale .* say 'one_minus_log'"),
        (lambda: Float(0.1, 1, scale="cubic"), "Float scale: expected one of 'linear', 'log', 'one_minus_log'"),
        (lambda: Float(0, 1, step=0.3), "whole number of steps above low, such as 0.9"),
        (lambda: Float(0, 1, step=0), "Float step: expected a finite number"),
        (lambda: Float(0.1, 0.5, "log", step=0.2), "log scale needs low > step / 2"),
        (lambda: Float(0.5, 0.9, "one_minus_log", step=0.2), "0 <= low < high < 1 - step / 2"),
        (lambda: Int(4, 1), "low < high"),
        (lambda: Int(1, 4.5), "Int high: expected a whole number, got 4.5"),
        (lambda: Int(0, 4, scale="log"), "log scale needs low >= 1"),
        (lambda: Int(1, 4, scale="one_minus_log"), "Int scale: expected one of"),
        (lambda: Choice([]), "at least one option"),
        (lambda: Choice("relu"), "expected a list"),
        (lambda: Choice([np.float32(1)]), "cannot be kept in a study"),
        (lambda: Choice([(64, 64)]), "cannot be kept in a study"),
        (lambda: check_space({}), "at least one"),
        (lambda: check_space({"units": 3}), r"space\['units'\]: expected Float, Int, Choice or a list, got 3"),
        (lambda: check_space({"units": []}), r"space\['units'\]: Choice: expected a list with at least one option"),
        (lambda: check_space({3: Int(1, 2)}), "expected names as keys, got 3"),
    ],
)
def test_a_wrong_space_says_what_is_wrong(make, words):
    with pytest.raises(SettingError, match=words):
        make()


def test_a_space_survives_json():
    space = {"rate": Float(1e-3, 1, scale="log"), "layers": Int(1, 3), "hidden": Choice([[64, 64], [128], None, "x"])}
    assert unpack_space(json.loads(json.dumps(pack_space(space)))) == space


@pytest.mark.parametrize(
    "packed", [None, {"a": 1}, {"a": {}}, {"a": {"kind": "Path"}}, {"a": {"kind": "Int", "low": 3}}]
)
def test_a_damaged_space_is_no_space(packed):
    with pytest.raises(FileError, match="space is damaged"):
        unpack_space(packed)


SPACE = {"learning_rate": Float(1e-4, 1e-1, scale="log"), "layers": Int(1, 3), "batch_size": Choice([32, 64])}


def draw(space, seed, number):
    return tune.RandomSampler().sample(space, seed, number, None, (), "accuracy")


def test_a_draw_depends_on_seed_trial_and_place_alone():
    table = [draw(SPACE, 5, trial) for trial in range(50)]
    assert [draw(SPACE, 5, trial) for trial in reversed(range(50))] == table[::-1]
    first = {"learning_rate": SPACE["learning_rate"]}
    assert [draw(first, 5, trial)["learning_rate"] for trial in range(50)] == [row["learning_rate"] for row in table]
    assert [draw(SPACE, 6, trial) for trial in range(50)] != table
    assert len({row["learning_rate"] for row in table}) == 50


def test_the_places_of_a_trial_are_independent():
    space = {"one": Float(0, 1), "other": Float(0, 1)}
    rows = [draw(space, 0, trial) for trial in range(2000)]
    correlation = np.corrcoef([row["one"] for row in rows], [row["other"] for row in rows])[0, 1]
    assert abs(correlation) < 4 / math.sqrt(2000)


@pytest.mark.parametrize("rows", [20, 1000, 20_000])
def test_the_default_space_fits_the_default_build(rows):
    space = check_space(tune.default_space(rows))
    model = tune.default_build(3)(draw(space, 0, 0))
    assert hasattr(model, "predict")


def test_a_space_does_not_change_once_it_is_made():
    space = Space({"rate": Float(0.1, 1)})
    for change in (
        lambda: space.update(rate=3), lambda: space.pop("rate"), lambda: space.setdefault("units", 3), space.clear,
        lambda: space.__setitem__("rate", 3), lambda: space.__delitem__("rate"), lambda: space.__ior__({"units": 3}),
        space.popitem,
    ):  # fmt: skip
        with pytest.raises(SettingError, match="space: it cannot be changed once it is made; make another"):
            change()
    assert pickle.loads(pickle.dumps(space)) == copy.deepcopy(space) == space == {"rate": Float(0.1, 1)}
