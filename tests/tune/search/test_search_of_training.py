"""caviar over optimizers and schedules: each has its own settings, which reach the training, and no others."""

import pytest
from helpers.searching import TRAINING, VALIDATION, search

import fastnorm as fn
from fastnorm import tune
from fastnorm._frozen import word
from fastnorm.errors import SettingError
from fastnorm.training import optimizers, schedules
from fastnorm.tune import Choice, Float

RULES = [word(cls) for cls in optimizers.OPTIMIZERS]
SHAPES = [word(cls) for cls in schedules.SCHEDULES]
ADAPTIVE = ["adam", "adamw", "nadam"]
SPACE = {
    "optimizer": Choice(RULES),
    "learning_rate": Float(1e-3, 1e-1, scale="log"),
    "momentum": Float(0.8, 0.99, scale="one_minus_log", when=("optimizer", "==", "sgd")),
    "nesterov": Choice([True, False], when=("optimizer", "==", "sgd")),
    "beta_1": Float(0.8, 0.99, scale="one_minus_log", when=("optimizer", "in", ADAPTIVE)),
    "beta_2": Float(0.9, 0.9999, scale="one_minus_log", when=("optimizer", "in", [*ADAPTIVE, "rmsprop"])),
    "clip_norm": Choice([0.0, 1.0]),
    "schedule": Choice(SHAPES),
    "warm_up": Float(0, 1, when=("schedule", "in", [each for each in SHAPES if each != "one_cycle"])),
    "rise": Float(0.1, 0.5, when=("schedule", "==", "one_cycle")),
    "decay_rate": Float(0.1, 1, when=("schedule", "in", ["inverse_time", "exponential"])),
    "every": Choice([1], when=("schedule", "==", "step")),
    "units": Choice([8]),
}
NEEDED = {"inverse_time": {"decay_rate": 0.5}, "exponential": {"decay_rate": 0.5}, "step": {"every": 2}}


def test_every_optimizer_and_schedule_is_tried_and_the_answer_is_the_same_for_any_number_of_workers():
    studies = [search(space=SPACE, trials=40, epochs=2, workers=workers) for workers in (1, 2)]
    trials = studies[0].trials
    assert [trial.weights for trial in studies[1].trials] == [trial.weights for trial in trials]
    assert {trial.state for trial in trials} == {"finished"}
    assert {trial.hyperparameters["optimizer"] for trial in trials} == set(RULES)
    assert {trial.hyperparameters["schedule"] for trial in trials} == set(SHAPES)


def test_a_trial_is_the_fit_of_its_optimizer_and_schedule():
    values = {"optimizer": "nadam", "learning_rate": 0.01, "beta_1": 0.8, "momentum_decay": 0.01, "clip_norm": 1.0,
              "schedule": "cosine", "warm_up": 0.5, "batch_size": 32}  # fmt: skip
    study = search(space={name: Choice([value]) for name, value in values.items()}, trials=1, epochs=3)
    optimizer = fn.Nadam(0.01, 0.8, momentum_decay=0.01, clip_norm=1.0)
    model, trial = tune.default_build(3)({}), study.trials[0]
    history = model.fit(
        *TRAINING, validation=VALIDATION, epochs=3, optimizer=optimizer, batch_size=32, seed=trial.seed,
        schedule=fn.schedules.Cosine(warm_up=0.5),
    )  # fmt: skip
    curve = study.curve(0)
    assert [(epoch.loss, epoch.learning_rate) for epoch in curve] == [
        (epoch.loss, epoch.learning_rate) for epoch in history
    ]


@pytest.mark.parametrize("name", RULES)
def test_an_optimizer_is_made_of_its_own_settings(name):
    made = optimizers.of({"optimizer": name, "learning_rate": 0.5, "l2": 0.25, "units": 3})
    assert word(type(made)) == name
    assert (made.learning_rate, made.l2) == (0.5, 0.25)
    assert optimizers.of({"optimizer": name}) == type(made)()


@pytest.mark.parametrize("name", SHAPES)
def test_a_schedule_is_made_of_its_own_settings_and_the_length_of_the_training(name):
    made = schedules.of({"schedule": name, "learning_rate": 0.5, **NEEDED.get(name, {})}, 7)
    assert word(type(made)) == name
    assert getattr(made, "epochs", 7) == 7


def test_without_a_name_the_settings_tell():
    assert optimizers.of({}) == fn.Adam()
    assert optimizers.of({"beta_2": 0.9}) == fn.Adam(beta_2=0.9)
    assert optimizers.of({"momentum": 0.5}) == fn.SGD(momentum=0.5)
    assert schedules.of({}, 3) == fn.schedules.Constant()
    assert schedules.of({"decay_rate": 0.5, "rise": 1}, 3) == fn.schedules.InverseTime(0.5)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"optimizer": "adam", "momentum": 0.9}, r'adam has no momentum; .*when=\("optimizer", "in", \["sgd"\]'),
        ({"optimizer": "sgd", "beta_2": 0.9}, r'sgd has no beta_2; .*\["rmsprop", "adam", "adamw", "nadam"\]'),
        ({"optimizer": "lion"}, "optimizer: expected one of sgd, rmsprop, adam, adamw, nadam, got 'lion'"),
        ({"optimizer": 3}, "optimizer: expected one of sgd, .*got 3"),
        ({"momentum": 0.9, "beta_1": 0.9}, "momentum asks for SGD and beta_1 for Adam"),
        ({"momentum": 1.5}, r"momentum: expected a finite number in \[0, 1\), got 1.5"),
        ({"schedule": "step"}, "schedule: step needs every; a space gives it by the same name"),
        ({"schedule": "cosine", "decay_rate": 0.5}, r'cosine has no decay_rate; .*"inverse_time", "exponential"'),
        ({"schedule": "linear"}, "schedule: expected one of constant, .*got 'linear'"),
    ],
)
def test_settings_that_do_not_fit_are_named(settings, words):
    with pytest.raises(SettingError, match=words):
        search(space={name: Choice([value]) for name, value in settings.items()}, trials=1, epochs=1)
