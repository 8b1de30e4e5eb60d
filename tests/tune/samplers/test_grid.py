"""The grid: its values, its order, its end."""

import math

import pytest

from fastnorm import tune
from fastnorm.errors import SettingError
from fastnorm.tune import Choice, Exhausted, Float, GridSampler, Int, Space

SPACE = Space(
    {
        "rate": Float(1e-4, 1e-1, "log"),
        "layers": Int(1, 2),
        "units_2": Int(16, 512, "log", when=("layers", "==", 2)),
        "kind": Choice(["a", "b", "c", "d"]),
    }
)


def rows(sampler, space=SPACE, seed=0):
    found = []

    def take():
        while True:
            found.append(sampler.sample(space, seed, len(found), None, (), "accuracy"))

    with pytest.raises(Exhausted, match=r"the grid's \d+ configurations have all been tried"):
        take()
    return found


def test_every_combination_comes_once():
    found = rows(GridSampler())
    assert len(found) == 3 * (1 + 3) * 4
    assert len({tuple(row.items()) for row in found}) == len(found)
    for row in found:
        SPACE.check(row)
    rates = sorted({row["rate"] for row in found})
    assert rates == pytest.approx([10**-3.5, 10**-2.5, 10**-1.5])


def test_the_order_is_the_seeds_and_a_part_of_it_is_spread():
    found = rows(GridSampler())
    assert rows(GridSampler()) == found
    other = rows(GridSampler(), seed=1)
    assert other != found
    assert sorted(map(str, other)) == sorted(map(str, found))
    assert len({row["rate"] for row in found[:12]}) == 3
    assert len({row["kind"] for row in found[:12]}) == 4


def test_points_by_name():
    found = rows(GridSampler({"rate": 5, "layers": 9}))
    assert len({row["rate"] for row in found}) == 5
    assert {row["layers"] for row in found} == {1, 2}


def test_an_offset_shifts_each_axis_by_its_own_part_of_a_stretch():
    space = Space({"one": Float(0, 3), "other": Float(0, 3)})
    shifts = []
    for offset in range(8):
        found = rows(GridSampler(offset=offset), space)
        for name in space:
            values = sorted({row[name] for row in found})
            assert [value - values[0] for value in values] == pytest.approx([0, 1, 2])
            shifts.append(values[0])
    assert len(set(shifts)) == 16
    assert 0 <= min(shifts) < 0.25 < 0.75 < max(shifts) < 1
    values = {row["one"] for row in rows(GridSampler(offset=3), space)}
    assert {row["one"] for row in rows(GridSampler(offset=3), space, seed=5)} == values


def test_random_search_beats_grids_where_one_axis_in_four_matters():
    """Bergstra & Bengio 2012: a 3^4 grid tries three values of the axis that matters, random search 81."""
    space = Space({name: Float(0, 1) for name in "abcd"})

    def best(values):
        return max(math.exp(-((row["a"] - 0.62) ** 2) / 0.002) for row in values)

    grids = [best(rows(GridSampler(offset=offset), space)) for offset in range(8)]
    sampler = tune.RandomSampler()
    randoms = [
        best(sampler.sample(space, seed, number, 81, (), "accuracy") for number in range(81)) for seed in range(8)
    ]
    assert sum(randoms) / 8 > sum(grids) / 8 + 0.2


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GridSampler(0), "GridSampler points, points: expected a whole number at least 1, got 0"),
        (lambda: GridSampler({"rate": 1.5}), "GridSampler points, rate: expected a whole number, got 1.5"),
        (lambda: GridSampler(offset=-1), "GridSampler offset: expected a whole number"),
        (lambda: rows(GridSampler({"width": 3})), r"out of rate, layers, units_2, kind, got \['width'\]"),
        (lambda: rows(GridSampler(1000)), "GridSampler: 3496000 combinations are too many to try"),
    ],
)
def test_a_wrong_grid_says_what_is_wrong(make, words):
    with pytest.raises(SettingError, match=words):
        make()
