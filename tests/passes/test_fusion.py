"""join and fold: the rewritten tape computes the same, in fewer operations."""

import hypothesis.strategies as st
import numpy as np
import pytest
from helpers import twin
from helpers.layer_lists import LAYERS
from helpers.twin import parameter
from hypothesis import given

from fastnorm import ops, reference
from fastnorm.errors import TraceError
from fastnorm.nn.activations import ReLU
from fastnorm.nn.layers import BatchNorm, Dense, Dropout
from fastnorm.ops.tape import ROWS, Tape
from fastnorm.passes import folding, fusion


def names(tape):
    return [operation.name + "+relu" * operation.attributes.get("relu", False) for operation in tape.operations]


def sample(tape, seed=0):
    """Numbers for the tape, and rows of its input."""
    rng = np.random.default_rng(seed)
    return twin.arrays(tape, rng), rng.normal(size=(6, tape.one("input").features))


def assert_folds(tape, *expected):
    """The folded tape has these operations and predicts what the tape itself does."""
    arrays, x = sample(tape)
    folded = folding.fold(tape, arrays)
    assert names(folded) == list(expected)
    assert {value.role for value in folded.values} <= {"input", "constant", "result"}
    for value in folded.of_role("constant"):
        assert value.settings["array"].shape == value.shape
    ours, theirs = twin.predict(folded, {}, x), twin.predict(tape, arrays, x)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


# ---- join


def test_a_relu_becomes_part_of_what_feeds_it():
    tape = twin.record(Dense(3), ReLU(), BatchNorm(), ReLU(), Dropout(0.5), ReLU(), Dense(2))
    assert names(fusion.join(tape)) == ["dense+relu", "batchnorm+relu", "dropout", "relu", "dense"]


def test_a_value_that_others_read_too_stays():
    tape = twin.record(Dense(4))
    hidden = tape.result
    ops.relu(hidden)
    ops.dense(hidden, parameter(tape, "again", 4, 4))
    joined = fusion.join(tape)
    assert names(joined) == ["dense", "relu", "dense"]
    assert {operation.inputs[0] for operation in joined.operations[1:]} == {joined.operations[0].output}


def test_two_relus_of_one_value_stay():
    tape = twin.record(Dense(4))
    hidden = tape.result
    ops.relu(hidden)
    ops.relu(hidden)
    assert names(fusion.join(tape)) == ["dense", "relu", "relu"]


def test_slots_keep_their_names_and_numbers():
    tape = twin.record(Dropout(0.1), Dense(3), ReLU(), BatchNorm(0.5), Dropout(0.2), BatchNorm(0.25))
    joined = fusion.join(tape)
    slots = [(dict(operation.slots), operation.attributes) for operation in tape.operations if operation.slots]
    assert [(dict(o.slots), o.attributes) for o in joined.operations if o.slots] == slots


@given(st.lists(LAYERS, min_size=1, max_size=7), st.booleans())
def test_joined_or_not_the_values_are_the_same(chain, training):
    tape = twin.record(*chain)
    arrays, x = sample(tape)
    joined = fusion.join(tape)
    assert len(joined.operations) <= len(tape.operations)
    assert [(v.role, v.name, v.shape, v.settings) for v in joined.values if v.role != "result"] == [
        (v.role, v.name, v.shape, v.settings) for v in tape.values if v.role != "result"
    ]
    ours, theirs = (twin.predict(which, arrays, x, training=training) for which in (joined, tape))
    np.testing.assert_array_equal(ours, theirs)


# ---- fold


@pytest.mark.parametrize("bias", [True, False])
def test_batch_norm_becomes_part_of_the_dense_layer_before_it(bias):
    assert_folds(twin.record(Dense(3, bias), BatchNorm(epsilon=0.25), ReLU(), Dense(2)), "dense+relu", "dense")


def test_dropout_is_gone():
    assert_folds(twin.record(Dropout(0.5), Dense(3), Dropout(0.5), BatchNorm(), Dropout(0.25)), "dense", "normalize")
    assert_folds(twin.record(Dense(3), Dropout(0.5), ReLU()), "dense+relu")


def test_batch_norm_elsewhere_normalizes():
    assert_folds(twin.record(BatchNorm(), ReLU(), Dense(3)), "normalize+relu", "dense")
    assert_folds(twin.record(Dense(3), BatchNorm(), BatchNorm()), "dense", "normalize")
    assert_folds(twin.record(Dense(3), ReLU(), BatchNorm(), Dense(2)), "dense+relu", "normalize", "dense")


def test_a_dense_layer_with_relu_keeps_it_before_the_batch_norm():
    tape = Tape()
    x = tape.add("input", "x", (ROWS, 4))
    twin.batchnorm(tape, ops.dense(x, parameter(tape, "w", 4, 3), parameter(tape, "b", 3), relu=True))
    assert_folds(tape, "dense+relu", "normalize")


def test_a_dense_layer_that_feeds_another_operation_too_is_left_alone():
    tape = twin.record(Dense(4))
    hidden = tape.result
    twin.batchnorm(tape, hidden)
    ops.dense(hidden, parameter(tape, "other", 4, 2))
    arrays, x = sample(tape)
    folded = folding.fold(tape, arrays)
    assert names(folded) == ["dense", "normalize", "dense"]
    ours, theirs = (
        list(values.values()) for values in (reference.run(folded, {}, x), reference.run(tape, arrays, x))
    )
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_dense_layer_that_feeds_two_batch_norms_is_left_alone():
    tape = twin.record(Dense(4))
    hidden = tape.result
    for name in ("one", "two"):
        twin.batchnorm(tape, hidden, name)
    folded = folding.fold(tape, sample(tape)[0])
    assert names(folded) == ["dense", "normalize", "normalize"]


def test_a_weight_used_twice_is_folded_twice():
    tape = Tape()
    value, weight = tape.add("input", "x", (ROWS, 4)), parameter(tape, "w", 4, 4)
    for name in ("one", "two"):
        value = twin.batchnorm(tape, ops.dense(value, weight), name)
    ops.dense(value, weight)
    assert_folds(tape, "dense", "dense", "dense")


@given(st.lists(LAYERS, min_size=1, max_size=7).filter(lambda chain: {Dense, BatchNorm} & {*map(type, chain)}))
def test_folded_or_not_the_predictions_are_the_same(chain):
    tape = twin.record(*chain)
    arrays, x = sample(tape)
    folded = folding.fold(tape, arrays)
    assert not {"batchnorm", "dropout"} & set(names(folded))
    ours, theirs = twin.predict(folded, {}, x), twin.predict(tape, arrays, x)
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11 * np.abs(theirs).max())


def test_folding_copies_and_keeps_the_dtype():
    tape = twin.record(Dense(3), BatchNorm(), ReLU(), BatchNorm())
    arrays = twin.arrays(tape, np.random.default_rng(1), np.float32)
    before = {name: array.copy() for name, array in arrays.items()}
    for value in folding.fold(tape, arrays).of_role("constant"):
        kept = value.name.endswith(("mean", "inverse_std"))
        assert value.settings["array"].dtype == (np.float64 if kept else np.float32), value.name
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, before[name])


def test_a_diverged_model_folds_without_a_warning():
    tape = twin.record(Dense(3), BatchNorm(), ReLU(), BatchNorm())
    arrays = twin.arrays(tape, np.random.default_rng(1), np.float32)
    for name, array in arrays.items():
        array[...] = np.inf if "mean" in name else np.nan if "beta" in name else -1e38
    folded = folding.fold(tape, arrays)
    assert names(folded) == ["dense+relu", "normalize"]
    assert not np.isfinite(folded.of_role("constant")[1].settings["array"]).any()


def test_a_loss_is_no_part_of_inference():
    tape = twin.record(Dense(3))
    target, weight = tape.add("target", "y", (ROWS,)), tape.add("weight", "w", (ROWS, 1))
    ops.softmax_cross_entropy(tape.result, target, weight)
    with pytest.raises(TraceError, match=r"<target y: \(N,\)> is no part of a forward pass for inference"):
        folding.fold(tape, sample(tape)[0])
