"""Prediction: right, the same bits for a row alone or among others, and safe from many threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fastnorm.engine.predictor import Predictor
from helpers import twin
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnorm import kernels
from fastnorm.errors import DataError, DtypeError, SettingError, ShapeError, TraceError
from fastnorm.nn.activations import ReLU
from fastnorm.nn.layers import BatchNorm, Dense, Dropout
from fastnorm.ops.tape import ROWS, Tape
from fastnorm.passes import folding

WIDE = [Dense(65), BatchNorm(), ReLU(), Dense(130), ReLU(), BatchNorm(), Dropout(0.5), Dense(7)]
CHAINS = {
    "all": twin.small_network(),
    "wide": WIDE,
    "dense": [Dense(3)],
    "one output": [Dense(33), ReLU(), Dense(1)],
    "normalized first": [BatchNorm(), Dense(3)],
    "normalized last": [Dense(9), ReLU(), BatchNorm()],
    "relu first": [ReLU(), Dense(3, False), ReLU()],
}


def predictor(chain, dtype=np.float64, features=4, seed=0):
    """A predictor of the chain, its tape, and the arrays it has."""
    tape = twin.record(*chain, features=features)
    arrays = twin.arrays(tape, np.random.default_rng(seed), dtype)
    return Predictor(folding.fold(tape, arrays), dtype), tape, arrays


@pytest.mark.parametrize("name", CHAINS)
def test_predictions_are_what_numpy_computes(variant, dtype, rng, name):
    made, tape, arrays = predictor(CHAINS[name], dtype)
    x = rng.normal(size=(300, 4)).astype(dtype)  # more than a block of rows
    expected = twin.predict(tape, arrays, x.astype(np.float64)).astype(float)
    got = made.predict(x)
    assert got.dtype == dtype
    assert got.shape == (300, made.outputs)
    assert np.abs(got - expected).max() <= (1e-13 if dtype == np.float64 else 1e-5) * np.abs(expected).max()


@pytest.mark.parametrize("name", CHAINS)
def test_a_row_alone_gives_the_bits_it_gives_among_others(variant, dtype, rng, name):
    made, _, _ = predictor(CHAINS[name], dtype)
    x = rng.normal(size=(263, 4)).astype(dtype)
    together = made.predict(x)
    for threads in (2, 3):
        np.testing.assert_array_equal(made.predict(x, threads=threads), together)
    for row in (0, 1, 17, 255, 256, 262):
        np.testing.assert_array_equal(made.predict(x[row : row + 1])[0], together[row])


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.sampled_from(["f4", "f8"]))
def test_any_rows_of_any_width_give_the_same_bits(features, hidden, outputs, rows, dtype):
    made, _, _ = predictor([Dense(hidden), BatchNorm(), ReLU(), Dense(outputs)], np.dtype(dtype), features)
    x = np.random.default_rng(rows).normal(size=(rows, features)).astype(dtype)
    together = made.predict(x)
    alone = np.concatenate([made.predict(x[row : row + 1]) for row in range(rows)])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(made.predict(x[::-1]), together[::-1])


def test_products_large_enough_for_threads_give_the_same_bits(variant, dtype, rng):
    made, _, _ = predictor([Dense(200), BatchNorm(), ReLU(), Dense(100)], dtype, features=300)
    x = rng.normal(size=(600, 300)).astype(dtype)
    together = made.predict(x)
    for threads in (2, 3, 5):
        np.testing.assert_array_equal(made.predict(x, threads=threads), together)
    np.testing.assert_array_equal(made.predict(x[599:])[0], together[599])


def test_threads_with_blocks_of_their_own_give_the_same_bits(variant, dtype, rng):
    made, _, _ = predictor([Dense(20), BatchNorm(), ReLU(), Dense(3)], dtype, features=5)
    x = rng.normal(size=(1270, 5)).astype(dtype)  # 3 threads have more than a block each, 5 do not
    together = made.predict(x)
    for threads in (2, 3, 5, 1024):
        np.testing.assert_array_equal(made.predict(x, threads=threads), together)


def test_many_threads_at_once_get_what_one_gets(variant, rng):
    made, _, _ = predictor(WIDE, np.float32)
    parts = [rng.normal(size=(rows, 4)).astype(np.float32) for rows in (1, 700, 3, 257, 64) * 8]
    alone = [made.predict(x) for x in parts]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(made.predict, parts))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_call_inside_a_call_has_memory_of_its_own(rng):
    """A predictor that is asked for its input while it predicts: each call borrows another scratch."""
    made, _, _ = predictor(WIDE)
    x = rng.normal(size=(5, 4))

    class Asking:
        def __array__(self, dtype=None, copy=None):
            return x + 0 * made.predict(x[:1])[0, 0]

    np.testing.assert_array_equal(made.predict(Asking()), made.predict(x))


def test_folded_and_unfolded_batch_norm_agree(variant, rng):
    """The same numbers with the batch norm in the dense layer and, behind a dropout that is gone, on its own."""
    chain = [Dense(6), BatchNorm(), ReLU(), Dense(3)]
    apart = [Dense(6), Dropout(0.5), BatchNorm(), ReLU(), Dense(3)]
    x = rng.normal(size=(50, 4))
    (folded, tape, arrays), other = predictor(chain), twin.record(*apart)
    names = {value.name: twin_of.name for value, twin_of in zip(
        other.of_role("parameter", "statistic"), tape.of_role("parameter", "statistic"), strict=True
    )}  # fmt: skip
    unfolded = Predictor(folding.fold(other, {name: arrays[names[name]] for name in names}), np.float64)
    assert [operation.name for operation in folded.tape.operations] == ["dense", "dense"]
    assert [operation.name for operation in unfolded.tape.operations] == ["dense", "normalize", "dense"]
    np.testing.assert_allclose(unfolded.predict(x), folded.predict(x), rtol=1e-12, atol=1e-13)


def test_a_normalization_far_from_zero_keeps_its_digits(variant):
    """float32 rows around 1e6, of which batch norm at inference sees the last digits."""
    tape = twin.record(BatchNorm(), Dense(4, False))
    x = (1e6 + np.random.default_rng(0).integers(-3, 4, (40, 4))).astype(np.float32)
    arrays = twin.arrays(tape, np.random.default_rng(1), np.float32)
    arrays |= {"0.running_mean": x.mean(0, np.float64), "0.running_variance": x.var(0, np.float64)}
    arrays["1.weight"] = np.eye(4, dtype=np.float32)
    expected = twin.predict(tape, arrays, x.astype(np.float64))
    np.testing.assert_allclose(Predictor(folding.fold(tape, arrays), np.float32).predict(x), expected, atol=5e-7)


@pytest.mark.parametrize(
    "change",
    [lambda x: x.tolist(), lambda x: x.astype(np.float32), np.asfortranarray, lambda x: np.repeat(x, 2, 0)[::2]],
    ids=["list", "float32", "fortran", "strided"],
)
def test_any_layout_of_rows_will_do(rng, change):
    made, _, _ = predictor(CHAINS["all"])
    x = rng.integers(-3, 4, (9, 4)).astype(float)
    np.testing.assert_array_equal(made.predict(change(x)), made.predict(x))


def test_constants_are_copied(rng):
    tape = twin.record(Dense(3))
    arrays = twin.arrays(tape, rng)
    made, x = Predictor(folding.fold(tape, arrays), np.float64), rng.normal(size=(2, 4))
    before = made.predict(x)
    for array in arrays.values():
        array[...] = 0
    np.testing.assert_array_equal(made.predict(x), before)


def test_out_is_written_and_returned(rng):
    made, _, _ = predictor([Dense(4)])
    x = rng.normal(size=(5, 4))
    out = np.empty((5, 4))
    assert made.predict(x, out=out) is out
    np.testing.assert_array_equal(out, made.predict(x))
    for wrong, error, words in [
        (np.empty((5, 3)), ShapeError, r"out: expected a writeable C-contiguous array of shape \(5, 4\), got \(5, 3\)"),
        (np.empty((5, 4), np.float32), DtypeError, "out: expected an array of float64, got float32"),
        (np.empty((4, 5)).T, ShapeError, "not C-contiguous"),
        (x, DataError, "out: expected memory of its own"),
    ]:
        with pytest.raises(error, match=words):
            made.predict(x, out=wrong)


@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (np.zeros((2, 5)), ShapeError, r"x: expected shape \(n, 4\), got \(2, 5\)"),
        (np.zeros(4), ShapeError, r"x: expected a matrix \(n, features\) with n >= 1, got shape \(4,\)"),
        (np.zeros((0, 4)), ShapeError, "x: expected a matrix"),
        ([["a"] * 4], DtypeError, "x: expected real numbers"),
        (np.zeros((2, 4), complex), DtypeError, "x: expected real numbers, got dtype complex128"),
    ],
)
def test_rows_that_do_not_fit_are_refused(x, error, words):
    with pytest.raises(error, match=words):
        predictor(CHAINS["all"])[0].predict(x)


def test_settings_that_cannot_be_are_refused(rng):
    made, _, _ = predictor([Dense(3)])
    with pytest.raises(SettingError, match="threads: expected a whole number from 1"):
        made.predict(np.zeros((1, 4)), threads=0)


def test_nan_and_infinity_stay_in_their_row(variant, dtype, rng):
    made, _, _ = predictor(WIDE, dtype)
    x = rng.normal(size=(20, 4)).astype(dtype)
    clean = made.predict(x)
    x[3, 1], x[11, 0] = np.nan, np.inf
    got = made.predict(x)
    assert np.isnan(got[3]).all()
    assert not np.isfinite(got[11]).all()
    others = np.setdiff1d(np.arange(20), [3, 11])
    np.testing.assert_array_equal(got[others], clean[others])
    np.testing.assert_array_equal(made.predict(x[others]), clean[others])


def test_a_tape_needs_a_result():
    tape = Tape()
    tape.add("input", "x", (ROWS, 4))
    with pytest.raises(TraceError, match="expected a forward pass with an operation"):
        Predictor(tape, np.float64)


def test_a_predictor_keeps_the_variant_it_was_made_with(rng):
    x = rng.normal(size=(3, 4))
    made = []
    for name in kernels.runnable():
        with kernels.cpu._using(name):
            made.append((predictor(WIDE)[0], predictor(WIDE)[0].predict(x)))
    for one, expected in made:
        np.testing.assert_array_equal(one.predict(x), expected)
