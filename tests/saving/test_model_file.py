"""The model file: the same model again to the bit, and an error in words for everything that is none."""

import json
import os
import struct

import numpy as np
import polars
import pytest
import safetensors.numpy
from helpers import twin
from helpers.layer_lists import LAYERS
from hypothesis import given
from hypothesis import strategies as st

import fastnorm as fn
from fastnorm.errors import FileError
from fastnorm.models.model import Model
from fastnorm.saving import model_file, tape_record


def frame(x):
    return polars.DataFrame(dict(zip("abc", x.T, strict=True)))


def trained(dtype="float32", table=False):
    """A small model with every kind of layer, trained a little."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 3, 40)
    model = fn.Sequential(
        [fn.Dense(4), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.25), fn.BatchNorm(), fn.Dense(3)], dtype
    )
    if table:
        words = polars.Series("target", np.array(["one", "two", "three"])[y])
        model.fit(frame(x).with_columns(words), target="target", epochs=2, batch_size=8)
    else:
        model.fit(x, y, epochs=2, batch_size=8)
    return model


MODEL = trained()
BYTES = MODEL.to_bytes()
TENSORS, DOCUMENT = model_file.unpack("model", BYTES)
ROWS_OF_X = np.random.default_rng(1).normal(size=(9, 3))


def assert_same_model(one, other):
    assert one.to_bytes() == other.to_bytes()
    x = frame(ROWS_OF_X) if one.table else ROWS_OF_X
    np.testing.assert_array_equal(one.predict_proba(x), other.predict_proba(x))
    np.testing.assert_array_equal(one.predict(x), other.predict(x))


# ---- the same again


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("table", [False, True], ids=["features", "frame"])
def test_a_model_comes_back_to_the_bit(tmp_path, dtype, table):
    model = trained(dtype, table)
    model.save(tmp_path / "model")
    loaded = fn.load(tmp_path / "model")
    assert os.listdir(tmp_path) == ["model"]
    assert_same_model(loaded, model)
    assert loaded.dtype == model.dtype
    assert loaded.loss == model.loss
    assert loaded.table == model.table
    assert loaded.summary() == model.summary()
    for name, array in model.arrays.items():
        assert loaded.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded.arrays[name], array)


def test_the_same_model_gives_the_same_bytes():
    assert trained().to_bytes() == BYTES
    shuffled = Model()
    shuffled.set_arrays(dict(reversed(MODEL.arrays.items())), tape=MODEL.tape, loss=MODEL.loss)
    shuffled.target = MODEL.target
    assert shuffled.to_bytes() == BYTES


def test_others_can_read_the_tensors(tmp_path):
    MODEL.save(tmp_path / "model.safetensors")
    tensors = safetensors.numpy.load_file(tmp_path / "model.safetensors")
    assert tensors.keys() == MODEL.arrays.keys()
    np.testing.assert_array_equal(tensors["dense_0.weight"], MODEL.arrays["dense_0.weight"])


def test_a_model_without_loss_or_with_numpys_numbers_is_saved_too():
    model = fn.Sequential(
        [fn.Dense(np.int64(2)), fn.BatchNorm(np.float32(0.5), np.float32(0.25)), fn.Dropout(np.float64(0.5))]
    )
    model.initialize(np.int64(3))
    assert Model.from_bytes(model.to_bytes()).loss is None
    model.loss = fn.SoftmaxCrossEntropy(np.float32(0.125))
    assert Model.from_bytes(model.to_bytes()).loss == fn.SoftmaxCrossEntropy(0.125)


@given(st.lists(LAYERS, min_size=1, max_size=6))
def test_a_tape_comes_back_as_it_was(chain):
    tape = twin.record(*chain)
    record = tape_record.tape_to_record(tape)
    again = tape_record.tape_from_record(json.loads(json.dumps(record)), tape_record.constants_of(tape))
    assert tape_record.tape_to_record(again) == record
    assert [(o.name, dict(o.attributes), o.slots) for o in again.operations] == [
        (o.name, dict(o.attributes), o.slots) for o in tape.operations
    ]


@given(
    st.dictionaries(st.text("abc.", max_size=4), st.lists(st.floats(width=32), max_size=4)),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5),
)
def test_any_tensors_and_document_come_back(lists, document):
    tensors = {name: np.array(values, np.float32) for name, values in lists.items()}
    again, found = model_file.unpack("thing", model_file.pack("thing", tensors, {"it": document}))
    assert repr(found) == repr({"it": document})  # nan is not nan
    assert again.keys() == tensors.keys()
    for name, array in tensors.items():
        np.testing.assert_array_equal(again[name], array)


# ---- damage


@given(st.integers(0, len(BYTES) - 1), st.integers(1, 255))
def test_a_byte_that_changed_is_noticed_or_means_nothing(place, change):
    """Only spaces of the header may be other white space."""
    data = bytearray(BYTES)
    data[place] ^= change
    try:
        loaded = Model.from_bytes(bytes(data))
    except FileError:
        return
    assert BYTES[place] == ord(" ")
    assert_same_model(loaded, MODEL)


@given(st.integers(0, len(BYTES) - 1), st.integers(0, 7))
def test_every_bit_of_the_tensors_counts(place, bit):
    (length,) = struct.unpack_from("<Q", BYTES)
    place = 8 + length + place % (len(BYTES) - 8 - length)
    data = bytearray(BYTES)
    data[place] ^= 1 << bit
    with pytest.raises(FileError, match="damaged: its contents do not match its checksum"):
        Model.from_bytes(bytes(data))


@given(st.integers(0, len(BYTES) - 1))
def test_half_a_file_is_none(length):
    with pytest.raises(FileError, match="no fastnorm model file, or a damaged one"):
        Model.from_bytes(BYTES[:length])


@given(st.binary(max_size=300))
def test_other_bytes_are_no_model(data):
    for whole in (data, struct.pack("<Q", len(data)) + data, BYTES + data[:8] + b"x"):
        with pytest.raises(FileError):
            Model.from_bytes(whole)


def plain(metadata):
    return safetensors.numpy.save({"a": np.zeros(3)}, metadata)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (model_file.pack("run", TENSORS, DOCUMENT), "expected a fastnorm model file of format 1, got .run. of"),
        (plain(None), "no fastnorm model file, or a damaged one"),
        (plain({"fastnorm": "[]"}), "no fastnorm model file"),
        (plain({"fastnorm": "{"}), "no fastnorm model file"),
        (plain({"fastnorm": "[" * 100_000}), "no fastnorm model file"),
        (plain({"fastnorm": "9" * 10_000}), "no fastnorm model file"),
        (plain({"fastnorm": json.dumps({"kind": "model", "format": 2})}), "format 1, got 'model' of format 2"),
        (plain({"fastnorm": json.dumps({"kind": "model", "format": 1})}), "no fastnorm model file"),
        (plain({"fastnorm": json.dumps({"kind": "model", "format": 1, "document": 3, "sha256": ""})}), "no fastnorm"),
        (
            plain({"fastnorm": json.dumps({"kind": "model", "format": 1, "document": '"\ud800"', "sha256": ""})}),
            "no fastnorm model file",
        ),
    ],
)
def test_files_of_other_kinds_are_refused_in_words(data, words):
    with pytest.raises(FileError, match=words):
        Model.from_bytes(data)


def test_the_document_is_json_even_where_the_checksum_fits():
    for text in ("{", "[" * 100_000, "\ud800"):
        head = {"kind": "model", "format": 1, "document": text, "sha256": ""}
        try:
            head["sha256"] = model_file.digest({}, text)
        except UnicodeEncodeError:
            head["sha256"] = "none can be"
        with pytest.raises(FileError, match="no fastnorm model file"):
            Model.from_bytes(safetensors.numpy.save({}, {"fastnorm": json.dumps(head)}))


# ---- writing and reading


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "model"
    MODEL.save(path)
    for error, seen in ((OSError(28, "No space left on device"), FileError), (KeyboardInterrupt(), KeyboardInterrupt)):

        def fail(_, error=error):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(seen):
                model_file.write(path, b"half")
        assert path.read_bytes() == BYTES
        assert os.listdir(tmp_path) == ["model"]


def test_what_a_link_leads_to_is_written_and_a_pipe_is_written_to(tmp_path):
    target, link, pipe = tmp_path / "model", tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(target)
    model_file.write(link, b"one")
    model_file.write(link, b"two")
    assert link.is_symlink()
    assert target.read_bytes() == b"two"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    model_file.write(pipe, b"three")
    assert os.read(reader, 9) == b"three"
    os.close(reader)
    assert pipe.is_fifo()
    assert sorted(os.listdir(tmp_path)) == ["link", "model", "pipe"]


def test_a_path_that_cannot_be_written_or_read_is_named(tmp_path):
    with pytest.raises(FileError, match=r"none/model: cannot be written: No such file or directory"):
        MODEL.save(tmp_path / "none" / "model")
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileError, match="folder: cannot be written: Is a directory"):
        MODEL.save(tmp_path / "folder")
    assert os.listdir(tmp_path) == ["folder"]
    with pytest.raises(FileError, match="folder: cannot be read: Is a directory"):
        fn.load(tmp_path / "folder")
    with pytest.raises(FileError, match="none: cannot be read: No such file or directory"):
        fn.load(str(tmp_path / "none"))
    with pytest.raises(FileError, match="cannot be written"):
        MODEL.save("")


def test_a_file_that_is_no_model_is_named(tmp_path):
    (tmp_path / "letter.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FileError, match=r"letter\.csv: no fastnorm model file, or a damaged one"):
        fn.load(tmp_path / "letter.csv")
