"""Fitting: the best epoch, patience, rows set aside, going on; and frames with a target's name."""

import time

import numpy as np
import pandas
import polars
import pytest
from helpers.fitted import CLASSES, VALUES, X, fitted, network

import fastnorm as fn
from fastnorm import metrics
from fastnorm.errors import DataError, SettingError, ShapeError
from fastnorm.models import model as model_module

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


def test_patience_waits_while_the_loss_falls():
    """Here accuracy is at its best from the first epochs on, while the loss has far to fall."""
    x = np.repeat([[-1.0], [1.0]], 50, axis=0)
    y = np.repeat([0, 1], 50)
    model = fn.Sequential([fn.Dense(2)])
    history = model.fit(x, y, validation=(x, y), epochs=30, patience=2)
    assert {epoch.validation_metric for epoch in history[3:]} == {1.0}
    assert len(history) == 30
    assert history.kept.number == 30  # among equal accuracies the loss decides


@pytest.mark.parametrize("metric", [None, "accuracy", "loss"])
def test_the_metric_says_which_epoch_is_kept_and_the_result_says_which_it_was(metric, capsys):
    rng = np.random.default_rng(3)
    validation = rng.normal(size=(30, 5)), rng.integers(0, 3, 30)
    model = network()
    history = model.fit(X, CLASSES, validation=validation, epochs=12, batch_size=16, metric=metric, verbose=1)

    def key(epoch):
        accuracy = -epoch.validation_metric
        return epoch.validation_loss if metric == "loss" else (accuracy, epoch.validation_loss)

    assert history.kept == min(history, key=key)
    assert model.evaluate(*validation)["loss"] == history.kept.validation_loss
    words = f"kept epoch {history.kept.number} of 12, the best by validation {metric or 'accuracy'}"
    assert str(history) == words
    assert capsys.readouterr().err.splitlines()[-1] == words


def test_without_validation_the_result_says_that_the_last_epoch_was_kept():
    history = network().fit(X, CLASSES, epochs=2)
    assert (history.kept.number, str(history)) == (2, "kept epoch 2 of 2, the last")
    assert str(network().fit(X, CLASSES, epochs=0)) == "no epoch was finished"
    with pytest.raises(SettingError, match="metric: expected one of 'accuracy', 'loss', got 'f1'"):
        network().fit(X, CLASSES, metric="f1")


def test_regression_keeps_the_epoch_of_the_smallest_error():
    validation = X[:20], np.random.default_rng(5).normal(size=(20, 2))
    model = network(2)
    history = model.fit(X[20:], VALUES[20:], validation=validation, epochs=8)
    best = min(history, key=lambda epoch: epoch.validation_metric)
    assert model.evaluate(*validation)["root_mean_squared_error"] == pytest.approx(best.validation_metric)


@pytest.mark.parametrize("share", [0.25, np.float32(0.25)])
def test_a_share_of_the_rows_is_set_aside_class_by_class(monkeypatch, share):
    seen = []
    run_class = fn.Run

    def spy(model, x, y, **options):
        seen.append((x.x, x.y, options["validation"], x.weights))
        return run_class(model, x, y, **options)

    monkeypatch.setattr(model_module, "Run", spy)
    y = np.repeat([0, 1, 2], [100, 60, 40])
    for seed in (1, 1, 2):
        network().fit(X, y, validation=share, sample_weight=X[:, 0] ** 2, epochs=1, seed=seed)
    (x, y_training, aside, weight), again, other = seen
    x_aside, y_aside = aside.x, aside.y
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
    history = network().fit(X, CLASSES, epochs=4, batch_size=200, schedule=fn.schedules.Cosine())
    rates = [epoch.learning_rate for epoch in history]
    assert rates == pytest.approx(1e-3 * (0.5 + 0.5 * np.cos(np.pi * np.arange(4) / 4)))


def test_a_deadline_ends_fitting():
    assert network().fit(X, CLASSES, epochs=10**9, deadline=time.monotonic()) == []
    history = network().fit(X, CLASSES, epochs=10**9, deadline=time.monotonic() + 0.02)
    assert len(history) < 10**9


def test_nan_epochs_are_never_the_best():
    """A first epoch that diverged is forgotten once a later one is finite."""
    keys = [metrics.rank("root_mean_squared_error", score, score) for score in (np.nan, 3.0, np.inf, 2.0)]
    assert sorted(keys)[0] == (2.0, 2.0)
    assert min(keys) == keys[3]
    assert keys[0] == (np.inf, np.inf)
    assert metrics.rank("accuracy", 0.5, np.nan) == (-0.5, np.inf)
    assert metrics.rank("accuracy", 0.5, 1.0) < metrics.rank("accuracy", 0.4, 0.1)
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
    np.testing.assert_array_equal(model.predict_proba_one(frame[:1]), model.predict_proba(frame)[0])
    assert model.predict_one(frame[:1]) == predicted[0]
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
    groups = whole.transform_target(frame)
    rows, _ = fn.table.split(200, (0.5, 0.5), 3, classes=groups)
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
            DataError,
            "column 'size', 'weight', 'color': not in this frame, which has 'x0', 'x1'",
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
