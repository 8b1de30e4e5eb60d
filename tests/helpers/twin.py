"""Tapes of layers with numbers of their own, and what predictors should make of them, by fastnorm.reference."""

import numpy as np

from fastnorm import ops, reference
from fastnorm.nn import activations, layers
from fastnorm.ops.tape import ROWS, Tape


def record(*chain, features=4):
    """A tape of layers one after the other, as Sequential makes it but with all biases."""
    tape = Tape()
    value = tape.add("input", "x", (ROWS, features))
    for number, layer in enumerate(chain):
        added = {
            name: tape.add(p.role, f"{number}.{name}", p.shape, initializer=p.initializer,
                           decay_factor=p.decay_factor, rate_factor=p.rate_factor)
            for name, p in layer.build(value.features).items()
        }
        value = layer.forward(value, **added)
    return tape


def parameter(tape, name, *shape, role="parameter", decay_factor=0.0):
    return tape.add(role, name, shape, initializer="zeros", decay_factor=decay_factor, rate_factor=1.0)


def batchnorm(tape, value, name="bn", **options):
    """A batch norm on the tape, with parameters and statistics of its own."""
    c = value.features
    learned = [parameter(tape, f"{name}.{part}", c) for part in ("gamma", "beta")]
    kept = [
        parameter(tape, f"{name}.{part}", length, role="statistic")
        for part, length in (("running_mean", c), ("running_variance", c), ("running_weight", 1))
    ]
    return ops.batchnorm(value, *learned, *kept, **options)


def arrays(tape, rng, dtype=np.float64):
    """Numbers for every parameter and statistic, far from those that hide mistakes (0 and 1)."""
    made = {}
    for value in tape.of_role("parameter", "statistic"):
        kind = dtype if value.role == "parameter" else np.float64
        made[value.name] = rng.normal(0.2, 0.8, value.shape).astype(kind)
        if value.name.endswith(("variance", "weight")) and value.role == "statistic":
            made[value.name] = rng.uniform(0.5, 2, value.shape)
    return made


def predict(tape, numbers, x, **options):
    """The result of the tape."""
    return reference.run(tape, numbers, x, **options)[tape.result.name]


def small_network(rate=0.25):
    """Dense, batch norm, ReLU and dropout, twice, and a last dense layer of three outputs."""
    block = [layers.Dense(5), layers.BatchNorm(), activations.ReLU(), layers.Dropout(rate)]
    return [*block, *block, layers.Dense(3)]
