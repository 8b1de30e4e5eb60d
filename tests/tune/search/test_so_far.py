"""The best so far, whatever ended the search; confirming under a time limit; what default_build makes of a space."""

import pytest
from helpers.records import CURVE, ENDED, FACTS, end
from helpers.searching import ENDLESS, search

from fastnorm.errors import DataError, SettingError
from fastnorm.tune import default_build
from fastnorm.tune.search.defaults import require_used
from fastnorm.tune.search.record import Record


def stands(record, number, state, score, model=b"m"):
    changed = {"number": number, "state": state, "score": score}
    end(record, type(ENDED)(**{**vars(ENDED), **changed}), CURVE, model, (b"s",) if state in ("cut", "running") else ())


def test_a_trial_that_was_cut_may_be_the_best_so_far():
    record = Record(None, FACTS, 2)
    study = record.study
    with pytest.raises(DataError, match="no trial has a score"):
        _ = study.best_so_far
    for number, state, score in [(0, "finished", 0.7), (1, "cut", 0.9), (2, "finished", 0.8), (3, "running", 0.85)]:
        stands(record, number, state, score)
    assert study.best_trial.number == 0  # what a longer search would say of the trials before the one that was cut
    assert study.best_so_far.number == 1
    assert [trial.number for trial in study.leaders(9)] == [1, 3, 2, 0]
    assert [trial.number for trial in study.leaders(2)] == [1, 3]
    stands(record, 4, "diverged", 0.99)
    assert study.best_so_far.number == 1


def test_runs_with_other_seeds_decide_about_the_best_so_far():
    record = Record(None, FACTS, 2)
    for number, score in [(0, 0.7), (1, 0.9)]:
        stands(record, number, "finished", score)
    for number, score in [(0, 0.8), (1, 0.6)]:
        record.confirm(number, 5, type(ENDED)(**{**vars(ENDED), "score": score}))
    assert record.study.best_so_far == record.study.best_trial == record.study.trials[0]


def test_a_time_limit_leaves_time_to_confirm():
    study = search(trials=None, timeout=2.0, epochs=1, confirm=1)
    (scores,) = study.confirmations.values()
    assert len(scores) == 5


def test_halving_under_a_time_limit_gives_the_best_there_was():
    study = search(trials=2, timeout=0.5, epochs=ENDLESS)
    assert {trial.state for trial in study.trials} == {"cut"}
    assert study.best_so_far.score == max(trial.score for trial in study.trials)
    study.model(study.best_so_far.number)


@pytest.mark.parametrize(
    ("hyperparameters", "widths"),
    [
        ({}, [128, 128]),
        ({"layers": 0}, []),
        ({"layers": 3, "units": 8, "units_3": 4}, [8, 8, 4]),
        ({"units": 8, "units_1": 16, "dropout": 0.5}, [16, 8]),
    ],
)
def test_the_default_build_fills_in_what_a_space_leaves_out(hyperparameters, widths):
    model = default_build(3)(hyperparameters)
    model.initialize(5)
    matrices = [value.shape for value in model.tape.of_role("parameter") if value.ndim == 2]
    assert [outputs for _, outputs in matrices] == [*widths, 3]


def test_arrays_have_no_columns_to_cut_into_bins():
    with pytest.raises(SettingError, match="bins: expected a frame"):
        default_build(3)({"bins": 16})


def test_a_hyperparameter_that_nothing_would_use_is_named():
    require_used("here", ["units", "units_12", "layers", "dropout", "momentum", "l2", "decay_rate", "batch_size"])
    for name in ("width", "units_0", "learning-rate"):
        with pytest.raises(SettingError, match=f"here: {name}: nothing would use this hyperparameter; those in use"):
            require_used("here", [name])
