"""A user's own layers and forward pass in a search: the same answer from any number of workers, and a file."""

import numpy as np
import pytest
from helpers import networks

import fastnorm as fn
from fastnorm.models.model import Model
from fastnorm.tune import Choice, Float, caviar

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 4))
Y = np.tanh(X[:, :2])


def build(hyperparameters):
    def forward(x):
        hidden = x
        for _ in range(hyperparameters["layers"]):
            hidden = fn.Tanh()(networks.Cosine(6)(hidden)) * 2.0
        return fn.Dense(2)(hidden)

    return fn.Model(forward)


def far_counts(prediction, target):
    return ((prediction - target) ** 4).mean(axis=1)


def search(workers, loss=None):
    space = {"layers": Choice([1, 2]), "learning_rate": Float(1e-3, 1e-1, scale="log")}
    return caviar(
        build, space, X[:60], Y[:60], validation=(X[60:], Y[60:]), trials=4, epochs=3, workers=workers, loss=loss
    )


def test_own_layers_are_searched_with():
    one, two = search(1), search(2)
    assert [trial.score for trial in one.trials] == [trial.score for trial in two.trials]
    best = one.best_model()
    assert best.to_bytes() == two.best_model().to_bytes()
    loaded = Model.from_bytes(best.to_bytes())
    assert loaded.evaluate(X[60:], Y[60:]) == best.evaluate(X[60:], Y[60:])


def test_a_loss_of_ones_own_is_searched_with():
    study = search(2, far_counts)
    assert [trial.loss for trial in study.trials] == [trial.loss for trial in search(1, far_counts).trials]
    model = study.best_model()
    expected = ((model.predict(X[60:]) - Y[60:].astype(np.float32)) ** 4).mean()
    assert model.evaluate(X[60:], Y[60:])["loss"] == pytest.approx(expected, rel=1e-5)
    assert study.facts["loss"] == "far_counts"
