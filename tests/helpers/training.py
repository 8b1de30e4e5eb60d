"""Small programs to train in tests, and the gradient that one step of them takes."""

import copy
from dataclasses import replace
from functools import partial

import numpy as np
from fastnorm.engine.program import Program

from fastnorm import ops
from fastnorm.nn.activations import ReLU
from fastnorm.nn.layers import BatchNorm, Dense, Dropout
from fastnorm.nn.losses import MeanSquaredError, SoftmaxCrossEntropy
from fastnorm.ops.tape import ROWS, Tape
from fastnorm.passes import fusion
from fastnorm.training.optimizers import SGD
from helpers import networks, twin
from helpers.twin import parameter

BARE = SGD(learning_rate=1.0, momentum=0.0)  # one step takes the gradient off the parameters
FROZEN = replace(BARE, learning_rate=0.0)


class Task:
    """A forward pass on some rows: programs that train it, its loss and its gradients."""

    def __init__(self, tape, arrays, x, target, loss=None, weight=None, dtype=np.float64, seed=3):
        self.loss = loss or (SoftmaxCrossEntropy() if target.dtype == np.int32 else MeanSquaredError())
        self.forward, self.tape, self.arrays = tape, copy.deepcopy(tape), arrays
        self.loss.record(self.tape.result, target)
        self.data, self.dtype, self.seed = (x, target, weight), dtype, seed

    def part(self, rows, arrays=None):
        """The same task on some of the rows, and with other arrays."""
        x, y, weight = self.data
        weight = None if weight is None else weight[rows]
        return Task(self.forward, arrays or self.arrays, x[rows], y[rows], self.loss, weight, self.dtype, self.seed)

    def program(self, optimizer=BARE, arrays=None, *, capacity=None, threads=1):
        """A program with these arrays and the task's rows."""
        rows = capacity or len(self.data[0])
        program = Program(self.tape, self.dtype, rows, optimizer, seed=self.seed, threads=threads)
        for name, array in (arrays or self.arrays).items():
            program.state.write(name, array)
        program.attach(*self.data)
        return program

    def mean_loss(self, arrays=None):
        """The loss of the rows, all in one minibatch."""
        program = self.program(FROZEN, arrays)
        epoch(program, len(self.data[0]))
        return program.state.epoch_means()[0]

    def gradients(self, arrays=None):
        """The gradient of the loss by each parameter."""
        arrays = arrays or self.arrays
        program = self.program(BARE, arrays)
        epoch(program, len(self.data[0]))
        learned = [value.name for value in self.tape.of_role("parameter")]
        return {name: arrays[name] - program.state.read(name) for name in learned}


def epoch(program, rows, size=None, *, order=None, factors=None, **options):
    """One epoch on rows in order, in minibatches of `size`; what train returned."""
    order = np.arange(rows) if order is None else order
    starts = np.append(np.arange(0, len(order), size or len(order)), len(order))
    return program.train(order, starts, np.ones(len(starts) - 1) if factors is None else factors, **options)


def read_all(program):
    """Every parameter and statistic."""
    return {name: program.state.read(name) for name in program.state.parts}


def assert_same(one, other):
    """Two dictionaries of arrays are equal to the bit."""
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


# ---- networks

ROW_COUNT, FEATURES, CLASSES = 7, 4, 3
WEIGHTS = np.array([1, 0, 2.5, 0.5, 0, 3, 1])


def tied():
    """A weight and a bias that two layers have in common, and batch norms that share a gamma."""
    tape = Tape()
    value, weight, bias = tape.add("input", "x", (ROWS, 4)), parameter(tape, "w", 4, 4), parameter(tape, "b", 4)
    gamma = parameter(tape, "gamma", 4)
    for name in ("one", "two"):
        lengths = {f"{name}.mean": 4, f"{name}.variance": 4, f"{name}.weight": 1}
        statistics = [parameter(tape, part, length, role="statistic") for part, length in lengths.items()]
        value = ops.dense(value, weight, bias)
        value = ops.batchnorm(value, gamma, parameter(tape, f"{name}.beta", 4), *statistics, epsilon=0.1, relu=True)
    ops.dense(value, parameter(tape, "last", 4, CLASSES))
    return tape


NETWORKS = {
    "softmax regression": lambda: twin.record(Dense(3)),
    "without bias": lambda: twin.record(Dense(3, False)),
    "hidden": lambda: twin.record(Dense(6), ReLU(), Dense(5), ReLU(), Dense(3)),
    "normalized": lambda: twin.record(Dense(6, False), BatchNorm(epsilon=0.01), ReLU(), Dense(3)),
    "normalized last": lambda: twin.record(Dense(3), BatchNorm(epsilon=0.1)),
    "normalized first": lambda: twin.record(BatchNorm(), Dense(3)),
    "relu first": lambda: twin.record(ReLU(), Dense(5), ReLU(), Dense(3)),
    "relu last": lambda: twin.record(Dense(5), ReLU(), Dense(3), ReLU()),
    "dropout first": lambda: twin.record(Dropout(0.25), Dense(5), ReLU(), Dropout(0.5), Dense(3)),
    "dropout last": lambda: twin.record(Dense(3), Dropout(0.25)),
    "all": lambda: twin.record(*twin.small_network()),
    "nothing between": lambda: twin.record(Dense(17), BatchNorm(), BatchNorm(), Dropout(0.3), Dropout(0.3), Dense(3)),
    "tied": tied,
} | {name: partial(networks.tape, name) for name in networks.FORWARD}
TARGETS = {
    "labels": (SoftmaxCrossEntropy(), lambda rng, rows: rng.integers(0, CLASSES, rows, np.int32)),
    "smoothed labels": (SoftmaxCrossEntropy(0.125), lambda rng, rows: rng.integers(0, CLASSES, rows, np.int32)),
    "shares": (SoftmaxCrossEntropy(), lambda rng, rows: rng.dirichlet(np.ones(CLASSES), rows)),
    "smoothed shares": (SoftmaxCrossEntropy(0.25), lambda rng, rows: rng.dirichlet(np.ones(CLASSES), rows)),
    "values": (MeanSquaredError(), lambda rng, rows: rng.normal(size=(rows, CLASSES))),
}


def task(rng, network="all", target="labels", weight=None, *, join=False, dtype=np.float64, rows=ROW_COUNT):
    """A task of one of the networks on random rows."""
    tape = fusion.join(NETWORKS[network]()) if join else NETWORKS[network]()
    loss, draw = TARGETS[target]
    arrays, x, y = twin.arrays(tape, rng, dtype), rng.normal(size=(rows, FEATURES)).astype(dtype), draw(rng, rows)
    y = y if y.dtype == np.int32 else y.astype(dtype)
    return Task(tape, arrays, x, y, loss, weight, dtype)
