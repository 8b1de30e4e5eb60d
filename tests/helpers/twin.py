"""What programs and predictors should compute, in plain NumPy: a tape's values, by fastnorm.reference."""

import numpy as np

from fastnorm import ops, reference
from fastnorm.nn import activations, layers
from fastnorm.ops.tape import ROWS, Tape
from helpers import formulas


def record(*chain, features=4):
    """A tape of layers one after the other, as Sequential makes it but with all biases."""
    tape = Tape()
    value = tape.add("input", "x", (ROWS, features))
    for number, layer in enumerate(chain):
        added = {
            name: tape.add(p.role, f"{number}.{name}", p.shape, initializer=p.initializer, decays=p.decays)
            for name, p in layer.build(value.features).items()
        }
        value = layer.forward(value, **added)
    return tape


def parameter(tape, name, *shape, role="parameter", decays=False):
    return tape.add(role, name, shape, initializer="zeros", decays=decays)


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


def results(tape, numbers, x, *, training=False, seed=0, step=0):
    """Every value of the tape: index -> array; dropout and the minibatch's statistics only while training."""
    known, column = {}, 0
    for value in tape.of_role("input"):  # they lie side by side
        known[value.index] = x[:, column : column + value.features]
        column += value.features
    known |= {value.index: value.settings["array"] for value in tape.of_role("constant")}
    known |= {value.index: numbers[value.name] for value in tape.of_role("parameter", "statistic")}
    for operation in tape.operations:
        given = [known[index] for index in operation.inputs]
        known[operation.output] = _compute(operation, *given, training=training, seed=seed, step=step)
    return known


def _compute(operation, x, *given, training, seed, step):
    settings = operation.attributes
    if operation.name == "dense":
        return reference.dense_forward(x, *given, relu=settings["relu"])
    if operation.name == "relu":
        return reference.relu_forward(x)
    if operation.name == "dropout":
        stream = int(operation.slots["rate"].rpartition("_")[2])
        return reference.dropout(x, settings["rate"], seed, stream, step) if training else x
    if operation.name == "normalize":
        gamma, beta, mean, inverse_std = given
        y = (x - mean) * inverse_std * gamma + beta
        return np.maximum(y, 0) if settings["relu"] else y
    if operation.name == "batchnorm":
        gamma, beta, mean, variance, _ = given
        if training:
            return reference.batchnorm_forward(x, gamma, beta, settings["epsilon"], relu=settings["relu"])[0]
        return reference.batchnorm_inference(x, mean, variance, gamma, beta, settings["epsilon"], relu=settings["relu"])
    return formulas.FORMULAS[operation.name](x, *given, **settings)


def predict(tape, numbers, x, **options):
    """The result of the tape."""
    return results(tape, numbers, x, **options)[tape.result.index]


def small_network(rate=0.25):
    """Dense, batch norm, ReLU and dropout, twice, and a last dense layer of three outputs."""
    block = [layers.Dense(5), layers.BatchNorm(), activations.ReLU(), layers.Dropout(rate)]
    return [*block, *block, layers.Dense(3)]
