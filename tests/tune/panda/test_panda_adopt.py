"""Adopting a trial that has ended or was cut, and giving it back; for one at work see test_panda_adopt_live.py."""

import math
from dataclasses import replace

import pytest
from helpers.running import assert_same, make, untimed
from helpers.searching import ENDLESS, TRAINING, VALIDATION, clouds, search, table

import fastnorm as fn
from fastnorm.errors import FileError, SettingError
from fastnorm.tune import KFold, Study, SuccessiveHalving, adopt, default_build, panda, replay
from fastnorm.tune.study.result_order import ranked
from fastnorm.tune.study.writer import Writer

TEST = clouds(2, 30)
BUILD = default_build(3)


def adopted(file, trial, **options):
    return adopt(file, trial, BUILD, *TRAINING, **{"validation": VALIDATION} | options)


def state_of(file, trial):
    with Study.open(file) as study:
        return study.trials[trial].state


@pytest.mark.parametrize("trial", [0, 3])
def test_a_finished_trial_goes_on_under_a_hand_from_where_it_ended(tmp_path, trial):
    file = tmp_path / "s.sqlite"
    study = search(study=file)
    with adopted(study, trial, test=TEST) as watched:
        assert untimed(watched.history) == untimed(study.curve(trial))
        assert watched.run.seed == study.trials[trial].seed
        assert state_of(file, trial) == "steered"
        watched.nudge(learning_rate=0.01)
        watched.advance(2)
        watched.revert(1)
        watched.advance(1)
        assert untimed(watched.history) == untimed(study.curve(trial))[:2]
        watched.undo()
        assert watched.run.epoch == 5
        history = watched.history
        watched.final_score()
        watched.give_back()
    given = Study.open(file)
    row = given.trials[trial]
    assert (row.state, row.epochs) == ("steered", 5)
    assert given.curve(trial) == history
    best = min(history, key=lambda epoch: (-epoch.validation_metric, epoch.validation_loss))
    assert (row.score, row.best_epoch) == (best.validation_metric, best.number)
    model = given.model(trial)
    assert model.evaluate(*VALIDATION)["accuracy"] == pytest.approx(row.score)
    assert row.weights
    assert [other for other in given.trials if other.number != trial] == [
        other for other in study.trials if other.number != trial
    ]


def test_where_nothing_else_has_a_score_the_steered_trial_is_the_best(tmp_path):
    study = search(study=tmp_path / "s.sqlite", trials=1)
    with adopted(study, 0) as watched:
        watched.advance(1)
        watched.give_back()
    assert study.best_trial == study.best_so_far == study.trials[0]
    watched = panda(make(validation=VALIDATION), tmp_path / "p.sqlite")
    watched.advance(1)
    with pytest.raises(FileError, match=r"expected the model of trial 0, found none; it is kept by panda\.give_back"):
        watched.study.best_model()
    with pytest.raises(FileError, match="this is the study of a panda; fn"):
        adopted(tmp_path / "p.sqlite", 0)


def test_a_search_that_goes_on_leaves_it_out_of_its_decisions(tmp_path):
    file = tmp_path / "s.sqlite"
    options = {"trials": 6, "epochs": 9, "pruner": SuccessiveHalving(), "study": file}
    before = search(**options)
    winner = before.best_trial.number
    adopted(file, winner).give_back()
    after = search(**options | {"trials": 8})
    assert after.trials[winner].state == "steered"
    assert after.best_trial.number != winner
    assert winner not in [trial.number for trial in ranked(after.trials, after.metric)]
    assert after.best_trial == ranked(after.trials, after.metric)[0]
    assert len(after.trials) == 8
    assert after.model(winner)
    with adopted(file, winner) as again:  # and again under a hand
        again.advance(1)
        assert again.run.epoch == before.best_trial.epochs + 1


def test_a_trial_that_diverged_by_hand_keeps_the_best_that_was_left_behind_and_the_search_goes_on(tmp_path):
    file = tmp_path / "s.sqlite"
    before = search(study=file, trials=1).trials[0]
    with adopted(file, 0) as watched:
        watched.revert(0)
        watched.nudge(learning_rate=1e38)
        watched.advance(2)
        assert math.isnan(watched.history[-1].validation_loss)
        watched.give_back()
    with Study.open(file) as study:
        row = study.trials[0]
        assert (row.score, row.best_epoch, row.epochs) == (before.score, before.best_epoch, 2)
        assert study.model(0).evaluate(*VALIDATION)["accuracy"] == pytest.approx(row.score)
    assert search(study=file, trials=2).best_trial.number == 1


def test_a_search_that_goes_on_decides_alike_whenever_the_trial_was_adopted(tmp_path):
    options = {"epochs": 9, "pruner": SuccessiveHalving()}
    tables = []
    for workers, trials in ((1, 4), (2, 12)):
        file = tmp_path / f"{workers}.sqlite"
        search(**options, trials=trials, workers=workers, study=file)
        adopted(file, 2).give_back()
        rows, curves = table(search(**options, trials=12, workers=workers, study=file))
        tables.append((rows[:2] + rows[3:], curves[:2] + curves[3:]))
        assert rows[2].state == "steered"
    assert tables[0] == tables[1]


def test_an_adopted_trial_is_replayed_by_a_run_made_as_the_trials_was(tmp_path):
    study = search(study=tmp_path / "s.sqlite", trials=2)
    with adopted(study, 1) as watched:
        watched.nudge(learning_rate=0.02, dropout=0.2)
        watched.advance(2, minibatches=3)
        watched.nudge(beta_1=0.5)
        watched.advance(1)
    settings = study.trials[1].hyperparameters
    names = ("learning_rate", "beta_1", "weight_decay")
    run = fn.Run(
        BUILD(settings), *TRAINING, validation=VALIDATION, batch_size=settings["batch_size"],
        optimizer=fn.Adam(**{name: settings[name] for name in names}),
        schedule=fn.schedules.InverseTime(settings["decay_rate"]), seed=study.trials[1].seed,
    )  # fmt: skip
    assert_same(replay(study, run, trial=1).run, watched.run)


def test_what_a_panda_asked_for_before_it_was_killed_is_had_by_the_next(tmp_path):
    study = search(study=tmp_path / "s.sqlite", trials=2)
    writer = Writer(study.path, None)
    writer.stand(replace(study.trials[0], state="steered"))  # given, and never begun
    writer.request(1)  # asked for, and nobody is there any more
    writer.close()
    after = search(study=tmp_path / "s.sqlite", trials=3)
    assert [trial.state for trial in after.trials] == ["steered", "finished", "finished"]
    with adopted(study, 0) as watched:
        assert watched.run.epoch == 3


def test_a_trial_that_was_cut_goes_on_from_its_state(tmp_path):
    file, options = tmp_path / "s.sqlite", {"trials": 2, "epochs": ENDLESS, "workers": 1}
    search(**options, timeout=0.2, study=file)
    with Study.open(file) as study:
        (cut,) = [trial for trial in study.trials if trial.state == "cut"]
        curve = study.curve(cut.number)
    with adopted(file, cut.number) as watched:
        assert untimed(watched.history) == untimed(curve)
        assert watched.run.epoch == cut.epochs
        watched.advance(1)
        watched.revert(1)  # what was before the hand is on record, too
        watched.advance(1)
        assert untimed(watched.history) == untimed(curve)[:2]


def test_of_several_folds_the_first_is_adopted(tmp_path):
    file = tmp_path / "s.sqlite"
    study = search(study=file, validation=KFold(3), trials=2)
    with adopted(study, 1, validation=KFold(3)) as watched:
        assert watched.run.epoch == 3
        assert watched.run.rows == 80
        watched.nudge(learning_rate=0.1)
        watched.advance(1)
    assert Study.open(file).curve(1) == watched.history


@pytest.mark.parametrize(
    ("options", "trial", "error", "words"),
    [
        ({"validation": 0.2}, 0, FileError, "validation: this adoption has 0.2, the study was made with"),
        ({"x": TRAINING[0] + 1}, 0, FileError, "data: this adoption has other rows than the study was made with"),
        ({"loss": fn.Focal()}, 0, FileError, "loss: this adoption has .*, the study was made with nothing"),
        ({"build": lambda h: fn.Sequential([fn.Dense(3)])}, 0, FileError, "trial 0, trained again, has another curve"),
        ({}, 9, SettingError, "adopt: expected the number of a trial that was begun, got 9"),
    ],
)
def test_what_cannot_be_adopted_is_refused_and_left_as_it_was(tmp_path, options, trial, error, words):
    study = search(study=tmp_path / "s.sqlite", trials=2)
    before, y = study.trials, TRAINING[1]
    arguments = {"build": BUILD, "x": TRAINING[0], "validation": VALIDATION} | options
    with pytest.raises(error, match=words):
        adopt(study, trial, arguments.pop("build"), arguments.pop("x"), y, **arguments)
    assert study.trials == before
    assert not study.branches(0)


def test_a_study_in_memory_and_a_failed_trial_have_nothing_to_adopt(tmp_path):
    with pytest.raises(SettingError, match="adopt: this study is in memory alone; give caviar a study=FILE"):
        adopted(search(trials=1), 0)

    def build(hyperparameters):
        if not failing:
            failing.append(1)
            raise ValueError("no")
        return BUILD(hyperparameters)

    failing = []
    with pytest.warns(UserWarning, match="1 of 2 trials failed"):
        search(build, study=tmp_path / "s.sqlite", trials=2, workers=1)
    with pytest.raises(SettingError, match=r"adopt: trial 0 failed \(ValueError: no\), so there is no training to"):
        adopted(tmp_path / "s.sqlite", 0)
