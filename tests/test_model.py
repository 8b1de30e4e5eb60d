"""A model: fitting, predicting, judging; frames and tables; the best epoch; what it says in words."""

import threading
import time

import numpy as np
import pandas
import polars
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import fastnorm as fn
from fastnorm import ops
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError, TraceError
from fastnorm.layers import Parameter
from fastnorm.model import Model

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 5))
CLASSES = (X @ RNG.normal(size=(5, 3))).argmax(1)
VALUES = X @ RNG.normal(size=(5, 2))


def network(outputs=3, dtype="float32"):
    return fn.Sequential([fn.Dense(16), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.1), fn.Dense(outputs)], dtype)


def fitted(outputs=3, y=CLASSES, **options):
    model = network(outputs)
    model.fit(X, y, **{"epochs": 15, "batch_size": 16, "optimizer": fn.Adam(0.01)} | options)
    return model


CLASSIFIER = fitted()
REGRESSOR = fitted(2, VALUES)


# ---- fit and predict


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
    for row in (0, 7, 199):
        one = model.predict_one(X[row])
        assert one.shape == together[row].shape
        np.testing.assert_array_equal(one, together[row])
        np.testing.assert_array_equal(model.predict_one(X[row].tolist()), one)
        np.testing.assert_array_equal(model.predict(X[row : row + 1])[0], model.predict(X)[row])
    np.testing.assert_array_equal(model.predict(X, threads=3), model.predict(X))


def test_evaluate_gives_the_mean_loss_and_metric():
    judged = CLASSIFIER.evaluate(X, CLASSES)
    probabilities = CLASSIFIER.predict_proba(X).astype(float)
    assert list(judged) == ["loss", "accuracy"]
    assert judged["accuracy"] == (CLASSIFIER.predict(X) == CLASSES).mean()
    assert judged["loss"] == pytest.approx(-np.log(probabilities[np.arange(200), CLASSES]).mean(), rel=1e-5)
    judged, errors = REGRESSOR.evaluate(X, VALUES), REGRESSOR.predict(X) - VALUES
    assert judged == pytest.approx({"loss": (errors**2).mean(), "mean_absolute_error": np.abs(errors).mean()}, rel=1e-5)


def test_softmax_regression_is_as_good_as_sklearns_on_digits():
    x, y = load_digits(return_X_y=True)
    x = x / 16
    training, test = np.arange(len(x)) % 4 != 0, np.arange(len(x)) % 4 == 0
    model = fn.Sequential([fn.Dense(10)])
    model.fit(x[training], y[training], epochs=60, batch_size=64, optimizer=fn.Adam(0.01), schedule=fn.Cosine())
    theirs = LogisticRegression(max_iter=1000).fit(x[training], y[training]).score(x[test], y[test])
    assert model.evaluate(x[test], y[test])["accuracy"] >= theirs - 0.01
    assert theirs > 0.9


# ---- epochs: the best one, patience, validation, going on


def test_fit_returns_every_epoch_and_keeps_the_best():
    rng = np.random.default_rng(3)
    validation = rng.normal(size=(30, 5)), rng.integers(0, 3, 30)  # of noise, so the best epoch is an early one
    model = network()
    history = model.fit(X, CLASSES, validation=validation, epochs=12, batch_size=16)
    assert [epoch.number for epoch in history] == list(range(1, 13))
    best = min(history, key=lambda epoch: (-epoch.validation_metric, epoch.validation_loss))
    judged = model.evaluate(*validation)
    assert (judged["accuracy"], judged["loss"]) == (best.validation_metric, best.validation_loss)
    assert best.number < 12


def test_without_validation_the_last_epoch_is_kept():
    model = network()
    history = model.fit(X, CLASSES, epochs=3, batch_size=16, seed=4)
    run = fn.Run(network(), X, CLASSES, batch_size=16, seed=4)
    run.advance(3)
    assert [epoch.loss for epoch in history] == [epoch.loss for epoch in run.history]
    np.testing.assert_array_equal(model.logits(X), run.model.logits(X))


def test_patience_ends_training_so_many_epochs_after_the_best():
    rng = np.random.default_rng(3)
    validation = rng.normal(size=(30, 5)), rng.integers(0, 3, 30)
    model = network()
    history = model.fit(X, CLASSES, validation=validation, epochs=200, batch_size=16, patience=4)
    best = min(history, key=lambda epoch: (-epoch.validation_metric, epoch.validation_loss))
    assert len(history) == best.number + 4 < 200
    assert model.evaluate(*validation)["loss"] == best.validation_loss
    with pytest.raises(SettingError, match="patience: expected validation data to judge the epochs by, got none"):
        network().fit(X, CLASSES, patience=2)


def test_regression_keeps_the_epoch_of_the_smallest_error():
    validation = X[:20], RNG.normal(size=(20, 2))
    model = network(2)
    history = model.fit(X[20:], VALUES[20:], validation=validation, epochs=8)
    best = min(history, key=lambda epoch: epoch.validation_metric)
    assert model.evaluate(*validation)["mean_absolute_error"] == best.validation_metric


@pytest.mark.parametrize("share", [0.25, np.float32(0.25)])
def test_a_share_of_the_rows_is_set_aside_class_by_class(monkeypatch, share):
    seen = []
    run_class = fn.model.Run

    def spy(model, x, y, **options):
        seen.append((x, y, options["validation"], options["sample_weight"]))
        return run_class(model, x, y, **options)

    monkeypatch.setattr(fn.model, "Run", spy)
    y = np.repeat([0, 1, 2], [100, 60, 40])
    for seed in (1, 1, 2):
        network().fit(X, y, validation=share, sample_weight=X[:, 0] ** 2, epochs=1, seed=seed)
    (x, y_training, (x_aside, y_aside), weight), again, other = seen
    assert np.bincount(y_aside).tolist() == [25, 15, 10]
    np.testing.assert_array_equal(weight, x[:, 0] ** 2)
    rows = np.concatenate([x, x_aside])
    np.testing.assert_array_equal(rows[np.argsort(rows[:, 0])], X[np.argsort(X[:, 0])])
    assert len(y_training) == 150
    np.testing.assert_array_equal(again[0], x)
    assert not np.array_equal(other[0], x)


def test_fitting_again_goes_on_from_the_present_weights():
    model = fitted(epochs=3)
    before = model.evaluate(X, CLASSES)["loss"]
    (epoch,) = model.fit(X, CLASSES, epochs=1, batch_size=16)
    assert epoch.number == 1
    assert epoch.loss < 1.2 * before
    weights = {name: array.copy() for name, array in model.arrays.items()}
    assert model.fit(X, CLASSES, epochs=0) == []
    for name, array in weights.items():
        np.testing.assert_array_equal(model.arrays[name], array)


def test_a_cosine_without_length_spans_the_epochs():
    rates = [epoch.learning_rate for epoch in network().fit(X, CLASSES, epochs=4, batch_size=200, schedule=fn.Cosine())]
    assert rates == pytest.approx(1e-3 * (0.5 + 0.5 * np.cos(np.pi * np.arange(4) / 4)))


def test_a_deadline_ends_fitting():
    assert network().fit(X, CLASSES, epochs=10**9, deadline=time.monotonic()) == []
    history = network().fit(X, CLASSES, epochs=10**9, deadline=time.monotonic() + 0.02)
    assert len(history) < 10**9


def test_nan_epochs_are_never_the_best():
    """A first epoch that diverged is forgotten once a later one is finite."""
    keys = [fn.metrics.rank("mean_absolute_error", score, score) for score in (np.nan, 3.0, np.inf, 2.0)]
    assert sorted(keys)[0] == (2.0, 2.0)
    assert min(keys) == keys[3]
    assert keys[0] == (np.inf, np.inf)
    assert fn.metrics.rank("accuracy", 0.5, np.nan) == (-0.5, np.inf)
    assert fn.metrics.rank("accuracy", 0.5, 1.0) < fn.metrics.rank("accuracy", 0.4, 0.1)
    history = network(2).fit(X, VALUES, validation=(X, VALUES), optimizer=fn.SGD(1e30), epochs=2)
    assert np.isnan(history[-1].validation_loss)


def test_verbose_writes_a_line_for_each_epoch(capsys):
    network().fit(X, CLASSES, epochs=2, validation=0.2, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["epoch", "1/2"], ["epoch", "2/2"]]
    assert all(word in lines[0] for word in ("loss", "accuracy", "validation loss", "rate", " s"))
    network().fit(X, CLASSES, epochs=1)
    assert capsys.readouterr() == ("", "")


# ---- frames


def frames(kind):
    """Words, gaps and numbers, with classes that depend on them."""
    columns = {
        "size": np.where(np.arange(200) % 17 == 0, np.nan, X[:, 0]),
        "weight": X[:, 1] * 1000 + 5e5,
        "color": np.array(["red", "green", "blue"])[CLASSES],
        "kind": np.array(["a", "b", "c"])[CLASSES],
    }
    return polars.DataFrame(columns) if kind == "polars" else pandas.DataFrame(columns)


@pytest.mark.parametrize("kind", ["polars", "pandas"])
def test_a_frame_and_the_name_of_a_column_are_enough(kind):
    frame = frames(kind)
    model = network()
    model.fit(frame, target="kind", validation=0.2, epochs=10, batch_size=16, optimizer=fn.Adam(0.01))
    assert model.table.columns == ("size", "weight", "color")
    predicted = model.predict(frame)
    assert predicted.tolist() == np.array(["a", "b", "c"])[CLASSES].tolist()
    assert model.evaluate(frame)["accuracy"] == 1
    one = model.predict_one(frame[:1])
    np.testing.assert_array_equal(one, model.predict_proba(frame)[0])
    with pytest.raises(ShapeError, match="row: expected a frame of one row, got 2"):
        model.predict_one(frame[:2])


def test_both_kinds_of_frame_give_the_same_model():
    models = [network() for _ in range(2)]
    for model, kind in zip(models, ("polars", "pandas"), strict=True):
        model.fit(frames(kind), target="kind", validation=0.25, epochs=2)
    assert models[0].to_bytes() == models[1].to_bytes()


def test_values_come_back_in_their_own_units():
    frame = frames("polars").with_columns(price=polars.Series(VALUES[:, 0] * 50 + 1000)).drop("kind")
    model = network(1)
    model.fit(frame, target="price", epochs=60, batch_size=16, optimizer=fn.Adam(0.01))
    predicted = model.predict(frame)
    assert predicted.shape == (200,)
    assert predicted.dtype == np.float64
    assert abs(predicted.mean() - 1000) < 30
    assert np.corrcoef(predicted, frame["price"])[0, 1] > 0.5
    assert model.predict_one(frame[:1]) == predicted[:1]


def test_the_table_learns_from_the_training_rows_alone():
    frame = frames("polars")
    model, whole = network(), fn.Table.fit(frame, "kind")
    model.fit(frame, target="kind", validation=0.5, epochs=1, seed=3)
    assert model.table != whole
    groups = whole.target_values(frame)
    rows, _ = fn.table.split(200, (0.5, 0.5), 3, groups)
    assert model.table == fn.Table.fit(frame[rows], "kind")


def test_a_frame_can_be_given_for_validation_and_weights_follow_their_rows():
    frame = frames("polars")
    model = network()
    history = model.fit(frame[:150], target="kind", validation=frame[150:], epochs=2)
    assert model.table == fn.Table.fit(frame[:150], "kind")
    assert model.evaluate(frame[150:])["loss"] == min(epoch.validation_loss for epoch in history)
    weight = np.arange(200.0)
    network().fit(frame, target="kind", validation=0.2, sample_weight=weight, epochs=1)
    network().fit(frame, target="kind", sample_weight=weight, epochs=1)


def test_fitting_again_keeps_the_table_its_weights_know():
    frame = frames("polars")
    model = network()
    model.fit(frame[:100], target="kind", epochs=1)
    table = model.table
    model.fit(frame, target="kind", epochs=1)
    assert model.table is table
    with pytest.raises(SettingError, match="this model's table was not fitted for the target 'color'"):
        model.fit(frame, target="color")
    assert model.table is table


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"target": "price"}, DataError, "'price'"),
        ({"target": "kind", "y": CLASSES}, SettingError, "fit: expected y or target=..., got both"),
        (
            {"target": "kind", "validation": (X, CLASSES)},
            SettingError,
            "expected a frame or a share of the rows, got a",
        ),
        ({"target": "kind", "validation": 1}, SettingError, r"validation: expected a finite number in \(0, 1\), got 1"),
        ({"target": "kind", "validation": 0.0}, SettingError, "validation: expected a finite number"),
        ({"target": "kind", "batch_size": 0}, SettingError, "batch_size"),
        (
            {"target": "kind", "validation": pandas.DataFrame({"size": [1.0]})},
            DataError,
            "'weight', 'color': not in this",
        ),
    ],
)
def test_a_frame_that_does_not_fit_leaves_the_model_as_it_was(options, error, words):
    model = network()
    with pytest.raises(error, match=words):
        model.fit(frames("polars"), **options)
    assert model.table is None
    assert model.arrays == {}


# ---- layers into a model


def test_a_dense_layer_before_batch_norm_has_no_bias_unless_it_is_asked_for():
    model = fn.Sequential([fn.Dense(4), fn.BatchNorm(), fn.Dense(4, bias=True), fn.BatchNorm(), fn.Dense(4), fn.ReLU(),
                           fn.Dense(2, bias=False)])  # fmt: skip
    model.prepare(3)
    biases = [name for name in model.arrays if name.endswith(".bias")]
    assert biases == ["dense_2.bias", "dense_4.bias"]


def test_summary_shows_shapes_and_parameters():
    lines = CLASSIFIER.summary().splitlines()
    assert lines[0].split() == ["input", "(n,", "5)"]
    assert [line.split()[0] for line in lines[1:-1]] == ["dense", "batchnorm", "relu", "dropout", "dense"]
    assert [line.split()[3] for line in lines[1:-1]] == ["80", "32", "0", "0", "51"]
    assert lines[-1] == "163 parameters, float32"
    big = fn.Sequential([fn.Dense(1000)], "float64")
    big.prepare(100)
    assert big.summary().endswith("101,000 parameters, float64")


class Squeeze:
    """A user's own layer: dense to half the width, then ReLU."""

    def build(self, features):
        return {"weight": Parameter((features, features // 2), "glorot", decays=True)}

    def forward(self, x, weight):
        return ops.relu(ops.dense(x, weight))


def test_a_layer_of_ones_own_is_trained_and_saved_like_any_other(tmp_path):
    model = fn.Sequential([fn.Dense(16), Squeeze(), fn.Dense(3)])
    history = model.fit(X, CLASSES, epochs=15, batch_size=16, optimizer=fn.Adam(0.01))
    assert history[-1].metric > 0.85
    assert model.arrays["squeeze_1.weight"].shape == (16, 8)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(fn.load(tmp_path / "model").logits(X), model.logits(X))


class Wrong(Squeeze):
    def __init__(self, forward):
        self.forward = forward


@pytest.mark.parametrize(
    ("forward", "words"),
    [
        (lambda x, weight: None, "wrong_0: expected forward to return a recorded value, got None"),
        (lambda x, weight: np.zeros((3, 2)), "wrong_0: expected forward to return a recorded value"),
        (lambda x, weight: x, "expected a forward pass with an operation, got none"),
        (lambda x, weight: (ops.relu(x), ops.dense(x, weight))[1], "relu_0.* is computed but never used; leave it out"),
        (lambda x, weight: (ops.dense(x, weight), x)[1], "wrong_0: expected forward to return what it computes last"),
        (lambda x, weight: ops.relu(x) if x > 0 else x, "'>' not supported between instances of 'Value' and 'int'"),
        (lambda x, weight: ops.dense(x, weight * 2), "unsupported operand type"),
        (lambda x, weight: ops.dense(x, np.ones((5, 2))), "dense: expected a recorded value, got ndarray"),
        (lambda x, weight: [ops.relu(x) for _ in range(x.shape[0])], "the number of rows N is not known"),
    ],
)
def test_a_layer_that_cannot_be_recorded_says_why(forward, words):
    with pytest.raises(TypeError, match=words):
        fn.Sequential([Wrong(forward)]).prepare(5)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: fn.Sequential([]), SettingError, "Sequential: expected at least one layer, got none"),
        (lambda: fn.Sequential([fn.Dense(3), fn.ReLU]), SettingError, "expected layers such as fn.Dense"),
        (lambda: fn.Sequential([64, "relu"]), SettingError, "expected layers such as .* got 64"),
        (lambda: fn.Sequential([fn.Dense(3)], dtype="float16"), SettingError, "dtype: expected one of"),
        (lambda: fn.Sequential([fn.ReLU()]).prepare(3), TraceError, "expected a layer with something to learn"),
        (lambda: fn.Sequential([fn.Dense(3)]).prepare(0), SettingError, "features: expected a whole number"),
        (lambda: fn.Sequential([fn.Dense(3)]).predict(X), SettingError, "has not seen data yet: call fit, or prepare"),
        (lambda: fn.Sequential([fn.Dense(3)]).to_bytes(), SettingError, "has not seen data yet"),
        (lambda: fn.Sequential([fn.Dense(3)]).evaluate(X, CLASSES), SettingError, "evaluate: this model has not"),
        (lambda: Model().fit(X, CLASSES), SettingError, "this model has no forward pass: make one with Sequential, or"),
        (lambda: CLASSIFIER.predict(X[:, :4]), ShapeError, r"x: expected shape \(n, 5\), got \(200, 4\)"),
        (lambda: CLASSIFIER.predict_one(X), ShapeError, r"row: expected shape \(n,\), got \(200, 5\)"),
        (lambda: CLASSIFIER.predict_one(X[0, :4]), ShapeError, r"x: expected shape \(n, 5\), got \(1, 4\)"),
        (lambda: CLASSIFIER.predict("letters"), DtypeError, "x: expected real numbers"),
        (lambda: CLASSIFIER.evaluate(X), DtypeError, "y: expected class numbers from 0 to 2"),
        (lambda: CLASSIFIER.evaluate(X, CLASSES[:5]), ShapeError, "target: expected 200 rows, got 5"),
        (lambda: CLASSIFIER.fit(X[:, :4], CLASSES), ShapeError, r"x: expected shape \(n, 5\), got \(200, 4\)"),
        (lambda: CLASSIFIER.fit(X, CLASSES[:5], validation=0.2), DataError, "y: expected 200 rows as in x, got 5"),
        (lambda: CLASSIFIER.fit(X, CLASSES + 1), DataError, "y: expected integers from 0 to 2, got 3"),
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
    model.take(arrays)
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
            model.take(arrays | change)
        assert model.arrays is arrays


def test_predictions_made_while_weights_change_are_of_one_or_the_other():
    """A predictor of old weights, finished late, does not outlive them."""
    model = fitted(epochs=1)
    sets = [model.arrays, {name: array * 2 for name, array in model.arrays.items()}]
    known = []
    for arrays in sets:
        model.take(arrays)
        known.append(model.logits(X).tobytes())
    done = threading.Event()

    def change():
        for number in range(300):
            model.take(dict(sets[number % 2]))
        done.set()

    thread = threading.Thread(target=change)
    thread.start()
    while not done.is_set():
        assert model.logits(X).tobytes() in known
    thread.join()
    model.take(dict(sets[0]))
    assert model.logits(X).tobytes() == known[0]
