"""Copies of a model: by copy, pickle and joblib, and in other processes, before a prediction and after it."""

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import joblib
import numpy as np
import pytest
from helpers.fitted import CLASSES, VALUES, X

import fastnorm as fn
from fastnorm import ops
from fastnorm.errors import SettingError


def through_joblib(model, folder):
    joblib.dump(model, folder / "model.joblib")
    return joblib.load(folder / "model.joblib")


WAYS = {
    "copy": lambda model, folder: copy.copy(model),
    "deepcopy": lambda model, folder: copy.deepcopy(model),
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "joblib": through_joblib,
}


def layers():
    model = fn.Sequential([fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dense(3)])
    model.fit(X, CLASSES, epochs=2)
    return model


def local_function():
    class Scale(fn.Layer):
        def build(self, features):
            return {"factor": fn.Parameter((features,), "ones")}

        def forward(self, x, factor):
            return x * factor

    shared = fn.TiedLayer(Scale())
    model = fn.Model(lambda x: fn.Dense(3)(shared(ops.tanh(shared(x)))))
    model.fit(X, CLASSES, epochs=2)
    return model


def own_loss():
    model = fn.Sequential([fn.Dense(2)])
    model.fit(X, VALUES, epochs=2, loss=lambda prediction, target: ((prediction - target) ** 4).mean(axis=1))
    return model


@pytest.mark.parametrize("predicts", [False, True], ids=["before predicting", "after predicting"])
@pytest.mark.parametrize("make", [layers, local_function, own_loss])
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_predicts_and_is_trained_on_as_the_model(way, make, predicts, tmp_path):
    model = make()
    if predicts:
        model.predict(X)
        model.predict_one(X[0])
    again = WAYS[way](model, tmp_path)
    y = CLASSES if model.task == "classification" else VALUES
    assert again.evaluate(X, y) == model.evaluate(X, y)
    np.testing.assert_array_equal(again.predict_one(X[3]), model.predict_one(X[3]))
    before = model.logits(X)
    again.fit(X, y, epochs=1)
    np.testing.assert_array_equal(model.logits(X), before)  # and the two have nothing in common
    model.fit(X, y, epochs=1)
    np.testing.assert_array_equal(again.logits(X), model.logits(X))


def test_a_model_that_has_seen_no_data_is_copied_with_its_function():
    for model in (fn.Sequential([fn.Dense(3)]), fn.Model(fn.Dense(3))):
        again = pickle.loads(pickle.dumps(model))
        for one in (model, again):
            one.fit(X, CLASSES, epochs=1)
        np.testing.assert_array_equal(again.logits(X), model.logits(X))


def test_a_pool_of_processes_predicts():
    model = local_function()
    whole = model.predict(X)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(model.predict, np.split(X, 4)))
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_run_says_how_it_is_copied(way):
    with pytest.raises(SettingError, match=r"fork\(\) copies it, and state\(\) goes to another process"):
        way(fn.Run(layers(), X, CLASSES))
