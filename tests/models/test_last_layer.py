"""A last layer that does what the loss does itself, or that keeps the loss from the right answer."""

import numpy as np
import pytest
from helpers.fitted import CLASSES, X

import fastnorm as fn
from fastnorm import ops
from fastnorm.errors import SettingError
from fastnorm.passes import fusion
from fastnorm.tune import caviar

LABELS = np.eye(3)[CLASSES]
FIRST = [fn.Dense(8), fn.ReLU(), fn.Dense(3)]
BODIES = {"plain": FIRST, "batch norm": [fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dense(3)]}
LOSSES = {
    "default": (None, CLASSES, fn.Softmax()),
    "smoothed": (fn.SoftmaxCrossEntropy(0.1), CLASSES, fn.Softmax()),
    "focal": (fn.Focal(), CLASSES, fn.Softmax()),
    "labels": (fn.SigmoidCrossEntropy(), LABELS, fn.Sigmoid()),
}


def fitted(layers, y, loss=None, **options):
    model = fn.Sequential(layers)
    model.fit(X, y, loss=loss, epochs=4, batch_size=16, optimizer=fn.Adam(0.02), **options)
    return model


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", LOSSES)
def test_the_activation_of_the_loss_is_left_out_of_the_model(name, body):
    loss, y, last = LOSSES[name]
    plain = fitted(BODIES[body], y, loss, validation=0.2)
    model = fitted([*BODIES[body], last], y, loss, validation=0.2)
    assert model.to_bytes() == plain.to_bytes()
    assert model.evaluate(X, y) == plain.evaluate(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))
    np.testing.assert_array_equal(model.predict_proba_one(X[3]), model.predict_proba(X)[3])


def test_probabilities_come_near_1():
    model = fitted([fn.Dense(16), fn.ReLU(), fn.Dense(3), fn.Softmax()], CLASSES)
    assert model.predict_proba(X).max() > 0.9  # a softmax of a softmax over three classes stays below 0.577


def test_a_function_and_several_of_them_are_looked_at_too():
    def network(x):
        return ops.softmax(ops.softmax(fn.Dense(3)(x)))

    def column(x):
        return ops.sigmoid(fn.Dense(1)(x)[:, 0])  # (N,), which becomes (N, 1)

    model, one = fn.Model(network), fn.Model(column)
    model.fit(X, CLASSES, epochs=4, batch_size=16, optimizer=fn.Adam(0.02))
    assert model.to_bytes() == fitted([fn.Dense(3)], CLASSES).to_bytes()
    one.fit(X, LABELS[:, 0], loss=fn.SigmoidCrossEntropy(), epochs=1)
    assert [operation.name for operation in one.tape.operations][-1] == "reshape"
    assert "sigmoid" not in [operation.name for operation in one.tape.operations]


def test_it_is_trained_on_forked_saved_and_put_into_ensembles_as_any_other(tmp_path):
    model = fitted([*FIRST, fn.Softmax()], CLASSES)
    model.save(tmp_path / "model")
    again = fn.load(tmp_path / "model")
    for one in (model, again):
        one.fit(X, CLASSES, epochs=2)
    np.testing.assert_array_equal(model.logits(X), again.logits(X))
    together = fn.ensemble([model, fitted(FIRST, CLASSES)])
    np.testing.assert_allclose(together.predict_proba(X).sum(axis=1), 1, rtol=1e-5)
    run = fn.Run(fn.Sequential([*FIRST, fn.Softmax()]), X, CLASSES)
    fork, other = run.fork(), fn.Run(fn.Sequential(FIRST), X, CLASSES)
    other.restore(run.state())
    assert run.advance(2)[-1].loss == fork.advance(2)[-1].loss == other.advance(2)[-1].loss


def test_a_search_finds_the_same_with_it_and_without():
    def found(last):
        def build(settings):
            return fn.Sequential([fn.Dense(settings["units"]), fn.ReLU(), fn.Dense(3), *last])

        study = caviar(build, {"units": [4, 8]}, X, CLASSES, validation=0.2, trials=2, epochs=2, workers=1)
        return study.best_model().to_bytes()

    assert found([fn.Softmax()]) == found([])


@pytest.mark.parametrize(
    ("last", "loss", "words"),
    [
        (fn.ReLU(), None, "ends in relu: the loss takes logits.* applies softmax itself.* leave the last relu out$"),
        (fn.Tanh(), fn.Focal(), "ends in tanh: .* got numbers from -1 to 1"),
        (fn.Sigmoid(), None, r"leave the last sigmoid out, or train with fn.SigmoidCrossEntropy\(\)$"),
        (fn.Softmax(), fn.SigmoidCrossEntropy(), r"last softmax out, or train with fn.SoftmaxCrossEntropy\(\)$"),
        (fn.ReLU(), fn.SigmoidCrossEntropy(), "ends in relu: .* applies sigmoid itself, and got numbers >= 0"),
        (fn.Softplus(), fn.SigmoidCrossEntropy(), "ends in softplus"),
        (fn.GELU(), fn.SigmoidCrossEntropy(), "ends in gelu"),
        (fn.SiLU(), fn.SigmoidCrossEntropy(), "ends in silu"),
        (fn.Tanh(), fn.SigmoidCrossEntropy(), "ends in tanh"),
    ],
)  # fmt: skip
def test_one_that_keeps_outputs_from_being_logits_is_refused(last, loss, words):
    y = LABELS if loss == fn.SigmoidCrossEntropy() else CLASSES
    with pytest.raises(SettingError, match=words):
        fitted([*FIRST, last], y, loss)


def test_what_was_joined_with_a_relu_counts_and_a_log_softmax_does_no_harm():
    def joined(x):
        factors = {"decay_factor": 1.0, "rate_factor": 1.0}
        return ops.dense(x, x.tape.add("parameter", "weight", (5, 3), initializer="he", **factors), relu=True)

    with pytest.raises(SettingError, match="ends in relu"):
        fn.Model(joined).fit(X, CLASSES, epochs=1)
    with pytest.raises(SettingError, match=r"ends in log_softmax: .* got numbers below 0"):
        fn.Model(lambda x: ops.log_softmax(fn.Dense(3)(x))).fit(X, LABELS, loss=fn.SigmoidCrossEntropy())
    fn.Model(lambda x: ops.log_softmax(fn.Dense(3)(x))).fit(X, CLASSES, epochs=1)


def test_values_keep_their_last_layer():
    model = fitted([*FIRST, fn.Softmax()], LABELS, fn.MeanSquaredError())
    np.testing.assert_allclose(model.predict(X).sum(axis=1), 1, rtol=1e-5)
    assert fitted([fn.Dense(1), fn.ReLU()], X[:, 0] ** 2).predict(X).min() >= 0


def test_a_loss_of_ones_own_gets_what_the_forward_pass_gives():
    def surprise(probability, target):
        return -(ops.one_hot(target, 3) * ops.log(probability)).sum(axis=1)

    model, plain = fitted([*FIRST, fn.Softmax()], CLASSES, surprise), fitted(FIRST, CLASSES)
    np.testing.assert_allclose(model.logits(X).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(model.predict_proba(X), model.logits(X))  # probabilities already
    np.testing.assert_allclose(model.predict_proba(X), plain.predict_proba(X), atol=1e-3)
    with pytest.raises(SettingError, match=r"ensemble: expected models that give logits, got .* models\[1\]"):
        fn.ensemble([plain, model])


def test_a_layer_that_was_left_out_for_one_loss_is_there_for_another():
    def own(p, t):
        return -(fn.ops.log(p) * fn.ops.one_hot(t, 3)).sum(axis=1)

    twice, anew = (fn.Sequential(fn.Dense(3), fn.Softmax()) for _ in range(2))
    twice.fit(X, CLASSES, epochs=3)
    assert fusion.last_operation(twice.tape).name != "softmax"
    (epoch,) = twice.fit(X, CLASSES, loss=own, epochs=1)
    assert np.isfinite(epoch.loss)
    assert fusion.last_operation(twice.tape).name == "softmax"
    anew.fit(X, CLASSES, loss=own, epochs=1)
    assert anew.predict_proba(X).sum(axis=1) == pytest.approx(1, abs=1e-6)
