"""To look inside: every intermediate result of a prediction, and the program that predicts."""

import numpy as np
import pytest

import fastnorm as fn
from fastnorm import reference


def network(dtype):
    chain = [fn.Dense(6), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.3), fn.LayerNorm(), fn.Dense(3)]
    return fn.Sequential(chain, dtype=dtype)


@pytest.mark.parametrize("n", [1, 256, 600])
def test_values_are_those_of_the_tape_and_end_in_the_prediction(variant, dtype, rng, n):
    x, y = rng.standard_normal((max(n, 50), 4)).astype(dtype), rng.integers(0, 3, max(n, 50))
    model = network(dtype)
    model.fit(x, y, epochs=1)
    x = x[:n]
    values = model.values(x)
    assert list(values) == ["dense_0", "layernorm_1", "dense_2", "softmax_3"]
    np.testing.assert_array_equal(values["softmax_3"], model.predict_proba(x))
    np.testing.assert_array_equal(values["dense_2"], model.logits(x))
    expected = reference.run(model.tape, model.arrays, x.astype(np.float64))
    # Folded batch norm rounds each weight once more, and layer norm divides that by a deviation that may be small.
    tolerance = 1e-4 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose(values["layernorm_1"], expected["layernorm_4"], tolerance, tolerance)


def test_values_show_where_nan_begins(rng):
    x, y = rng.standard_normal((50, 4)), rng.integers(0, 3, 50)
    model = network("float32")
    model.fit(x, y, epochs=1)
    x[7, 0] = np.nan
    hidden = model.values(x)["dense_0"]
    assert np.flatnonzero(np.isnan(hidden).any(axis=1)).tolist() == [7]
    with pytest.raises(fn.errors.DataError, match="finite"):
        model.predict(x)


def test_the_program_that_predicts_is_printed(rng):
    x, y = rng.standard_normal((50, 4)), rng.integers(0, 3, 50)
    model = network("float32")
    model.fit(x, y, epochs=1)
    words = str(model.program)
    assert [line.split()[0] for line in words.splitlines()[1:-1]] == list(model.values(x))
    assert "dense_0 + bias + relu" in words  # batch norm is folded in
    assert "63 parameters" in words  # (4 + 1) * 6, gamma and beta of layer norm, (6 + 1) * 3
    with pytest.raises(fn.errors.SettingError, match="has not seen data yet"):
        _ = network("float32").program


def test_values_of_a_model_that_predicts_values_end_in_its_outputs(rng):
    x = rng.standard_normal((50, 4))
    model = fn.Sequential(fn.Dense(5), fn.Tanh(), fn.Dense(1))
    model.fit(x, x[:, 0], epochs=1)
    np.testing.assert_array_equal(list(model.values(x).values())[-1], model.logits(x))
