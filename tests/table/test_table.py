"""Table: what is learned from training rows, how rows become features, and predictions the user's words again."""

import datetime
import json
import re

import numpy as np
import pandas
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.errors import SettingError, ShapeError
from fastnorm.table import Table

DAY = datetime.date(2020, 1, 1)


def frame(**columns):
    return polars.DataFrame(columns)


def through_json(table):
    return Table.from_dict(json.loads(json.dumps(table.to_dict(), allow_nan=False)))


# ---- features


def test_numbers_are_standardized_in_float64():
    values = [1e6, 1e6 + 1, 1e6 + 2, 1e6 + 5]  # float32 statistics would err by 3 %
    features = Table.fit(frame(a=values)).transform(frame(a=values))
    expected = (np.array(values) - 1e6 - 2) / np.sqrt((4 + 1 + 0 + 9) / 4)
    assert features.dtype == np.float32
    assert features.flags.c_contiguous
    np.testing.assert_allclose(features[:, 0], expected, rtol=1e-6)


def test_a_value_far_beyond_the_training_rows_counts_as_a_million_standard_deviations():
    table = Table.fit(frame(a=[1.0, 3.0]))
    later = frame(a=[3e38, -1e300, 1.7e308, 1e6, None])
    np.testing.assert_array_equal(table.transform(later)[:, 0], np.float32([1e6, -1e6, 1e6, 1e6 - 2, 0]))


def test_missing_numbers_become_the_mean_and_a_flag():
    table = Table.fit(frame(a=[1.0, None, 3.0, float("nan")]))
    np.testing.assert_array_equal(table.transform(frame(a=[3.0, None, float("nan")])), [[1, 0], [0, 1], [0, 1]])


def test_no_flag_where_training_missed_nothing():
    table = Table.fit(frame(a=[1.0, 3.0]))
    np.testing.assert_array_equal(table.transform(frame(a=[None, 3.0])), [[0], [1]])


def test_constant_number_keeps_its_flag_alone():
    table = Table.fit(frame(a=[5.0, None, 5.0]))
    np.testing.assert_array_equal(table.transform(frame(a=[5.0, None, 7.0])), [[0], [1], [0]])


@pytest.mark.parametrize(
    ("training", "rows", "expected"),
    [
        (["b", "a", "b"], ["a", "b"], [[1, 0], [0, 1]]),
        (["b", "a", "b"], ["z", None], [[0, 0], [0, 0]]),  # no training row was so: no untrained place
        (["b", "a", None], ["a", "z", None], [[1, 0, 0], [0, 0, 1], [0, 0, 1]]),
        ([True, False, True], [True, False, None], [[0, 1], [1, 0], [0, 0]]),
        (["1", "x", "1"], [1.0, 1.5], [[1, 0], [0, 0]]),
        (["1", "x", "1"], [1, 2], [[1, 0], [0, 0]]),  # a later CSV file where all cells look like numbers
    ],
)
def test_categories(training, rows, expected):
    np.testing.assert_array_equal(Table.fit(frame(a=training)).transform(frame(a=rows)), expected)


def test_many_categories_keep_the_hundred_most_frequent():
    labels = [f"often {i:03}" for i in range(100)] * 3 + [f"rare {i}" for i in range(50_000)] * 2
    table = Table.fit(frame(a=labels))
    assert table.width == 101
    features = table.transform(frame(a=["often 000", "often 099", "rare 7", "unseen"]))
    assert features.argmax(axis=1).tolist() == [0, 99, 100, 100]
    np.testing.assert_array_equal(features.sum(axis=1), 1)


def test_a_column_of_keys_is_dropped():
    table = Table.fit(frame(key=[f"key {i}" for i in range(1000)], a=[i % 7 for i in range(1000)]))
    assert table.columns == ("a",)
    assert "key (no value stands twice)" in table.describe()


def test_useless_columns_are_dropped_and_not_needed_later():
    same = [0.1] * 3  # their float64 mean is not 0.1
    table = Table.fit(frame(a=[1, 2, 3], same=same, word=["w"] * 3, none=[None] * 3))
    assert table.dropped == {"same": "constant", "word": "constant", "none": "all missing"}
    assert "left out: same (constant), word (constant), none (all missing)" in table.describe()
    assert table.transform(frame(a=[1])).shape == (1, 1)


def test_dates_times_and_durations_are_numbers():
    seconds = np.array([0, 6 * 3600 + 30 * 60 + 15, 86399.5])
    spans = [datetime.timedelta(seconds=float(second)) for second in seconds]
    start = datetime.datetime(2020, 1, 1)
    columns = {
        "moment": [*(start + span for span in spans), None],
        "time": [*((start + span).time() for span in spans), None],
        "span": [*spans, None],
        "date": [DAY, DAY, DAY + datetime.timedelta(days=1), None],
    }
    standardized = (seconds - seconds.mean()) / seconds.std()
    for native in (polars.DataFrame(columns), pandas.DataFrame(columns)):
        table = Table.fit(native)
        features = table.transform(native)
        assert [column.places for column in table.inputs] == [4, 4, 2, 2]  # the time of day is a cycle too
        np.testing.assert_array_equal(features[:, [3, 7, 9, 11]], [[0] * 4] * 3 + [[1] * 4])
        np.testing.assert_allclose(features[:, [0, 4, 8]].T, [[*standardized, 0]] * 3, atol=1e-6)
        np.testing.assert_allclose(features[:, 10], [-np.sqrt(0.5), -np.sqrt(0.5), np.sqrt(2), 0], atol=1e-6)
        angle = 2 * np.pi * seconds / 86400
        for place in (1, 5):
            np.testing.assert_allclose(features[:, place], [*np.sin(angle), 0], atol=1e-6)
            np.testing.assert_allclose(features[:, place + 1], [*np.cos(angle), 0], atol=1e-6)


def test_rows_are_known_by_column_name():
    training = frame(a=[1.0, 2, 4], b=["u", "v", "u"], y=[0.5, 1, 2])
    table = Table.fit(training, "y")
    shuffled = training.select("b", polars.lit(7).alias("more"), "a")
    np.testing.assert_array_equal(table.transform(shuffled), table.transform(training))
    assert (table.columns, table.width, table.classes) == (("a", "b"), 3, None)


def test_every_kind_of_frame_gives_the_same():
    columns = {"a": [1.5, None, 2, 4], "b": ["u", "v", None, "u"], "c": [3, 1, 2, 2], "d": [True, False, True, True]}
    native = polars.DataFrame(columns)
    table = Table.fit(native, "d")
    nullable = pandas.DataFrame(columns).convert_dtypes().astype({"b": "category"})
    objects = pandas.DataFrame(columns, dtype=object)
    for other in (pandas.DataFrame(columns), nullable, objects, native.to_arrow()):
        assert Table.fit(other, "d") == table
        np.testing.assert_array_equal(table.transform(other), table.transform(native))
        np.testing.assert_array_equal(table.transform_target(other), [1, 0, 1, 1])


def test_numpy_columns_are_named_by_position():
    array = np.array([[1.0, 5, 0], [2, 5, 1], [3, 5, 2]])
    table = Table.fit(array, "x2")
    assert (table.columns, table.dropped, table.task) == (("x0",), {"x1": "constant"}, "regression")
    np.testing.assert_array_equal(table.transform(array[:, :2]), table.transform(array))
    np.testing.assert_array_equal(table.transform(np.asfortranarray(array)[::-1]), table.transform(array)[::-1])
    mixed = np.array([[1, "u", pandas.NA], [2, "v", 2.5], [None, "u", 3]], dtype=object)
    assert Table.fit(mixed).width == 2 + 2 + 2
    with pytest.raises(SettingError, match="expected 'x2', the last column"):
        Table.fit(array, "x0")


# ---- targets


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (["a", "b"] * 20, "classification"),
        ([True, False] * 20, "classification"),
        (list(range(20)) * 2, "classification"),
        (list(range(21)) * 3, "regression"),  # 21 different values
        (list(range(4)), "regression"),  # each in one row only
        ([1.0, 2.0] * 20, "classification"),  # a gap anywhere makes floats of integers
        ([1.5, 2.0] * 20, "classification"),  # two different values
        ([1.5, 2.0, 2.5] * 20, "regression"),
        ([0.0, 1.0] * 20, "classification"),
        (["0.0", "1.0"] * 20, "classification"),
        (["1.", "2.", "7."] * 20, "classification"),
        (np.repeat(range(16), [30, 60, 62, 40, 25, 12, 9, 7, 5, 4, 3, 2, 2, 1, 1, 1]).tolist(), "regression"),  # counts
        (np.repeat(range(3, 10), [20, 160, 1500, 2200, 880, 175, 5]).tolist(), "regression"),  # grades of wines
        (np.repeat(range(1, 8), [45586, 50, 171, 8903, 3267, 10, 13]).tolist(), "classification"),  # shuttle's
        (np.repeat(range(10), 178).tolist(), "classification"),  # digits
    ],
)
def test_guessed_task(target, task):
    assert Table.fit(frame(a=[i % 7 for i in range(len(target))], y=target), "y").task == task


@pytest.mark.parametrize(
    ("name", "task"),
    [("class", "classification"), ("soldCount", "regression"), ("n_visits", "regression")],
)
def test_a_name_decides_about_whole_numbers(name, task):
    target = polars.Series(name, np.repeat(range(8), [9, 60, 62, 40, 25, 12, 9, 7]))
    assert Table.fit(frame(a=[i % 7 for i in range(len(target))]).with_columns(target), name).task == task


@pytest.mark.parametrize("values", [["b", "a", "b"], [True, False, True], [10, 9, 10], [2**60 + 1, 2**60, 2**60 + 1]])
def test_classes_come_back_as_they_were(values):
    training = frame(a=[1, 2, 3], y=values)
    table = through_json(Table.fit(training, "y", "classification"))
    assert table.classes == sorted(set(values))
    encoded = table.transform_target(training)
    assert (encoded.dtype, encoded.tolist()) == (np.int32, [1, 0, 1])
    assert table.inverse_transform_target(encoded).tolist() == values


def test_regression_target_is_standardized_and_restored():
    training = frame(a=[1, 2, 3], y=[10, 20, 60])
    table = Table.fit(training, "y", "regression")
    standardized = table.transform_target(training)
    assert (standardized.dtype, standardized.shape) == (np.float32, (3, 1))
    np.testing.assert_allclose([standardized.mean(), standardized.std()], [0, 1], atol=1e-6)
    for predictions in (standardized, standardized[:, 0]):
        restored = table.inverse_transform_target(predictions)
        assert (restored.dtype, restored.shape) == (np.float64, (3,))
        np.testing.assert_allclose(restored, [10, 20, 60], rtol=1e-6)
    with pytest.raises(ShapeError, match=re.escape("expected shape (n,) or (n, 1), got (1, 2)")):
        table.inverse_transform_target([[1.0, 2.0]])


# ---- frozen, stored


@pytest.mark.filterwarnings("ignore:column .* values are none that the training rows had")
@given(
    numbers=st.lists(st.none() | st.integers(-3, 3) | st.integers(-(10**6), 10**6), min_size=3, max_size=30),
    words=st.lists(st.none() | st.text(max_size=3), min_size=30, max_size=30),
    cut=st.integers(2, 30),
)
def test_rows_are_treated_alike_alone_stored_or_together(numbers, words, cut):
    rows = len(numbers)
    native = polars.DataFrame(
        {"a": numbers, "b": words[:rows], "c": range(rows)},
        schema={"a": polars.Float64, "b": polars.String, "c": polars.Int64},
    )
    table = Table.fit(native[:cut])
    features = table.transform(native)
    assert features.shape == (rows, table.width)
    assert np.isfinite(features).all()
    assert np.abs(features[:cut].std(axis=0, dtype=np.float64)).min() > 0  # no place that training rows never used
    assert through_json(table) == table
    np.testing.assert_array_equal(through_json(table).transform(native[rows - 1 :]), features[rows - 1 :])
