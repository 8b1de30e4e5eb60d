"""table.read: files of all dialects become frames, whose cells a Table understands."""

import datetime
import gzip
import io
import os
import re
import sys
import threading

import numpy as np
import polars
import pytest

from fastnorm.errors import DataError, MissingExtra, SettingError
from fastnorm.table import Table, read
from fastnorm.table._read import read_blocks
from fastnorm.table._reader import read_column
from fastnorm.table._types import Choice

DAY = datetime.date(1970, 1, 1)


@pytest.fixture
def write(tmp_path):
    def write(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def values_of(frame, name, missing=None):
    """A column's kind and its values as a Table understands them: numbers, days, or labels."""
    column, _, _ = read_column(frame.column(name), Choice(), missing)
    if column.kind == "category":
        labels = [*column.values.values, None]
        return column.kind, [labels[code] for code in column.values.codes]
    return column.kind, [None if value != value else value for value in np.asarray(column.values, float).tolist()]


def column_of(write, *cells, missing=None, **how):
    """The kind and the values of a column of a CSV file with these cells."""
    content = "\n".join(["x,y", *(f'"{cell}",u' for cell in cells)]) + "\n"
    return values_of(read(write(content), **how), "x", missing)


def test_all_of_a_columns_values_decide_about_its_kind(write):
    rows = ["i,x,day,moment,time,flag,word,slash"]
    rows += ["1,2,2020-01-01,2020-01-01 06:00:00,06:30:00,true,a,1/2/2020"] * 200
    rows += ["NA,0.5,?,2020-01-01 06:00:00.5,,false,NaN,3/4/2020"]
    frame = read(write("\n".join(rows)))
    first = {name: (values_of(frame, name)[0], values_of(frame, name)[1][0]) for name in frame.columns}
    day = (datetime.date(2020, 1, 1) - DAY).days
    assert first == {
        "i": ("number", 1), "x": ("number", 2), "day": ("date", day), "moment": ("date", day + 0.25),
        "time": ("time", 6.5 / 24), "flag": ("category", "true"), "word": ("category", "a"),
        "slash": ("category", "1/2/2020"),
    }  # fmt: skip
    assert values_of(frame, "i")[1][-1] is None
    assert values_of(frame, "word")[1][-1] is None


@pytest.mark.parametrize(
    "gap", ["", " ", "?", "NA", "n/a", "N/A", "#N/A", "<NA>", "NULL", "null", "None", "nan", "-", ".", "NaT"]
)
def test_a_column_of_numbers_stays_one_however_its_gaps_are_spelled(write, gap):
    assert column_of(write, "1.5", gap, "2") == ("number", [1.5, None, 2.0])
    assert column_of(write, "2020-01-01", gap) == ("date", [(datetime.date(2020, 1, 1) - DAY).days, None])
    many = [str(place / 8) for place in range(1000)]  # so many that the column is kept as numbers
    assert column_of(write, *many, gap) == ("number", [*map(float, many), None])


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("1,234.50", "7", "1,234,567"), [1234.5, 7.0, 1234567.0]),
        (("$1234.50", "-$2", "$-3"), [1234.5, -2.0, -3.0]),
        (("12.5 %", "3%"), [12.5, 3.0]),
        (("1 234.50", "12"), [1234.5, 12.0]),
        (("1'234.50", "12"), [1234.5, 12.0]),
        (("1.234,50 €", "12"), [1234.5, 12.0]),
        ((" 1", "2 ", "-3"), [1, 2, -3]),
        (("1e+05", "7"), [100000.0, 7.0]),
        (("2046.", ".5"), [2046.0, 0.5]),
        (("1,23", "4"), [1.23, 4.0]),  # no group of three, so a decimal comma
        (("0,123", "1,234"), [0.123, 1.234]),
        (("0", "0.5", "-0.5"), [0.0, 0.5, -0.5]),
    ],
)
def test_numbers_as_people_write_them(write, cells, values):
    assert column_of(write, *cells) == ("number", values)


@pytest.mark.parametrize(
    "cells",
    [("01", "2"), ("1", "x"), ("$1", "2%"), ("1,2,3", "4"), ("1_000", "2"), ("1234567890123456", "2"), ("0x1", "2")],
)
def test_codes_are_no_numbers(write, cells):
    assert column_of(write, *cells) == ("category", list(cells))
    many = tuple(str(place) for place in range(1000))
    assert column_of(write, *many, *cells) == ("category", [*many, *cells])  # it was taken for numbers at first


def test_marks_alone_are_words(write):
    assert column_of(write, "-", ".") == ("category", ["-", "."])


def test_blanks_around_values_and_words_for_gaps_make_no_categories(write):
    assert column_of(write, " Private", "Private ", "NULL", "-")[1] == ["Private", "Private", None, "-"]


def test_words_for_missing_values_can_be_set(write):
    assert column_of(write, "NA", "DE", "", missing=[""])[1] == ["NA", "DE", None]
    assert column_of(write, "1", "none of it", missing=["none of it"])[1] == [1, None]
    assert column_of(write, "1", "NA", missing=["none of it"])[1] == ["1", "NA"]


@pytest.mark.parametrize(
    ("cells", "moments"),
    [
        (("2024-03-01T00:00:00Z",), ["2024-03-01"]),
        (("2024-03-01T10:00:00+02:00", "2024-03-01T10:00:00"), ["2024-03-01T08:00", "2024-03-01T10:00"]),
        (("2024-03-01 10:00", "2024-03-01"), ["2024-03-01T10:00", "2024-03-01"]),
        (("2024/3/1",), ["2024-03-01"]),
        (("13/04/2024", "01/04/2024"), ["2024-04-13", "2024-04-01"]),
        (("04/13/2024", "01/04/2024 10:30:15"), ["2024-04-13", "2024-01-04T10:30:15"]),
        (("01.04.2024",), ["2024-04-01"]),  # by points, the day stands first
        (("13-04-99",), ["1999-04-13"]),
        (("1 March 2024", "02-Apr-2024", "March 5, 2024"), ["2024-03-01", "2024-04-02", "2024-03-05"]),
    ],
)
def test_dates_as_people_write_them(write, cells, moments):
    days = [(np.datetime64(moment, "s") - np.datetime64(0, "s")) / np.timedelta64(1, "D") for moment in moments]
    assert column_of(write, *cells) == ("date", days)


@pytest.mark.parametrize(
    "cells", [("03/04/2024", "05/06/2024"), ("13/04/2024", "04/13/2024"), ("2024-02-30",), ("2024-3",), ("31.02.2024",)]
)
def test_what_is_no_date_or_an_undecided_one_stays_text(write, cells):
    assert column_of(write, *cells)[0] == "category"


# ---- dialects, encodings, headers


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separator_and_encoding_are_found(write, separator, encoding, end):
    lines = [("größe", "ort"), ("1.5", "Köln"), ("2.25", "Bad, Tölz; | oder"), ("-3", "Genève")]
    text = end.join(separator.join([left, f'"{right}"']) for left, right in lines)
    frame = read(write(text.encode(encoding)))
    assert frame.columns == ("größe", "ort")
    assert values_of(frame, "größe") == ("number", [1.5, 2.25, -3])
    assert values_of(frame, "ort") == ("category", [right for _, right in lines[1:]])
    named = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    assert (f"encoding: {named}" in frame.notes) == (named != "utf-8")
    assert any(note.startswith("separator") for note in frame.notes) == (separator != ",")


def test_semicolons_with_decimal_commas(write):
    frame = read(write("a;b;c\n1,5;1.234;x\n2,25;5.678;y\n"))
    assert values_of(frame, "a") == ("number", [1.5, 2.25])
    assert values_of(frame, "b") == ("number", [1234, 5678])
    assert frame.notes == ("separator: semicolon", "decimal mark: ,")
    assert values_of(read(write("a;b\n1.5;x\n")), "a") == ("number", [1.5])


def test_blanks_after_commas_in_the_header_too(write):
    frame = read(write('age, job, "home, town"\n1, "a, b", c\n2, d, "e, f"\n'))
    assert frame.columns == ("age", "job", "home, town")
    assert values_of(frame, "job")[1] == ["a, b", "d"]
    assert values_of(frame, "home, town")[1] == ["c", "e, f"]


def test_what_is_said_overrules(write):
    path = write("a;b,c\n1;2,5\n3;4,5\n")
    assert read(path).columns == ("a", "b,c")
    assert read(path, separator=",").columns == ("a;b", "c")
    assert values_of(read(write("a;b\n1.234;x\n"), decimal=","), "a") == ("number", [1234])
    assert values_of(read(write("a,b\nä,1\n".encode("latin-1")), encoding="cp437"), "a")[1] == ["Σ"]
    wrongs = [({"separator": "::"}, "one character"), ({"decimal": "x"}, "dec"), ({"encoding": "u"}, "there is none")]
    for wrong, words in wrongs:
        with pytest.raises(SettingError, match=words):
            read(path, **wrong)


@pytest.mark.parametrize(
    ("text", "names", "columns"),
    [
        ("5.1,3.5,a\n4.9,3.0,a\n6.1,2.8,b\n", [], ("x0", "x1", "x2")),  # a number in a column of numbers
        ("p,x\ne,y\np,y\np,x\n", [], ("x0", "x1")),  # its cells are found again
        ("p,x\ne,y\np,y\np,x\n", ["x"], ("p", "x")),  # a known name is in it
        ("id,2019,2020\n1,5,6\n2,7,8\n", [], ("id", "2019", "2020")),  # a word over numbers makes a header
        ("a,b\n1,2\n", [], ("a", "b")),
        ("a,b\nx,y\n", [], ("a", "b")),
    ],
)
def test_headers(write, text, names, columns):
    frame = read(write(text), names=names)
    assert frame.columns == columns
    rows = text.count("\n") - (columns[0] != "x0")
    assert len(frame) == rows
    assert any("no header" in note for note in frame.notes) == (columns[0] == "x0")
    assert read(write(text), header=True).columns == tuple(text.split("\n")[0].split(","))
    assert len(read(write(text), header=False)) == text.count("\n")


def test_a_column_without_a_name_gets_one(write):
    frame = read(write(",a\n0,x\n1,y\n"))
    assert frame.columns == ("Unnamed: 0", "a")


def test_rows_that_are_too_short_are_said(write):
    frame = read(write("a,b,c\n1,2,3\n4,5\n6\n"))
    assert values_of(frame, "c")[1] == [3, None, None]
    assert frame.notes == ("rows are shorter than 3 cells; their last columns are taken for missing",)
    assert read(write('a,b,c\n1,2,"x,y"\n')).notes == ()


def test_a_quoted_cell_may_hold_a_line(write):
    frame = read(write('a,b\n"one\ntwo",1\n"say ""hi""",2\n'))
    assert values_of(frame, "a")[1] == ["one\ntwo", 'say "hi"']


@pytest.mark.parametrize("block", [64, 100, 1000])
def test_blocks_do_not_show(write, monkeypatch, block):
    rows = [f'{place},"{place} {"x" * (place % 7)}\n ü",{place / 7:.3f}' for place in range(300)]
    path = write("n,text,x\n" + "\n".join(rows) + "\nNA,last,1e3")
    whole = read(path)
    monkeypatch.setattr("fastnorm.table._read.BLOCK", block)
    monkeypatch.setattr("fastnorm.table._read.HEAD", 50)
    for name in whole.columns:
        assert values_of(read(path), name) == values_of(whole, name)
    parts = list(read_blocks(path, set(), ()))
    assert len(parts) > 1
    assert sum(values_of(part, "x")[1] == [] for part in parts) == 0
    assert [value for part in parts for value in values_of(part, "x")[1]] == values_of(whole, "x")[1]


def test_an_encoding_that_changes_far_down_is_found_or_said(write, monkeypatch):
    monkeypatch.setattr("fastnorm.table._read.BLOCK", 64)
    monkeypatch.setattr("fastnorm.table._read.HEAD", 32)
    plain = b"a,b\n" + b"x,1\n" * 100
    assert values_of(read(write(plain + "\xe9t\xe9,2\n".encode("cp1252"))), "a")[1][-1] == "été"
    with pytest.raises(DataError, match=r"not in utf-8 all through: the byte 0xe9 near byte 4\d\d; give --encoding"):
        read(write(plain + "ü,1\n".encode() + b"x,1\n" * 20 + b"\xe9,2\n"))


# ---- where rows come from


def test_packed_files_pipes_and_standard_input(write, monkeypatch, tmp_path):
    text = b"a,b\n1,x\n2,y\n"
    assert values_of(read(write(gzip.compress(text), "data.csv.gz")), "a")[1] == [1, 2]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(text))
    writer.start()
    assert values_of(read(pipe), "a")[1] == [1, 2]
    writer.join()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert values_of(read("-"), "a")[1] == [1, 2]


def test_files_of_other_programs(tmp_path, monkeypatch):
    frame = polars.DataFrame({"a": [1.5, None], "b": ["u", "v"], "day": [DAY, None]})
    frame.write_parquet(tmp_path / "data.parquet")
    frame.write_ipc(tmp_path / "data.feather")
    for name in ("data.parquet", "data.feather"):
        found = read(tmp_path / name)
        assert [values_of(found, column) for column in "ab"] == [("number", [1.5, None]), ("category", ["u", "v"])]
        assert values_of(found, "day") == ("date", [0, None])
        monkeypatch.setattr("fastnorm.checks.BLOCK", 1)
        assert [len(part) for part in read_blocks(tmp_path / name, set(), ())] == [1, 1]
    frame.write_excel(tmp_path / "data.xlsx")
    found = read(tmp_path / "data.xlsx")
    assert [values_of(found, column)[1] for column in found.columns] == [[1.5, None], ["u", "v"], [0, None]]
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    with pytest.raises(MissingExtra, match=re.escape("fastexcel is needed for this: pip install 'fastnorm-nn[excel]'")):
        read(tmp_path / "data.xlsx")


def test_progress_is_told(write, monkeypatch):
    monkeypatch.setattr("fastnorm.table._read.BLOCK", 64)
    monkeypatch.setattr("fastnorm.table._read.HEAD", 32)
    path, told = write("a,b\n" + "1,x\n" * 100), []
    read(path, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("data.csv", "", "data.csv: it is empty"),
        ("data.csv", "a,b\n", "data.csv: it has column names but no rows"),
        ("data.csv", "a,b,a\nx,y,z\n", "data.csv: column 'a': the name stands more than once"),
        ("data.csv", "a,b\n1,x\n1,2,3\n", "data.csv: expected rows of 2 cells; found more fields"),
        ("data.csv", 'a,b\n"1,2\n', "data.csv: expected rows of 2 cells"),
        ("data.csv", b"a,b\n\0,2\n", "data.csv: it is no text: it holds bytes of 0"),
        ("data.csv", b"PK\x03\x04....", "data.csv: this is an .xlsx or .zip file, but is not called so"),
        ("data.csv", b"PAR1....", "data.csv: this is a .parquet file, but is not called so"),
        ("data.parquet", "a,b\n1,2\n", "data.parquet: expected a .parquet file"),
        ("data.csv.gz", gzip.compress(b"a,b\n1,2\n")[:-9], "data.csv.gz: Compressed file ended before"),
    ],
)
def test_files_that_are_refused(write, name, content, words):
    with pytest.raises(DataError, match=re.escape(words)):
        read(write(content, name))


def test_a_file_that_is_not_there(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv", tmp_path / "none.parquet"):
        with pytest.raises(DataError, match=f"{re.escape(str(path))}: no such file"):
            read(path)


def test_columns_without_any_value_fit_every_kind(write):
    table = Table.fit(read(write("a,b,c\n1,u,2020-01-01\n3,v,2020-01-02\n")))
    np.testing.assert_array_equal(table.transform(read(write("a,b,c\n,?,NA\n"))), [[0, 0, 0, 0]])
