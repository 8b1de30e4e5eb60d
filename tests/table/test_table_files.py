"""table.read: files become frames, with their types guessed; table.split: rows are shared among parts."""

import datetime
import re

import numpy as np
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.errors import DataError, SettingError, ShapeError
from fastnorm.table import Table, read, split


@pytest.fixture
def write(tmp_path):
    def write(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_csv_types(write):
    rows = ["i,x,day,moment,time,flag,word,slash"]
    rows += ["1,2,2020-01-01,2020-01-01 06:00:00,06:30:00,true,a,1/2/2020"] * 200
    rows += ["NA,0.5,?,2020-01-01 06:00:00.5,,false,NaN,3/4/2020"]  # behind the first rows: all of them decide
    frame = read(write("\n".join(rows)))
    moment = datetime.datetime(2020, 1, 1, 6)
    half = datetime.timedelta(seconds=0.5)
    assert frame.row(0) == (1, 2.0, moment.date(), moment, datetime.time(6, 30), "true", "a", "1/2/2020")
    assert frame.row(-1) == (None, 0.5, None, moment + half, None, "false", None, "3/4/2020")


def test_csv_codes_stay_text_for_a_table_that_knew_them_as_text(write):
    training = read(write("code,a,y\n01,1,1\nx,2,b\n01,3,1\n"))
    table = Table.fit(training, "y")
    later = write("code,a,y\n01,1,1\n", "later.csv")
    frame = read(later, table)
    assert frame.row(0) == ("01", 1, "1")
    np.testing.assert_array_equal(table.transform(frame), table.transform(training)[:1])
    assert read(later).row(0) == ("01", 1, 1)  # a leading zero makes a code


def test_csv_columns_without_any_value_fit_every_kind(write):
    table = Table.fit(read(write("a,b,c\n1,u,2020-01-01\n3,v,2020-01-02\n")))
    np.testing.assert_array_equal(table.transform(read(write("a,b,c\n,?,NA\n"))), [[0, 0, 0, 0]])


def column_of(write, *cells):
    """The values of a column of a CSV file with these cells."""
    return read(write("\n".join(["x,y", *(f'"{cell}",0' for cell in cells)]) + "\n"))["x"].to_list()


@pytest.mark.parametrize(
    "gap", ["", " ", "?", "NA", "n/a", "N/A", "#N/A", "<NA>", "NULL", "null", "None", "nan", "-", "."]
)
def test_a_column_of_numbers_stays_one_however_its_gaps_are_spelled(write, gap):
    assert column_of(write, "1.5", gap, "2") == [1.5, None, 2.0]
    assert column_of(write, "2020-01-01", gap) == [datetime.date(2020, 1, 1), None]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("1,234.50", "7", "1,234,567"), [1234.5, 7.0, 1234567.0]),
        (("$1234.50", "$2"), [1234.5, 2.0]),
        (("12.5 %", "3%"), [12.5, 3.0]),
        (("1 234.50", "12"), [1234.5, 12.0]),
        ((" 1", "2 ", "-3"), [1, 2, -3]),
        (("1e+05", "7"), [100000.0, 7.0]),
        (("2046.", "1"), [2046.0, 1.0]),
        (("1,23", "4"), ["1,23", "4"]),  # a decimal comma, or two numbers
        (("0,123", "1,234"), ["0,123", "1,234"]),  # decimal commas, not 123 and 1234
        (("01", "2"), ["01", "2"]),
        (("0", "0.5", "-0.5"), [0.0, 0.5, -0.5]),
        (("-", "."), ["-", "."]),
        (("1", "x"), ["1", "x"]),
    ],
)
def test_numbers_as_people_write_them_and_codes_as_they_are(write, cells, values):
    assert column_of(write, *cells) == values


def test_blanks_around_values_and_words_for_gaps_make_no_categories(write):
    assert column_of(write, " Private", "Private ", "NULL", "-") == ["Private", "Private", None, "-"]


TRUTHS = [True, False, True, True, False, False, True, False]


SPELLINGS = ["true/false", "TRUE/False", "bools", "objects"]


@pytest.mark.parametrize("training", SPELLINGS)
@pytest.mark.parametrize("later", [*SPELLINGS, "1/0", "1.0/0.0", "words 1/0", "gap"])
def test_truths_mean_the_same_however_they_are_spelled(write, training, later):
    def frame(spelling):
        if spelling in ("true/false", "TRUE/False"):
            yes, no = spelling.split("/")
            return read(write("\n".join(["flag,n", *(f"{yes if each else no},{i}" for i, each in enumerate(TRUTHS))])))
        values = {
            "bools": TRUTHS, "objects": [str(each) for each in TRUTHS], "1/0": [int(each) for each in TRUTHS],
            "1.0/0.0": [float(each) for each in TRUTHS], "words 1/0": [str(int(each)) for each in TRUTHS],
            "gap": TRUTHS,
        }[spelling]  # fmt: skip
        return polars.DataFrame({"flag": values, "n": range(8)})

    table = Table.fit(frame(training))
    assert table.inputs[0].categories == ("False", "True")
    again = Table.from_dict(table.to_dict())
    np.testing.assert_array_equal(again.transform(frame(later))[:, :2], [[not each, each] for each in TRUTHS])
    with pytest.raises(DataError, match="'flag': expected true or false as in the training rows, got 'maybe' in row 1"):
        table.transform(polars.DataFrame({"flag": ["true", "maybe"], "n": [0, 1]}))


def test_a_whole_number_that_a_gap_made_1_0_is_the_category_1():
    table = Table.fit(polars.DataFrame({"code": ["1", "2", "x", "1"], "n": [1, 2, 3, 4]}))
    for values in (["1", "2", None], ["1.0", "2.0", None], [1, 2, None], [1.0, 2.0, None]):
        frame = polars.DataFrame({"code": values, "n": [1, 2, 3]}, strict=False)
        np.testing.assert_array_equal(table.transform(frame)[:, :3], [[1, 0, 0], [0, 1, 0], [0, 0, 0]])


def test_many_values_that_no_training_row_had_are_warned_of():
    table = Table.fit(polars.DataFrame({"job": ["a", "b"] * 20, "n": range(40)}))
    with pytest.warns(UserWarning, match="'job': 9 of 10 values are none .* such as 'A'; .* 0% .* Known are a, b"):
        table.transform(polars.DataFrame({"job": ["A"] * 9 + ["b"], "n": range(10)}))
    table.transform(polars.DataFrame({"job": ["A"] * 4 + ["b"], "n": range(5)}))  # few say little
    table.transform(polars.DataFrame({"job": [" a", "b "] * 20, "n": range(40)}))  # blanks are none of the value


def test_parquet(tmp_path):
    frame = polars.DataFrame({"a": [1.5, None], "b": ["u", None]})
    frame.write_parquet(tmp_path / "data.parquet")
    assert read(tmp_path / "data.parquet").equals(frame)
    assert read(str(tmp_path / "data.parquet")).equals(frame)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("data.csv", "", "expected a CSV file with a header, or a *.parquet file; empty CSV"),
        ("data.csv", "a,b\n", "data.csv: it has column names but no rows"),
        ("data.csv", "a,b,a\n1,2,3\n", "data.csv: column 'a': the name stands more than once"),
        ("data.csv", ",b\n1,2\n", "data.csv: column number 0 (counted from 0): it has no name"),
        ("data.csv", "a,b\n1,2,3\n", "data.csv: expected a CSV file"),
        ("data.csv", 'a,b\n"1,2\n', "data.csv: expected a CSV file"),
        ("data.csv", b"a,b\n\xff\xfe,2\n", "data.csv: expected a CSV file"),
        ("data.parquet", "a,b\n1,2\n", "data.parquet: expected a CSV file"),
    ],
)
def test_files_that_are_refused(write, name, content, words):
    with pytest.raises(DataError, match=re.escape(words)):
        read(write(content, name))


def test_a_file_that_is_not_there(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(DataError, match=f"{re.escape(str(path))}: no such file"):
            read(path)


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    fractions=st.sampled_from([(0.64, 0.16, 0.20), (0.9, 0.1), (0.25, 0.25, 0.25, 0.25)]),
    seed=st.integers(0, 2**64 - 1),
)
def test_split_shares_every_class(sizes, fractions, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)[::-1]
    rows = groups.size + 40
    groups = np.append(groups, np.zeros(40, np.int64))
    parts = split(rows, fractions, seed, groups)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(rows))
    counts = np.array([np.bincount(groups[part], minlength=len(sizes)) for part in parts])
    assert (counts[0] >= 1).all()
    shares = np.outer(fractions, np.bincount(groups))
    assert np.abs(counts - shares).max() < 2 + 1e-9  # between two limits, each rounded at both ends of a class
    for part, again in zip(parts, split(rows, fractions, seed, groups), strict=True):
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
        ((10, (0.5, 0.5), 0, [1, 2]), ShapeError, "groups: expected shape (10,), got (2,)"),
    ],
)
def test_splits_that_are_refused(arguments, error, words):
    with pytest.raises(error, match=re.escape(words)):
        split(*arguments)
