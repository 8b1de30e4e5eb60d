"""Files of models and losses written with operations: what is forged is refused, or safe to use."""

import copy

import numpy as np
import pytest
from helpers import networks
from hypothesis import given, settings
from hypothesis import strategies as st
from test_forged_files import JSON, places, put, put_all

import fastnorm as fn
from fastnorm import ops
from fastnorm.errors import FastnormError, FileError
from fastnorm.models.model import Model
from fastnorm.saving import model_file

X = np.random.default_rng(0).normal(size=(12, 4))
Y = np.random.default_rng(1).normal(size=(12, 3))


def forward(x):
    """Constants, parts, reshapes, reductions, a choice, and a weight that is computed."""
    hidden = fn.Dense(4)(x) * np.array([1.0, 2.0, 0.5, 1.0])
    column = hidden[:, 1].reshape(-1, 1) + x.max(axis=1, keepdims=True)
    wide = ops.concatenate([hidden[:, 1:3], column, ops.layernorm(x, np.ones(4), np.zeros(4))])
    weight = networks.Cosine(3)
    return weight(np.where(wide > 0, wide, 0.1 * wide))


def trained():
    model = fn.Model(forward)
    model.fit(X, Y, loss=lambda p, y: (abs(p - y) ** 1.5 * np.array([1.0, 2.0, 3.0])).sum(axis=1), epochs=1)
    return model


MODEL = trained()
TENSORS, DOCUMENT = model_file.unpack("model", MODEL.to_bytes())


def forge(change, tensors=None):
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return model_file.pack("model", TENSORS if tensors is None else tensors, document)


def operation(document, name, place=0, inside="tape"):
    tape = document["tape"] if inside == "tape" else document["loss"]["tape"]
    return [entry for entry in tape["operations"] if entry["name"] == name][place]


def attribute(name, key, value):
    return lambda d: operation(d, name)["attributes"].update({key: value})


def of_role(document, role, inside="tape"):
    tape = document["tape"] if inside == "tape" else document["loss"]["tape"]
    return next(value for value in tape["values"] if value["role"] == role)


def last(document):
    """The number of the model's result."""
    return len(document["tape"]["values"]) + len(document["tape"]["operations"]) - 1


def swap(first, second, inside="tape"):
    """An operation becomes another, with its inputs."""
    return lambda d: operation(d, first, inside=inside).update(name=second, attributes={})


FORGED = {
    "a part beyond": attribute("part", "columns", [1, 99]),
    "a part before": attribute("part", "columns", [-1, 2]),
    "a part of nothing": attribute("part", "columns", [2, 2]),
    "a part of words": attribute("part", "columns", "ab"),
    "a part of one end": attribute("part", "columns", [1]),
    "a part of all there is": attribute("part", "columns", None),
    "rows of a minibatch": attribute("part", "rows", [0, 1]),
    "fractions of columns": attribute("part", "columns", [0.5, 2]),
    "a shape of other rows": attribute("reshape", "shape", [4, 1]),
    "a shape of negative lengths": attribute("reshape", "shape", [-2, -1]),
    "a shape of words": attribute("reshape", "shape", "N1"),
    "a shape of nothing": attribute("reshape", "shape", None),
    "a shape of three": attribute("reshape", "shape", [-1, 1, 1]),
    "an axis beyond": attribute("max", "axis", 2),
    "an axis of words": attribute("max", "axis", "rows"),
    "an axis of rows": attribute("max", "axis", 0),
    "no epsilon": attribute("layernorm", "epsilon", 0),
    "a slope of where": attribute("where", "slope", 1),
    "an attribute of multiply": attribute("multiply", "scale", 2),
    "a constant of another shape": lambda d: of_role(d, "constant").update(shape=[5]),
    "a constant without numbers": lambda d: of_role(d, "constant").update(name="constant_99"),
    "a constant that has a parameter's numbers": lambda d: of_role(d, "constant").update(name="dense_0.bias"),
    "a constant that is learned": lambda d: of_role(d, "constant").update(role="parameter"),
    "a constant that is a statistic": lambda d: of_role(d, "constant").update(role="statistic", settings={}),
    "a constant that is a target": lambda d: of_role(d, "constant").update(role="target", shape=["N", 4]),
    "a constant that is a weight": lambda d: of_role(d, "constant").update(role="weight"),
    "a constant that is an input": lambda d: of_role(d, "constant").update(role="input"),
    "an input without rows": lambda d: of_role(d, "input").update(shape=[4]),
    "an input of numbers": lambda d: of_role(d, "input").update(shape=["N"]),
    "rows that meet": lambda d: operation(d, "max").update(attributes={"axis": 0, "keepdims": False}),
    "a result without rows": lambda d: d["tape"]["operations"].append(
        {"name": "sum", "inputs": [last(d)], "attributes": {}}
    ),
    "a result of one number a row": lambda d: d["tape"]["operations"].append(
        {"name": "max", "inputs": [last(d)], "attributes": {"axis": 1}}
    ),
    "a name that is no operation's": swap("max", "getitem"),
    "a name of Python's": swap("max", "__import__"),
    "hits without a target": swap("max", "hits"),
    "parameters alone": lambda d: d["tape"].update(
        operations=[{"name": "transpose", "inputs": [2], "attributes": {}}]
    ),
    "a loss of another task": put("clustering", "loss", "task"),
    "a loss without a tape": put(None, "loss", "tape"),
    "a loss with more": put(1, "loss", "more"),
    "a loss that learns": lambda d: of_role(d, "constant", "loss").update(role="parameter", settings={"decays": True}),
    "a loss of two predictions": lambda d: of_role(d, "target", "loss").update(role="input"),
    "a loss of two targets": lambda d: of_role(d, "input", "loss").update(role="target"),
    "a loss's constant of another shape": lambda d: of_role(d, "constant", "loss").update(shape=[2, 2]),
}  # fmt: skip


def test_the_forgers_tool_makes_files_that_load():
    assert Model.from_bytes(forge(lambda document: None)).to_bytes() == MODEL.to_bytes()


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_document_is_refused(name):
    with pytest.raises(FileError, match=r"expected|cannot be read|do not fit"):
        Model.from_bytes(forge(FORGED[name]))


@pytest.mark.parametrize("name", ["constant_0", "loss.constant_0"])
@pytest.mark.parametrize(
    "change",
    [lambda t, name: t.pop(name), lambda t, name: t.update({name: t[name].astype(np.int32)}),
     lambda t, name: t.update({name: t[name].astype(np.float16)}), lambda t, name: t.update({name: np.ones((7, 7))})],
)  # fmt: skip
def test_constants_that_do_not_fit_are_refused(name, change):
    tensors = dict(TENSORS)
    assert name in tensors
    change(tensors, name)
    with pytest.raises(FileError, match=r"expected|cannot be read|do not fit"):
        Model.from_bytes(forge(lambda document: None, tensors))


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(list(places(DOCUMENT))), JSON), min_size=1, max_size=2))
def test_whatever_stands_in_a_document_it_is_refused_or_safe_to_use(changes):
    try:
        model = Model.from_bytes(forge(put_all(changes)))
    except FileError:
        return
    try:
        model.predict(X)
        model.evaluate(X, Y)
        model.fit(X, Y, loss=model.loss, epochs=1, batch_size=5)
    except FastnormError:
        return
    assert model.logits(X).shape == (12, model.outputs)


def test_numpys_numbers_stand_in_a_file_too():
    model = fn.Model(
        lambda x: fn.Dense(2)(ops.part(x, None, (np.int64(1), np.int64(3))).reshape(-1, np.int64(2)))[:, np.int8(0) :]
    )
    model.initialize(4)
    assert Model.from_bytes(model.to_bytes()).logits(X).tobytes() == model.logits(X).tobytes()
