"""Models that are no chain, and layers of every kind: trained, the same bits for a row alone, saved, trained on."""

import re

import numpy as np
import pytest
from helpers import networks

import fastnorm as fn
from fastnorm import ops
from fastnorm.errors import DataError, SettingError, ShapeError, TraceError
from fastnorm.models.model import Model
from fastnorm.nn import activations

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = np.tanh(X @ RNG.normal(size=(4, 3))) + 0.1 * X[:, :1] ** 2
CODED = np.column_stack([X[:, :2], np.arange(120) % 5, np.arange(120) % 3])

ACTIVATIONS = [*(layer() for layer in activations.ACTIVATIONS), fn.LeakyReLU(0.1), fn.LayerNorm(),
               fn.Residual(fn.Dense(6), fn.Tanh())]  # fmt: skip
EMBEDDED = fn.Concatenate(
    fn.SelectColumns(0, 2), [fn.SelectColumns(2, 3), fn.Embedding(5, 3)], [fn.SelectColumns(3, 4), fn.Embedding(3, 2)]
)
MODELS = {name: (lambda dtype, name=name: networks.model(name, dtype)) for name in networks.FORWARD} | {
    repr(layer): lambda dtype, layer=layer: fn.Sequential([fn.Dense(6), layer, fn.Dense(3)], dtype)
    for layer in ACTIVATIONS
} | {
    "embedded": lambda dtype: fn.Sequential([EMBEDDED, fn.Dense(6), fn.BatchNorm(), fn.ReLU(), fn.Dense(3)], dtype)
}  # fmt: skip


def data(name):
    return (CODED if name == "embedded" else X), Y


def fit(model, name, epochs=3, **options):
    return model.fit(*data(name), epochs=epochs, **{"batch_size": 16, "optimizer": fn.Adam(0.01)} | options)


@pytest.mark.parametrize("name", MODELS)
def test_it_learns_predicts_row_by_row_is_saved_and_trains_on(name, dtype):
    model, (x, _) = MODELS[name](dtype), data(name)
    history = fit(model, name, epochs=6)
    assert history[-1].loss < 0.8 * history[0].loss
    together = model.predict(x)
    assert together.dtype == dtype
    for row in (0, 5, 119):
        np.testing.assert_array_equal(model.predict_one(x[row]), together[row])
        np.testing.assert_array_equal(model.predict(x[row : row + 1])[0], together[row])
    np.testing.assert_array_equal(model.predict(np.repeat(x, 5, axis=0)[::5], threads=3), together)
    loaded = Model.from_bytes(model.to_bytes())
    assert loaded.to_bytes() == model.to_bytes()
    assert loaded.summary() == model.summary()
    np.testing.assert_array_equal(loaded.predict(x), together)
    fit(model, name, seed=3)
    fit(loaded, name, seed=3)
    assert loaded.to_bytes() == model.to_bytes()
    assert not np.array_equal(model.predict(x), together)


@pytest.mark.parametrize("name", MODELS)
def test_threads_change_no_bit(together, name, dtype):
    one, several = (MODELS[name](dtype) for _ in range(2))
    fit(one, name, batch_size=64)
    fit(several, name, batch_size=64, threads=3)
    assert one.to_bytes() == several.to_bytes()


@pytest.mark.parametrize("layer", [fn.GELU(), fn.LayerNorm(), fn.Softmax(), fn.Tanh(), fn.Softplus()], ids=repr)
def test_threads_change_no_bit_where_the_work_is_shared(together, layer, dtype):
    """Wide enough that each operation gets more than one thread."""
    x = np.random.default_rng(1).normal(size=(700, 30))
    models = [
        fn.Sequential([fn.Dense(500), layer, fn.Concatenate(fn.Dense(300), fn.Tanh()), fn.Dense(2)], dtype)
        for _ in range(2)
    ]
    for model, threads in zip(models, (1, 3), strict=True):
        model.fit(x, x[:, :2] ** 2, epochs=1, batch_size=350, threads=threads)
    assert models[0].to_bytes() == models[1].to_bytes()
    np.testing.assert_array_equal(models[0].predict(x, threads=2), models[1].predict(x))


@pytest.mark.parametrize("name", ["residual", "shared", "arithmetic", "embedded"])
def test_a_run_goes_on_from_its_state_to_the_bit(name):
    def run():
        return fn.Run(
            MODELS[name]("float32"), *data(name), batch_size=32, seed=1, optimizer=fn.Nadam(0.01), averaging=0.9
        )

    straight, first, second = run(), run(), run()
    straight.advance(4)
    first.advance(2)
    second.restore(first.state())
    second.advance(2)
    first.advance(2)
    assert straight.model.to_bytes() == first.model.to_bytes() == second.model.to_bytes()
    assert straight.checkpoint().state == second.checkpoint().state


def test_several_inputs_may_come_as_a_tuple(dtype):
    parts, model, other = (
        (X[:, :3], X[:, 3:]),
        networks.model("several inputs", dtype),
        networks.model("several inputs", dtype),
    )
    options = {"epochs": 2, "batch_size": 32, "validation": 0.25}
    assert [e.loss for e in model.fit(parts, Y, **options)] == [e.loss for e in other.fit(X, Y, **options)]
    assert model.to_bytes() == other.to_bytes()
    np.testing.assert_array_equal(model.predict(parts), model.predict(X))
    np.testing.assert_array_equal(model.predict_one((X[3, :3], X[3, 3:])), model.predict(X)[3])
    assert [value.name for value in model.tape.of_role("input")] == ["left", "right"]
    loaded = Model.from_bytes(model.to_bytes())
    np.testing.assert_array_equal(loaded.predict(parts), model.predict(X))
    for wrong, words in (
        ((X, Y, X), "x: expected 2 inputs, got a tuple of 3"),
        ((X[:, :3], X[:5, 3:]), r"x: expected as many rows in each input, got \[120, 5\]"),
        ((X, X), r"x: expected shape \(n, 3\), got \(120, 4\)"),
    ):
        with pytest.raises(ShapeError, match=words):
            model.predict(wrong)
    with pytest.raises(ShapeError, match=r"x: expected 4 features, 3 \+ 1 as inputs say, got 5"):
        networks.model("several inputs").fit(np.ones((9, 5)), np.ones((9, 3)))


def test_shared_layers_have_one_set_of_parameters():
    model = networks.model("shared")
    model.initialize(4)
    assert sorted(model.arrays) == sorted(["dense_0.weight", "dense_0.bias", "dense_2.weight", "dense_2.bias", *(
        f"batchnorm_1.{name}" for name in ("gamma", "beta", "running_mean", "running_variance", "running_weight")
    )])  # fmt: skip


def test_a_layer_called_twice_makes_parameters_twice():
    layer = fn.Dense(4)
    model = fn.Model(lambda x: layer(layer(x)))
    model.initialize(4)
    assert [array.shape for array in model.arrays.values()] == [(4, 4), (4,)] * 2


@pytest.mark.parametrize(
    ("wrong", "words"), [(5, "codes from 0 to 4 in column 2, got 5.0 in row 7"), (-1, "got -1.0"), (1.5, "got 1.5")]
)
def test_codes_are_checked_wherever_data_come_in(wrong, words):
    model = MODELS["embedded"]("float32")
    fit(model, "embedded", epochs=1)
    bad = CODED.copy()
    bad[7, 2] = wrong
    before = model.to_bytes()
    for use in (
        lambda: model.predict(bad), lambda: model.predict_one(bad[7]), lambda: model.fit(bad, Y),
        lambda: model.evaluate(bad, Y),
        lambda: model.fit(CODED, Y, validation=(bad, Y)), lambda: model.recalibrate(bad),
    ):  # fmt: skip
        with pytest.raises(
            DataError, match="expected codes from 0 to 4 in column 2, got" if wrong != 5 else "expected codes"
        ):
            use()
    with pytest.raises(DataError, match=words):
        model.predict(bad)
    assert model.to_bytes() == before


REFUSED = {
    "a residual of another width": (
        lambda x: fn.Residual(fn.Dense(5))(x), ShapeError, "Residual: expected layers that give (N, 4)",
    ),
    "columns that are not there": (
        lambda x: fn.SelectColumns(2, 6)(x), ShapeError, "Columns(2, 6): expected at least 6 features, got 4",
    ),
    "shared layers inside": (
        lambda x: fn.TiedLayer(fn.Residual(fn.Dense(4)))(x), TraceError, "expected a layer that has no others inside",
    ),
    "rows that meet": (
        lambda x: fn.Dense(3)(x - x.mean(axis=0)), TraceError, "mean_0: (4,)>: a model's rows meet here",
    ),
    "one number": (lambda x: fn.Dense(3)(x).sum(), ShapeError, "that gives (N, outputs), got <result sum_1: ()>"),
    "nothing learned": (lambda x: x * 2, TraceError, "expected a forward pass with something to learn, such as Dense"),
    "a value left over": (
        lambda x: (fn.Dense(2)(x), fn.Dense(3)(x))[1], TraceError, "dense_0: (N, 2)> is computed but never used",
    ),
    "what was computed first": (
        lambda x: [h := fn.Dense(2)(x), ops.relu(h)][0], TraceError, "returns what it computes last",
    ),
    "no value": (lambda x: 3, TraceError, "expected a forward pass that returns a recorded value, got 3"),
    "parameters alone": (lambda x: fn.Dense(4)(np.ones((3, 4)) * x[0:0]), TraceError, "expected all rows"),
    "an array in a layer": (
        lambda x: fn.Dense(4)(np.ones((3, 4))), TraceError, "dense: expected a recorded value, got ndarray",
    ),
    "batch norm of vectors": (lambda x: fn.BatchNorm()(fn.Dense(1)(x)[:, 0]), ShapeError, "batchnorm: expected"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_forward_passes_that_cannot_be_are_refused(name):
    forward, error, words = REFUSED[name]
    with pytest.raises(error, match=re.escape(words)):
        fn.Model(forward).initialize(4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: fn.Residual(), "Residual: expected at least one layer, got none"),
        (lambda: fn.Concatenate(), "Concatenate: expected at least one branch, got none"),
        (lambda: fn.Concatenate([]), "Concatenate: expected at least one layer, got none"),
        (lambda: fn.Residual(fn.Dense), "Residual: expected layers such as fn.Dense"),
        (lambda: fn.TiedLayer(3), "TiedLayer: expected layers such as .* got 3"),
        (lambda: fn.SelectColumns(3, 3), "Columns end: expected a whole number at least 4, got 3"),
        (lambda: fn.Embedding(0, 3), "Embedding categories: expected a whole number from 1"),
        (lambda: fn.Embedding(2**25, 3), "Embedding categories: expected a whole number from 1 to 16777216"),
        (lambda: fn.LayerNorm(0), "LayerNorm epsilon: expected a finite number"),
        (lambda: fn.LeakyReLU(-1), "LeakyReLU slope: expected a finite number"),
    ],
)
def test_layers_that_cannot_be_are_refused(make, words):
    with pytest.raises(SettingError, match=words):
        make()


def test_a_vector_of_predictions_is_one_output():
    model = fn.Model(lambda x: fn.Dense(1)(x)[:, 0] * 2)
    model.fit(X, Y[:, 0], epochs=1)
    assert (model.outputs, model.predict(X).shape) == (1, (120,))
