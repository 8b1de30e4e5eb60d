"""Model files made to deceive, with a checksum that fits: refused, or safe to use."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_model_file import DOCUMENT, MODEL, TENSORS, assert_same_model, trained

from fastnorm.errors import FastnormError, FileError
from fastnorm.models.model import Model
from fastnorm.saving import model_file


def forge(change, tensors=None):
    document = copy.deepcopy(DOCUMENT)
    changed = change(document)
    return model_file.pack("model", TENSORS if tensors is None else tensors, document if changed is None else changed)


def put(value, *path):
    """A change that puts the value where the path leads."""

    def change(document):
        for step in path[:-1]:
            document = document[step]
        if isinstance(document, dict) and not isinstance(path[-1], str):
            raise KeyError(path[-1])  # JSON has names alone
        document[path[-1]] = value

    return change


def put_all(changes):
    """A change that puts several values, each where its path leads, up to one whose path is gone."""

    def change(document):
        for path, value in changes:
            try:
                put(value, *path)(document)
            except (KeyError, IndexError, TypeError):  # a change before has taken the way
                return

    return change


def first(document, role):
    return next(value for value in document["tape"]["values"] if value["role"] == role)


def batchnorm(document):
    return next(operation for operation in document["tape"]["operations"] if operation["name"] == "batchnorm")


FORGED = {
    "a list": lambda d: [],
    "a number": lambda d: 3,
    "no tape": lambda d: {key: d[key] for key in ("dtype", "loss", "table")},
    "more than there is": put(1, "more"),
    "tape of nothing": put(None, "tape"),
    "tape of words": put("dense", "tape"),
    "values of nothing": put(None, "tape", "values"),
    "no values": put([], "tape", "values"),
    "no operations": put([], "tape", "operations"),
    "operations of words": put(["dense"], "tape", "operations"),
    "half precision": put("float16", "dtype"),
    "dtype of objects": put("O", "dtype"),
    "dtype of nothing": put(None, "dtype"),
    "dtype of fields": put({"names": ["a"], "formats": ["f4"]}, "dtype"),
    "dtype of many": put("f4,(2,2)", "dtype"),
    "loss of nothing": put({}, "loss"),
    "loss of words": put("", "loss"),
    "unknown loss": put({"type": "Model"}, "loss"),
    "loss too smooth": put(1.0, "loss", "label_smoothing"),
    "table of nothing": put({}, "table"),
    "table of words": put("", "table"),
    "unknown role": put("weight", "tape", "values", 1, "role"),
    "role of loss": put("target", "tape", "values", 0, "role"),
    "two inputs": lambda d: d["tape"]["values"].insert(0, dict(d["tape"]["values"][0], name="z")),
    "name of number": put(3, "tape", "values", 1, "name"),
    "name of another": put("x", "tape", "values", 1, "name"),
    "settings of words": put("abc", "tape", "values", 1, "settings"),
    "settings that take over": lambda d: first(d, "parameter")["settings"].update(shape=[1], role="input"),
    "settings without decay": lambda d: first(d, "parameter").update(settings={"initializer": "he"}),
    "a decay of words": lambda d: first(d, "parameter")["settings"].update(decay_factor="yes"),
    "a rate below 0": lambda d: first(d, "parameter")["settings"].update(rate_factor=-1.0),
    "statistics that are learned": lambda d: first(d, "statistic").update(role="parameter"),
    "weights that are statistics": lambda d: first(d, "parameter").update(role="statistic"),
    "shape of words": put("NN", "tape", "values", 1, "shape"),
    "shape of rows": put(["N", 4], "tape", "values", 1, "shape"),
    "shape of nothing": put([], "tape", "values", 1, "shape"),
    "negative shape": put([-3, 4], "tape", "values", 1, "shape"),
    "shape of truth": put([True, 4], "tape", "values", 1, "shape"),
    "shape of fractions": put([3.0, 4], "tape", "values", 1, "shape"),
    "huge shape": put([2**39, 2**39], "tape", "values", 1, "shape"),
    "larger shape": put([3, 2**62], "tape", "values", 1, "shape"),
    "wider input": put(["N", 2**39], "tape", "values", 0, "shape"),
    "input without rows": put([3, 4], "tape", "values", 0, "shape"),
    "unknown operation": put("eval", "tape", "operations", 0, "name"),
    "operation of a loss": put("mean_squared_error", "tape", "operations", 0, "name"),
    "operation of inference": lambda d: batchnorm(d).update(name="normalize", inputs=batchnorm(d)["inputs"][:5]),
    "name of list": put(["dense"], "tape", "operations", 0, "name"),
    "negative inputs": put([-1, 1], "tape", "operations", 0, "inputs"),
    "inputs of truth": put([False, True], "tape", "operations", 0, "inputs"),
    "inputs that do not exist": put([0, 99], "tape", "operations", 0, "inputs"),
    "inputs not there yet": lambda d: d["tape"]["operations"][0].update(inputs=[len(d["tape"]["values"]), 1]),
    "more inputs": put([0, 1, 2, 3, 4, 5, 6], "tape", "operations", 0, "inputs"),
    "no inputs": put([], "tape", "operations", 0, "inputs"),
    "attributes of words": put("relu", "tape", "operations", 0, "attributes"),
    "unknown attributes": put({"relu": False, "eval": "1"}, "tape", "operations", 0, "attributes"),
    "attributes that are inputs": put({"weight": 3}, "tape", "operations", 0, "attributes"),
    "a bias of words": put({"bias": "none"}, "tape", "operations", 0, "attributes"),
    "epsilon of nothing": lambda d: batchnorm(d)["attributes"].update(epsilon=0),
    "epsilon of nan": lambda d: batchnorm(d)["attributes"].update(epsilon=float("nan")),
    "epsilon of words": lambda d: batchnorm(d)["attributes"].update(epsilon="small"),
    "a decay of one": lambda d: batchnorm(d)["attributes"].update(running_decay=1.0),
    "dropout of all": lambda d: next(o for o in d["tape"]["operations"] if o["name"] == "dropout")["attributes"].update(
        rate=1
    ),
    "a result that is never used": lambda d: d["tape"]["operations"].append(d["tape"]["operations"][0]),
}


def test_the_forgers_tool_makes_files_that_load():
    assert_same_model(Model.from_bytes(forge(lambda document: None)), MODEL)


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_document_is_refused(name):
    with pytest.raises(FileError, match=r"expected|cannot be read|do not fit"):
        Model.from_bytes(forge(FORGED[name]))


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.pop("dense_0.weight"),
        lambda t: t.update(more=np.zeros(3)),
        lambda t: t.update({"dense_0.weight": t["dense_0.weight"].astype(np.float64)}),
        lambda t: t.update({"dense_0.weight": t["dense_0.weight"].view(np.int32)}),
        lambda t: t.update({"dense_0.weight": t["dense_0.weight"].astype(np.float16)}),
        lambda t: t.update({"dense_0.weight": t["dense_0.weight"].T.copy()}),
        lambda t: t.update({"dense_0.weight": t["dense_0.weight"].ravel()}),
        lambda t: t.update({"batchnorm_1.running_mean": t["batchnorm_1.running_mean"].astype(np.float32)}),
        lambda t: t.update({"batchnorm_1.gamma": np.zeros((0,), np.float32)}),
    ],
)
def test_tensors_that_do_not_fit_are_refused(change):
    tensors = dict(TENSORS)
    change(tensors)
    with pytest.raises(FileError, match="its contents do not fit together: "):
        Model.from_bytes(forge(lambda document: None, tensors))


def places(document, path=()):
    """The way to every part of a document."""
    if path:
        yield path
    inside = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, part in inside:
        yield from places(part, (*path, key))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from([2**31, 2**63, 2**200, 0.5, 1e300])
    | st.floats() | st.sampled_from(["N", "dense", "relu", "batchnorm", "x", "parameter", "statistic", "input", ""]),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.sampled_from(["relu", "rate"]), parts, max_size=2),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(list(places(DOCUMENT))), JSON), min_size=1, max_size=2))
def test_whatever_stands_in_a_document_it_is_refused_or_safe_to_use(changes):
    try:
        model = Model.from_bytes(forge(put_all(changes)))
    except FileError:
        return
    x = np.random.default_rng(0).normal(size=(6, 3))
    try:
        model.predict(x)
        model.fit(x, np.arange(6) % 3, epochs=1, batch_size=3)
        outputs = model.logits(x)
    except FastnormError:  # that it diverged, too
        return
    assert outputs.shape == (6, model.outputs)


def test_a_table_that_does_not_fit_the_model_is_refused():
    document = model_file.unpack("model", trained(table=True).to_bytes())[1]
    for change in (
        lambda t: t["inputs"].pop(),
        lambda t: t["target"]["values"].append("zero"),
    ):
        table = copy.deepcopy(document["table"])
        change(table)
        with pytest.raises(FileError, match="its table or its target does not fit its operations"):
            Model.from_bytes(forge(put(table, "table")))
