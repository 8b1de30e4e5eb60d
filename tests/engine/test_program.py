"""What a program computes: losses by NumPy, gradients by central differences, the rows of each minibatch."""

import numpy as np
import pytest
from helpers import cases, networks, twin
from helpers.training import (
    BARE,
    FROZEN,
    NETWORKS,
    ROW_COUNT,
    TARGETS,
    WEIGHTS,
    Task,
    assert_same,
    epoch,
    read_all,
    task,
)

from fastnorm import kernels, reference
from fastnorm.nn.activations import ReLU
from fastnorm.nn.layers import BatchNorm, Dense, Dropout
from fastnorm.nn.losses import SoftmaxCrossEntropy
from fastnorm.passes import fusion
from fastnorm.training.optimizers import Adam


def assert_gradients(of):
    """Each parameter's gradient is the change of the loss; and they are not all zero."""
    gradients = of.gradients()
    for name, gradient in gradients.items():

        def loss(array, name=name):
            return of.mean_loss(of.arrays | {name: array})

        expected = cases.central_difference(loss, of.arrays[name])
        scale = max(np.linalg.norm(other) for other in gradients.values())
        assert np.linalg.norm(gradient - expected) <= 1e-7 * max(np.linalg.norm(expected), 1e-2 * scale), name
    assert scale > 1e-2


# ---- forward and backward


@pytest.mark.parametrize("join", [False, True], ids=["apart", "joined"])
@pytest.mark.parametrize("network", NETWORKS)
def test_gradients_are_those_of_central_differences(rng, network, join):
    assert_gradients(task(rng, network, join=join))


@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["even", "weighted"])
@pytest.mark.parametrize("target", TARGETS)
def test_gradients_of_every_loss_are_those_of_central_differences(variant, rng, target, weight):
    assert_gradients(task(rng, "normalized", target, weight, join=True))


@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["even", "weighted"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("network", ["all", "tied", *networks.FORWARD])
def test_loss_and_metric_are_the_means_of_what_numpy_computes(variant, dtype, rng, network, target, weight):
    of = task(rng, network, target, None if weight is None else weight.astype(dtype), dtype=dtype)
    program = of.program(FROZEN)
    epoch(program, ROW_COUNT)
    outputs = twin.predict(of.forward, of.arrays, of.data[0].astype(np.float64), training=True, seed=of.seed)
    losses, metrics = (
        reference.softmax_cross_entropy_by_row(outputs, of.data[1], of.loss.label_smoothing)
        if isinstance(of.loss, SoftmaxCrossEntropy)
        else 2 * (reference.mean_squared_error_by_row(outputs, of.data[1].astype(np.float64)),)  # both of squares
    )
    loss, metric, _ = program.state.epoch_means()
    exactness = 1e-12 if dtype == np.float64 else 2e-5
    assert loss == pytest.approx(float(np.average(losses, weights=weight)), rel=exactness)
    assert metric == pytest.approx(float(np.average(metrics, weights=weight)), rel=exactness)


@pytest.mark.parametrize("network", ["normalized", "all", "tied", *networks.FORWARD])
def test_float32_gradients_are_those_of_float64(variant, rng, network):
    of = task(rng, network)
    single = Task(NETWORKS[network](), *of_dtype(np.float32, of), of.loss)
    single.dtype = np.float32
    expected = of.gradients()
    for name, gradient in single.gradients().items():
        assert np.linalg.norm(gradient - expected[name]) <= 1e-5 * np.linalg.norm(expected[name]) + 1e-6, name


def of_dtype(dtype, of):
    arrays = {name: array.astype(dtype if "running" not in name else np.float64) for name, array in of.arrays.items()}
    return arrays, of.data[0].astype(dtype), of.data[1]


def test_joining_changes_no_bit(variant, dtype, rng):
    parts = [task(np.random.default_rng(5), join=join, dtype=dtype, rows=40) for join in (False, True)]
    programs = [of.program(Adam(1e-2)) for of in parts]
    for program in programs:
        for _ in range(3):
            epoch(program, 40, 8)
            program.begin_epoch()
    assert_same(*map(read_all, programs))


@pytest.mark.parametrize("network", NETWORKS)
def test_the_gradient_norm_is_that_of_all_parameters(rng, network):
    """Of them alone: what lies beside them in memory is 0 and stays so."""
    of = task(rng, network)
    program = of.program(FROZEN)
    epoch(program, ROW_COUNT)
    norm = np.sqrt(sum((gradient**2).sum() for gradient in of.gradients().values()))
    assert program.state.epoch_means()[2] == pytest.approx(norm, rel=1e-12)


# ---- minibatches


def test_minibatches_are_the_rows_of_the_order(variant, dtype, rng):
    """Shuffled, repeated and uneven: the same as a program on those rows in line."""
    of = task(rng, "all", dtype=dtype, rows=23)
    order = np.concatenate([rng.permutation(23), rng.integers(0, 23, 10)])
    inline = of.part(order)
    starts = np.array([0, 9, 11, 25, 33])
    programs = of.program(Adam(), capacity=14), inline.program(Adam(), capacity=20)
    assert programs[0].train(order, starts, np.ones(4))
    assert programs[1].train(np.arange(33), starts, np.ones(4))
    assert_same(*map(read_all, programs))
    assert programs[0].state.epoch_means() == programs[1].state.epoch_means()


def test_the_epochs_means_are_over_rows_and_minibatches(rng):
    of = task(rng, "hidden", rows=23)
    program = of.program(FROZEN, capacity=10)
    epoch(program, 23, 10)
    whole = of.program(FROZEN)
    epoch(whole, 23)
    assert program.state.epoch_means()[:2] == pytest.approx(whole.state.epoch_means()[:2], rel=1e-12)
    norms = []
    for first in (0, 10, 20):
        gradients = of.part(slice(first, first + 10)).gradients()
        norms.append(np.sqrt(sum((gradient**2).sum() for gradient in gradients.values())))
    assert program.state.epoch_means()[2] == pytest.approx(np.mean(norms), rel=1e-12)


def test_a_minibatch_without_weight_teaches_nothing(rng):
    weight = np.array([1.0, 2, 0, 0, 3, 0])
    of = task(rng, "all", weight=weight, rows=6)
    skipping, without = (of.program(Adam(0.1), capacity=2) for _ in range(2))
    epoch(skipping, 6, 2)
    epoch(without, 6, 2, order=np.array([0, 1, 4, 5]))
    assert_same(read_all(skipping), read_all(without))
    assert (skipping.state.position, without.state.position) == ((2, 0, 3), (2, 0, 2))
    assert skipping.state.epoch_means()[:2] == without.state.epoch_means()[:2]


def test_rows_without_weight_may_hold_anything_in_the_target(rng):
    weight = np.array([1.0, 0, 2, 1, 0, 1, 1])
    one = task(np.random.default_rng(1), "hidden", weight=weight)
    other = task(np.random.default_rng(1), "hidden", weight=weight)
    other.data[1][[1, 4]] = 2 - other.data[1][[1, 4]]
    for name, gradient in one.gradients().items():
        np.testing.assert_array_equal(gradient, other.gradients()[name])


def test_weights_count_as_repeated_rows(rng):
    weight = np.array([1.0, 2, 3, 0])
    of = task(rng, "hidden", weight=weight, rows=4)
    often = of.part(np.repeat(np.arange(4), weight.astype(int)))
    often.data = (*often.data[:2], None)
    for name, gradient in of.gradients().items():
        np.testing.assert_allclose(gradient, often.gradients()[name], rtol=1e-12, atol=1e-15)


def test_without_any_weight_an_epoch_has_no_mean(rng):
    program = task(rng, weight=np.zeros(ROW_COUNT)).program()
    before = read_all(program)
    assert epoch(program, ROW_COUNT)
    assert np.isnan(program.state.epoch_means()[:2]).all()
    assert_same(read_all(program), before)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit(together, variant, dtype, threads):
    """Wide enough that products and the update are shared among threads."""
    rng = np.random.default_rng(0)
    tape = fusion.join(twin.record(Dense(520), BatchNorm(), ReLU(), Dropout(0.2), Dense(9), features=300))
    arrays = twin.arrays(tape, rng, dtype)
    x, y = rng.normal(size=(66, 300)).astype(dtype), rng.integers(0, 9, 66, np.int32)
    programs = [Task(tape, arrays, x, y, dtype=dtype).program(Adam(), capacity=33, threads=t) for t in (1, threads)]
    for program in programs:
        epoch(program, 66, 33)
    assert_same(*map(read_all, programs))
    assert programs[0].state.to_bytes() == programs[1].state.to_bytes()


def test_dropout_is_keyed_by_seed_step_and_operation(rng):
    of = task(rng, "dropout first", rows=8)
    same, other = of.program(FROZEN), of.program(FROZEN)
    of.seed += 1
    seeded = of.program(FROZEN)
    for program in (same, other, seeded):
        epoch(program, 8)
    first = same.state.epoch_means()[0]
    assert first == other.state.epoch_means()[0] != seeded.state.epoch_means()[0]
    same.begin_epoch()
    epoch(same, 8)
    assert same.state.epoch_means()[0] != first  # another step
    same.state.set_slot("dropout_0", 0)
    same.state.set_slot("dropout_1", 0)
    same.begin_epoch()
    epoch(same, 8)
    outputs = twin.predict(of.forward, of.arrays, of.data[0]).astype(float)
    expected, _ = kernels.softmax_cross_entropy(outputs, of.data[1])
    assert same.state.epoch_means()[0] == pytest.approx(expected, rel=1e-12)


def test_bare_steps_take_the_gradient(rng):
    """The instrument of this file: rate 1, no momentum, no decay."""
    assert {name for name, value in BARE.slots.items() if value} == {"learning_rate"}
    tape = twin.record(Dense(1, False), features=1)
    of = Task(tape, {"0.weight": np.array([[2.0]])}, np.array([[3.0]]), np.array([[1.0]]))
    assert of.gradients() == {"0.weight": np.array([[2 * (2 * 3 - 1) * 3.0]])}
