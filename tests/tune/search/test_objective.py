"""search: any Python function that reports on its way; the same trials, time limits, halving and record as caviar's."""

import math
import time

import pytest
from helpers.searching import table

from fastnorm.errors import DataError, SettingError
from fastnorm.tune import Choice, Float, MedianStopping, SuccessiveHalving, search

SPACE = {"x": Float(-3.0, 3.0), "y": Float(-3.0, 3.0)}


def bowl(trial):
    return trial.hyperparameters["x"] ** 2 + trial.hyperparameters["y"] ** 2


def rising(trial):
    """Comes nearer to its score step by step."""
    for step in range(1, 10):
        trial.report(trial.hyperparameters["x"] * step, step)


def test_the_lowest_is_found():
    study = search(bowl, SPACE, trials=200)
    assert study.metric == "cost"
    scores = [trial.hyperparameters["x"] ** 2 + trial.hyperparameters["y"] ** 2 for trial in study.trials]
    assert [trial.score for trial in study.trials] == scores
    assert study.best_trial.score == min(scores) < 0.3
    assert study.best_params == study.best_trial.hyperparameters


def test_or_the_highest():
    study = search(bowl, SPACE, direction="maximize", trials=20)
    assert study.best_trial.score == max(trial.score for trial in study.trials)


@pytest.mark.parametrize("halving", [None, SuccessiveHalving(), MedianStopping(1, 2, 2)])
def test_the_answer_is_the_same_for_any_number_of_workers(halving, tmp_path):
    options = {"direction": "maximize", "trials": 12, "steps": 9, "pruner": halving}
    tables = [table(search(rising, SPACE, workers=workers, **options)) for workers in (1, 2, 4)]
    assert tables[0] == tables[1] == tables[2]

    def enough(study, trial):
        if trial.number == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(rising, SPACE, **options, study=tmp_path / "s.sqlite", callbacks=[enough])
    assert table(search(rising, SPACE, **options, study=tmp_path / "s.sqlite")) == tables[0]


def test_without_a_value_the_best_report_is_the_score():
    study = search(rising, {"x": Choice([2.0])}, trials=1)
    (trial,) = study.trials
    assert (trial.score, trial.best_epoch, trial.epochs, trial.state) == (2.0, 1, 9, "finished")
    assert [(epoch.number, epoch.validation_metric) for epoch in study.curve(0)] == [(n, 2.0 * n) for n in range(1, 10)]


def test_halving_stops_an_objective_and_begins_it_again():
    calls = []

    def objective(trial):
        calls.append(trial.number)
        rising(trial)

    study = search(objective, SPACE, direction="maximize", trials=9, steps=9, pruner=SuccessiveHalving(), workers=1)
    assert sorted(trial.epochs for trial in study.trials) == [1] * 6 + [3] * 2 + [9]
    best = max(study.trials, key=lambda trial: trial.hyperparameters["x"])
    assert best.state == "finished"
    assert calls.count(best.number) == 3
    assert len(study.curve(best.number)) == 9


def test_an_objective_that_reports_seldom_is_judged_at_its_next_report():
    def objective(trial):
        for step in (2, 4, 8):
            trial.report(trial.hyperparameters["x"], step)

    study = search(objective, SPACE, direction="maximize", trials=9, steps=9, pruner=SuccessiveHalving())
    assert sorted(trial.epochs for trial in study.trials) == [2] * 6 + [4] * 2 + [8]
    assert study.best_trial.state == "finished"


def test_seeds_are_the_trials_own_and_always_the_same():
    seeds = [{}, {}]
    for record in seeds:
        search(lambda trial, record=record: record.setdefault(trial.number, trial.seed), SPACE, trials=5)
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0].values())) == 5


def test_what_is_not_finite_has_diverged():
    study = search(lambda trial: math.nan if trial.number else 1.0, SPACE, trials=2)
    assert [trial.state for trial in study.trials] == ["finished", "diverged"]

    def reports(trial):
        trial.report(0.5, 1)
        trial.report(math.inf, 2)

    (trial,) = search(reports, SPACE, trials=1).trials
    assert (trial.state, trial.score, trial.epochs) == ("diverged", 0.5, 2)


def endless(trial):
    for step in range(1, 10**9):
        time.sleep(0.001)
        try:
            trial.report(1 / step, step)
        except Exception:
            raise AssertionError("what ends a trial is nothing to catch") from None


def test_time_limits_take_effect_at_the_next_report():
    begun = time.monotonic()
    study = search(endless, SPACE, timeout=0.3, workers=2)
    assert time.monotonic() - begun < 0.5
    assert [trial.state for trial in study.trials] == ["cut", "cut"]
    assert study.best_trial.score < 0.1
    study = search(endless, SPACE, trials=3, trial_timeout=0.05, workers=1)
    assert [trial.state for trial in study.trials] == ["overtime"] * 3


@pytest.mark.parametrize(
    ("objective", "options", "error", "words"),
    [
        (bowl, {"direction": "up"}, SettingError, "direction: expected one of 'minimize', 'maximize'"),
        (bowl, {"pruner": SuccessiveHalving()}, SettingError, "steps: expected the most an objective reports"),
        (lambda trial: None, {}, DataError, "objective: expected a number, or a report of one"),
        (lambda trial: "good", {}, DataError, "objective: expected a number, got 'good'"),
        (lambda trial: trial.report(1, 0), {}, SettingError, "step: expected a whole number at least 1"),
        (lambda trial: [trial.report(1, step) for step in (2, 2)], {}, SettingError, "step: expected a .* at least 3"),
    ],
)
def test_wrong_use_is_named(objective, options, error, words):
    with pytest.raises(error, match=words):
        search(objective, SPACE, trials=1, **options)
