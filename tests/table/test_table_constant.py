"""Columns that are constant within rounding of their own numbers, and those that are not."""

import datetime

import numpy as np
import pandas
import polars
import pytest

from fastnorm.errors import DataError
from fastnorm.table import Table

NEXT = np.nextafter(np.float32(0.3), np.float32(1))
SINGLE = np.array([0.3, NEXT, 0.3], np.float32)  # one last bit
NOON = datetime.datetime(2020, 1, 1, 12)


@pytest.mark.parametrize("make", [polars.DataFrame, pandas.DataFrame])
@pytest.mark.parametrize(
    "near",
    [
        [0.3, 0.1 + 0.2, 0.3],
        [-0.3, -0.1 - 0.2, -0.3],
        [1e300, np.nextafter(1e300, 0), 1e300],
        SINGLE,
        [NOON, NOON, NOON + datetime.timedelta(microseconds=1)],
    ],
    ids=["float64", "negative", "large", "float32", "dates"],
)
def test_a_column_whose_values_differ_by_rounding_alone_is_dropped(make, near):
    table = Table.fit(make({"near": near, "a": [1, 2, 3]}))
    assert (table.columns, table.dropped) == (("a",), {"near": "constant within rounding"})
    assert "left out: near (constant within rounding)" in table.describe()
    later = table.transform(make({"near": [0.301] * 3, "a": [1, 2, 3]}))
    np.testing.assert_array_equal(later, table.transform(make({"a": [1, 2, 3]})))


def test_such_a_column_keeps_the_flag_of_missing_values_alone():
    table = Table.fit(polars.DataFrame({"near": [0.3, None, 0.1 + 0.2]}))
    np.testing.assert_array_equal(table.transform(polars.DataFrame({"near": [0.301, None]})), [[0], [1]])


def test_a_numpy_matrix_is_judged_by_its_own_dtype():
    matrix = np.stack([SINGLE.astype(np.float64), [1.0, 2.0, 3.0]], axis=1)
    assert Table.fit(matrix.astype(np.float32)).dropped == {"x0": "constant within rounding"}
    assert Table.fit(matrix).columns == ("x0", "x1")  # in float64 they are far from each other
    half = np.stack([np.array([1, 1 + 2**-10, 1]), [1, 2, 3]], axis=1).astype(np.float16)
    assert Table.fit(half).columns == ("x1",)


@pytest.mark.parametrize(
    ("near", "constant"),
    [
        ([1.0, 1 + 2**-50, 1.0], True),  # four last bits
        ([1.0, 1 + 2**-49, 1.0], False),  # eight
        ([2**52, 2**52 + 1, 2**52], False),  # integers are exact
        ([0.0, 1e-150, 0.0], False),
        ([1e-9, -1e-9, 0.0], False),
    ],
)
def test_how_far_rounding_goes(near, constant):
    assert ("near" in Table.fit(polars.DataFrame({"near": near, "a": [1, 2, 3]})).dropped) == constant


@pytest.mark.parametrize(
    "near", [[0.3, 0.1 + 0.2, 0.3], SINGLE, ["0.3", "0.30000000000000004", "0.3"]], ids=["float64", "float32", "text"]
)
def test_a_target_whose_values_differ_by_rounding_alone_has_one_value(near):
    words = r"column 'y': only one value, 0\.3, within rounding; expected numbers that differ"
    with pytest.raises(DataError, match=words):
        Table.fit(polars.DataFrame({"a": [1, 2, 3], "y": near}), "y", "regression")
