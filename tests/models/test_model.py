"""A model: what it learns and predicts, how it is judged, its arrays, and what it says in words."""

import threading

import numpy as np
import pytest
from helpers.fitted import CLASSES, CLASSIFIER, REGRESSOR, VALUES, X, fitted
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import fastnorm as fn
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError, TraceError
from fastnorm.models.model import Model


def test_a_classifier_learns_and_predicts_class_numbers():
    predicted = CLASSIFIER.predict(X)
    assert predicted.shape == (200,)
    assert predicted.dtype == np.int64
    assert (predicted == CLASSES).mean() > 0.9
    assert isinstance(CLASSIFIER.loss, fn.SoftmaxCrossEntropy)


def test_probabilities_are_the_softmax_of_the_outputs():
    probabilities, logits = CLASSIFIER.predict_proba(X), CLASSIFIER.logits(X)
    assert probabilities.shape == logits.shape == (200, 3)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    np.testing.assert_array_equal(probabilities.argmax(1), CLASSIFIER.predict(X))
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    np.testing.assert_allclose(probabilities, exponentials / exponentials.sum(1, keepdims=True), rtol=1e-5)


def test_a_regressor_learns_and_predicts_values():
    predicted = REGRESSOR.predict(X)
    assert predicted.shape == (200, 2)
    assert isinstance(REGRESSOR.loss, fn.MeanSquaredError)
    assert np.abs(predicted - VALUES).mean() < 0.5 * np.abs(VALUES).mean()
    with pytest.raises(SettingError, match="predict_proba: this model predicts values, not classes; use predict"):
        REGRESSOR.predict_proba(X)


@pytest.mark.parametrize("y", [VALUES[:, 0], VALUES[:, :1]], ids=["vector", "column"])
def test_one_value_a_row_is_a_vector(y):
    assert fitted(1, y, epochs=1).predict(X).shape == (200,)


@pytest.mark.parametrize("kind", [np.int32, np.uint8, np.int64, bool])
def test_integers_are_classes(kind):
    model = fn.Sequential([fn.Dense(2)])
    model.fit(X, (CLASSES > 0).astype(kind), epochs=1)
    assert isinstance(model.loss, fn.SoftmaxCrossEntropy)
    assert set(model.predict(X)) <= {0, 1}


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, list])
def test_floats_are_values(kind):
    y = VALUES.tolist() if kind is list else VALUES.astype(kind)
    assert isinstance(fitted(2, y, epochs=1).loss, fn.MeanSquaredError)


def test_shares_are_classes_where_the_loss_says_so():
    shares = np.eye(3)[CLASSES] * 0.75 + np.array([0.125, 0.125, 0])
    model = fitted(3, shares / shares.sum(1, keepdims=True), loss=fn.SoftmaxCrossEntropy())
    assert (model.predict(X) == CLASSES).mean() > 0.8


@pytest.mark.parametrize("model", [CLASSIFIER, REGRESSOR], ids=["classes", "values"])
def test_one_row_alone_gives_the_bits_it_gives_among_others(model):
    together = model.predict_proba(X) if model is CLASSIFIER else model.predict(X)
    alone = model.predict_proba_one if model is CLASSIFIER else model.predict_one
    for row in (0, 7, 199):
        one = alone(X[row])
        assert one.shape == together[row].shape
        np.testing.assert_array_equal(one, together[row])
        np.testing.assert_array_equal(alone(X[row].tolist()), one)
        np.testing.assert_array_equal(model.predict_one(X[row]), model.predict(X)[row])
        np.testing.assert_array_equal(model.predict(X[row : row + 1])[0], model.predict(X)[row])
    np.testing.assert_array_equal(model.predict(X, threads=3), model.predict(X))


def test_evaluate_gives_the_mean_loss_and_metric():
    judged = CLASSIFIER.evaluate(X, CLASSES)
    probabilities = CLASSIFIER.predict_proba(X).astype(float)
    assert list(judged) == ["loss", "accuracy", "balanced_accuracy"]
    assert judged["accuracy"] == (CLASSIFIER.predict(X) == CLASSES).mean()
    assert judged["loss"] == pytest.approx(-np.log(probabilities[np.arange(200), CLASSES]).mean(), rel=1e-5)
    judged, errors = REGRESSOR.evaluate(X, VALUES), REGRESSOR.predict(X) - VALUES
    squared = (errors**2).mean()
    expected = {"loss": squared, "root_mean_squared_error": squared**0.5, "mean_absolute_error": np.abs(errors).mean()}
    explained = np.mean(1 - (errors**2).mean(axis=0) / VALUES.var(axis=0))
    assert judged == pytest.approx({**expected, "r_squared": explained}, rel=1e-5)


def test_softmax_regression_is_as_good_as_sklearns_on_digits():
    x, y = load_digits(return_X_y=True)
    x = x / 16
    training, test = np.arange(len(x)) % 4 != 0, np.arange(len(x)) % 4 == 0
    model = fn.Sequential([fn.Dense(10)])
    model.fit(x[training], y[training], epochs=60, batch_size=64, optimizer=fn.Adam(0.01), schedule="cosine")
    theirs = LogisticRegression(max_iter=1000).fit(x[training], y[training]).score(x[test], y[test])
    assert model.evaluate(x[test], y[test])["accuracy"] >= theirs - 0.01
    assert theirs > 0.9


# ---- what it refuses


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: fn.Sequential([]), SettingError, "Sequential: expected at least one layer, got none"),
        (lambda: fn.Sequential([fn.Dense(3), fn.ReLU]), SettingError, "expected layers such as fn.Dense"),
        (lambda: fn.Sequential([64, "relu"]), SettingError, "expected layers such as .* got 64"),
        (lambda: fn.Sequential([fn.Dense(3)], dtype="float16"), SettingError, "dtype: expected one of"),
        (lambda: fn.Sequential([fn.ReLU()]).initialize(3), TraceError, "expected a forward pass with something to"),
        (lambda: fn.Sequential([fn.Dense(3)]).initialize(0), SettingError, "features: expected a whole number"),
        (lambda: fn.Sequential([fn.Dense(3)]).predict(X), SettingError, "has not seen data yet: call fit, or init"),
        (lambda: fn.Sequential([fn.Dense(3)]).to_bytes(), SettingError, "has not seen data yet"),
        (lambda: fn.Sequential([fn.Dense(3)]).evaluate(X, CLASSES), SettingError, "evaluate: this model has not"),
        (lambda: Model().fit(X, CLASSES), SettingError, "this model has no forward pass: give it a function"),
        (lambda: CLASSIFIER.predict(X[:, :4]), ShapeError, r"x: expected shape \(n, 5\), got \(200, 4\)"),
        (lambda: CLASSIFIER.predict_one(X), ShapeError, r"row: expected shape \(5,\), got \(200, 5\)"),
        (lambda: CLASSIFIER.predict_one(X[0, :4]), ShapeError, r"row: expected shape \(5,\), got \(4,\)"),
        (lambda: CLASSIFIER.predict("letters"), DtypeError, "x: expected real numbers"),
        (lambda: CLASSIFIER.evaluate(X), SettingError, "y: expected targets, got none"),
        (lambda: CLASSIFIER.evaluate(X, CLASSES[:5]), ShapeError, "target: expected 200 rows, got 5"),
        (lambda: CLASSIFIER.fit(X[:, :4], CLASSES), ShapeError, r"x: expected shape \(n, 5\), got \(200, 4\)"),
        (lambda: CLASSIFIER.fit(X, CLASSES[:5], validation=0.2), DataError, "y: expected 200 rows as in x, got 5"),
        (lambda: CLASSIFIER.fit(X, CLASSES + 1), DataError, "y.: expected a class of the .*, 0, 1, 2, got .3. in row"),
        (lambda: CLASSIFIER.fit(X, CLASSES, epochs=-1), SettingError, "epochs: expected a whole number"),
    ],
)  # fmt: skip
def test_errors_say_what_was_expected(make, error, words):
    before = CLASSIFIER.to_bytes()
    with pytest.raises(error, match=words):
        make()
    assert CLASSIFIER.to_bytes() == before


# ---- arrays


def test_arrays_are_replaced_whole_and_only_by_such_as_fit():
    model = fitted(epochs=1)
    arrays = {name: array * 2 for name, array in model.arrays.items()}
    before = model.logits(X)
    model.set_arrays(arrays)
    assert not np.array_equal(model.logits(X), before)
    for change, error, words in [
        (
            {"dense_0.weight": np.zeros((5, 3), np.float32)},
            ShapeError,
            r"dense_0.weight: expected shape \(5, 16\), got",
        ),
        ({"dense_0.weight": np.zeros((5, 16))}, DtypeError, "dense_0.weight: expected float32, got float64"),
        ({"batchnorm_1.running_mean": np.zeros(16, np.float32)}, DtypeError, "expected float64, got float32"),
        ({"more": np.zeros(3)}, ShapeError, "arrays: expected dense_0.weight, .*, got .*, more"),
    ]:
        with pytest.raises(error, match=words):
            model.set_arrays(arrays | change)
        assert model.arrays is arrays


def test_predictions_made_while_weights_change_are_of_one_or_the_other():
    """A predictor of old weights, finished late, does not outlive them."""
    model = fitted(epochs=1)
    sets = [model.arrays, {name: array * 2 for name, array in model.arrays.items()}]
    known = []
    for arrays in sets:
        model.set_arrays(arrays)
        known.append(model.logits(X).tobytes())
    done = threading.Event()

    def change():
        for number in range(300):
            model.set_arrays(dict(sets[number % 2]))
        done.set()

    thread = threading.Thread(target=change)
    thread.start()
    while not done.is_set():
        assert model.logits(X).tobytes() in known
    thread.join()
    model.set_arrays(dict(sets[0]))
    assert model.logits(X).tobytes() == known[0]


def test_inputs_are_told_apart_in_whatever_order_they_are_used():
    model = fn.Model(lambda a, b: fn.Dense(3)(b) + fn.Dense(3)(a), inputs=(2, 2), dtype="float64")
    a, b = np.random.default_rng(0).normal(size=(2, 30, 2))
    model.fit((a, b), np.arange(30) % 3, epochs=1)
    arrays = model.arrays
    expected = sum(
        x @ arrays[f"{layer}.weight"] + arrays[f"{layer}.bias"] for x, layer in ((b, "dense_0"), (a, "dense_1"))
    )
    np.testing.assert_allclose(model.logits((a, b)), expected, rtol=1e-12, atol=1e-12)
