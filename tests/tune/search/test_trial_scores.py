"""What a trial is scored by: folds, shares, its own time, and being run again."""

import time
from statistics import fmean

import numpy as np
import pytest
from helpers.searching import ENDLESS, SPACE, TRAINING, VALIDATION, search, table

import fastnorm as fn
from fastnorm import tune
from fastnorm.errors import DataError, FileError, SettingError
from fastnorm.training import optimizers, schedules
from fastnorm.tune import Choice, Exhausted, KFold, RandomSampler, Study
from fastnorm.tune.search.data import parts


def test_folds_judge_every_row_once_and_have_their_share_of_each_class():
    x, y = np.arange(103.0)[:, None], np.arange(103) % 3
    folds, _, facts = parts(x, y, KFold(4), 0)
    assert facts["validation"] == "KFold(folds=4, bagged=False)"
    assert sorted(np.concatenate([part.validation[0][:, 0] for part in folds[:-1]])) == list(range(103))
    for part in folds[:-1]:
        assert not set(part.x[:, 0]) & set(part.validation[0][:, 0])
        assert len(part.x) + len(part.validation[0]) == 103
        assert np.ptp(np.bincount(part.validation[1])) <= 1
    assert folds[-1].validation is None
    assert folds[-1].x is x
    other, *_ = parts(x, y, KFold(4), 1)
    assert not np.array_equal(folds[0].x, other[0].x)


@pytest.mark.parametrize(("rows", "expected"), [(1999, "KFold(folds=5, bagged=False)"), (2000, 0.2)])
def test_few_rows_are_judged_in_folds(rows, expected):
    x, y = np.zeros((rows, 1)), np.arange(rows) % 2
    found, _, facts = parts(x, y, None, 0)
    assert facts["validation"] == expected
    assert len(found) == (6 if rows < 2000 else 1)


def test_the_score_of_folds_is_their_mean_and_the_model_is_trained_on_all_rows():
    study = search(validation=KFold(3), trials=2, epochs=4)
    folds, *_ = parts(*TRAINING, KFold(3), 0)
    for trial in study.trials:
        single = [
            search(training=part[:2], validation=part.validation or VALIDATION, trials=2, epochs=4) for part in folds
        ]
        curves = [each.curve(trial.number) for each in single]
        for number, epoch in enumerate(study.curve(trial.number)):
            assert epoch.validation_metric == fmean(curve[number].validation_metric for curve in curves[:-1])
            assert epoch.loss == fmean(curve[number].loss for curve in curves[:-1])
        assert trial.score == max(epoch.validation_metric for epoch in study.curve(trial.number))
    assert study.best_model().evaluate(*TRAINING)["accuracy"] > 0.7


def test_a_bagged_trial_keeps_the_mean_of_its_folds_models():
    options = {"validation": KFold(3, bagged=True), "trials": 1, "epochs": 4}
    study = search(**options)
    folds, *_ = parts(*TRAINING, KFold(3, bagged=True), 0)
    (trial,) = study.trials
    assert len(folds) == 3
    members = []
    for number, part in enumerate(folds):
        run = fn.Run(
            tune.default_build(3)(trial.hyperparameters), part.x, part.y, validation=part.validation,
            optimizer=optimizers.of(trial.hyperparameters), batch_size=trial.hyperparameters.get("batch_size", 128),
            schedule=schedules.of(trial.hyperparameters, 4), seed=trial.seed + number,
        )  # fmt: skip
        epochs = run.advance(trial.best_epoch)
        members.append((run.model, epochs[-1].validation_metric))
    assert trial.score == fmean(score for _, score in members)
    assert study.best_model().to_bytes() == fn.ensemble([model for model, _ in members]).to_bytes()
    for workers in (1, 3):
        other = search(**options, workers=workers)
        assert table(other) == table(study)
        assert other.best_model().to_bytes() == study.best_model().to_bytes()


def test_a_share_is_set_aside():
    study = search(validation=0.25)
    assert study.facts["validation"] == 0.25
    assert table(study) == table(search(validation=0.25, workers=1))


def test_build_space_and_validation_have_good_defaults():
    study = tune.caviar(None, None, *TRAINING, trials=2, epochs=5)
    assert set(study.space) == set(tune.default_space(120))
    assert study.best_trial.score > 0.7
    x = TRAINING[0]
    assert tune.caviar(None, None, x, x[:, :2] * 2, trials=1, epochs=2).best_model().outputs == 2


@pytest.mark.parametrize(
    ("validation", "error", "words"),
    [
        (KFold(100), DataError, "expected at least 200 rows for 100 folds, got 120"),
        ("all", SettingError, r"validation: expected \(x, y\) or a frame .* share or KFold\), got 'all'"),
        (1.5, SettingError, "validation: expected a finite number"),
    ],
)
def test_wrong_validation_is_named(validation, error, words):
    with pytest.raises(error, match=words):
        search(validation=validation)
    with pytest.raises(SettingError, match="KFold folds: expected a whole number at least 2"):
        KFold(1)


@pytest.mark.parametrize("timeout", [0.2, 0.6])
def test_a_time_limit_is_kept_and_the_best_model_is_usable(timeout):
    begun = time.monotonic()
    study = search(trials=None, timeout=timeout, epochs=40)
    assert timeout <= time.monotonic() - begun < timeout + 0.2
    assert study.best_model().predict(VALIDATION[0]).shape == (60,)


def test_a_trial_has_its_own_time_limit(tmp_path):
    options = {"trials": 3, "epochs": ENDLESS, "trial_timeout": 0.1, "study": tmp_path / "s.sqlite"}
    study = search(**options)
    assert [trial.state for trial in study.trials] == ["overtime"] * 3
    assert all(0.1 <= trial.seconds < 0.3 for trial in study.trials)
    assert study.best_trial.score == max(trial.score for trial in study.trials)
    assert study.best_model().predict(VALIDATION[0]).shape == (60,)
    assert search(**options).trials == study.trials  # they have ended


def test_the_best_are_run_again_with_other_seeds(tmp_path):
    file = tmp_path / "s.sqlite"
    plain = search()
    study = search(study=file, confirm=2)
    assert table(study) == table(plain)
    ranked = sorted(plain.trials, key=lambda trial: (-trial.score, trial.loss))
    confirmations = study.confirmations
    assert set(confirmations) == {trial.number for trial in ranked[:2]}
    assert all(len(scores) == 5 for scores in confirmations.values())
    winner = study.best_trial
    assert fmean(confirmations[winner.number]) == max(map(fmean, confirmations.values()))
    assert search(study=file, confirm=2, workers=1).confirmations == confirmations
    assert search(confirm=2, workers=1).confirmations == confirmations
    assert Study.open(file).best_trial == winner


def test_a_time_limit_ends_confirming_too():
    begun = time.monotonic()
    study = search(trials=2, epochs=1000, confirm=2, timeout=1.5)
    assert time.monotonic() - begun < 1.7
    assert len(study.trials) == 2


def test_the_models_of_the_best_are_kept():
    study = search(trials=8, keep=3)
    ranked = sorted(study.trials, key=lambda trial: (-trial.score, trial.loss))
    for trial in ranked[:3]:
        x, y = VALIDATION
        assert np.mean(study.model(trial.number).predict(x) == y) == pytest.approx(trial.score)
    with pytest.raises(FileError, match=f"the model of trial {ranked[3].number}, found none; raise keep="):
        study.model(ranked[3].number)


class Pairs(RandomSampler):
    """Waves of two: what a trial gets says how many were known, and that they had ended."""

    def wave(self, number, trials):
        return number - number % 2

    def sample(self, space, seed, number, trials, known, metric):
        assert len(known) == number - number % 2
        assert all(trial.state == "finished" for trial in known)
        if number == 5:
            raise Exhausted("five are enough")
        return super().sample(space, seed, number, trials, known, metric) | {"units": 4 + len(known)}


def test_a_sampler_sees_the_waves_before_and_may_end_the_search(tmp_path):
    tables = []
    for workers in (1, 4):
        with pytest.warns(UserWarning, match="the search ends after 5 trials: five are enough"):
            tables.append(table(search(sampler=Pairs(), trials=8, workers=workers)))
    assert tables[0] == tables[1]
    assert [trial.hyperparameters["units"] for trial in tables[0][0]] == [4, 4, 6, 6, 8]


def test_known_configurations_come_first_and_none_comes_twice():
    known = {"learning_rate": 0.02, "units": 5}
    first = search(enqueue=[known], trials=3)
    found = first.trials[0].hyperparameters
    assert found.items() >= known.items()
    assert found.keys() == SPACE.keys()
    again = search(start_from=first, trials=4)
    assert again.trials[0].hyperparameters == first.best_params
    with pytest.warns(UserWarning, match="ends after 2 trials: the space's 2 configurations have all been tried"):
        study = search(space={**{name: Choice([found[name]]) for name in SPACE}, "layers": [1, 2]})
    assert {trial.hyperparameters["layers"] for trial in study.trials} == {1, 2}


def test_replicates_differ_in_their_seeds_alone():
    trials = search(replicates=3).trials
    assert [trial.hyperparameters == trials[0].hyperparameters for trial in trials] == [True] * 3 + [False] * 3
    assert len({trial.seed for trial in trials}) == 6
