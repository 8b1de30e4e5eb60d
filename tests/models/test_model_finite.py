"""Prediction: what is not finite is refused at the door, what is finite gives finite results or an error in words."""

import numpy as np
import polars
import pytest
from helpers.fitted import CLASSIFIER, REGRESSOR, X

import fastnorm as fn
from fastnorm.errors import DataError

FAR = 3e38  # near the largest float32
CALLS = {
    "logits": lambda model, x: model.logits(x),
    "predict": lambda model, x: model.predict(x),
    "predict_proba": lambda model, x: model.predict_proba(x),
    "evaluate": lambda model, x: model.evaluate(x, np.zeros(len(x), np.int64)),
    "recalibrate": lambda model, x: model.recalibrate(x),
}


def deep(outputs=3, dtype="float32"):
    """A batch-normalized model of three hidden layers, not trained yet."""
    hidden = [part for _ in range(3) for part in (fn.Dense(16), fn.BatchNorm(), fn.ReLU())]
    return fn.Sequential([*hidden, fn.Dense(outputs)], dtype)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e39])
@pytest.mark.parametrize("kind", [np.array, np.ndarray.tolist, np.asfortranarray], ids=["array", "list", "fortran"])
@pytest.mark.parametrize("call", CALLS)
def test_rows_that_are_not_finite_are_refused_as_in_training(call, kind, wrong):
    x = X.copy()
    x[150, 1] = wrong
    came = str(wrong) if wrong != 1e39 else "inf"  # too large for float32
    words = rf"x: expected finite numbers, got {came} at \(150, 1\); fill or drop such rows first"
    before = CLASSIFIER.to_bytes()
    with pytest.raises(DataError, match=words):
        CALLS[call](CLASSIFIER, kind(x))
    with pytest.raises(DataError, match=words):
        fn.Sequential([fn.Dense(3)]).fit(kind(x), np.zeros(len(x)))
    assert CLASSIFIER.to_bytes() == before


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_is_refused(variant, dtype, wrong):
    model = deep(dtype=dtype)
    model.initialize(26)
    model.loss = fn.SoftmaxCrossEntropy()
    row = np.ones(26)
    expected, out = model.predict_proba_one(row), np.full(3, 7, dtype)
    for place in (0, 15, 16, 25):
        row[place] = wrong
        for given in (row, row.astype(dtype), row.tolist(), np.repeat(row, 2)[::2]):
            with pytest.raises(DataError, match=rf"row: expected finite numbers, got {wrong} at \({place},\)"):
                model.predict_proba_one(given, out=out)
            with pytest.raises(DataError, match=rf"row: expected finite numbers, got {wrong} at \({place},\)"):
                model.predict_one(given)
        row[place] = 1
    np.testing.assert_array_equal(out, 7)
    np.testing.assert_array_equal(model.predict_proba_one(row, out=out), expected)


def test_refused_rows_leave_out_as_it_was():
    x = np.resize(X, (600, X.shape[1]))
    out = np.full((600, 3), 7, np.float32)
    x[500, 2] = np.nan
    for call in (CLASSIFIER.logits, CLASSIFIER.predict_proba):
        with pytest.raises(DataError, match=r"x: expected finite numbers, got nan at \(500, 2\)"):
            call(x, out=out)
    np.testing.assert_array_equal(out, 7)


def test_where_a_row_is_not_finite_is_told():
    for wrong, came in ((np.nan, "nan"), (1e39, "inf")):
        row = np.append(X[0, :4], wrong)
        for given in (row, row.tolist()):
            with pytest.raises(DataError, match=rf"row: expected finite numbers, got {came} at \(4,\); fill or drop"):
                CLASSIFIER.predict_one(given)


def test_one_of_several_inputs():
    model = fn.Model(lambda a, b: fn.Dense(2)(a) + fn.Dense(2)(b), inputs=(1, 2))
    model.initialize(3)
    parts = np.ones((4, 1)), np.ones((4, 2))
    parts[1][3, 0] = np.nan
    with pytest.raises(DataError, match=r"x: expected finite numbers, got nan at \(3, 1\)"):
        model.logits(parts)
    with pytest.raises(DataError, match=r"row: expected finite numbers, got nan at \(1,\)"):
        model.predict_one(tuple(part[3] for part in parts))


@pytest.mark.parametrize("row", [0, 255, 256, 299])  # at the ends of blocks
def test_a_row_too_far_for_a_finite_result_is_named(row):
    x = np.resize(X, (300, X.shape[1])).astype(np.float32)
    x[row] = FAR
    words = f"x: the result of row {row} is not finite: its values are too far from the training rows'"
    for call in (CLASSIFIER.logits, CLASSIFIER.predict, CLASSIFIER.predict_proba, REGRESSOR.predict):
        with pytest.raises(DataError, match=words):
            call(x)
    for model in (CLASSIFIER, REGRESSOR):
        with pytest.raises(DataError, match="row: the result is not finite: its values are too far from the training"):
            model.predict_one(x[row])
        np.testing.assert_array_equal(model.predict_one(x[(row + 1) % 300]), model.predict(x[[(row + 1) % 300]])[0])


def test_a_model_that_diverged_is_named():
    model = deep()
    model.initialize(4)
    arrays = dict(model.arrays)
    arrays["dense_3.weight"] = np.full_like(arrays["dense_3.weight"], np.nan)
    model.set_arrays(arrays)
    words = "model: expected finite weights, got nan or infinity: it diverged"
    for call in (model.logits, model.predict):
        with pytest.raises(DataError, match=words):
            call(np.ones((2, 4)))
    with pytest.raises(DataError, match=words):
        model.predict_one(np.ones(4))
    with pytest.raises(DataError, match="x: expected finite numbers"):  # first things first
        model.logits(np.full((2, 4), np.nan))


def test_codes_of_categories_are_looked_at_one_row_at_a_time():
    model = fn.Sequential([fn.Embedding(5, 2), fn.Dense(3)])
    model.initialize(2)
    model.loss = fn.SoftmaxCrossEntropy()
    out = np.empty(3, np.float32)
    assert model.predict_proba_one([0, 4], out=out) is out
    np.testing.assert_array_equal(out, model.predict_proba([[0, 4]])[0])
    for wrong, came in ((5, "5.0"), (np.nan, "nan")):
        with pytest.raises(DataError, match=f"row: expected codes from 0 to 4 in column 1, got {came} in row 0"):
            model.predict_one([0, wrong])


# ---- tables


ROWS = np.random.default_rng(0).normal(size=(200, 3))
KINDS = {"class": np.where(ROWS[:, 0] > 0, "yes", "no"), "value": ROWS[:, 0] - ROWS[:, 1]}


@pytest.mark.parametrize("target", KINDS)
def test_a_value_far_beyond_the_training_rows_gives_a_finite_result(target):
    frame = polars.DataFrame({"a": ROWS[:, 0], "b": ROWS[:, 1], "c": ROWS[:, 2], "y": KINDS[target]})
    model = deep(2 if target == "class" else 1)
    model.fit(frame, target="y", epochs=3)
    far = [1.0, FAR, -FAR, 1e300, -1.7e308]
    rows = polars.DataFrame({"a": far, "b": far[::-1], "c": [0.5] * 5})
    assert np.isfinite(model.logits(rows)).all()
    if target == "class":
        shares = model.predict_proba(rows)
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_array_equal(model.predict(rows), np.array(["no", "yes"])[shares.argmax(axis=1)])
    else:
        assert np.isfinite(model.predict(rows)).all()
    assert model.predict_one(rows[1:2]) == model.predict(rows)[1]
