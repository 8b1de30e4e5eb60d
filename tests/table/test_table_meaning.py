"""The same table means the same, whoever reads it, at training and later; what its reader lost is said."""

import io
import tempfile

import numpy as np
import pandas
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.errors import DataError, FileError, SettingError
from fastnorm.table import Table, columns, read, read_types
from fastnorm.table._columns import show_examples

TRUTHS = [True, False, True, True, False, False, True, False]
SPELLINGS = ["true/false", "TRUE/False", "bools", "objects"]


@pytest.fixture
def write(tmp_path):
    def write(content, name="data.csv"):
        path = tmp_path / name
        path.write_text(content)
        return path

    return write


def csv(write, **cells):
    """A frame read from a CSV file with these columns of cells."""
    rows = [",".join(cells), *(",".join(row) for row in zip(*cells.values(), strict=True))]
    return read(write("\n".join(rows) + "\n"), header=True)


@pytest.mark.parametrize("training", SPELLINGS)
@pytest.mark.parametrize("later", [*SPELLINGS, "1/0", "1.0/0.0", "words 1/0", "gap"])
def test_truths_mean_the_same_however_they_are_spelled(write, training, later):
    def frame(spelling):
        if spelling in ("true/false", "TRUE/False"):
            yes, no = spelling.split("/")
            return csv(write, flag=[yes if each else no for each in TRUTHS], n=[str(i) for i in range(8)])
        values = {
            "bools": TRUTHS, "objects": [str(each) for each in TRUTHS], "1/0": [int(each) for each in TRUTHS],
            "1.0/0.0": [float(each) for each in TRUTHS], "words 1/0": [str(int(each)) for each in TRUTHS],
            "gap": TRUTHS,
        }[spelling]  # fmt: skip
        return polars.DataFrame({"flag": values, "n": range(8)})

    table = Table.fit(frame(training))
    assert table.inputs[1].categories == ("False", "True")
    again = Table.from_dict(table.to_dict())
    np.testing.assert_array_equal(again.transform(frame(later))[:, 1:], [[not each, each] for each in TRUTHS])
    with pytest.raises(DataError, match="'flag': expected true or false as in the training rows, got 'maybe' in row 1"):
        table.transform(polars.DataFrame({"flag": ["true", "maybe"], "n": [0, 1]}))


def test_truths_where_numbers_were_learned_are_1_and_0():
    table = Table.fit(polars.DataFrame({"flag": [1, 0, 1, 0], "n": [1, 2, 3, 5]}))
    later = table.transform(polars.DataFrame({"flag": [True, False, None, True], "n": [1, 2, 3, 5]}))
    assert later[:, 0].tolist() == [1, -1, 0, 1]


def test_a_whole_number_that_a_gap_made_1_0_is_the_category_1():
    table = Table.fit(polars.DataFrame({"code": ["1", "2", "x", "1"], "n": [1, 2, 3, 4]}))
    for values in (["1", "2", None], ["1.0", "2.0", None], [1, 2, None], [1.0, 2.0, None]):
        frame = polars.DataFrame({"code": values, "n": [1, 2, 3]}, strict=False)
        np.testing.assert_array_equal(table.transform(frame)[:, 1:], [[1, 0, 0], [0, 1, 0], [0, 0, 0]])


def test_many_values_that_no_training_row_had_are_warned_of():
    table = Table.fit(polars.DataFrame({"job": ["a", "b"] * 20, "n": [1, 2, 4, 5] * 10}))
    with pytest.warns(UserWarning, match="'job': 9 of 10 values are none .* such as 'A'; .* 0% .* Known are a, b"):
        table.transform(polars.DataFrame({"job": ["A"] * 9 + ["b"], "n": range(10)}))
    table.transform(polars.DataFrame({"job": ["A"] * 4 + ["b"], "n": range(5)}))  # few say little
    table.transform(polars.DataFrame({"job": [" a", "b "] * 20, "n": range(40)}))  # blanks are none of the value


def test_codes_that_a_reader_made_numbers_of_are_an_error(write):
    training = csv(write, code=["007", "012", "007"], n=["1", "2", "4"])
    table = Table.fit(training)
    assert table.inputs[1].categories == ("007", "012")
    later = write("code,n\n007,1\n")
    np.testing.assert_array_equal(table.transform(pandas.read_csv(later, dtype=str))[:, 1:], [[1, 0]])
    words = r"column 'code': expected text, got numbers, which have lost leading zeros: .*'007'"
    with pytest.raises(DataError, match=words):
        table.transform(pandas.read_csv(later))


def test_a_value_that_a_reader_took_for_a_gap_is_an_error(write):
    training = csv(write, country=["NA", "DE", "NA", "DE"], n=["1", "2", "4", "5"])
    table = Table.fit(training, missing=[""])
    assert table.inputs[1].categories == ("DE", "NA")
    again = Table.from_dict(table.to_dict())
    np.testing.assert_array_equal(again.transform(training), table.transform(training))
    with pytest.raises(DataError, match=r"column 'country': 1 of 1 values are missing, where .* had the value 'NA'"):
        table.transform(pandas.DataFrame({"country": pandas.Series([None], dtype="category"), "n": [1]}))


def test_words_for_missing_values_hold_for_later_files_too(write):
    many = [str(place / 8) for place in range(1000)]  # so many that a reader takes the column for numbers
    training = csv(write, size=[*many, "none left"], n=[str(place % 3) for place in range(1001)])
    table = Table.fit(training, missing=["none left"])
    assert table.text_columns == {"size", "n"}
    later = read(write("size,n\n" + "\n".join(f"{value},1" for value in [*many, "NA"])), text=table.text_columns)
    with pytest.raises(DataError, match="column 'size': expected number values, got 'NA' in row 1000"):
        table.transform(later)


def test_dates_mean_the_same_as_text_and_as_dates(write):
    text = [f"{day:02}/{month:02}/2023" for month in range(1, 13) for day in (1, 15, 28)]
    dates = [f"{day[6:]}-{day[3:5]}-{day[:2]}" for day in text]
    n = [str(place % 5) for place in range(36)]
    table = Table.fit(csv(write, day=text, n=n))
    assert (table.inputs[0].style, table.inputs[0].cycles) == ("day", ("year", "week"))
    expected = table.transform(csv(write, day=text, n=n))
    for frame in (
        pandas.DataFrame({"day": text, "n": range(36)}).assign(n=[int(each) for each in n]),
        pandas.DataFrame({"day": pandas.to_datetime(dates), "n": [int(each) for each in n]}),
        polars.DataFrame({"day": dates, "n": n}).with_columns(polars.col("day").str.to_date()),
        polars.DataFrame({"day": [f"{date}T00:00:00Z" for date in dates], "n": n}).to_arrow(),
    ):
        np.testing.assert_array_equal(table.transform(frame), expected)
    one = table.transform(csv(write, day=["03/04/2023"], n=["1"]))  # which alone would not tell
    np.testing.assert_array_equal(one, table.transform(polars.DataFrame({"day": ["2023-04-03"], "n": [1]})))


def test_a_date_says_year_week_and_hour():
    moments = np.array(["2024-01-01T06:00", "2024-07-01T18:00", "2024-12-31T06:00", "2024-04-03T00:00"], "M8[ms]")
    table = Table.fit(polars.DataFrame({"when": np.tile(moments, 5)}))
    assert table.inputs[0].cycles == ("year", "week", "day")
    row = table.transform(polars.DataFrame({"when": moments}))
    assert row.shape == (4, 7)
    np.testing.assert_allclose(row[:, 5], [1, -1, 1, 0], atol=1e-6)  # 6 h is a quarter of the day
    np.testing.assert_allclose(row[0, 3:5], row[1, 3:5], atol=1e-6)  # both are Mondays
    np.testing.assert_allclose(row[[0, 2], 2], row[2, 2], atol=2e-2)  # the year's end meets its beginning
    assert Table.fit(polars.DataFrame({"when": moments[:1].repeat(3), "n": [1, 2, 4]})).dropped == {"when": "constant"}


def test_units_and_decimal_marks_are_kept(write):
    path = write("price;share\n1.234,50 €;12,5 %\n2,25;7\n")
    table = Table.fit(read(path))
    assert [column.style for column in table.inputs] == [",€", ",%"]
    expected = table.transform(read(path))
    for frame in (
        polars.DataFrame({"price": [1234.5, 2.25], "share": [12.5, 7]}),
        pandas.DataFrame({"price": ["1.234,50", "2,25 €"], "share": ["12,5%", "7"]}),
        read(write("price,share\n1234.50,12.5\n2.25,7.\n", "later.csv")),
    ):
        np.testing.assert_array_equal(table.transform(frame), expected)
    with pytest.raises(DataError, match=r"column 'price': expected number values, got '\$3' in row 1"):
        table.transform(pandas.DataFrame({"price": ["2", "$3"], "share": ["1", "2"]}))


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["01", "02", "01"], ["01", "02"]),
        (["1.", "2.", "1."], ["1.", "2."]),
        (["0.0", "1.0", "0.0"], [0.0, 1.0]),
        (["1", "2", "1"], [1, 2]),
        (["true", "False", "true"], ["False", "true"]),
        (["True", "False", "True"], ["False", "True"]),
    ],
)
def test_class_labels_come_back_as_written(write, cells, classes):
    table = Table.from_dict(Table.fit(csv(write, n=["1", "2", "4"], y=cells), "y", "classification").to_dict())
    assert table.classes == classes
    back = table.inverse_transform_target(table.transform_target(csv(write, y=cells, n=["1", "2", "4"])))
    assert [str(label) for label in back] == cells


def test_classes_of_another_spelling_are_found(write):
    table = Table.fit(csv(write, n=["1", "2", "4"], y=["true", "false", "true"]), "y")
    assert table.transform_target(polars.DataFrame({"y": [True, False]})).tolist() == [1, 0]
    table = Table.fit(csv(write, n=["1", "2", "4"], y=["0.0", "1.0", "0.0"]), "y", "classification")
    assert table.transform_target(polars.DataFrame({"y": ["0.0", "1"]})).tolist() == [0, 1]
    assert table.transform_target(polars.DataFrame({"y": [1, 0]})).tolist() == [1, 0]


# ---- columns that are left out, and what a user says


def test_row_numbers_keys_and_long_text_are_left_out():
    rows = 40
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "Unnamed: 0": rng.permutation(rows), "row": np.arange(7, 7 + rows),
            "customerID": rng.permutation(rows) * 17, "text": [f"{place} {'word ' * 20}" for place in range(rows)],
            "value": rng.permutation(rows) * 17, "kind": rng.integers(0, 3, rows),
        }
    )  # fmt: skip
    table = Table.fit(frame)
    assert table.columns == ("value", "kind")
    assert table.dropped == {
        "Unnamed: 0": "row numbers in another order", "row": "row numbers",
        "customerID": "a key: it differs in every row", "text": "long text",
    }  # fmt: skip
    assert Table.fit(pandas.concat([frame, frame])).dropped == {"text": "long text"}
    types = {"row": "auto", "customerID": "number", "value": "ignore"}
    table = Table.fit(frame, types=types)
    assert table.columns == ("row", "customerID", "kind")
    assert table.dropped["value"] == "ignored"
    alone = Table.fit(frame[["row"]])  # there is nothing else to learn from
    assert (alone.columns, alone.dropped) == (("row",), {})


def test_types(write):
    frame = csv(write, zip=["100", "200", "100"], day=["03/04/2024", "05/04/2024", "03/05/2024"], gap=["x", "1", "2"])
    table = Table.fit(
        frame,
        types={"zip": "category", "day": "date month first", "gap": {"kind": "number", "missing": ["x"]}},
    )
    assert table.inputs[2].categories == ("100", "200")
    assert [table.inputs[0].style, table.inputs[1].words] == ["month", ("x",)]
    again = Table.from_dict(table.to_dict())
    np.testing.assert_array_equal(again.transform(frame), table.transform(frame))
    np.testing.assert_array_equal(table.transform(frame)[:, table.numbers :], [[1, 0], [0, 1], [1, 0]])
    with pytest.raises(DataError, match="column 'gap': expected number values, got 'x' in row 0"):
        Table.fit(frame, types={"gap": "number"})
    with pytest.raises(DataError, match="column 'day': expected date values, got '03/04/2024' in row 0"):
        Table.fit(frame, types={"day": "date"})
    with pytest.raises(DataError, match="column 'dya': not in this frame; did you mean 'day'"):
        Table.fit(frame, types={"dya": "date"})
    for wrong in ("numbers", 1, {"kind": "number", "gaps": []}, {"missing": "x"}):
        with pytest.raises(SettingError, match="types: 'gap'"):
            Table.fit(frame, types={"gap": wrong})


def test_a_types_file(write):
    path = write('[columns]\nzip = "category"\n"a b" = { kind = "number", missing = ["-1"] }\n', "types.toml")
    assert read_types(path) == {"zip": "category", "a b": {"kind": "number", "missing": ["-1"]}}
    for text, words in [
        ("[columns", "expected a TOML file of types"), ("zip = 'x'", "expected a table .columns., got zip"),
        ("[columns]\nzip = 'zip'", "types: 'zip': expected one of"),
    ]:  # fmt: skip
        with pytest.raises(FileError, match=words):
            read_types(write(text, "types.toml"))


def test_a_split_reads_as_fit_and_transform_do(write):
    rng = np.random.default_rng(0)
    frame = polars.DataFrame(
        {
            "a": rng.normal(size=60), "b": rng.choice(["u", "v", "w"], 60), "g": np.arange(60) // 3,
            "y": rng.choice(["p", "q"], 60),
        }
    )  # fmt: skip
    table, x, y, rows = Table.fit_split(frame, "y", (0.5, 0.5), seed=1)
    assert table == Table.fit(frame, "y", rows=rows[0])
    np.testing.assert_array_equal(x, table.transform(frame))
    np.testing.assert_array_equal(y, table.transform_target(frame))
    parts = Table.fit_split(frame, "y", (0.5, 0.5), groups="g").rows
    assert not set(frame["g"][parts[0]]) & set(frame["g"][parts[1]])
    parts = Table.fit_split(frame, "y", (0.5, 0.5), time="a").rows
    assert frame["a"][parts[0]].max() < frame["a"][parts[1]].min()
    with pytest.raises(DataError, match="column 'b': expected times or numbers that tell the order, got labels"):
        Table.fit_split(frame, "y", time="b")


def test_cells_can_be_kept_out_of_messages():
    table = Table.fit(polars.DataFrame({"a": [1, 2, 5], "y": ["u", "v", "u"]}), "y")
    show_examples(False)
    try:
        for name, words in [("a", "got another value in row 0"), ("y", "2 values, got another value in row 0")]:
            frame = {name: ["secret"]}
            with pytest.raises(DataError, match=words) as raised:
                (table.transform if "a" in frame else table.transform_target)(polars.DataFrame(frame))
            assert "secret" not in str(raised.value)
    finally:
        show_examples(True)


def test_a_survey_says_how_each_column_is_read_and_used(write):
    rows = 40
    y = [str(place % 2) for place in range(rows)]
    frame = csv(
        write, id=[str(place) for place in range(rows)], price=[f"${place % 7}.50" for place in range(rows)],
        gap=["NULL" if place % 4 == 0 else str(place % 9) for place in range(rows)], same=["x"] * rows,
        twin=[f"${place % 7}.50" for place in range(rows)], answer=["yes" if each == "1" else "no" for each in y],
        day=["03/04/2024"] * rows, y=y,
    )  # fmt: skip
    survey = columns(frame, "y")
    found = {column.name: column for column in survey.columns}
    assert {name: column.use for name, column in found.items()} == {
        "id": "left out", "price": "input", "gap": "input", "same": "left out", "twin": "input", "answer": "input",
        "day": "left out", "y": "target",
    }  # fmt: skip
    assert found["id"].why == "row numbers"
    assert found["price"].notes == ("written with .$",)
    assert found["twin"].notes == ("written with .$", "the same as 'price'")
    assert found["gap"].notes == ("missing: 10 'NULL'",)
    assert found["gap"].missing == 0.25
    assert found["answer"].notes == ("possible leak: alone it tells 95% of 'y'",)
    assert found["day"].notes[0].startswith("dates? the values do not tell day from month")
    assert found["y"].why == "classification: it has two different values"
    assert (survey.rows, survey.doubled) == (40, 0)


# ---- whoever reads it

CELLS = {
    "number": st.sampled_from(["1", "-2.5", "1e3", "0.125", "7."]),
    "written": st.sampled_from(["$1,234.50", "$7", "12"]),
    "date": st.sampled_from(["2024-03-01", "2023-12-31", "2024-02-29"]),
    "word": st.sampled_from(["red", "blue", "a b", "ü"]),
    "code": st.sampled_from(["007", "012", "100"]),
    "truth": st.sampled_from(["true", "false", "TRUE"]),
}
GAPS = ["", "NA", "?", "NULL", "nan", "n/a"]


@given(data=st.data(), kinds=st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5), rows=st.integers(4, 25))
def test_whoever_reads_a_table_gives_the_same_features(data, kinds, rows):
    gap = data.draw(st.sampled_from(GAPS))
    names = [f"{kind} {place}" for place, kind in enumerate(kinds)]
    cells = {}
    for name, kind in zip(names, kinds, strict=True):
        drawn = data.draw(st.lists(CELLS[kind] | st.just(gap), min_size=rows, max_size=rows))
        cells[name] = [cell + " " * data.draw(st.integers(0, 1)) for cell in drawn[:1]] + drawn[1:]
    cells["n"] = [str(place % 3) for place in range(rows)]
    order = data.draw(st.permutations(list(cells)))
    separator = data.draw(st.sampled_from([",", ";", "\t", "|"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-16"]))
    text = io.StringIO()
    frame = pandas.DataFrame(cells)
    frame[order].to_csv(text, sep=separator, index=False, quoting=data.draw(st.sampled_from([0, 1])))
    table = Table.fit(frame)
    expected = table.transform(frame)
    native = polars.DataFrame(cells)
    nulls = native.with_columns(polars.all().str.strip_chars()).with_columns(
        polars.when(polars.all() == gap).then(None).otherwise(polars.all()).name.keep()
    )
    for other in (_from_text(text.getvalue(), encoding), native, native.to_arrow(), nulls, _through_parquet(nulls)):
        np.testing.assert_array_equal(table.transform(other), expected)
        again = Table.fit(other)
        assert set(again.columns) == set(table.columns)
        kept = {column.name: column for column in again.inputs}
        assert all(kept[column.name] == column for column in table.inputs)


def _from_text(text, encoding):
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(text.encode(encoding))
        file.flush()
        return read(file.name, header=True)


def _through_parquet(frame):
    file = io.BytesIO()
    frame.write_parquet(file)
    file.seek(0)
    return polars.read_parquet(file)
