"""Table.encode: one number for each column that measures, one code for each category, and no way to mix them up."""

import numpy as np
import polars
import pytest

import fastnorm as fn
from fastnorm.errors import SettingError
from fastnorm.table import Table

FRAME = polars.DataFrame(
    {
        "size": [1.0, None, 3.0, 5.0] * 10,
        "job": ["clerk", "smith", None, "clerk"] * 10,
        "day": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"] * 10,
        "town": ["a", "b", "c", "b"] * 10,
        "y": ["no", "yes", "yes", "no"] * 10,
    }
)


def encoded():
    table = Table.fit(FRAME, "y")
    return table.encode(FRAME), table.transform_target(FRAME)


def test_numbers_and_codes():
    x, _ = encoded()
    assert len(x) == 40
    assert (x.numbers.dtype, x.codes.dtype) == (np.float32, np.int32)
    assert x.numbers[:4, 1].tolist() == [0, 1, 0, 0]  # the flag where a size is missing
    assert x.numbers[1, 0] == 0
    assert x.codes[:4].tolist() == [[0, 0], [1, 1], [2, 2], [0, 1]]  # what is missing has the last code
    assert x.counts == {"job": 3, "town": 4}
    assert x.places == {3: "job", 4: "town"}
    np.testing.assert_array_equal(np.asarray(x), np.concatenate([x.numbers, x.codes], 1))
    later = Table.fit(FRAME, "y").encode(FRAME.with_columns(town=polars.lit("unseen"))[:2])
    assert later.codes[:, 1].tolist() == [3, 3]


def embedded(first=3):
    jobs, towns = fn.SelectColumns(first, 4), fn.SelectColumns(4, 5)
    branches = [
        fn.SelectColumns(0, 3),
        [jobs, fn.Embedding(3, 2)],
        [towns, fn.Embedding(4, 2)],
    ]
    return fn.Sequential([fn.Concatenate(*branches), fn.Dense(2)])


def test_codes_go_through_embeddings_alone():
    x, y = encoded()
    model = embedded()
    model.fit(x, y, epochs=2)
    assert model.predict(x).shape == (40,)
    embedded().fit(x, y, validation=0.25, epochs=1)
    fn.tune.caviar(lambda _: embedded(), {"learning_rate": [0.01]}, x, y, trials=1, epochs=1, validation=0.25)


@pytest.mark.parametrize("validation", [None, 0.25])
def test_a_code_that_would_be_taken_for_a_number_is_an_error(validation):
    x, y = encoded()
    with pytest.raises(SettingError, match="x: column 'job' holds codes of categories, which dense would take for num"):
        fn.Sequential([fn.Dense(2)]).fit(x, y, validation=validation)
    select = fn.Sequential([fn.SelectColumns(0, 4), fn.Dense(2)])
    with pytest.raises(SettingError, match="column 'job' holds codes of categories, which dense"):
        select.fit(x, y, validation=validation)
    fn.Sequential([fn.SelectColumns(0, 3), fn.Dense(2)]).fit(x, y, validation=validation, epochs=1)
