"""caviar's rows: weights reach the training, groups stay together in folds, frames bring both by name."""

import numpy as np
import pandas
import pytest

import fastnorm as fn
from fastnorm.errors import DataError, FileError, SettingError
from fastnorm.tune import KFold, caviar
from fastnorm.tune.search.data import parts

FRAME = pandas.DataFrame(
    {
        "a": np.random.default_rng(0).normal(size=60), "b": np.arange(60) % 7, "group": np.arange(60) // 6 % 7,
        "weight": np.arange(60) % 3, "time": np.arange(60) * 1.5,
    }
)  # fmt: skip
FRAME["y"] = FRAME["a"] > 0
SPACE = {"learning_rate": [0.01], "batch_size": [16]}


def build(_):
    return fn.Sequential([fn.Dense(2)])


def test_weights_reach_the_training(tmp_path):
    options = {"trials": 1, "epochs": 2, "validation": 0.25, "seed": 3}
    study = caviar(build, SPACE, FRAME, "y", sample_weight="weight", study=tmp_path / "weighted.sqlite", **options)
    model = build(None)
    trial = study.trials[0]
    model.fit(
        FRAME, target="y", validation=0.25, sample_weight="weight", epochs=2, seed=3, batch_size=16,
        optimizer=fn.Adam(0.01),
    )  # fmt: skip
    assert study.model(0).table == model.table
    other = caviar(build, SPACE, FRAME.drop(columns="weight"), "y", **options)
    assert trial.weights != other.trials[0].weights
    changed = FRAME.assign(weight=FRAME["weight"] + 1)
    with pytest.raises(FileError, match="weights: this search has"):
        caviar(build, SPACE, changed, "y", sample_weight="weight", study=tmp_path / "weighted.sqlite", **options)


def test_groups_stay_together_in_folds():
    folds, data, facts = parts(FRAME, "y", KFold(3), 0, groups="group", sample_weight="weight")
    assert data.table.columns == ("a", "b", "time")
    assert "rows" in facts
    times = data.table.columns.index("time")
    group_of = dict(zip(data.x[:, times].tolist(), FRAME["group"], strict=True))
    for fold in folds[:-1]:
        training = {group_of[time] for time in fold.x[:, times].tolist()}
        aside = {group_of[time] for time in fold.validation[0][:, times].tolist()}
        assert not training & aside
        assert len(fold.weights) == len(fold.x)
    assert folds[-1].validation is None
    caviar(build, SPACE, FRAME, "y", groups="group", trials=1, epochs=1)
    with pytest.raises(DataError, match="expected at least 9 groups for 9 folds, got 7"):
        parts(FRAME, "y", KFold(9), 0, groups="group")
    for given in ({"time": "time"}, {"groups": "group"}):
        with pytest.raises(SettingError, match="groups, time: expected a fraction of the rows"):
            parts(FRAME, "y", (FRAME, "y") if "groups" in given else KFold(3), 0, **given)


def test_time_divides_the_rows():
    (part,), data, _ = parts(FRAME, "y", None, 0, time="time", types={"b": "category"})
    assert len(part.x) == 48
    assert data.table.inputs[-1].categories == tuple("0123456")
