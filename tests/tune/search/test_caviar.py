"""caviar: the same trials for any number of workers and under a time limit; nothing that happened is lost."""

import numpy as np
import pytest
from helpers.searching import ENDLESS, SPACE, TRAINING, VALIDATION, search, table

from fastnorm import tune
from fastnorm.errors import SettingError
from fastnorm.models.sequential import Sequential
from fastnorm.nn.activations import ReLU
from fastnorm.nn.layers import BatchNorm, Dense, Dropout
from fastnorm.tune import Choice, Float, Study


def test_the_answer_is_the_same_for_any_number_of_workers():
    studies = [search(workers=workers) for workers in (1, 2, 3)]
    assert [trial.number for trial in studies[0].trials] == list(range(6))
    assert {trial.state for trial in studies[0].trials} == {"finished"}
    for other in studies[1:]:
        assert table(other) == table(studies[0])
        assert other.best_model().to_bytes() == studies[0].best_model().to_bytes()


def test_the_seed_changes_the_answer():
    assert table(search(trials=2, seed=1)) != table(search(trials=2, seed=2))


def test_the_score_is_the_best_epochs_and_the_best_model_reaches_it():
    study = search(epochs=5)
    for trial in study.trials:
        curve = study.curve(trial.number)
        assert [epoch.number for epoch in curve] == [1, 2, 3, 4, 5]
        best = min(curve, key=lambda epoch: (-epoch.validation_metric, epoch.validation_loss, epoch.number))
        assert (trial.score, trial.loss, trial.best_epoch) == (
            best.validation_metric,
            best.validation_loss,
            best.number,
        )
    best = study.best_trial
    assert best.score == max(trial.score for trial in study.trials)
    x, y = VALIDATION
    assert np.mean(study.best_model().predict(x) == y) == pytest.approx(best.score, abs=1e-9)
    assert best.score > 0.8


def test_regression_looks_for_the_smallest_error():
    x = TRAINING[0]
    y = (x @ np.array([1, -2, 0.5, 0], np.float32))[:, np.newaxis]
    parts = {"training": (x[:80], y[:80]), "validation": (x[80:], y[80:])}
    study = search(tune.default_build(1), epochs=10, **parts)
    assert study.metric == "root_mean_squared_error"
    assert study.best_trial.score == min(trial.score for trial in study.trials)
    errors = study.best_model().predict(x[80:]).reshape(-1) - y[80:, 0]
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(study.best_trial.score, rel=1e-5)


def test_hyperparameters_reach_the_training():
    def build(hyperparameters):
        return Sequential([Dense(4), BatchNorm(), ReLU(), Dropout(0.1), Dense(3)])

    base = {"learning_rate": 0.01, "batch_size": 32}
    changes = [{"learning_rate": 0.02}, {"batch_size": 16}, {"beta_1": 0.5}, {"momentum": 0.5}]
    changes += [{"momentum": 0.9}, {"weight_decay": 0.1}, {"l2": 0.1}, {"decay_rate": 1.0}]
    curves = []
    for settings in [base, *({**base, **change} for change in changes)]:
        study = search(build, {name: Choice([value]) for name, value in settings.items()}, trials=1)
        curves.append([epoch.validation_loss for epoch in study.curve(0)])
    assert len({tuple(curve) for curve in curves}) == len(curves)


def test_under_a_time_limit_the_trials_are_those_a_longer_search_begins_with():
    study = search(trials=None, timeout=0.5, epochs=1)
    ended = [trial.state for trial in study.trials]
    count = next((number for number, state in enumerate(ended) if state != "finished"), len(ended))
    assert count > 0
    longer = search(trials=count + 3, epochs=1)
    assert [row[:count] for row in table(study)] == [row[:count] for row in table(longer)]
    assert study.best_trial.number < count


def test_trials_that_the_time_limit_cuts_are_marked_and_better_than_nothing(tmp_path):
    study = search(timeout=0.3, epochs=ENDLESS, study=tmp_path / "s.sqlite")
    assert [trial.state for trial in study.trials] == ["cut", "cut"]
    best = study.best_trial
    assert 1 <= best.best_epoch <= best.epochs == len(study.curve(best.number))
    x, y = VALIDATION
    assert np.mean(study.best_model().predict(x) == y) == pytest.approx(best.score, abs=1e-9)


def test_a_trial_limit_ends_a_search_before_its_time_limit():
    assert len(search(trials=2, timeout=1000).trials) == 2


def test_a_diverged_trial_is_marked_and_does_not_win():
    x = TRAINING[0] * 1000
    y = (x @ np.ones(4, np.float32))[:, np.newaxis]
    space = {"learning_rate": Choice([1e-8, 1e6]), "momentum": Choice([0.0]), "batch_size": Choice([16])}
    study = search(lambda hyperparameters: Sequential([Dense(1)]), space, (x, y), (x, y), trials=8, replicates=4)
    for trial in study.trials:
        assert trial.state == ("finished" if trial.hyperparameters["learning_rate"] < 1 else "diverged")
    assert {trial.state for trial in study.trials} == {"finished", "diverged"}
    assert study.best_params["learning_rate"] == 1e-8


def test_a_build_that_raises_fails_its_trial_alone():
    def build(hyperparameters):
        if hyperparameters["layers"] == 2:
            raise RuntimeError("two are too many")
        return tune.default_build(3)(hyperparameters)

    with pytest.warns(
        UserWarning, match=r"of 6 trials failed, see study.trials; trial \d: RuntimeError: two are too many"
    ):
        study = search(build)
    for trial in study.trials:
        failed = trial.hyperparameters["layers"] == 2
        assert (trial.state, trial.message) == (
            ("failed", "RuntimeError: two are too many") if failed else ("finished", "")
        )
    assert study.best_params["layers"] == 1


def test_if_every_trial_fails_the_first_ones_error_is_raised(tmp_path):
    def build(hyperparameters):
        raise LookupError(f"no such model {hyperparameters['units']}")

    with pytest.raises(LookupError, match="no such model") as caught:
        search(build, study=tmp_path / "s.sqlite")
    study = Study.open(tmp_path / "s.sqlite")
    assert str(caught.value) in study.trials[0].message
    assert caught.value.__notes__ == ["all 6 trials failed; this was trial 0's error"]


def test_momentum_and_beta_1_do_not_go_together():
    space = {"momentum": Choice([0.9]), "beta_1": Choice([0.9])}
    with pytest.raises(SettingError, match="momentum asks for SGD and beta_1 for Adam"):
        search(lambda hyperparameters: Sequential([Dense(3)]), space, trials=1)


def test_callbacks_see_every_epoch_and_every_end(tmp_path):
    seen, standings = [], []

    def watch(study, trial):
        seen.append((trial.number, trial.epochs, trial.state))
        reader = Study.open(tmp_path / "s.sqlite")  # as another process would
        standings.append(reader.trials)
        assert reader.trials == study.trials

    study = search(trials=3, study=tmp_path / "s.sqlite", callbacks=[watch])
    expected = [
        [(number, 1, "running"), (number, 2, "running"), (number, 3, "running"), (number, 3, "finished")]
        for number in range(3)
    ]
    assert [[entry for entry in seen if entry[0] == number] for number in range(3)] == expected
    assert standings[0][0].state == "running"
    assert standings[-1] == study.trials


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_search_is_recorded(tmp_path, error):
    begun = set()

    def interrupt(study, trial):
        begun.add(trial.number)
        if len(begun) == 2:  # both that are at work have had an epoch
            raise error("enough")

    with pytest.raises(error, match="enough"):
        search(epochs=ENDLESS, study=tmp_path / "s.sqlite", callbacks=[interrupt])
    study = Study.open(tmp_path / "s.sqlite")
    assert {trial.state for trial in study.trials} == {"cut"}
    assert sum(trial.epochs > 0 for trial in study.trials) == 2  # the others wait for their turn
    assert study.best_trial.best_epoch >= 1
    assert study.best_model().predict(VALIDATION[0]).shape == (60,)


def test_the_study_says_what_it_was_done_with():
    study = search(trials=1, seed=4)
    assert study.space == SPACE
    assert {name: study.facts[name] for name in ("metric", "seed", "epochs")} == {
        "metric": "accuracy",
        "seed": 4,
        "epochs": 3,
    }
    assert study.facts["variant"] in ("base", "avx2", "avx512")
    assert study.facts["version"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trials": None}, "expected trials=, timeout= in seconds, or both"),
        ({"trials": 0}, "trials: expected a whole number at least 1, got 0"),
        ({"epochs": 1.5}, "epochs: expected a whole number, got 1.5"),
        ({"timeout": -1}, "timeout: expected a finite number"),
        ({"workers": 0}, "workers: expected a whole number at least 1"),
        ({"seed": -1}, "seed: expected a whole number"),
        ({"space": [Float(0, 1)]}, "space: expected a dict"),
    ],
)
def test_wrong_options_are_named_before_anything_is_done(tmp_path, options, words):
    with pytest.raises(SettingError, match=words):
        search(**options, study=tmp_path / "s.sqlite")
    assert not (tmp_path / "s.sqlite").exists()
