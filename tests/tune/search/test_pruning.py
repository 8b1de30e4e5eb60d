"""Halving in caviar: survivors continue where they stand, to the same bits as if nobody had watched them."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pytest
from helpers.searching import search, table

from fastnorm.metrics import rank
from fastnorm.tune import CoarseToFineSampler, KFold, MedianStopping, Study, SuccessiveHalving

HALVING = SuccessiveHalving()
HALVED = {"trials": 12, "epochs": 9, "pruner": HALVING}  # a cohort of 9, and one of 3


def best_until(study, number, epoch):
    return min(rank("accuracy", each.validation_metric, each.validation_loss) for each in study.curve(number)[:epoch])


def test_the_best_of_each_rung_go_on_and_the_others_stop():
    study = search(**HALVED)
    trials = study.trials
    assert sorted(trial.epochs for trial in trials[:9]) == [1] * 6 + [3] * 2 + [9]
    assert sorted(trial.epochs for trial in trials[9:]) == [1] * 2 + [9]
    for trial in trials:
        assert trial.state == ("finished" if trial.epochs == 9 else "stopped")
        assert len(study.curve(trial.number)) == trial.epochs
    for cohort in (trials[:9], trials[9:]):
        for rung, after in [(1, 3), (3, 9)]:
            there = [trial for trial in cohort if trial.epochs >= rung]
            on = [trial.number for trial in there if trial.epochs >= after]
            order = sorted(there, key=lambda trial: best_until(study, trial.number, rung))
            assert sorted(on) == sorted(trial.number for trial in order[: len(on)])


@pytest.mark.parametrize("validation", [None, KFold(2)])
def test_survivors_continue_as_if_nobody_had_watched_them(validation):
    options = {} if validation is None else {"validation": validation}
    halved, full = search(**HALVED, **options), search(trials=12, epochs=9, **options)
    ours, theirs = table(halved), table(full)
    for number, trial in enumerate(halved.trials):
        assert ours[1][number] == theirs[1][number][: trial.epochs]
    finished = [number for number, trial in enumerate(halved.trials) if trial.state == "finished"]
    assert finished
    assert [ours[0][number] for number in finished] == [theirs[0][number] for number in finished]  # weights too
    assert halved.best_model().to_bytes() == full.model(halved.best_trial.number).to_bytes()


@pytest.mark.parametrize("halving", [HALVING, MedianStopping(2, 2, 3)])
def test_the_answer_is_the_same_for_any_number_of_workers(halving):
    tables = [table(search(**{**HALVED, "pruner": halving}, workers=workers)) for workers in (1, 2, 4)]
    assert tables[0] == tables[1] == tables[2]
    assert {trial.state for trial in tables[0][0]} == {"finished", "stopped"}


def test_a_stopped_trial_is_revived_where_it_stands(tmp_path):
    file = tmp_path / "s.sqlite"
    study = search(**HALVED, study=file)
    number = next(trial.number for trial in study.trials if trial.state == "stopped")
    before = table(study)
    seen = []
    study = search(**HALVED, study=file, revive=[number], callbacks=[lambda study, trial: seen.append(trial)])
    after, full = table(study), table(search(trials=12, epochs=9))
    assert after[0][number] == full[0][number]
    assert after[1][number] == full[1][number]
    del before[0][number], after[0][number]
    assert before[0] == after[0]
    assert {trial.number for trial in seen} == {number}
    assert [trial.epochs for trial in seen if trial.state == "running"] == list(range(2, 10))  # not from the beginning


def test_more_trials_may_revive_one(tmp_path):
    file = tmp_path / "s.sqlite"
    search(**{**HALVED, "trials": 4}, study=file)
    assert [trial.state for trial in Study.open(file).trials].count("finished") == 1
    study = search(**{**HALVED, "trials": 9}, study=file)
    direct = search(**{**HALVED, "trials": 9})
    pairs = list(zip(study.trials, direct.trials, strict=True))
    finished = [(one, other) for one, other in pairs if other.state == "finished"]
    assert finished
    assert all(replace(one, seconds=0) == replace(other, seconds=0) for one, other in finished)
    for trial, expected in pairs:
        assert trial.epochs >= expected.epochs
        assert trial.state in ("finished", "stopped")


def test_callbacks_hear_of_every_stop():
    ends = []
    study = search(**HALVED, callbacks=[lambda study, trial: ends.append(trial)])
    ends = sorted((trial for trial in ends if trial.state != "running"), key=lambda trial: trial.number)
    assert ends == study.trials


@pytest.mark.filterwarnings("ignore:coarse to fine")
@pytest.mark.parametrize("halving", [None, HALVING, MedianStopping(2, 2, 3)])
def test_coarse_to_fine_gives_the_same_answer_too(tmp_path, halving):
    options = {"trials": 16, "epochs": 9, "pruner": halving}
    tables = [table(search(**options, sampler=CoarseToFineSampler(), workers=workers)) for workers in (1, 2, 4)]
    assert tables[0] == tables[1] == tables[2]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert table(search(**options, sampler=CoarseToFineSampler(), executor=pool)) == tables[0]
    goes_on = {**options, "sampler": CoarseToFineSampler(), "study": tmp_path / "s.sqlite"}
    for count in (3, 9, 13):  # each of them in another round
        with pytest.raises(KeyboardInterrupt):
            search(**goes_on, callbacks=[until(count)])
    assert table(search(**goes_on)) == tables[0]


def until(count):
    """A callback that ends the search, as Ctrl-C would, when so many trials have ended."""

    def callback(study, trial):
        if trial.state != "running" and sum(each.state != "running" for each in study.trials) >= count:
            raise KeyboardInterrupt

    return callback
