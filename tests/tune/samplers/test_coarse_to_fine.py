"""Coarse to fine: the boxes on the scale's axis, whom they count, what happens at their ends."""

import math
import warnings
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import tune
from fastnorm.errors import SettingError
from fastnorm.tune import Choice, CoarseToFineSampler, Distribution, Float, Int, Search, Space, Trial
from fastnorm.tune.samplers.coarse_to_fine import Box, whole, zoom

LOG = Space({"rate": Float(1e-4, 1, "log")})


def trials(name, values, scores, state="finished"):
    pairs = enumerate(zip(values, scores, strict=True))
    return [Trial(number, {name: value}, 0, state, score, -score) for number, (value, score) in pairs]


def decades(box, name="rate"):
    """The ends of an axis of four decades from 1e-4, as exponents of ten."""
    return [-4 + 4 * fraction for fraction in box.fractions[name]]


def test_a_box_zooms_on_the_scales_own_axis():
    known = trials("rate", [10**-3.5, 10**-2.5, 10**-2, 10**-1.5, 10**-0.5], [0.1, 0.8, 0.9, 0.7, 0.2])
    box = zoom(LOG, whole(LOG), known, "accuracy", keep=0.6, margin=0.05)
    assert decades(box) == pytest.approx([-2.7, -1.3])
    assert box.notes == ()
    assert box.draw("rate", LOG["rate"], 0.5) == pytest.approx(0.01)
    lower = zoom(LOG, whole(LOG), known, "mean_absolute_error", keep=0.2, margin=0.0)
    assert decades(lower) == pytest.approx([-3.5, -0.5])
    assert decades(zoom(LOG, whole(LOG), known, "accuracy", keep=0.8, margin=0.0)) == pytest.approx([-2.5, -0.5])


def test_earlier_trials_inside_the_box_count_and_those_outside_do_not():
    box = Box({"rate": (0.25, 0.75)}, {})  # -3 to -1
    known = trials("rate", [10**-3.9, 10**-2.5, 10**-1.5, 10**-2, 10**-1.1], [0.99, 0.8, 0.7, 0.6, 0.1])
    assert decades(zoom(LOG, box, known, "accuracy", keep=0.6, margin=0.0)) == pytest.approx([-2.5, -1.5])


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_what_a_box_draws_lies_inside(one, other, fraction):
    axes = {"rate": Float(1e-4, 1, "log"), "layers": Int(1, 3), "drop": Float(0, 1, step=0.25)}
    space = Space({**axes, "kind": ["a", "b", "c"]})
    ends = (min(one, other), max(one, other))
    box = Box(dict.fromkeys(axes, ends), {"kind": ("a", "b")})
    assert box.holds(space, {name: box.draw(name, entry, fraction) for name, entry in space.items()})
    assert not box.holds(space, {"kind": "c"})


@pytest.mark.parametrize("state", ["diverged", "failed", "cut", "overtime", "steered"])
def test_trials_that_did_not_end_well_decide_nothing(state):
    good = trials("rate", [1e-3, 10**-2.5, 1e-2], [0.5, 0.55, 0.6])
    bad = trials("rate", [0.1, 0.2], [0.99, 0.98], state)
    assert decades(zoom(LOG, whole(LOG), [*good, *bad], "accuracy", 0.2, 0.0)) == pytest.approx([-3, -2])


def test_too_few_trials_leave_the_box_as_it_is():
    box = zoom(LOG, whole(LOG), trials("rate", [0.1, 0.2], [0.5, 0.6]), "accuracy", 0.2, 0.1)
    assert box.fractions == {"rate": (0.0, 1.0)}
    assert box.notes == ("2 trials are too few to zoom in on; the box stays",)


def test_a_best_trial_at_the_boxs_end_widens_it_there():
    box = Box({"rate": (0.25, 0.75)}, {})  # -3 to -1
    known = trials("rate", [10**-1.05, 10**-1.45, 10**-1.55, 10**-2.5], [0.9, 0.8, 0.7, 0.1])
    wider = zoom(LOG, box, known, "accuracy", keep=0.5, margin=0.2)
    assert decades(wider) == pytest.approx([-1.55 - 0.4, -1.05 + 0.8])
    inner = trials("rate", [10**-1.05, 10**-1.55, 10**-1.45, 10**-2.5], [0.9, 0.8, 0.7, 0.1])
    assert zoom(LOG, box, inner, "accuracy", keep=0.5, margin=0.2).notes == ()  # the second is not near
    assert wider.notes == ("rate: the best value, 0.08913, lies at the high end of the box, which is widened there",)


def test_a_best_trial_at_the_end_of_the_range_asks_for_a_wider_space():
    known = trials("rate", [1.1e-4, 9e-4, 2e-3, 0.1], [0.9, 0.8, 0.7, 0.1])
    box = zoom(LOG, whole(LOG), known, "accuracy", keep=0.5, margin=0.1)
    assert box.fractions["rate"][0] == 0.0
    assert box.notes == ("rate: the best value, 0.00011, lies at the low end of its range; widen the space",)
    few = Space({"rate": Int(1, 3)})
    assert zoom(few, whole(few), trials("rate", [1, 1, 1], [0.9, 0.8, 0.7]), "accuracy", 0.5, 0.1).notes == ()


def test_an_option_goes_only_after_trials_enough():
    space = Space({"kind": Choice(["a", "b", "c"])})
    known = trials("kind", ["a"] * 10 + ["b"] * 5 + ["c"] * 4, [0.9] * 10 + [0.1] * 9)
    assert zoom(space, whole(space), known, "accuracy", keep=0.2, margin=0.1).options == {"kind": ("a", "c")}


def test_a_hyperparameter_few_trials_have_keeps_its_axis():
    space = Space({"layers": Int(1, 2), "units_2": Int(16, 512, "log", when=("layers", "==", 2))})
    rows = [{"layers": 1}, {"layers": 2, "units_2": 100}, {"layers": 2, "units_2": 101}, {"layers": 1}]
    known = [Trial(number, values, 0, "finished", -number, 0.0) for number, values in enumerate(rows)]
    box = zoom(space, whole(space), known, "accuracy", keep=1, margin=0.0)
    assert box.fractions["units_2"] == (0.0, 1.0)


@given(st.integers(0, 2**32), st.floats(0.05, 1), st.floats(0, 1))
@pytest.mark.filterwarnings("ignore:coarse to fine")
def test_every_draw_is_a_configuration_of_the_space(seed, keep, margin):
    space = Space(
        {
            "rate": Float(1e-4, 1, "log"), "kind": Choice(["sgd", "adam"]), "drop": Float(0, 0.5, step=0.1),
            "momentum": Float(0.5, 0.99, "one_minus_log", when=("kind", "==", "sgd")), "layers": Int(1, 4),
            "noise": Distribution("norm", (0, 2)),
        }
    )  # fmt: skip
    search = Search(space, trials=18, seed=seed, sampler=CoarseToFineSampler(keep=keep, margin=margin))
    for number in range(18):
        trial = search.ask()
        space.check(trial.hyperparameters)
        search.tell(trial, trial.hyperparameters["rate"] if number % 5 else math.nan)


@pytest.mark.parametrize(
    ("rounds", "trials", "starts"),
    [(3, 30, [0, 15, 22]), (4, 60, [0, 30, 40, 50]), (1, 30, [0]), (2, 1, [0]), (3, None, [0, 20, 30])],
)
def test_the_first_round_has_half_of_the_trials_and_the_others_share_the_rest(rounds, trials, starts):
    sampler = CoarseToFineSampler(rounds)
    waves = [sampler.wave(number, trials) for number in range(trials or 200)]
    assert waves == sorted(waves)
    assert sorted(set(waves)) == starts
    assert [waves[start] for start in starts] == starts


def valley(values):
    """Best at a rate of 0.003 and 100 units; the third axis is of no use."""
    return math.log10(values["rate"] / 0.003) ** 2 + math.log2(values["units"] / 100) ** 2 / 4


@pytest.mark.filterwarnings("ignore:coarse to fine")
def test_it_finds_better_places_than_random_search_at_the_same_cost():
    space = {"rate": Float(1e-5, 1, "log"), "units": Int(16, 512, "log"), "idle": Float(0, 1)}
    costs = {True: [], False: []}
    for seed in range(20):
        for zooms in costs:
            search = Search(space, trials=30, seed=seed, sampler=CoarseToFineSampler() if zooms else None)
            for _ in range(30):
                trial = search.ask()
                search.tell(trial, valley(trial.hyperparameters))
            costs[zooms].append(search.best_trial.score)
    assert fmean(costs[True]) < 0.5 * fmean(costs[False])


def test_a_search_says_once_where_its_best_trial_lies():
    search = Search(LOG, trials=30, sampler=CoarseToFineSampler(), direction="maximize", seed=3)
    for number in range(30):
        with warnings.catch_warnings(record=True, action="always") as caught:
            trial = search.ask()
        words = f"coarse to fine, from trial {number} on: rate: the best value"
        assert [str(warning.message).startswith(words) for warning in caught] == [True] * (number in (15, 22))
        search.tell(trial, trial.hyperparameters["rate"])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CoarseToFineSampler(rounds=0), "CoarseToFineSampler rounds: expected a whole number at least 1"),
        (lambda: CoarseToFineSampler(keep=0), r"CoarseToFineSampler keep: expected a finite number in \(0, 1\]"),
        (lambda: CoarseToFineSampler(margin=-1), "CoarseToFineSampler margin: expected a finite number"),
    ],
)
def test_wrong_options_are_named(make, words):
    with pytest.raises(SettingError, match=words):
        make()


def test_it_is_told_apart_by_its_options():
    assert repr(tune.CoarseToFineSampler(2, 0.3, 0.1)) == "CoarseToFineSampler(rounds=2, keep=0.3, margin=0.1)"
