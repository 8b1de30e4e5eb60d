"""Proposals and Search: known configurations first, nothing twice, the same trials in any order of telling."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnorm import tune
from fastnorm.errors import DataError, SettingError
from fastnorm.tune import Choice, Exhausted, Float, GridSampler, Int, Proposals, RandomSampler, Search, Space

SMALL = Space({"layers": Int(1, 3), "units_3": Int(4, 5, when=("layers", ">=", 3)), "kind": Choice(["a", "b"])})
SPACE = Space({"rate": Float(1e-4, 1, "log"), "units": Int(16, 512, "log"), "kind": Choice(["a", "b"])})


def asked(search, score=lambda values: 0.0):
    """Ask and tell until there is nothing left; the message says why."""
    try:
        while True:
            trial = search.ask()
            search.tell(trial, score(trial.hyperparameters))
    except Exhausted as end:
        return [trial.hyperparameters for trial in search.trials], str(end)


def test_no_configuration_comes_twice_and_the_search_ends_when_all_have_been_tried():
    rows, message = asked(Search(SMALL))
    assert len(rows) == len({str(row) for row in rows}) == len(list(SMALL.configurations())) == 8
    assert message == "the space's 8 configurations have all been tried; replicates= tries each again"


def test_a_configuration_that_chance_hardly_finds_is_found():
    space = {"wide": Int(1, 1000, "log"), "first": Choice([0])}
    rows, _ = asked(Search(space, trials=990))
    assert len({row["wide"] for row in rows}) == 990


def test_without_repeats_the_draws_are_the_samplers_own():
    rows, _ = asked(Search(SPACE, trials=20, seed=3))
    assert rows == [RandomSampler().sample(SPACE, 3, number, 20, (), "cost") for number in range(20)]


def test_replicates_differ_by_their_seeds_alone():
    search = Search(SMALL, replicates=3)
    rows, message = asked(search)
    assert message.startswith("the space's 8 configurations")
    assert len(rows) == 24
    assert [rows[number] == rows[number - 1] for number in range(1, 24)] == ([True, True, False] * 8)[:-1]
    assert len({trial.seed for trial in search.trials}) == 24


def test_known_configurations_come_first_and_are_completed():
    full = {"rate": 0.5, "units": 20, "kind": "a"}
    known = [{"rate": 0.5, "kind": "b"}, full, full]
    rows, _ = asked(Search(SPACE, trials=5, enqueue=known))
    assert rows[0]["rate"] == 0.5
    assert rows[0]["kind"] == "b"
    SPACE.check(rows[0])
    assert rows[1] == full
    assert full not in rows[2:]
    other, _ = asked(Search(SPACE, trials=5, enqueue=known, seed=1))
    assert other[0]["units"] != rows[0]["units"]
    assert other[1] == rows[1]


def test_known_values_become_the_spaces_own():
    rows, _ = asked(Search({"layers": Int(1, 3), "size": Choice([32, 64])}, enqueue=[{"layers": 2.0, "size": 64.0}]))
    assert [type(value) for value in rows[0].values()] == [int, int]
    assert rows.count({"layers": 2, "size": 64}) == 1


def test_known_configurations_are_not_drawn_again():
    first = {"layers": 2, "kind": "a"}
    rows, _ = asked(Search(SMALL, enqueue=[first]))
    assert rows[0] == first
    assert len({str(row) for row in rows}) == len(rows) == 8


def test_a_grid_comes_whole_after_known_configurations():
    space = {"one": Float(0, 1), "other": Float(0, 1)}
    rows, message = asked(Search(space, sampler=GridSampler(2), enqueue=[{"one": 0.1, "other": 0.2}]))
    assert len({str(row) for row in rows}) == len(rows) == 5
    assert "the grid's 4 configurations" in message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"enqueue": [{}, {"depth": 3}]}, r"enqueue\[1\]: expected .* out of rate, units, kind, got 'depth'"),
        ({"enqueue": [{"rate": 2.0}]}, r"enqueue\[0\]: rate: expected a value of Float\(.*, got 2.0"),
        ({"replicates": 0}, "replicates: expected a whole number at least 1, got 0"),
        ({"direction": "up"}, "direction: expected one of 'minimize', 'maximize', got 'up'"),
        ({"trials": 0}, "trials: expected a whole number at least 1"),
    ],
)
def test_wrong_options_are_named(options, words):
    with pytest.raises(SettingError, match=words):
        Search(SPACE, **options)


def test_a_search_begins_with_another_studys_best(tmp_path):
    def cost(trial):
        return (math.log10(trial.hyperparameters["rate"]) + 1.5) ** 2

    space = {"rate": Float(1e-3, 10, "log"), "units": Choice([8, 64]), "kind": Choice(["x", "b"]), "more": Int(1, 2)}
    study = tune.search(cost, space, trials=12, study=tmp_path / "s.sqlite", workers=1)
    best = sorted(study.trials, key=lambda trial: trial.score)[:5]
    for source in (study, tmp_path / "s.sqlite"):
        rows, _ = asked(Search(SPACE, trials=8, start_from=source))
        assert [row["rate"] for row in rows[:5]] == [trial.hyperparameters["rate"] for trial in best]
        assert {row["units"] for row in rows[:5]} == {16, 64}
        assert [row["kind"] for row in rows[:5]] == [
            {"b": "b", "x": "a"}[trial.hyperparameters["kind"]] for trial in best
        ]
        for row in rows:
            SPACE.check(row)
    words = {"rate": Choice(["low", "high"]), "units": Int(16, 512)}
    rows, _ = asked(Search(words, trials=2, start_from=study))
    assert rows[0]["rate"] == "low"
    with pytest.raises(DataError, match="expected a study with finished trials"):
        Search(SPACE, start_from=tune.search(lambda trial: math.nan, space, trials=2, workers=1))


def noisy(values):
    return (math.log10(values["rate"]) + 2) ** 2 + values["units"] / 1000


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2]))
@pytest.mark.filterwarnings("ignore:coarse to fine")
def test_the_order_of_telling_changes_nothing(shuffle, replicates):
    def make():
        sampler = tune.CoarseToFineSampler(rounds=3)
        return Search(SPACE, trials=24, sampler=sampler, replicates=replicates, enqueue=[{"rate": 0.3}])

    straight, order = make(), random.Random(shuffle)
    rows, _ = asked(straight, noisy)
    mixed, waiting = make(), []
    while len(mixed.trials) < 24 or waiting:
        try:
            waiting.append(mixed.ask())
        except (SettingError, Exhausted):
            trial = waiting.pop(order.randrange(len(waiting)))
            mixed.tell(trial, noisy(trial.hyperparameters))
    assert mixed.trials == straight.trials
    assert mixed.best_trial == straight.best_trial
    assert len({str(row) for row in rows}) == 24 // replicates


def test_proposals_go_on_from_the_trials_on_record():
    whole = Search(SMALL, sampler=tune.CoarseToFineSampler(rounds=2), trials=8, seed=2)
    rows, _ = asked(whole, lambda values: values["layers"])
    for number in range(5, 8):
        again = Proposals(SMALL, 2, tune.CoarseToFineSampler(rounds=2))
        known = whole.trials[: again.wave(number, 8)]
        assert len(known) == 4
        assert again.sample(SMALL, 2, number, 8, known, "cost") == rows[number]


def test_a_proposal_that_adds_nothing_is_told_as_its_sampler():
    assert repr(Proposals(SPACE, 0)) == "RandomSampler()"
    assert repr(Proposals(SPACE, 0, GridSampler(4))) == "GridSampler(4, offset=None)"
    assert repr(Proposals(SMALL, 0, enqueue=[{"layers": 1, "kind": "a"}], replicates=2)) == (
        "Proposals(RandomSampler(), first=[{'layers': 1, 'kind': 'a'}], replicates=2)"
    )


class Lower:
    """A sampler of a user's own, without a repr."""

    def wave(self, number, trials):
        return 0

    def sample(self, space, seed, number, trials, known, metric):
        return {"rate": 1e-4, "units": 16, "kind": "a"}


def test_a_sampler_of_ones_own_that_repeats_itself_ends_its_search():
    assert repr(Proposals(SPACE, 0, Lower())) == "Lower"
    rows, message = asked(Search(SPACE, sampler=Lower()))
    assert rows == [{"rate": 1e-4, "units": 16, "kind": "a"}]
    assert message == "the last 100 draws gave only configurations that had been tried before"


def test_a_trial_is_told_once_and_its_state_says_how_it_ended():
    search = Search(SPACE, direction="maximize")
    trials = [search.ask() for _ in range(4)]
    with pytest.raises(DataError, match="no trial has a score yet"):
        _ = search.best_trial
    for trial, score in zip(trials, (0.5, None, math.nan, 0.75), strict=True):
        search.tell(trial, score)
    assert [trial.state for trial in search.trials] == ["finished", "failed", "diverged", "finished"]
    assert search.best_trial.number == 3
    for wrong in (trials[0], search.trials[3], replace(trials[0], number=9)):
        with pytest.raises(SettingError, match="tell: expected a trial that ask gave and that is still to be told"):
            search.tell(wrong, 1.0)
    assert [trial.score for trial in search.trials] == [0.5, None, None, 0.75]


def test_asking_too_early_says_what_is_missing():
    search = Search(SPACE, sampler=tune.CoarseToFineSampler(rounds=2), trials=6)
    trials = [search.ask() for _ in range(3)]
    search.tell(trials[1], 1.0)
    with pytest.raises(SettingError, match="ask: trial 3 depends on trials 0, 2; tell their scores first"):
        search.ask()
    assert len(search.trials) == 3
