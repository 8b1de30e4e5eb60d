"""Conditions, plain lists and distributions of scipy in a space; what a configuration of it may be."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import tune
from fastnorm.errors import SettingError
from fastnorm.kernels import random
from fastnorm.tune import Choice, Distribution, Float, Int, Space
from fastnorm.tune.space.space import filled, pack_space, unpack_space

stats = pytest.importorskip("scipy.stats")
SPACE = Space(
    {
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0.5, 0.99, "one_minus_log", when=("optimizer", "==", "sgd")),
        "layers": Int(1, 3),
        "units_2": Int(4, 5, when=("layers", ">=", 2)),
        "units_3": Int(4, 6, when=("units_2", "in", [4])),
    }
)


@given(st.integers(0, 2**32 - 1))
def test_a_hyperparameter_is_there_when_its_condition_holds(number):
    row = tune.RandomSampler().sample(SPACE, 0, number, None, (), "accuracy")
    assert ("momentum" in row) == (row["optimizer"] == "sgd")
    assert ("units_2" in row) == (row["layers"] >= 2)
    assert ("units_3" in row) == (row.get("units_2") == 4)
    SPACE.check(row)


def test_a_condition_changes_no_other_draw():
    plain = Space({"optimizer": SPACE["optimizer"], "layers": SPACE["layers"], "x": Float(0, 1)})
    absent = Space({**plain, "x": Float(0, 1, when=("layers", ">", 99))})
    for number in range(20):
        row = tune.RandomSampler().sample(plain, 0, number, None, (), "accuracy")
        del row["x"]
        assert tune.RandomSampler().sample(absent, 0, number, None, (), "accuracy") == row


@pytest.mark.parametrize(
    ("comparison", "asked", "there"),
    [
        ("==", 2, [2]), ("!=", 2, [1, 3]), ("<", 2, [1]), ("<=", 2, [1, 2]), (">", 2, [3]), (">=", 2, [2, 3]),
        ("in", [1, 3], [1, 3]),
    ],
)  # fmt: skip
def test_every_comparison(comparison, asked, there):
    space = Space({"layers": Int(1, 3), "x": Choice([0], when=("layers", comparison, asked))})
    assert [row["layers"] for row in space.configurations() if "x" in row] == there


def test_the_configurations_of_a_space():
    space = {name: SPACE[name] for name in ("layers", "units_2", "units_3")}
    rows = list(Space(space).configurations())
    assert len(rows) == 1 + 2 * (3 + 1)
    assert {"layers": 3, "units_2": 4, "units_3": 6} in rows
    assert SPACE.configurations() is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Int(1, 2, when=("layers", ">=")), r'such as \("layers", ">=", 3\), got \(\'layers\', \'>=\'\)'),
        (lambda: Int(1, 2, when="layers"), "when: expected a condition such as"),
        (lambda: Int(1, 2, when=("layers", "~", 3)), "expected a comparison out of ==, !=, <, <=, >, >=, in, got '~'"),
        (lambda: Int(1, 2, when=("layers", "in", 3)), '"in" expects a list, got 3'),
        (lambda: Space({"x": Int(1, 2, when=("y", "==", 3))}), "asks for 'y', which must stand before it; .* none"),
        (lambda: Space({"x": Int(1, 2, when=("x", "==", 1))}), "asks for 'x', which must stand before it"),
        (lambda: Space({"x": Int(1, 2), "y": Int(1, 2, when=("x", ">", "a"))}), "condition x > 'a' cannot be tested"),
    ],
)
def test_a_wrong_condition_says_what_is_wrong(make, words):
    with pytest.raises(SettingError, match=words):
        make()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"width": 3}, "out of optimizer, momentum, layers, units_2, units_3, got 'width'"),
        ({"layers": 4}, r"layers: expected a value of Int\(low=1, high=3.*, got 4"),
        ({"layers": "two"}, "layers: expected a value of"),
        ({"optimizer": "adam", "momentum": 0.9}, "momentum is there only when optimizer == 'sgd'"),
        ({"momentum": 0.9}, "momentum is there only when optimizer == 'sgd'; leave it out, or set that too"),
    ],
)
def test_what_is_no_configuration(values, words):
    with pytest.raises(SettingError, match=words):
        SPACE.check(values)


def test_a_list_is_a_choice():
    assert Space({"units": [32, 64], "pair": ("a", "b")}) == {"units": Choice([32, 64]), "pair": Choice(["a", "b"])}


@pytest.mark.parametrize(
    ("frozen", "median"),
    [
        (stats.loguniform(1e-4, 1), 1e-2),
        (stats.norm(loc=3, scale=np.float64(2)), 3.0),
        (stats.randint(0, 9), 4),
        (stats.poisson(3.6), 3),
        (stats.uniform(2, scale=4), 4.0),
    ],
)
def test_a_distribution_of_scipy_is_drawn_from(frozen, median):
    space = unpack_space(json.loads(json.dumps(pack_space(Space({"x": frozen})))))
    dimension = space["x"]
    assert dimension == Distribution.of(frozen)
    assert dimension.at(0.5) == pytest.approx(median)
    assert type(dimension.at(0.5)) is type(median)
    values = [dimension.at(fraction) for fraction in random.uniform(1, random.SAMPLE, 0, 0, 2000)]
    if isinstance(median, float):
        assert stats.kstest(values, frozen.cdf).pvalue > 0.01
        assert dimension.fraction(median) == pytest.approx(0.5)
    assert all(math.isfinite(dimension.at(fraction)) for fraction in (0.0, 1.0))
    assert dimension.nearest(1e9) <= frozen.support()[1]


class Named:
    """What has a quantile function and is no frozen distribution."""

    def ppf(self, fraction):
        return fraction


@pytest.mark.parametrize(
    ("frozen", "words"),
    [
        (Named(), "cannot be kept in a study: it has no name and arguments"),
        (stats.norm([1, 2], 1), r"space\['x'\]: norm: expected numbers as arguments"),
        (stats.norm(0, -1), "expected it to draw as .* does, got nan for nan"),
        (stats.rv_histogram(np.histogram([1, 2, 3]))(), r"scipy.stats has no distribution named"),
    ],
)
def test_a_distribution_that_cannot_be_kept_is_refused(frozen, words):
    with pytest.raises(SettingError, match=words):
        Space({"x": frozen})


def test_filled_asks_for_each_place_once():
    asked = []
    filled(SPACE, lambda place, name, dimension: asked.append((place, name)) or dimension.at(0.0))
    assert asked == [(0, "optimizer"), (1, "momentum"), (2, "layers")]
