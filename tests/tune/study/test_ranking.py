"""Ranking: which trial is the best, decided in the order of the numbers, whatever the order of the ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.tune import Trial
from fastnorm.tune.study.ranking import Ranking


def trial(number, score, state="finished", loss=1.0):
    return Trial(number, {}, 0, state, score, loss)


def ranking(trials, metric="accuracy", places=1):
    result = Ranking(metric, places)
    for entry in trials:
        result.add(entry)
    return result


@pytest.mark.parametrize(("metric", "number"), [("accuracy", 1), ("mean_absolute_error", 2)])
def test_the_metric_says_whether_more_is_better(metric, number):
    assert ranking([trial(0, 0.5), trial(1, 0.9), trial(2, 0.4)], metric).best()[0].number == number


def test_equal_scores_are_decided_by_the_loss_then_by_the_number():
    assert ranking([trial(0, 0.9, loss=0.3), trial(1, 0.9, loss=0.2), trial(2, 0.9, loss=0.2)]).best()[0].number == 1


def test_a_trial_after_one_that_was_cut_does_not_count():
    trials = [trial(0, 0.5), trial(1, 0.6), trial(2, 0.7, "cut"), trial(3, 0.8)]
    assert ranking(trials).best()[0].number == 1


def test_diverged_failed_and_steered_trials_hold_nobody_up_and_never_win():
    trials = [
        trial(0, 0.9, "diverged"),
        trial(1, None, "failed"),
        trial(2, 0.3),
        trial(3, 0.4),
        trial(4, 0.8, "steered"),
    ]
    assert ranking(trials).best()[0].number == 3


def test_where_none_counts_the_best_of_the_rest_does():
    assert ranking([]).best() == []
    assert ranking([trial(0, None, "cut")]).best() == []
    assert ranking([trial(0, 0.9, "cut"), trial(1, 0.3), trial(2, 0.4)]).best()[0].number == 2
    assert ranking([trial(0, 0.5, "cut"), trial(1, 0.6, "diverged")]).best()[0].number == 1


SCORES = st.lists(st.tuples(st.sampled_from(["finished", "diverged", "failed"]), st.integers(0, 5)), max_size=12)


@given(SCORES, st.randoms(use_true_random=False), st.integers(1, 3))
def test_the_order_of_the_ends_is_forgotten_and_the_best_were_always_kept(rows, shuffle, places):
    trials = [trial(number, None if state == "failed" else score, state) for number, (state, score) in enumerate(rows)]
    expected = ranking(trials, places=places).best()
    shuffled = list(trials)
    shuffle.shuffle(shuffled)
    kept = set()
    result = Ranking("accuracy", places)
    for entry in shuffled:
        result.add(entry)
        now = {contender.number for contender in result.contenders()}
        assert now <= kept | {entry.number}  # what was let go never comes back
        assert {best.number for best in result.best()} <= now
        kept = now
    assert result.best() == expected
    finished = [entry for entry in trials if entry.state == "finished"]
    if finished:
        scores = sorted((entry.score for entry in finished), reverse=True)
        assert [entry.score for entry in expected] == scores[:places]


@given(SCORES, st.integers(0, 11))
def test_a_longer_search_begins_with_the_shorter_ones_answer(rows, at):
    trials = [trial(number, None if state == "failed" else score, state) for number, (state, score) in enumerate(rows)]
    if not any(entry.state == "finished" for entry in trials[:at]):
        return
    late = [trial(at, 9, "cut"), *trials[at + 1 :]]
    assert ranking(trials[:at] + late).best() == ranking(trials[:at]).best()


def test_trials_that_halving_or_their_own_limit_stopped_may_win():
    trials = [trial(0, 0.5), trial(1, 0.7, "stopped"), trial(2, 0.6, "overtime"), trial(3, None, "overtime")]
    assert [entry.number for entry in ranking(trials, places=3).best()] == [1, 2, 0]


def test_a_revived_trial_takes_its_former_place():
    trials = [trial(0, 0.5, "stopped"), trial(1, 0.6), trial(0, 0.7)]
    assert [entry.score for entry in ranking(trials, places=3).best()] == [0.7, 0.6]
