"""What Table refuses, in which words: frames to learn from, later rows, column names, damaged records."""

import copy
import datetime
import re
import sys

import numpy as np
import pandas
import polars
import pytest

from fastnorm.errors import DataError, DtypeError, FileError, MissingExtra, SettingError, ShapeError
from fastnorm.table import Table

DAY = datetime.date(2020, 1, 1)


def frame(**columns):
    return polars.DataFrame(columns)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1, 2], "y": ["u", "u"]}, "column 'y': only one class, u"),
        ({"a": [1, 2], "y": [2.5, 2.5]}, "column 'y': only one value, 2.5"),
        ({"a": [1, 2, 3], "y": ["u", None, None]}, "column 'y': 2 of 3 rows have no target"),
        ({"a": [1, 2, 3], "y": [1.0, float("nan"), 2]}, "column 'y': 1 of 3 rows have no target"),
        ({"a": [1.0, float("inf")], "y": ["u", "v"]}, "column 'a': expected finite numbers, got inf in row 1"),
        ({"a": [-1e308, 1e308], "y": ["u", "v"]}, "column 'a': values from -1e+308 to 1e+308 are too large"),
        ({"a": [[1], [2]], "y": ["u", "v"]}, "column 'a': expected numbers, text, booleans, dates or times, got List"),
        ({"a": [b"1", b"2"], "y": ["u", "v"]}, "text, booleans, dates or times, got bytes; convert it or leave it out"),
        ({"a": [1, 1], "b": [None, None], "y": ["u", "v"]}, "got 'a' (constant), 'b' (all missing)"),
        ({"y": ["u", "v"]}, "expected a column to learn from, got the target alone"),
        ({"a": [1, 2], "z": [1, 2]}, "column 'y': not in this frame, which has 'a', 'z'"),
        ({"a": [], "y": []}, "expected rows and columns, got 0 rows of 2 columns"),
        ({"a": [1, 2], "y": [DAY, datetime.date(2021, 1, 1)]}, "column 'y': expected number values, got date values"),
    ],
)
def test_training_frames_that_are_refused(columns, words):
    with pytest.raises(DataError, match=re.escape(words)):
        Table.fit(polars.DataFrame(columns), "y")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"a": ["1", "two"]}, "column 'a': expected number values, got 'two' in row 1"),
        ({"a": [1.0, float("-inf")]}, "column 'a': expected finite numbers, got -inf in row 1"),
        ({"a": [DAY, DAY]}, "column 'a': expected number values, got date values"),
        ({"b": [DAY, DAY]}, "column 'b': expected labels, got date values"),
        ({"d": [1, 2]}, "column 'd': expected date values, got number values"),
        ({"d": ["u", "v"]}, "column 'd': expected date values, got 'u' in row 0"),
    ],
)
def test_later_rows_that_are_refused(changed, words):
    columns = {"a": [1, 2], "b": ["u", "v"], "d": [DAY, datetime.date(2021, 1, 1)]}
    table = Table.fit(polars.DataFrame(columns))
    with pytest.raises(DataError, match=re.escape(words)):
        table.transform(polars.DataFrame({**columns, **changed}))


def test_missing_columns_and_unknown_classes_are_named():
    table = Table.fit(frame(a=[1, 2], b=[1, 2], c=[1, 2], y=["u", "v"]), "y")
    with pytest.raises(DataError, match="column 'a', 'c': not in this frame, which has 'b'"):
        table.transform(frame(b=[1]))
    with pytest.raises(DataError, match="column 'y': expected a class of the training rows, u, v, got 'w' in row 1"):
        table.transform_target(frame(y=["u", "w"]))


def test_a_target_that_float32_cannot_hold_is_named():
    table = Table.fit(frame(a=[1, 2], y=[0.5, 1.5]), "y")
    words = "column 'y': 1e+300 in row 1 (rows count from 0) is too far from the training rows"
    with pytest.raises(DataError, match=re.escape(words)):
        table.transform_target(frame(y=[1.0, 1e300]))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a", "a"], "column 'a': the name stands more than once"),
        (["a", None], "column number 1 (counted from 0): it has no name"),
        (["", "a"], "column number 0 (counted from 0): it has no name"),
    ],
)
def test_column_names(names, words):
    with pytest.raises(DataError, match=re.escape(words)):
        Table.fit(pandas.DataFrame([[1, 2], [3, 4]], columns=names))


def test_what_is_no_frame():
    for thing in ([[1, 2]], {"a": [1]}, polars.Series([1, 2]), polars.LazyFrame({"a": [1, 2]})):
        with pytest.raises(DtypeError, match=f"expected a polars or pandas frame.*got {type(thing).__name__}"):
            Table.fit(thing)
    with pytest.raises(ShapeError, match=re.escape("expected an array (n, columns), got shape (3,)")):
        Table.fit(np.ones(3))


def test_only_frames_need_narwhals(monkeypatch):
    monkeypatch.setitem(sys.modules, "narwhals", None)
    assert Table.fit(np.eye(3)).transform(np.eye(3)).shape == (3, 3)
    with pytest.raises(MissingExtra, match=re.escape("pip install 'fastnorm-nn[frames]'")):
        Table.fit(frame(a=[1, 2]))


def test_settings():
    with pytest.raises(SettingError, match="task: expected one of 'auto', 'classification', 'regression', got 'rank'"):
        Table.fit(frame(a=[1, 2], y=[1, 2]), "y", "rank")
    with pytest.raises(SettingError, match="fitted without; give"):
        Table.fit(frame(a=[1, 2])).inverse_transform_target([0])


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["inputs"], {}, "'inputs': expected list"),
        (["inputs"], [], "expected columns of different names"),
        (["inputs", 0, "mean"], float("nan"), "input 0: 'mean': expected float, got nan"),
        (["inputs", 0, "mean"], 10**400, "input 0: 'mean': expected float"),
        (["inputs", 0, "mean"], True, "input 0: 'mean': expected float, got True"),
        (["inputs", 0, "scale"], -1.0, "a scale >= 0"),
        (["inputs", 0, "kind"], "os", "expected a kind of number, duration"),
        (["inputs", 0, "type"], "Table", "expected a type of Number, Moment, Category"),
        (["inputs", 0, "more"], 1, "expected an object of type, name, kind"),
        (["inputs", 0, "name"], "b", "different names"),
        (["inputs", 0, "scale"], 0.0, "a place each"),
        (["inputs", 1, "categories"], ["u", "u"], "distinct text"),
        (["inputs", 1, "categories"], ["u", ["v"]], "distinct text"),
        (["target", "values"], ["n"], "only one class"),
        (["target", "values"], ["n", 1], "distinct classes of one type"),
        (["target", "values"], [1, 1], "distinct classes of one type"),
        (["target", "name"], None, "target: 'name': expected str, got None"),
        (["dropped", "a"], 1, "names and reasons of text"),
    ],
)
def test_a_damaged_record_is_refused(path, value, words):
    record = Table.fit(frame(a=[1, 2, 3], b=["u", "v", "u"], y=["n", "m", "n"]), "y").to_dict()
    Table.from_dict(copy.deepcopy(record))
    place = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(FileError, match=re.escape(words)):
        Table.from_dict(record)


def test_a_name_nearly_right_is_answered_with_the_right_one():
    table = Table.fit(polars.DataFrame({"income": [1, 2], "job": ["a", "b"]}))
    with pytest.raises(DataError, match=r"column 'income': not in this frame; did you mean ' income'\?"):
        table.transform(polars.DataFrame({" income": [1, 2], "job": ["a", "b"]}))
