"""Small programs to train in tests, and the gradient that one step of them takes."""

from dataclasses import replace

import numpy as np

from fastnorm.losses import MeanSquaredError, SoftmaxCrossEntropy
from fastnorm.optimizers import SGD
from fastnorm.program import Program
from fastnorm.trace import Tape

BARE = SGD(learning_rate=1.0, momentum=0.0)  # one step takes the gradient off the parameters
FROZEN = replace(BARE, learning_rate=0.0)


def with_loss(tape, loss, target):
    """A copy of the tape that ends in the loss."""
    copy = Tape()
    copy.values, copy.operations = list(tape.values), list(tape.operations)
    for value in copy.values:
        object.__setattr__(value, "tape", copy)
    loss.record(copy.result, target)
    return copy


class Task:
    """A forward pass on some rows: programs that train it, its loss and its gradients."""

    def __init__(self, tape, arrays, x, target, loss=None, weight=None, dtype=np.float64, seed=3):
        self.loss = loss or (SoftmaxCrossEntropy() if target.dtype == np.int32 else MeanSquaredError())
        self.tape, self.arrays = with_loss(tape, self.loss, target), arrays
        self.data, self.dtype, self.seed = (x, target, weight), dtype, seed

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
