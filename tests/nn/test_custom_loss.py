"""Losses written with operations, one's own too: their values and gradients, weights, what they take, and in files."""

import numpy as np
import pytest
from helpers import twin
from helpers.cases import central_difference
from helpers.training import WEIGHTS, Task

import fastnorm as fn
from fastnorm import ops
from fastnorm.errors import DataError, SettingError, ShapeError, TraceError
from fastnorm.models.model import Model
from fastnorm.nn.losses import Own

RNG = np.random.default_rng(0)
X, VALUES = RNG.normal(size=(60, 4)), RNG.normal(size=(60, 3))
LABELS, CLASSES = (VALUES > 0).astype(float), RNG.integers(0, 3, 60)
SHARES = RNG.dirichlet(np.ones(3), 60)


def log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def focal(logits, shares, gamma):
    log_p = log_softmax(logits)
    return -(shares * (1 - np.exp(log_p)) ** gamma * log_p).sum(axis=1)


def huber(p, y, delta):
    d = np.abs(p - y)
    return np.where(d <= delta, d**2 / 2, delta * (d - delta / 2)).mean(axis=1)


def quantile(prediction, target):
    """A user's own: the pinball loss at 0.9."""
    away = target - prediction
    return np.maximum(0.9 * away, -0.1 * away).mean(axis=1)


LOSSES = {
    "absolute": (fn.MeanAbsoluteError(), VALUES, lambda p, y: np.abs(p - y).mean(axis=1)),
    "huber": (fn.Huber(0.5), VALUES, lambda p, y: huber(p, y, 0.5)),
    "sigmoid": (fn.SigmoidCrossEntropy(), LABELS, lambda p, y: (np.logaddexp(0, p) - p * y).mean(axis=1)),
    "focal": (fn.Focal(), CLASSES, lambda p, y: focal(p, np.eye(3)[y], 2)),
    "focal of shares": (fn.Focal(0.5), SHARES, lambda p, y: focal(p, y, 0.5)),
    "focal of gamma 0": (fn.Focal(0), CLASSES, lambda p, y: -log_softmax(p)[np.arange(len(y)), y]),
    "own": (Own(quantile, "regression"), VALUES, lambda p, y: np.maximum(0.9 * (y - p), 0.1 * (p - y)).mean(axis=1)),
    "own of classes": (
        Own(lambda p, y: -(ops.one_hot(y, 3) * ops.log_softmax(p)).sum(axis=1), "classification"), CLASSES,
        lambda p, y: -log_softmax(p)[np.arange(len(y)), y],
    ),
    "own of one column": (
        Own(lambda p, y: ((p - y) ** 2).sum(axis=1, keepdims=True), "regression"), VALUES,
        lambda p, y: ((p - y) ** 2).sum(axis=1),
    ),
}  # fmt: skip


def metrics(loss, p, y):
    if loss.task == "regression":
        return np.square(p - y).mean(axis=1)
    if loss.task == "multilabel":
        return ((p > 0) == (y > 0.5)).mean(axis=1)
    return p.argmax(axis=1) == (y.argmax(axis=1) if y.ndim == 2 else y)


def task(name, weight=None, dtype=np.float64, rows=7):
    loss, y, _ = LOSSES[name]
    tape = twin.record(fn.Dense(3))
    target = loss.targets(y[:rows], 3, dtype)
    return Task(
        tape, twin.arrays(tape, np.random.default_rng(1), dtype), X[:rows].astype(dtype), target, loss, weight, dtype
    )


@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["even", "weighted"])
@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients_are_those_of_the_formula(name, dtype, weight):
    of = task(name, None if weight is None else weight.astype(dtype), dtype)
    formula, y = LOSSES[name][2], LOSSES[name][1][:7]
    x = of.data[0].astype(np.float64)
    arrays = {part: array.astype(np.float64) for part, array in of.arrays.items()}

    def mean_loss(w):
        return float(np.average(formula(x @ w + arrays["0.bias"], y), weights=weight))

    program = of.program()
    starts, order = np.array([0, 7]), np.arange(7)
    program.train(order, starts, np.ones(1))
    loss, metric, _ = program.state.epoch_means()
    outputs = x @ arrays["0.weight"] + arrays["0.bias"]
    assert loss == pytest.approx(mean_loss(arrays["0.weight"]), rel=1e-12 if dtype == np.float64 else 1e-5)
    assert metric == pytest.approx(np.average(metrics(of.loss, outputs, y), weights=weight), rel=1e-5)
    expected = central_difference(mean_loss, arrays["0.weight"])
    np.testing.assert_allclose(
        of.arrays["0.weight"] - program.state.read("0.weight"), expected, atol=1e-8 if dtype == np.float64 else 1e-5
    )


@pytest.mark.parametrize("name", LOSSES)
def test_by_row_is_the_formula_for_any_number_of_rows(name, dtype):
    loss, y, formula = LOSSES[name]
    rows = np.resize(np.arange(60), 600)
    outputs = RNG.normal(size=(600, 3)).astype(dtype)
    target = loss.targets(y[rows], 3, dtype)
    losses, reported = loss.by_row(outputs, target)
    assert (losses.dtype, losses.shape) == (np.float64, (600,))
    np.testing.assert_allclose(losses, formula(outputs.astype(float), y[rows]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(reported, metrics(loss, outputs.astype(float), y[rows]), rtol=1e-5)
    np.testing.assert_array_equal(loss.by_row(outputs[7:8], target[7:8])[0], losses[7:8])


@pytest.mark.parametrize("name", LOSSES)
def test_a_model_with_it_learns_judges_and_is_saved(name):
    loss, y, _ = LOSSES[name]
    model = fn.Sequential([fn.Dense(8), fn.Tanh(), fn.Dense(3)])
    history = model.fit(X, y, loss=loss, epochs=15, optimizer=fn.Adam(0.02), batch_size=20, validation=(X, y))
    assert history[-1].validation_loss < history[0].validation_loss
    loaded = Model.from_bytes(model.to_bytes())
    assert loaded.to_bytes() == model.to_bytes()
    assert loaded.evaluate(X, y) == model.evaluate(X, y)
    assert loaded.predict(X).tobytes() == model.predict(X).tobytes()
    for each in (model, loaded):
        each.fit(X, y, loss=each.loss, epochs=2, seed=9)
    assert loaded.to_bytes() == model.to_bytes()


def test_labels_are_predicted_each_by_itself():
    model = fn.Sequential([fn.Dense(3)])
    model.fit(X, X[:, :3] > 0, loss=fn.SigmoidCrossEntropy(), epochs=60, optimizer=fn.Adam(0.05), batch_size=20)
    logits = model.logits(X)
    np.testing.assert_array_equal(model.predict(X), (logits > 0).astype(np.int64))
    np.testing.assert_allclose(model.predict_proba(X), 1 / (1 + np.exp(-logits.astype(float))), rtol=1e-5)
    np.testing.assert_array_equal(model.predict_proba_one(X[3]), model.predict_proba(X)[3])
    judged = model.evaluate(X, X[:, :3] > 0)
    assert judged["accuracy"] == pytest.approx((model.predict(X) == (X[:, :3] > 0)).mean())
    assert judged["accuracy"] > 0.9


def test_a_loss_of_all_rows_at_once():
    """Such as a correlation; weights cannot act on it."""

    def spread(prediction, target):
        error = prediction - target
        return (error**2).mean() + 0.1 * (error.mean(axis=0) ** 2).sum()

    model = fn.Sequential([fn.Dense(3)])
    history = model.fit(X, VALUES, loss=spread, epochs=30, batch_size=20, optimizer=fn.Adam(0.05))
    assert history[-1].loss < history[0].loss
    error = model.predict(X).astype(float) - VALUES
    expected = (error**2).mean() + 0.1 * (error.mean(0) ** 2).sum()
    assert model.evaluate(X, VALUES)["loss"] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(
        SettingError, match=r"sample_weight: this loss is one number for all rows, so weights cannot act"
    ):
        model.fit(X, VALUES, loss=spread, sample_weight=np.ones(60))
    loaded = Model.from_bytes(model.to_bytes())
    assert loaded.evaluate(X, VALUES) == model.evaluate(X, VALUES)


def test_the_arrays_a_loss_reads_are_frozen_and_saved():
    importance = np.array([1.0, 0.0, 0.0])
    model = fn.Sequential([fn.Dense(3)])
    model.fit(X, VALUES, loss=lambda p, y: ((p - y) ** 2 * importance).sum(axis=1), epochs=1)
    loaded, before = Model.from_bytes(model.to_bytes()), model.evaluate(X, VALUES)
    importance[:] = 5
    assert model.evaluate(X, VALUES) == before == loaded.evaluate(X, VALUES)
    assert before["loss"] == pytest.approx(((model.predict(X)[:, 0] - VALUES[:, 0]) ** 2).mean(), rel=1e-4)


def test_constants_of_model_and_loss_do_not_meet():
    """Optional biases go, so values are numbered anew; the names of constants stay apart."""

    def forward(x):
        for _ in range(4):
            x = ops.relu(fn.BatchNorm()(fn.Dense(5)(x))) * 0.5 + 1.0
        return fn.Dense(3)(x) * np.array([1.0, 2.0, 3.0])

    for loss in (fn.Huber(0.25), lambda p, y: (abs(p - y * 2.0) * 3.0 + 1.0).mean(axis=1)):
        model = fn.Model(forward)
        model.fit(X, VALUES, loss=loss, epochs=1)
        assert Model.from_bytes(model.to_bytes()).evaluate(X, VALUES) == model.evaluate(X, VALUES)


@pytest.mark.parametrize(
    ("loss", "y", "error", "words"),
    [
        (
            lambda p, y: (p - y) ** 2,
            VALUES,
            TraceError,
            r"expected a loss for each row, \(N,\), or one for all, \(\), got",
        ),
        (lambda p, y: 3.0, VALUES, TraceError, "loss: expected a function that returns what it computes last, got 3.0"),
        (
            lambda p, y: (fn.Dense(3)(p) - y).sum(axis=1),
            VALUES,
            TraceError,
            "prediction and target alone, got one with",
        ),
        (lambda p, y: (p - y).sum(axis=1), CLASSES, TraceError, r"y: \(N,\)> holds class numbers; use one_hot"),
        (
            lambda p, y: -ops.one_hot(y, 3).sum(axis=1) * p[:, 0] if (p > 0) else 0,
            CLASSES,
            TraceError,
            "without numbers",
        ),
        (
            fn.Huber,
            VALUES,
            TraceError,
            r"loss: expected one such as fn.Huber\(\), or a function of prediction and target",
        ),
        (3, VALUES, TraceError, "loss: expected one such as"),
        (fn.SigmoidCrossEntropy(), LABELS * 2, DataError, "y: expected labels from 0 to 1, got 2.0"),
        (fn.SigmoidCrossEntropy(), LABELS[:, :2], ShapeError, r"y: expected shape \(n, 3\) as the model's outputs"),
        (fn.Focal(), np.arange(len(X)) % 4, ShapeError, "y: 4 different labels, 0, 1, 2, 3, for a model of 3 outputs"),
        (lambda p, y: ops.one_hot(y, 2)[:, 0] * p[:, 0], CLASSES, DataError, "y: expected integers from 0 to 1, got 2"),
    ],
)
def test_losses_and_targets_that_do_not_fit_are_refused(loss, y, error, words):
    model = fn.Sequential([fn.Dense(3)])
    with pytest.raises(error, match=words):
        model.fit(X, y, loss=loss)


@pytest.mark.parametrize(
    ("make", "words"), [(lambda: fn.Huber(0), "Huber delta"), (lambda: fn.Focal(-1), "Focal gamma")]
)
def test_settings_that_cannot_be_are_refused(make, words):
    with pytest.raises(SettingError, match=f"{words}: expected a finite number"):
        make()
