"""The network for tables: what it reads, and that it is a model as any other."""

import numpy as np
import polars
import pytest

import fastnorm as fn
from fastnorm import networks
from fastnorm.errors import SettingError

RNG = np.random.default_rng(0)
SIZE = RNG.normal(size=400)
KIND = np.array(["a", "b", "c"])[RNG.integers(0, 3, 400)]
FRAME = polars.DataFrame(
    {"kind": KIND, "size": SIZE, "price": np.round(np.sin(4 * SIZE), 1) + 2.5 * (KIND == "b")}
)  # a wave that one place for the size cannot follow


def trained(bins=48, hidden=(16,)):
    model = networks.default(FRAME, "price", hidden=hidden, bins=bins, dropout=0.0)
    model.fit(FRAME, target="price", epochs=60, batch_size=32, optimizer=fn.AdamW(0.01), schedule="cosine", seed=1)
    return model


def test_it_takes_frames_and_answers_in_their_units():
    model = trained()
    assert np.corrcoef(model.predict(FRAME), FRAME["price"])[0, 1] > 0.99
    assert model.predict(FRAME.reverse()).tolist() == model.predict(FRAME)[::-1].tolist()


def test_the_same_bits_from_its_file_in_one_row_and_on_two_threads(tmp_path):
    model = trained()
    model.save(tmp_path / "m.safetensors")
    again, expected = fn.load(tmp_path / "m.safetensors"), model.predict(FRAME)
    assert again.predict(FRAME).tolist() == expected.tolist()
    assert model.predict(FRAME, threads=2).tolist() == expected.tolist()
    assert model.predict_one(FRAME[7]) == expected[7]


def test_bins_are_a_choice_and_members_of_all_kinds_are_one_model():
    models = [trained(bins) for bins in (0, 8, 48)]
    errors = [np.std(model.predict(FRAME) - FRAME["price"].to_numpy()) for model in models]
    assert errors[0] > errors[2]
    together = fn.ensemble(models)
    np.testing.assert_allclose(
        together.predict(FRAME), np.mean([model.predict(FRAME) for model in models], axis=0), rtol=1e-5, atol=1e-5
    )


def test_without_hidden_layers_it_is_additive():
    model = trained(hidden=())
    one, other = (
        model.predict(polars.DataFrame({"kind": [kind] * 2, "size": [0.1, 0.7]})).astype(float) for kind in "ab"
    )
    assert np.diff(one) == pytest.approx(np.diff(other), abs=1e-5)


def test_labels_alone_need_no_bins():
    frame = polars.DataFrame({"kind": KIND, "answer": np.where(KIND == "b", "yes", "no")})
    model = networks.default(frame, "answer")
    model.fit(frame, target="answer", epochs=10)
    assert model.evaluate(frame)["accuracy"] == 1


def test_arrays_are_refused():
    with pytest.raises(SettingError, match="expected a frame, whose table standardizes its columns, got arrays"):
        networks.default(np.zeros((4, 2)), np.arange(4) % 2)
