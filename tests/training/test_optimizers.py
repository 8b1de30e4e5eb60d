"""Optimizers: their hyperparameters and defaults, what may change while training, and how they compare on a valley."""

import numpy as np
import pytest
from fastnorm.engine.optimizer_step import RULES
from helpers import ROOT, twin
from helpers.training import Task, epoch

import fastnorm as fn
from fastnorm import SGD, Adam, AdamW, Nadam, RMSprop, kernels
from fastnorm.cli.options import Optimizer
from fastnorm.errors import SettingError
from fastnorm.nn.layers import Dense
from fastnorm.training import optimizers

OPTIMIZERS = (SGD(), SGD(nesterov=True), Adam(), AdamW(), Nadam(), RMSprop(), SGD(averaged=True))


def test_defaults_are_the_usual_ones():
    shared = {"l2": 0, "weight_decay": 0, "clip_norm": 0, "clip_value": 0}
    assert SGD().slots == {"learning_rate": 0.01, "momentum": 0.9} | shared
    adam = {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8} | shared
    assert Adam().slots == adam
    assert AdamW().slots == adam | {"weight_decay": 0.01}
    assert Nadam().slots == adam | {"momentum_decay": 4e-3}
    assert RMSprop().slots == {"learning_rate": 1e-3, "beta_2": 0.99, "epsilon": 1e-8} | shared


def test_the_rule_and_nesterov_are_no_slots():
    assert [(optimizer.rule, optimizer.nesterov) for optimizer in OPTIMIZERS] == [
        ("sgd", False), ("sgd", True), ("adam", False), ("adam", False), ("nadam", False), ("rmsprop", False),
        ("sgd", False),
    ]  # fmt: skip
    assert not any({"nesterov", "averaged", "rule"} & set(optimizer.slots) for optimizer in OPTIMIZERS)


@pytest.mark.parametrize("cls", optimizers.OPTIMIZERS)
def test_an_optimizer_has_what_its_rule_reads_a_kernel_and_a_name_in_the_readme(cls):
    shared = {"learning_rate", "l2", "weight_decay", "clip_norm", "clip_value"}
    assert set(cls().slots) - shared == set(RULES[cls.rule][2])
    assert callable(getattr(kernels, cls.rule))
    assert getattr(fn, cls.__name__) is cls
    assert f"{cls.__name__}" in (ROOT / "README.md").read_text()
    in_panda = set(Optimizer)
    assert cls.rule in in_panda
    assert {optimizers.of({"optimizer": str(word)}).rule for word in in_panda} == in_panda


def test_optimizers_do_not_change():
    with pytest.raises(AttributeError):
        Adam().learning_rate = 1.0
    assert Adam(0.1) == Adam(0.1) != AdamW(0.1)


def valley():
    """Least squares on one weight: the loss is (w - 3)^2, w starts at 0."""
    tape = twin.record(Dense(1, False), features=1)
    return Task(tape, {"0.weight": np.zeros((1, 1))}, np.ones((1, 1)), np.full((1, 1), 3.0))


def walk(optimizer, steps):
    """The weight after each step."""
    program, path = valley().program(optimizer), []
    for _ in range(steps):
        epoch(program, 1)
        program.begin_epoch()
        path.append(program.state.read("0.weight")[0, 0])
    return path


@pytest.mark.parametrize(
    "optimizer",
    [SGD(0.05), SGD(0.05, nesterov=True), SGD(0.3, averaged=True), Adam(0.3), AdamW(0.3, weight_decay=0), Nadam(0.1)],
    ids=repr,
)
def test_every_optimizer_finds_the_bottom(optimizer):
    assert walk(optimizer, 400)[-1] == pytest.approx(3, abs=1e-6)


def test_plain_descent_shrinks_the_distance_by_the_same_share_each_step():
    """w' = w - rate 2 (w - 3): the distance is multiplied with 1 - 2 rate."""
    distances = 3 - np.array(walk(SGD(0.125, 0.0), 8))
    np.testing.assert_allclose(distances, 3 * 0.75 ** np.arange(1, 9), rtol=1e-12)


def test_adams_first_step_is_the_rate_whatever_the_gradient():
    assert walk(Adam(0.01, epsilon=1e-300), 1)[0] == pytest.approx(0.01, rel=1e-12)


def test_decoupled_decay_and_l2_differ():
    """Decay pulls w by rate * decay * w; l2 adds to the gradient, which Adam then scales away."""
    decayed, pulled, plain = (
        walk(Adam(0.1, **settings), 60)[-1] for settings in ({"weight_decay": 0.5}, {"l2": 0.5}, {})
    )
    assert decayed < pulled < plain
    assert walk(SGD(0.1, 0.0, l2=1.0), 200)[-1] == pytest.approx(2)  # 2 (w - 3) + w = 0
    assert walk(SGD(0.1, 0.0, weight_decay=1.0), 200)[-1] == pytest.approx(2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(-0.1), "learning_rate: expected a finite number"),
        (lambda: SGD(np.inf), "learning_rate: expected a finite number"),
        (lambda: SGD(momentum=1.0), r"momentum: expected a finite number in \[0, 1\), got 1.0"),
        (lambda: SGD(l2=-1), "l2: expected a finite number"),
        (lambda: Adam(beta_2=1.0), r"beta_2: expected a finite number in \[0, 1\)"),
        (lambda: Adam(epsilon=0), r"epsilon: expected a finite number in \(0, inf\]"),
        (lambda: AdamW(weight_decay=-0.1), "weight_decay: expected a finite number"),
        (lambda: Adam("quick"), "learning_rate: expected a number, got 'quick'"),
    ],
)
def test_hyperparameters_that_cannot_be_are_refused_at_once(make, words):
    with pytest.raises(SettingError, match=words):
        make()
