"""Several models as one: the mean of what they predict, in one file, trained on like any other."""

import numpy as np
import pytest

import fastnorm as fn
from fastnorm.errors import SettingError, ShapeError


def dense(*units, outputs=3, **options):
    layers = [layer for count in units for layer in (fn.Dense(count), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.1))]
    return fn.Sequential([*layers, fn.Dense(outputs)], **options)


def fitted(model, y, seed=0, **options):
    model.fit(X, y, epochs=3, batch_size=32, seed=seed, optimizer=fn.Adam(0.01), **options)
    return model


def gated(x):
    return fn.Dense(3)(x * fn.ops.sigmoid(fn.Dense(5)(x)) * np.arange(1, 6))


X = np.random.default_rng(0).normal(0, 1, (160, 5)).astype(np.float32)
CLASSES = (X[:, 0] + X[:, 1] > 0).astype(np.int64) + (X[:, 2] > 0.5)
VALUES = X[:, :1] * 2 + X[:, 1:2] ** 2


@pytest.fixture
def models():
    return [fitted(dense(8), CLASSES, 1), fitted(dense(6, 4), CLASSES, 2), fitted(fn.Model(gated), CLASSES, 3)]


def test_classes_get_the_weighted_mean_probability(models):
    together = fn.ensemble(models, [2, 1, 1])
    mean = np.average([model.predict_proba(X) for model in models], axis=0, weights=[2, 1, 1])
    np.testing.assert_allclose(together.predict_proba(X), mean, atol=2e-7)
    np.testing.assert_allclose(np.exp(together.logits(X)), mean, atol=2e-7)
    assert (together.predict(X) == mean.argmax(axis=1)).all()
    expected = -np.log(mean[np.arange(len(X)), CLASSES]).mean()
    assert together.evaluate(X, CLASSES)["loss"] == pytest.approx(expected, rel=1e-5)


def test_values_get_the_weighted_mean():
    models = [fitted(dense(4, outputs=1), VALUES, seed) for seed in range(3)]
    together = fn.ensemble(models)
    np.testing.assert_allclose(together.predict(X), np.mean([model.predict(X) for model in models], axis=0), atol=1e-5)
    assert together.task == "regression"


def test_one_row_is_the_same_alone(models):
    together = fn.ensemble(models)
    every = together.predict_proba(X)
    assert all((together.predict_proba_one(row) == every[place]).all() for place, row in enumerate(X[:20]))


def test_it_is_one_file_without_the_functions_of_its_members(models, tmp_path):
    together = fn.ensemble(models, [3, 1, 2])
    together.save(tmp_path / "m.safetensors")
    loaded = fn.load(tmp_path / "m.safetensors")
    assert (loaded.predict_proba(X) == together.predict_proba(X)).all()
    assert loaded.to_bytes() == together.to_bytes()
    twice = fn.ensemble([loaded, models[0]])
    np.testing.assert_allclose(
        twice.predict_proba(X), (loaded.predict_proba(X) + models[0].predict_proba(X)) / 2, atol=2e-7
    )


def test_it_is_trained_on(models):
    together = fn.ensemble(models)
    before = together.evaluate(X, CLASSES)["loss"]
    epochs = together.fit(X, CLASSES, epochs=20, batch_size=32, optimizer=fn.Adam(0.003))
    assert np.isfinite([epoch.loss for epoch in epochs]).all()
    assert together.evaluate(X, CLASSES)["loss"] < before


def test_members_that_are_sure_of_different_classes_do_not_underflow():
    models = [fitted(fn.Sequential([fn.Dense(3)]), CLASSES) for _ in range(2)]
    for model, sure in zip(models, (0, 1), strict=True):
        arrays = {name: np.zeros_like(array) for name, array in model.arrays.items()}
        next(array for array in arrays.values() if array.shape == (3,))[sure] = 500
        model.set_arrays(arrays)
    together = fn.ensemble(models)
    np.testing.assert_allclose(together.logits(X[:1])[0], [np.log(0.5), np.log(0.5), -500 + np.log(2)], rtol=1e-2)
    np.testing.assert_allclose(together.predict_proba(X[:1])[0], [0.5, 0.5, 0], atol=1e-7)


def test_a_table_and_several_inputs_go_along():
    frame = {f"x{place}": X[:, place] for place in range(5)} | {"kind": np.array(["a", "b", "c"])[CLASSES]}
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(frame)
    table = fn.Table.fit(frame, "kind", "classification")
    models = []
    for seed in range(2):
        models.append(fitted(dense(4), CLASSES, seed))
        models[-1].table, models[-1].target = table, table.target
    assert set(fn.ensemble(models).predict(frame)) <= {"a", "b", "c"}

    def both(a, b):
        return fn.Dense(3)(a) + fn.Dense(3)(b)

    models = [fitted(fn.Model(both, inputs=(2, 3)), CLASSES, seed) for seed in range(2)]
    parts = (X[:, :2], X[:, 2:])
    mean = (models[0].predict_proba(parts) + models[1].predict_proba(parts)) / 2
    np.testing.assert_allclose(fn.ensemble(models).predict_proba(parts), mean, atol=2e-7)


def test_what_does_not_fit_is_named(models):
    values = fitted(dense(4, outputs=3), np.repeat(VALUES, 3, axis=1))
    wide = fn.Sequential([fn.Dense(3)])
    wide.fit(np.tile(X, 2), CLASSES, epochs=1)
    exact = fitted(dense(4, dtype="float64"), CLASSES)
    labels = fitted(dense(4), np.eye(3, dtype=np.int64)[CLASSES], loss=fn.SigmoidCrossEntropy())
    for others, error, words in [
        ([], SettingError, "expected at least one model"),
        ([models[0], values], SettingError, r"models of one task, got another in models\[1\]"),
        ([models[0], wide], ShapeError, r"models\[1\] has inputs \[10\], the first has \[5\]"),
        ([models[0], fitted(dense(4, outputs=4), CLASSES)], ShapeError, r"models\[1\] has outputs 4, the first has 3"),
        ([models[0], exact], SettingError, "models of one dtype"),
        ([labels], SettingError, "got labels"),
    ]:
        with pytest.raises(error, match=words):
            fn.ensemble(others)
    for weights, words in [([1, 2], "expected 3, one"), ([0, 0, 0], "one above 0"), ([1, -1, 1], r"weights\[1\]")]:
        with pytest.raises(SettingError, match=words):
            fn.ensemble(models, weights)
