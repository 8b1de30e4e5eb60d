"""Advice: each rule on a training that shows it, and on one that does not."""

import math

import numpy as np
import pytest
from helpers import curves

import fastnorm as fn
from fastnorm.tune import Guard, advise, layer_statistics, panda

RELU, NORMALIZED, TANH = [fn.ReLU()], [fn.BatchNorm(), fn.ReLU()], [fn.Tanh()]


def noisy(y):
    """Targets of which half are noise: no network can learn them but by heart."""
    rng = np.random.default_rng(0)
    return np.where(rng.random(len(y)) < 0.5, rng.integers(0, 10, len(y)), y)


def advice(epochs=20, **options):
    run = curves.run(**options)
    run.advance(epochs)
    return {one.topic: one for one in reversed(advise(run.history, layer_statistics(run)))}


def test_a_good_training_needs_none():
    assert advice(between=RELU, optimizer=fn.SGD(0.1)) == {}
    assert advice(between=NORMALIZED, optimizer=fn.SGD(0.03)) == {}


SHOWN = {
    "diverged": {"between": NORMALIZED, "optimizer": fn.SGD(1000.0)},
    "rate too high": {"between": NORMALIZED, "optimizer": fn.Adam(0.3)},
    "dead units": {"between": RELU, "optimizer": fn.Adam(0.3)},
    "saturated units": {"between": TANH, "optimizer": fn.SGD(1.0)},
    "running statistics": {"between": [fn.BatchNorm(running_decay=0.999), fn.ReLU()], "optimizer": fn.Adam(0.01)},
    "rate too low": {"between": RELU, "optimizer": fn.SGD(1e-4)},
    "variance": {"between": NORMALIZED, "optimizer": fn.Adam(0.01), "classes": noisy},
    "bias": {"between": NORMALIZED, "optimizer": fn.Adam(0.03), "units": 2},
    "epochs": {"between": NORMALIZED, "optimizer": fn.SGD(0.003), "epochs": 8},
}


@pytest.mark.parametrize("topic", SHOWN)
def test_a_training_that_shows_it(topic):
    assert topic in advice(**SHOWN[topic])


@pytest.mark.parametrize(
    ("topic", "options"),
    [
        ("running statistics", {"between": [fn.BatchNorm(running_decay=0.9), fn.ReLU()], "optimizer": fn.Adam(0.01)}),
        ("variance", {"between": NORMALIZED, "optimizer": fn.Adam(0.01)}),
        ("bias", {"between": NORMALIZED, "optimizer": fn.Adam(0.03), "units": 16}),
        ("rate too low", {"between": RELU, "optimizer": fn.SGD(1e-2)}),
        ("epochs", {"between": NORMALIZED, "optimizer": fn.SGD(0.03)}),
        ("dead units", {"between": RELU, "optimizer": fn.Adam(0.01)}),
        ("saturated units", {"between": TANH, "optimizer": fn.SGD(0.03)}),
    ],
)
def test_a_training_that_does_not(topic, options):
    assert topic not in advice(**options)


def test_words_name_the_numbers():
    found = advice(**SHOWN["variance"])["variance"]
    assert f"{found.numbers['best']:.3g} to {found.numbers['validation_loss']:.3g}" in found.words
    assert str(found).startswith("variance: validation loss rises since epoch ")
    assert found.words.endswith("try weight decay, dropout or more data")
    lag = advice(**SHOWN["running statistics"])["running statistics"]
    assert lag.numbers["noise"] == 1 / math.sqrt(64)
    assert f"{lag.numbers['off']:.2g} standard deviations" in lag.words


def test_what_is_hidden_by_a_ruined_network_is_not_told():
    topics = set(advice(**SHOWN["dead units"]))
    assert topics <= {"dead units", "rate too high"}


def test_what_the_guard_did_is_told_for_some_epochs():
    run = curves.run(RELU, fn.SGD(30.0))
    with panda(run, guard=Guard()) as watched:
        watched.advance(1)
        (told, *_) = advise(watched.history, None, watched.undoable)
        reason = watched.actions[0].details["reason"]
        words = f"rescued: the guard went back to the start and lowered the rate: {reason}; undo takes that back"
        assert (str(told), told.numbers) == (words, {"epoch": 0})
        watched.advance(40)
        assert len(watched.history) > 5
        assert "rescued" not in [one.topic for one in advise(watched.history, None, watched.undoable)]
        watched.nudge(learning_rate=0.01)
        assert "rescued" not in [one.topic for one in advise(watched.history[:1], None, watched.undoable)]


# ---- from a curve alone


def topics(losses, validation=None, rates=None):
    return [one.topic for one in advise(curves.curve(losses, validation, rates))]


def test_no_epoch_no_advice():
    assert advise([]) == []
    assert topics([1.0]) == []


def test_divergence_is_all_there_is_to_say():
    (only,) = advise(curves.curve([1.0, 2.0, 1.0, 2.0, 1.0, math.nan]))
    assert str(only) == "diverged: the loss is nan in epoch 6; go back, and try a third of the rate"


def test_oscillation():
    assert topics([1.0, 0.6, 0.8, 0.5, 0.7, 0.4]) == ["rate too high"]
    assert topics([1.0, 0.6, 0.8, 0.5, 0.4, 0.38]) == []  # one rise is none
    assert topics([9.0, 0.06, 0.08, 0.05, 0.07, 0.04]) == []  # small beside the start


def test_plateau():
    losses = [2.0, 1.0, *[0.8, 0.8] * 3]
    assert topics(losses) == ["plateau"]
    assert topics(losses, rates=[0.1] * 4 + [0.01] * 4) == []  # has been decayed
    assert topics([2.0, 1.0, 0.8, 0.8, 0.7, 0.7, 0.65, 0.65]) == []


def test_steady_falls():
    assert topics([2.0 * 0.9**epoch for epoch in range(6)]) == ["epochs"]
    assert topics([2.0 * 0.9**epoch for epoch in range(5)]) == []
    assert topics([2.0 * 0.9**epoch for epoch in range(6)], validation=[1.0] * 6) == []


def test_losses_of_0_and_below_are_no_matter():
    assert topics([1.0, 0.5, *[0.0] * 6]) == []
    assert topics([1.0, -1.0, -2.0, -3.0, -4.0, -5.0, -6.0]) == []


def test_validation_that_rises():
    losses = [1.0, 0.7, 0.5, 0.35]
    assert topics(losses, validation=[1.0, 0.8, 0.9, 1.0]) == ["variance"]
    assert topics(losses, validation=[1.0, 0.8, 0.81, 0.82]) == []
    assert topics([1.0, 0.7, 0.7, 0.7], validation=[1.0, 0.8, 0.9, 1.0]) == []  # training loss does not fall
