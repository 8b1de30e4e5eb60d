"""Several models as one: their forward passes are branches on the same input, and their predictions are averaged."""

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np

from .. import checks, ops
from ..errors import SettingError, ShapeError
from ..nn.losses import SoftmaxCrossEntropy
from ..ops.tape import Tape, Value
from .model import Model
from .recording import logit_of_each_class

GIVEN = ("parameter", "statistic", "constant")


def ensemble(models: Sequence[Model], weights: Sequence[float] | None = None) -> Model:
    """Return one model that predicts the weighted mean of several models' predictions.

    models   trained, of the same inputs, outputs, dtype, task, table and labels; classification or regression
    weights  of each, 0 or more; by default all have the same

    The outputs are the mean of values for regression, and for classes the logarithm of the mean probability,

        log sum_i w_i p_i  =  m + log sum_i exp(log w_i p_i - m)   with m = max_i log w_i p_i

    whose softmax is that mean. So nothing downstream knows of ensembles: it predicts, is evaluated, saved as one file,
    loaded and trained on as any model is; no probability underflows on the way. What was `weight` in the first of the
    models is `0.weight` here.
    Raises SettingError or ShapeError where the models do not fit together.
    """
    if not models:
        raise SettingError("ensemble: expected at least one model, got none")
    shares = _shares(weights, len(models))
    members = [(model, share) for model, share in zip(models, shares, strict=True) if share > 0]
    first = members[0][0]
    for number, (model, _) in enumerate(members):
        _require_same(first, model, number)
    tape = Tape()
    inputs = [tape.add("input", value.name, value.shape) for value in first.tape.of_role("input")]
    results = [_branch(tape, inputs, model.tape, f"{number}.") for number, (model, _) in enumerate(members)]
    loss = first.loss
    if first.task == "classification":
        results = [logit_of_each_class(result) for result in results]
        loss = SoftmaxCrossEntropy() if first.outputs == 1 else loss
    (_mean_probability if first.task == "classification" else _mean)(results, [share for _, share in members])
    together = Model(dtype=first.dtype)
    arrays = {
        f"{number}.{name}": array for number, (model, _) in enumerate(members) for name, array in model.arrays.items()
    }
    together.set_arrays(arrays, tape=tape, loss=loss)
    together.table, together.target = first.table, first.target
    return together


def _branch(tape: Tape, inputs: Sequence[Value], source: Tape, prefix: str) -> Value:
    """Record a model's forward pass once more, on these inputs; its parameters get the prefix."""
    known = dict(zip((value.index for value in source.of_role("input")), inputs, strict=True))
    for value in source.of_role(*GIVEN):
        known[value.index] = tape.add(value.role, prefix + value.name, value.shape, **value.settings)
    for operation in source.operations:
        known[operation.output] = ops.repeat(operation, [known[index] for index in operation.inputs])
    return known[source.result.index]


def _mean(results: Sequence[Value], shares: Sequence[float]) -> Value:
    return reduce(ops.add, [result * share for result, share in zip(results, shares, strict=True)])


def _mean_probability(results: Sequence[Value], shares: Sequence[float]) -> Value:
    """The logarithm of the mean."""
    logs = [ops.log_softmax(result) + math.log(share) for result, share in zip(results, shares, strict=True)]
    largest = reduce(ops.maximum, logs)
    return largest + ops.log(reduce(ops.add, [ops.exp(value - largest) for value in logs]))


def _shares(weights: Sequence[float] | None, count: int) -> list[float]:
    if weights is None:
        return [1 / count] * count
    if len(weights) != count:
        raise SettingError(f"weights: expected {count}, one for each model, got {len(weights)}")
    numbers = [checks.number(f"weights[{place}]", weight, 0) for place, weight in enumerate(weights)]
    if not sum(numbers) > 0:
        raise SettingError("weights: expected one above 0, got none")
    return [float(np.float64(number) / sum(numbers)) for number in numbers]


def _require_same(first: Model, model: Model, number: int) -> None:
    """Require that models fit together in an ensemble."""
    if model.task == "multilabel":
        raise SettingError(f"ensemble: expected models of classes or values, got labels in models[{number}]")
    if model.task == "classification" and model.activation is None:
        raise SettingError(f"ensemble: expected models that give logits, got the probabilities of models[{number}]")
    for what, own, wanted in (
        ("inputs", _widths(model), _widths(first)),
        ("outputs", model.outputs, first.outputs),
    ):
        if own != wanted:
            raise ShapeError(f"ensemble: models[{number}] has {what} {own}, the first has {wanted}")
    for what, same in (
        ("dtype", model.dtype == first.dtype),
        ("task", model.task == first.task),
        ("table", _table(model) == _table(first)),
        ("target", model.target == first.target),
    ):
        if not same:
            raise SettingError(f"ensemble: expected models of one {what}, got another in models[{number}]")


def _widths(model: Model) -> list[int]:
    return [value.features for value in model.tape.of_role("input")]


def _table(model: Model) -> object:
    return None if model.table is None else model.table.to_dict()
