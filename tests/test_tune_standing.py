"""Standing: which trial is the best, decided in the order of the numbers, whatever the order of the ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm.tune import Trial
from fastnorm.tune._trial import Standing


def trial(number, score, state="finished", loss=1.0):
    return Trial(number, {}, 0, state, score, loss)


def standing(trials, metric="accuracy"):
    result = Standing(metric)
    for entry in trials:
        result.add(entry)
    return result


@pytest.mark.parametrize(("metric", "number"), [("accuracy", 1), ("mean_absolute_error", 2)])
def test_the_metric_says_whether_more_is_better(metric, number):
    assert standing([trial(0, 0.5), trial(1, 0.9), trial(2, 0.4)], metric).best().number == number


def test_equal_scores_are_decided_by_the_loss_then_by_the_number():
    assert standing([trial(0, 0.9, loss=0.3), trial(1, 0.9, loss=0.2), trial(2, 0.9, loss=0.2)]).best().number == 1


def test_a_trial_after_one_that_was_cut_does_not_count():
    trials = [trial(0, 0.5), trial(1, 0.6), trial(2, 0.7, "cut"), trial(3, 0.8)]
    assert standing(trials).best().number == 1


def test_diverged_and_failed_trials_hold_nobody_up_and_never_win():
    trials = [trial(0, 0.9, "diverged"), trial(1, None, "failed"), trial(2, 0.3), trial(3, 0.4)]
    assert standing(trials).best().number == 3


def test_where_none_counts_the_best_of_the_rest_does():
    assert standing([]).best() is None
    assert standing([trial(0, None, "cut")]).best() is None
    assert standing([trial(0, 0.9, "cut"), trial(1, 0.3), trial(2, 0.4)]).best().number == 2
    assert standing([trial(0, 0.5, "cut"), trial(1, 0.6, "diverged")]).best().number == 1


SCORES = st.lists(st.tuples(st.sampled_from(["finished", "diverged", "failed"]), st.integers(0, 5)), max_size=12)


@given(SCORES, st.randoms(use_true_random=False))
def test_the_order_of_the_ends_is_forgotten_and_the_winner_was_always_kept(rows, shuffle):
    trials = [trial(number, None if state == "failed" else score, state) for number, (state, score) in enumerate(rows)]
    expected = standing(trials).best()
    shuffled = list(trials)
    shuffle.shuffle(shuffled)
    kept = set()
    result = Standing("accuracy")
    for entry in shuffled:
        result.add(entry)
        now = {contender.number for contender in result.contenders()}
        assert now <= kept | {entry.number}  # what was let go never comes back
        assert result.best() is None or result.best().number in now
        kept = now
    assert result.best() == expected
    finished = [entry for entry in trials if entry.state == "finished"]
    if finished:
        assert expected.score == max(entry.score for entry in finished)


@given(SCORES, st.integers(0, 11))
def test_a_longer_search_begins_with_the_shorter_ones_answer(rows, at):
    trials = [trial(number, None if state == "failed" else score, state) for number, (state, score) in enumerate(rows)]
    if not any(entry.state == "finished" for entry in trials[:at]):
        return
    late = [trial(at, 9, "cut"), *trials[at + 1 :]]
    assert standing(trials[:at] + late).best() == standing(trials[:at]).best()
