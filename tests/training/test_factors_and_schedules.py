"""Factors of the rate and of decay that layers say, and schedules of any hyperparameter."""

import numpy as np
import pytest
from helpers.running import X, Y, assert_same, make, straight

import fastnorm as fn
from fastnorm import Model
from fastnorm.errors import SettingError, ShapeError


class Doubled(fn.Layer):
    """A layer of one's own, whose parameter moves twice as fast."""

    def build(self, features):
        return {"factor": fn.Parameter((features,), "ones", decay_factor=0.5, rate_factor=2.0)}

    def forward(self, x, factor):
        return x * factor


def moved(chain, **options):
    """How far each parameter is from its start after a minibatch."""
    run = make(chain=chain, **options)
    before = {name: array.copy() for name, array in run.model.arrays.items()}
    run.advance(minibatches=1)
    return {name: run.model.arrays[name] - before[name] for name in before if "running" not in name}


def test_a_layer_says_how_fast_its_parameters_move():
    def chain(**factors):
        return [fn.Dense(8, **factors), fn.BatchNorm(**factors), fn.LayerNorm(**factors), fn.Tanh(), fn.Dense(3)]

    options = {"optimizer": fn.SGD(0.125, momentum=0), "dtype": "float64"}
    usual, slow, still = (moved(chain(rate_factor=factor), **options) for factor in (1, 0.5, 0))
    for name, change in usual.items():
        last = name.startswith("dense") and not name.startswith("dense_0")
        factor = 1.0 if last else 0.5
        np.testing.assert_allclose(slow[name], factor * change, rtol=1e-12, atol=1e-15)
        assert np.any(change)
        assert np.any(still[name]) == last


def test_a_layer_of_ones_own_says_so_too():
    options = {"optimizer": fn.SGD(0.125, momentum=0, weight_decay=0.5), "dtype": "float64"}
    decayed, plain = (
        moved([Doubled(), fn.Dense(3)], **options | {"optimizer": fn.SGD(0.125, momentum=0, weight_decay=decay)})
        for decay in (0.5, 0.0)
    )
    np.testing.assert_allclose(decayed["doubled_0.factor"] - plain["doubled_0.factor"], -2 * 0.125 * 0.5 * 0.5)


def test_codes_decay_where_the_layer_says_so():
    codes = np.arange(50)[:, None] % 5
    options = {"x": codes, "optimizer": fn.SGD(0.125, momentum=0, weight_decay=0.5), "dtype": "float64"}
    plain, decayed = (
        moved([fn.Embedding(5, 3, decay_factor=factor), fn.Dense(3)], **options)["embedding_0.table"]
        for factor in (0, 1)
    )
    start = make(chain=[fn.Embedding(5, 3), fn.Dense(3)], x=codes, dtype="float64").model.arrays["embedding_0.table"]
    np.testing.assert_allclose(decayed - plain, -0.125 * 0.5 * start, rtol=1e-10)


def test_factors_are_kept_in_the_model_file():
    model = fn.Sequential(fn.Dense(4, rate_factor=0.5, decay_factor=3.0), fn.Dense(3))
    model.fit(X, Y, epochs=1)
    model.fit(X, Y, epochs=1, seed=1)
    again = fn.Sequential(fn.Dense(4, rate_factor=0.5, decay_factor=3.0), fn.Dense(3))
    again.fit(X, Y, epochs=1)
    loaded = Model.from_bytes(again.to_bytes())
    loaded.fit(X, Y, epochs=1, seed=1)
    assert loaded.to_bytes() == model.to_bytes()


@pytest.mark.parametrize(
    "call",
    [
        lambda: fn.Dense(3, rate_factor=-1), lambda: fn.Dense(3, decay_factor=float("nan")),
        lambda: fn.Embedding(3, 2, rate_factor="fast"), lambda: fn.BatchNorm(rate_factor=-0.5),
        lambda: fn.LayerNorm(rate_factor=np.inf), lambda: fn.Parameter((3,), "ones", decay_factor=-1),
    ],
)  # fmt: skip
def test_a_factor_below_0_is_refused(call):
    with pytest.raises(SettingError, match=r"_factor: expected a .*number"):
        call()


# ---- schedules of any hyperparameter


HALVED = fn.schedules.Step(1, 0.5)


def test_a_hyperparameter_follows_its_schedule():
    run = make(schedule={"dropout": HALVED, "weight_decay": "inverse_time"} | {"weight_decay": HALVED},
               optimizer=fn.AdamW(0.01, weight_decay=0.5))  # fmt: skip
    assert run.schedules == {"learning_rate": fn.schedules.Constant(), "dropout_0": HALVED, "weight_decay": HALVED}
    run.advance()
    assert run.slots["dropout_0"] == 0.25
    assert run.acting["dropout_0"] == 0.125
    assert run.acting["weight_decay"] == 0.25
    assert run.acting["learning_rate"] == run.learning_rate == 0.01


@pytest.mark.parametrize("name", ["weight_decay", "dropout_0", "beta_1", "learning_rate", "running_decay_0", "l2"])
def test_a_schedule_does_what_setting_the_hyperparameter_does(name):
    first = {"weight_decay": 0.5, "dropout_0": 0.25, "beta_1": 0.9, "learning_rate": 0.01, "running_decay_0": 0.9,
             "l2": 0.25}[name]  # fmt: skip
    options = {"optimizer": fn.Adam(0.01, weight_decay=0.5, l2=0.25)}
    scheduled, by_hand = make(schedule={name: HALVED}, **options), make(**options)
    scheduled.advance(3)
    for epoch in range(3):
        by_hand.set(**{name: first * 0.5**epoch})
        by_hand.advance()
    for key, array in by_hand.model.arrays.items():
        np.testing.assert_array_equal(scheduled.model.arrays[key], array)


def test_a_scheduled_run_stops_anywhere_goes_on_from_its_state_and_forks():
    options = {"schedule": {"learning_rate": "one_cycle", "dropout": fn.schedules.Exponential(0.5)}}
    options["schedule"]["learning_rate"] = fn.schedules.OneCycle(4)
    whole, parts, other = straight(**options), make(**options), make(**options)
    for _ in range(8):
        parts.advance(4, minibatches=3)
    other.restore(parts.state())
    fork = parts.fork()
    for run in (parts, other, fork):
        while run.epoch < 4:
            run.advance()
        assert_same(run, whole)


def test_the_length_of_a_fit_is_that_of_its_schedules():
    models = [fn.Sequential(fn.Dense(4), fn.Dropout(0.5), fn.Dense(3)) for _ in range(2)]
    models[0].fit(X, Y, epochs=4, schedule={"dropout": "cosine"})
    models[1].fit(X, Y, epochs=4, schedule={"dropout_0": fn.schedules.Cosine(4), "learning_rate": "constant"})
    assert models[0].to_bytes() == models[1].to_bytes()


class Ever:
    """A schedule of one's own, always the same."""

    def __init__(self, factor):
        self.factor = factor

    def factors(self, epochs, history=()):
        return np.full(len(epochs), self.factor)


@pytest.mark.parametrize(
    ("schedule", "error", "words"),
    [
        ({"width": "cosine"}, SettingError, "no hyperparameter named 'width'; there are learning_rate, .*dropout_0"),
        ({"beta": "constant"}, SettingError, "no hyperparameter named 'beta'"),
        ({"dropout": Ever(4.0)}, SettingError, r"dropout_0: expected a finite number in \[0, 1\), got 1"),
        ({"learning_rate": Ever(-1.0)}, SettingError, "learning_rate: expected a finite number"),
        (Ever(np.nan), SettingError, "learning_rate: expected a finite number"),
        ({"dropout": "linear"}, SettingError, "schedule: there is no 'linear'"),
        ({"dropout": "cosine"}, SettingError, "Cosine: expected `epochs`"),
    ],
)
def test_a_schedule_that_does_not_fit_is_refused(schedule, error, words):
    with pytest.raises(error, match=words):
        make(schedule=schedule)


def test_a_schedule_of_another_length_is_refused():
    class Short:
        def factors(self, epochs, history=()):
            return np.ones(1)

    with pytest.raises(ShapeError, match=r"factors: expected shape \(7,\), got \(1,\)"):
        make(schedule={"dropout": Short()}).advance()


def test_setting_a_value_where_a_schedule_acts_is_for_this_moment(tmp_path):
    run = make(schedule={"dropout": HALVED})
    with fn.tune.panda(run, tmp_path / "study.sqlite") as panda:
        panda.advance()
        panda.nudge(dropout=0.2)
        assert run.acting["dropout_0"] == pytest.approx(0.2)
        assert run.slots["dropout_0"] == pytest.approx(0.4)
