"""How a program's parameters and running averages move: optimizers and averages against NumPy over several steps."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import twin
from helpers.training import FROZEN, ROW_COUNT, WEIGHTS, Task, epoch, read_all, task

from fastnorm import reference
from fastnorm.nn.activations import ReLU
from fastnorm.nn.layers import BatchNorm, Dense
from fastnorm.training.optimizers import SGD, Adam, AdamW

# ---- optimizers


def follow(of, update, steps, size):
    """The parameters after some minibatches, each updated in NumPy by the gradient a bare step takes there."""
    arrays = {name: array.copy() for name, array in of.arrays.items()}
    for step in range(steps):
        gradients = of.part(slice(step * size, step * size + size), arrays).gradients()
        for value in of.tape.of_role("parameter"):
            gradient = gradients[value.name] / value.settings["rate_factor"]  # which the bare step has, too
            update(value, arrays[value.name], gradient, step + 1)
    return arrays


OPTIMIZERS = {
    "sgd": SGD(0.125, 0.0),
    "momentum": SGD(0.125, 0.75),
    "nesterov": SGD(0.125, 0.75, nesterov=True),
    "sgd with decays": SGD(0.125, 0.5, l2=0.25, weight_decay=0.125),
    "adam": Adam(0.0625),
    "adam with other settings": Adam(0.0625, beta_1=0.5, beta_2=0.75, epsilon=0.5),
    "adam with decays": Adam(0.0625, l2=0.25, weight_decay=0.125),
    "adamw": AdamW(0.0625),
}


@pytest.mark.parametrize("factors", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_parameters_move_as_the_reference_moves_them(rng, name, factors):
    optimizer, steps, size = OPTIMIZERS[name], 5, 8
    hidden = Dense(6, False, rate_factor=0.25, decay_factor=2.0) if factors else Dense(6, False)
    normal = BatchNorm(epsilon=0.1, rate_factor=0.5) if factors else BatchNorm(epsilon=0.1)
    tape = twin.record(hidden, normal, ReLU(), Dense(3, decay_factor=0.0 if factors else 1.0))
    of = Task(tape, twin.arrays(tape, rng), rng.normal(size=(40, 4)), rng.integers(0, 3, 40, np.int32))
    moments = {}

    def update(value, array, gradient, step):
        settings = {part: setting for part, setting in optimizer.slots.items() if not part.startswith("clip")}
        settings["learning_rate"] *= value.settings["rate_factor"]
        decays = {part: settings.pop(part) * value.settings["decay_factor"] for part in ("l2", "weight_decay")}
        if optimizer.rule == "sgd":
            velocity = moments.setdefault(value.name, np.zeros_like(array))
            reference.sgd(array, gradient, velocity, **settings, nesterov=optimizer.nesterov, **decays)
        else:
            first, second = moments.setdefault(value.name, (np.zeros_like(array), np.zeros_like(array)))
            reference.adam(array, gradient, first, second, step, **settings, **decays)

    program = of.program(optimizer, capacity=size)
    assert epoch(program, 40, size)
    assert program.state.position == (steps, 0, steps)
    expected = follow(of, update, steps, size)
    for value in of.tape.of_role("parameter"):
        np.testing.assert_allclose(program.state.read(value.name), expected[value.name], rtol=1e-9, atol=1e-11)


def test_decay_touches_weights_alone(rng):
    of = task(rng, "all")
    bare, decaying = (of.program(replace(FROZEN, learning_rate=1.0, weight_decay=decay)) for decay in (0, 0.5))
    for program in (bare, decaying):
        epoch(program, ROW_COUNT)
    for value in of.tape.of_role("parameter"):
        change = read_all(decaying)[value.name] - read_all(bare)[value.name]
        expected = -0.5 * of.arrays[value.name] if value.name.endswith(".weight") else np.zeros(value.shape)
        np.testing.assert_allclose(change, expected, atol=1e-14, err_msg=value.name)


def test_the_rate_is_multiplied_with_each_minibatchs_factor(rng):
    of = task(rng, "softmax regression", rows=6)
    program = of.program(FROZEN, capacity=2)
    program.state.set_slot("learning_rate", 1.0)
    epoch(program, 6, 2, factors=np.array([0.0, 0.5, 0.0]))
    for name, gradient in of.part(slice(2, 4)).gradients().items():
        np.testing.assert_allclose(program.state.read(name), of.arrays[name] - 0.5 * gradient, rtol=1e-12)


# ---- running averages


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9])
def test_running_averages_are_weighted_means_of_the_batches(variant, dtype, rng, decay):
    """Bias-corrected: batch i of k has the share decay^(k - i) of all such shares; variances are divided by n - 1."""
    tape = twin.record(BatchNorm(running_decay=decay), Dense(3))
    x = rng.normal(1e3, 2, (30, 4)).astype(dtype)
    arrays = twin.arrays(tape, rng, dtype) | {
        "0.running_mean": np.zeros(4), "0.running_variance": np.ones(4), "0.running_weight": np.zeros(1),
    }  # fmt: skip
    of = Task(tape, arrays, x, rng.integers(0, 3, 30, np.int32), dtype=dtype)
    program = of.program(SGD(0.1), capacity=10)
    epoch(program, 30, 10)
    batches = x.astype(np.longdouble).reshape(3, 10, 4)
    shares = decay ** np.arange(2, -1, -1.0)
    means = np.average(batches.mean(1), axis=0, weights=shares)
    variances = np.average(batches.var(1, ddof=1), axis=0, weights=shares)
    np.testing.assert_allclose(program.state.read("0.running_mean"), means.astype(float), rtol=1e-14)
    np.testing.assert_allclose(program.state.read("0.running_variance"), variances.astype(float), rtol=1e-11)
    assert program.state.read("0.running_weight")[0] == pytest.approx(1 - decay**3, rel=1e-14)


@pytest.mark.parametrize("size", [2, 3, 16])
def test_a_hundred_minibatches_leave_what_pytorch_does_less_the_share_of_its_start(variant, dtype, rng, size):
    """PyTorch's rule in NumPy, from a start of 1, of which decay^t is left; the last minibatch has two rows."""
    decay, steps = 0.9, 100
    rows = size * (steps - 1) + 2
    tape = twin.record(BatchNorm(running_decay=decay), Dense(3))
    arrays = twin.arrays(tape, rng, dtype) | {"0.running_weight": np.zeros(1)}
    x = rng.normal(3, 2, (rows, 4)).astype(dtype)
    program = Task(tape, arrays, x, rng.integers(0, 3, rows, np.int32), dtype=dtype).program(FROZEN, capacity=size)
    epoch(program, rows, size)
    theirs, left = np.ones(4), decay**steps
    for first in range(0, rows, size):
        theirs = decay * theirs + (1 - decay) * x[first : first + size].var(0, np.float64, ddof=1)
    np.testing.assert_allclose(program.state.read("0.running_variance"), (theirs - left) / (1 - left), rtol=1e-11)


def test_the_running_decay_may_change_between_minibatches(rng):
    of = task(rng, "normalized first", rows=20)
    before, batches = of.arrays, of.data[0].reshape(2, 10, 4)
    program = of.program(capacity=10)
    weight, mean = before["0.running_weight"][0], before["0.running_mean"]
    for number, decay in enumerate((0.25, 0.75)):
        program.state.set_slot("running_decay_0", decay)
        epoch(program, 20, 10, order=np.arange(10) + 10 * number)
        program.begin_epoch()
        weight = decay * weight + 1 - decay
        mean = mean + (1 - decay) / weight * (batches[number].mean(0) - mean)
    np.testing.assert_allclose(program.state.read("0.running_mean"), mean, rtol=1e-13)
    assert program.state.read("0.running_weight")[0] == pytest.approx(weight)


def test_batch_statistics_ignore_weights_and_are_float64(rng):
    even, weighted = (task(np.random.default_rng(2), "normalized first", weight=w) for w in (None, WEIGHTS))
    programs = even.program(FROZEN), weighted.program(FROZEN)
    for program in programs:
        epoch(program, ROW_COUNT)
    for name in ("0.running_mean", "0.running_variance", "0.running_weight"):
        one, other = (program.state.read(name) for program in programs)
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.float64
