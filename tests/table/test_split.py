"""table.split: rows are shared among parts at random, by groups or by time."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.errors import DataError, SettingError, ShapeError
from fastnorm.table import split


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    fractions=st.sampled_from([(0.64, 0.16, 0.20), (0.9, 0.1), (0.25, 0.25, 0.25, 0.25)]),
    seed=st.integers(0, 2**64 - 1),
)
def test_split_shares_every_class(sizes, fractions, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)[::-1]
    rows = groups.size + 40
    groups = np.append(groups, np.zeros(40, np.int64))
    parts = split(rows, fractions, seed, classes=groups)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(rows))
    counts = np.array([np.bincount(groups[part], minlength=len(sizes)) for part in parts])
    assert (counts[0] >= 1).all()
    shares = np.outer(fractions, np.bincount(groups))
    assert np.abs(counts - shares).max() < 2 + 1e-9  # between two limits, each rounded at both ends of a class
    for part, again in zip(parts, split(rows, fractions, seed, classes=groups), strict=True):
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()
        np.testing.assert_array_equal(part, again)


def test_split_sizes_and_seeds():
    first, other = split(1000), split(1000, seed=1)
    assert [len(part) for part in first] == [640, 160, 200]
    for rows in (other[0], np.arange(640)):  # by chance 410 rows are shared, with a standard deviation of 7
        assert 350 < len(np.intersect1d(first[0], rows)) < 470


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((3,), DataError, "expected enough to share among 3 parts, got 3, which give 2, 0, 1"),
        ((0,), SettingError, "count: expected a whole number at least 1, got 0"),
        ((10, (0.5, 0.4)), SettingError, "fractions: expected shares that add up to 1, got (0.5, 0.4)"),
        ((10, (1.0, 0.0)), SettingError, "fractions: expected a finite number in (0, 1], got 0.0"),
    ],
)
def test_splits_that_are_refused(arguments, error, words):
    with pytest.raises(error, match=re.escape(words)):
        split(*arguments)


@pytest.mark.parametrize("name", ["classes", "groups", "time"])
def test_values_of_another_length_are_refused(name):
    with pytest.raises(ShapeError, match=re.escape(f"{name}: expected shape (10,), got (2,)")):
        split(10, (0.5, 0.5), **{name: [1, 2]})


@given(sizes=st.lists(st.integers(1, 9), min_size=12, max_size=40), seed=st.integers(0, 2**64 - 1))
def test_rows_of_one_group_stay_together(sizes, seed):
    groups = np.repeat([f"group {place}" for place in range(len(sizes))], sizes)
    parts = split(len(groups), (0.5, 0.5), seed, groups=groups)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(groups)))
    assert not set(groups[parts[0]]) & set(groups[parts[1]])
    assert abs(len(parts[0]) - len(groups) / 2) <= max(sizes)


def test_the_first_part_is_the_past_and_rows_of_one_time_stay_together():
    time = np.array([5.0, 1, 2, 2, 2, 3, 4, 6, 7, 8])
    training, test = split(10, (0.3, 0.7), time=time)
    assert training.tolist() == [1, 2, 3, 4]
    assert time[training].max() < time[test].min()
    with pytest.raises(DataError, match="expected enough to share among 2 parts, got 10 of 1 times, which give 10, 0"):
        split(10, (0.3, 0.7), time=np.ones(10))
    with pytest.raises(DataError, match="time: expected one for each row, got none in row 1"):
        split(3, (0.3, 0.7), time=[1, np.nan, 2])
    with pytest.raises(SettingError, match="expected groups or time, got both"):
        split(3, (0.5, 0.5), groups=[1, 2, 3], time=[1, 2, 3])


def test_few_groups_leave_no_part_empty():
    for seed in range(20):
        assert [len(part) for part in split(300, seed=seed, groups=np.arange(300) % 3)] == [100, 100, 100]


def test_too_few_groups_are_said():
    with pytest.raises(DataError, match="among 3 parts, got 20 of 1 groups, which give"):
        split(20, groups=["a"] * 20)
