"""What a search has learned: importance, what more trials would bring, whether the first is better than the second."""

import math
from statistics import fmean

import numpy as np
import pytest

from fastnorm import tune
from fastnorm.errors import DataError, SettingError
from fastnorm.tune import Choice, Float, Int, Space, Trial

SPACE = Space(
    {
        "rate": Float(1e-4, 1, "log"),
        "units": Int(16, 512, "log"),
        "kind": Choice(["a", "b", "c"]),
        "momentum": Float(0.5, 0.99, "one_minus_log", when=("kind", "==", "c")),
        "idle": Float(0, 1),
    }
)


def trials(score, count=60, seed=0):
    """So many random trials; score is a function of their hyperparameters, None: diverged."""
    made = []
    for number in range(count):
        values = tune.RandomSampler().sample(SPACE, seed, number, count, (), "accuracy")
        found = score(values)
        made.append(Trial(number, values, 0, "diverged" if found is None else "finished", found, 0.0))
    return made


def scored(values, state="finished"):
    return [Trial(number, {}, 0, state, float(value), 0.0) for number, value in enumerate(values)]


# ---- importance


def by_name(found):
    return {importance.name: importance for importance in found}


@pytest.mark.parametrize(
    ("score", "name", "least"),
    [
        (lambda values: -((math.log10(values["rate"]) + 2) ** 2), "rate", 0.8),  # a parabola on its axis
        (lambda values: math.log(values["units"]), "units", 0.95),
        (lambda values: {"a": 0.0, "b": 0.2, "c": 1.0}[values["kind"]] + 1e-3 * values["idle"], "kind", 0.8),
        (lambda values: values.get("momentum", 0.0), "momentum", 0.8),
    ],
)
def test_the_one_that_matters_explains_nearly_all(score, name, least):
    found = tune.importances(trials(score), SPACE, "accuracy")
    assert found[0].name == name
    assert found[0].fraction > least
    assert found[0].fraction > 4 * found[0].error
    others = [entry for entry in found[1:] if {entry.name, name} != {"kind", "momentum"}]  # one is there for the other
    assert all(entry.fraction < 0.1 + 3 * entry.error for entry in others)


def test_two_share_as_their_variances_do():
    def score(values):
        return 2 * SPACE["rate"].fraction(values["rate"]) + values["idle"]

    found = by_name(tune.importances(trials(score, 400), SPACE, "mean_absolute_error"))
    assert found["rate"].fraction == pytest.approx(0.8, abs=0.1)
    assert found["idle"].fraction == pytest.approx(0.2, abs=0.1)


def test_what_does_not_matter_explains_nothing():
    noise = np.random.default_rng(0)
    for seed in range(10):
        for entry in tune.importances(trials(lambda values: noise.random(), seed=seed), SPACE, "accuracy"):
            assert entry.fraction <= 0.05 + 2.5 * entry.error


def test_diverged_trials_tell_what_made_them():
    found = tune.importances(trials(lambda values: None if values["rate"] > 0.1 else 0.5), SPACE, "accuracy")
    assert found[0].name == "rate"
    assert found[0].fraction > 0.2


def test_equal_scores_and_single_cases_are_no_trouble():
    found = tune.importances(trials(lambda values: 0.5, 30), SPACE, "accuracy")
    assert all(0 <= entry.fraction <= 1 for entry in found)
    fixed = Space({"one": Choice([1]), "rare": Choice([0, 1])})
    once = [Trial(n, {"one": 1, "rare": int(n == 7)}, 0, "finished", float(n), 0.0) for n in range(30)]
    assert all(entry.fraction < 0.1 for entry in tune.importances(once, fixed, "accuracy"))


def test_few_trials_are_too_few():
    with pytest.raises(DataError, match="importance: 29 trials are too few; it takes 30 that ended"):
        tune.importances(trials(lambda values: 1.0, 29), SPACE, "accuracy")


# ---- expected best and forecast


def test_the_expected_best_is_the_mean_over_all_parts_of_the_trials():
    found = tune.expected_best(scored([1, 2, 3, 4]), "accuracy", [1, 2, 3, 4])
    assert [entry.score for entry in found] == pytest.approx([2.5, 20 / 6, 3.75, 4])
    lower = tune.expected_best(scored([1, 2, 3, 4]), "mean_absolute_error", [1, 2, 3])
    assert [entry.score for entry in lower] == pytest.approx([2.5, 10 / 6, 1.25])
    assert found[0].spread == pytest.approx(np.std([1, 2, 3, 4]))
    assert [entry.spread for entry in found] == sorted((entry.spread for entry in found), reverse=True)
    assert [entry.count for entry in tune.expected_best(scored(range(20)), "accuracy")] == [1, 2, 4, 8, 16, 20]


def test_lost_trials_count_as_the_worst():
    lost = [Trial(4, {}, 0, "diverged"), Trial(5, {}, 0, "failed", message="no")]
    apart = [Trial(6, {}, 0, "cut", 9.0, 0.0), Trial(7, {}, 0, "steered", 9.0, 0.0)]
    assert tune.expected_best([*scored([1, 2]), *lost, *apart], "accuracy", [1])[0].score == pytest.approx(1.25)


@pytest.mark.parametrize(("count", "more"), [(32, 32), (32, 8), (64, 32)])
def test_a_forecast_is_right_on_average(count, more):
    """Scores even in [0, 1): the best of n is n / (n + 1) in the mean."""
    rng = np.random.default_rng(count + more)
    found = [tune.forecast(scored(rng.random(count)), "accuracy", more) for _ in range(60)]
    truth = (count + more) / (count + more + 1) - count / (count + 1)
    gains = [entry.gain for entry in found]
    assert fmean(gains) == pytest.approx(truth, abs=3 * np.std(gains) / math.sqrt(60))
    assert fmean(entry.error for entry in found) == pytest.approx(np.std(gains), rel=0.6)
    assert found[0].probability == more / (count + more)


def test_a_forecast_speaks():
    rng = np.random.default_rng(0)
    found = tune.forecast(scored(rng.random(32)), "accuracy", 32)
    gain, error = f"{found.gain:.3f}", f"{found.error:.3f}"
    assert 0.01 < found.gain < 0.1  # so that three decimals are two figures
    assert str(found) == f"32 more trials: about +{gain} better (+- {error})"
    assert found.words("points", 100).startswith(f"32 more trials: about +{100 * found.gain:.1f} points (+- ")
    assert found.words("error", -1).startswith(f"32 more trials: about -{gain} error (+- ")
    assert tune.forecast(scored([0.5] * 32), "accuracy", 32).gain == 0
    assert tune.forecast(scored(rng.random(32)), "mean_absolute_error", 8).gain > 0


@pytest.mark.parametrize(
    ("gain", "error", "words"),
    [
        (3.6e-14, 2e-9, "no gain to expect"),
        (0.0, 0.0, "no gain to expect"),
        (3e-3, 3e-3, "about +0.30 points (+- 0.30)"),
        (3e-3, 2e-9, "about +0.30 points (+- 0.00)"),
        (2e-4, 6e-4, "no gain to expect (+- 0.060 points)"),  # what there is of it is lost in its error
        (0.123, 0.05, "about +12 points (+- 5)"),
    ],
)
def test_a_forecast_says_no_more_than_can_be_told(gain, error, words):
    assert tune.Forecast(30, 0.97, gain, error, 0.5).words("points", 100) == f"30 more trials: {words}"


def test_a_forecast_of_large_numbers_has_no_exponents():
    words = tune.Forecast(30, 98765.4, 23456.7, 1234.5, 0.5).words("mean absolute error", -1)
    assert words == "30 more trials: about -23457 mean absolute error (+- 1234)"


def test_what_cannot_be_expected_is_refused():
    with pytest.raises(DataError, match="forecast: 10 trials do not foretell 32 more"):
        tune.forecast(scored(range(10)), "accuracy", 32)
    with pytest.raises(DataError, match="expected trials with scores, got none"):
        tune.expected_best([Trial(0, {}, 0, "failed")], "accuracy")
    with pytest.raises(SettingError, match="counts: expected a whole number from 1 to 3, got 4"):
        tune.expected_best(scored(range(3)), "accuracy", [4])


# ---- first and second


def test_clear_winners_are_told_apart():
    scores = {3: [0.90, 0.91, 0.92, 0.90], 5: [0.80, 0.81, 0.79, 0.80], 8: [0.5], 9: [0.1, 0.2]}
    found = tune.compare_best(scores, "accuracy")
    assert (found.first, found.second) == (3, 5)
    assert found.p_value == pytest.approx(2 / 70)
    assert found.told_apart
    assert str(found) == (
        "trial 3 (0.9075 +- 0.0096, 4 runs) is better than trial 5 (0.8 +- 0.0082, 4 runs): chance alone makes such a "
        "difference with probability 0.029"
    )
    assert tune.compare_best(scores, "mean_absolute_error").first == 9


def test_near_ones_are_not():
    found = tune.compare_best({3: [0.90, 0.92, 0.91, 0.93], 5: [0.905, 0.925, 0.90, 0.92]}, "accuracy")
    assert not found.told_apart
    words = f"cannot be told apart: the difference is not beyond chance (probability {found.p_value:.2f})"
    assert str(found).endswith(words)
    large = tune.compare_best({3: [34567.8, 34597.8], 5: [34567.8, 34597.8]}, "mean_absolute_error")
    assert str(large).startswith("trial 3 (34580 +- 21, 2 runs) and trial 5 (34580 +- 21, 2 runs)")
    few = tune.compare_best({0: [0.9, 0.91, 0.92], 1: [0.1, 0.2, 0.3]}, "accuracy")
    assert few.p_value == pytest.approx(0.1)
    assert str(few).endswith("cannot be told apart: that takes more runs")


def test_equally_good_ones_are_told_apart_once_in_twenty():
    rng = np.random.default_rng(0)
    apart = [tune.compare_best({0: rng.random(5), 1: rng.random(5)}, "accuracy").told_apart for _ in range(400)]
    assert 0.01 <= np.mean(apart) <= 0.09


def test_many_runs_are_split_at_random():
    rng = np.random.default_rng(1)
    scores = {0: rng.normal(0, 1, 40), 1: rng.normal(0.5, 1, 40)}
    found = tune.compare_best(scores, "accuracy")
    difference = abs(np.mean(scores[0]) - np.mean(scores[1]))
    error = math.sqrt(np.var(scores[0], ddof=1) / 40 + np.var(scores[1], ddof=1) / 40)
    assert found.p_value == pytest.approx(math.erfc(difference / error / math.sqrt(2)), abs=0.02)


def test_a_search_with_replicates_is_compared():
    search = tune.Search({"x": Choice([1, 2, 3])}, replicates=5, direction="maximize")
    for number in range(15):
        trial = search.ask()
        search.tell(trial, trial.hyperparameters["x"] + 0.01 * (number % 5))
    scores = tune.replicated(search.trials)
    assert sorted(scores) == [0, 5, 10]
    found = tune.compare_best(scores, "accuracy")
    assert search.trials[found.first].hyperparameters == {"x": 3}
    assert found.told_apart
    with pytest.raises(DataError, match="expected two trials of 2 runs or more, got 0"):
        tune.compare_best(tune.replicated(search.trials[::5]), "accuracy")
