"""Labels of any type, the task that y tells, frames beside arrays: one rule for Model, Run and caviar."""

import numpy as np
import pandas
import polars
import pytest
from helpers.fitted import CLASSES, X, network

import fastnorm as fn
from fastnorm.errors import DataError, SettingError, ShapeError
from fastnorm.training.dataset import dataset, divided
from fastnorm.tune import Choice, KFold, Study, caviar, default_build, panda

LABELS = {
    "minus one and one": [-1, 1],
    "five and seven": [5, 7],
    "tens": [10, 20, 30],
    "from one": [1, 2, 3],
    "words": ["iris", "lily", "rose"],
    "booleans": [False, True],
    "floats": [0.0, 1.0, 2.0],
    "halves": [0.5, 1.5, 2.5],
    "unsigned": np.array([3, 9, 200], np.uint8),
    "large": [2**60, 2**60 + 1, 2**60 + 2],
}
SPACE = {"units": Choice([8]), "learning_rate": Choice([0.02]), "batch_size": Choice([16])}
OPTIONS = {"epochs": 15, "batch_size": 16, "optimizer": fn.Adam(0.01)}


def labeled(labels):
    """Rows that are easily told apart, and their labels."""
    values = np.array(labels)
    codes = CLASSES % len(values)
    return X + np.eye(5)[codes] * 6, values[codes]


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_type_become_classes_and_come_back_as_they_were(kind):
    x, y = labeled(LABELS[kind])
    task = "classification" if kind == "halves" else None
    model = network(len(LABELS[kind]))
    model.fit(x, y, task=task, validation=0.2, **OPTIONS)
    predicted = model.predict(x)
    assert (predicted.tolist() == y).mean() > 0.95
    assert predicted.dtype.kind == y.dtype.kind.replace("u", "i")
    assert model.classes == sorted(np.array(LABELS[kind]).tolist())
    assert model.evaluate(x, y)["accuracy"] == (predicted == y).mean()
    loaded = fn.Model.from_bytes(model.to_bytes())
    np.testing.assert_array_equal(loaded.predict(x), predicted)
    assert loaded.classes == model.classes


@pytest.mark.parametrize("kind", ["tens", "words", "booleans", "floats"])
@pytest.mark.parametrize("validation", [0.25, KFold(2), None], ids=["share", "folds", "pair"])
def test_a_search_takes_the_same_labels(kind, validation):
    x, y = labeled(LABELS[kind])
    study = caviar(None, SPACE, x, y, validation=validation or (x[:50], y[:50]), trials=1, epochs=6, workers=1)
    model = study.best_model()
    assert model.classes == LABELS[kind]
    assert (model.predict(x) == y).mean() > 0.9


@pytest.mark.parametrize("container", [list, tuple, polars.Series, pandas.Series, lambda y: np.array(y, object)])
def test_labels_may_come_in_any_container(container):
    x, y = labeled(["a", "b", "c"])
    model = network()
    model.fit(x, container(y.tolist()), **OPTIONS)
    assert (model.predict(x) == y).mean() > 0.95


def test_a_column_of_labels_is_a_vector_of_them():
    x, y = labeled([1, 2, 3])
    model = network()
    model.fit(x, y[:, None], **OPTIONS)
    assert model.predict(x).shape == (200,)
    assert model.classes == [1, 2, 3]


def test_whole_numbers_that_do_not_name_every_output_are_the_outputs_numbers():
    x, y = labeled([0, 2, 4])
    model = network(5)
    model.fit(x, y, validation=(x, y), **OPTIONS)
    assert model.classes == [0, 1, 2, 3, 4]
    assert (model.predict(x) == y).mean() > 0.95
    three = network(3)
    three.fit(x, y, validation=(x, y), **OPTIONS)
    assert three.classes == [0, 2, 4]
    assert (three.predict(x) == y).mean() > 0.95


def test_class_numbers_stay_where_they_lie():
    y = CLASSES.astype(np.int32)
    assert np.shares_memory(fn.Run(network(), X, y).data[1], y)
    model = network()
    model.fit(X, y, epochs=1)
    assert np.shares_memory(fn.Run(model, X, y).data[1], y)


# ---- one output that says yes or no


@pytest.mark.parametrize("labels", [[0, 1], [-1, 1], ["no", "yes"], [False, True]], ids=str)
@pytest.mark.parametrize("loss", [None, fn.SigmoidCrossEntropy(), lambda z, y: fn.ops.softplus(z) - z * y])
def test_one_output_tells_two_labels_apart(labels, loss):
    x, y = labeled(labels)
    model = network(1)
    model.fit(x, y, loss=loss, validation=0.2, **OPTIONS)
    predicted = model.predict(x)
    assert predicted.shape == (200,)
    assert (predicted == y).mean() > 0.95
    probabilities = model.predict_proba(x)
    assert probabilities.shape == (200, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    np.testing.assert_array_equal(np.array(labels)[probabilities.argmax(1)], predicted)
    np.testing.assert_allclose(probabilities[:, 1], 1 / (1 + np.exp(-model.logits(x)[:, 0])), rtol=1e-5)
    np.testing.assert_array_equal(model.predict_proba_one(x[0].astype(np.float32)), probabilities[0])
    assert model.predict_one(x[0]) == predicted[0]
    assert model.evaluate(x, y)["accuracy"] == (predicted == y).mean()
    if loss is None or isinstance(loss, fn.SigmoidCrossEntropy):
        two = fn.ensemble([model, fn.Model.from_bytes(model.to_bytes())])
        np.testing.assert_array_equal(two.predict(x), predicted)
        np.testing.assert_allclose(two.predict_proba(x), probabilities, rtol=1e-5)


def test_shares_of_one_label_stay_shares():
    x, y = labeled([0.125, 0.875])
    model = network(1)
    model.fit(x, y, loss=fn.SigmoidCrossEntropy(), **OPTIONS)
    assert set(model.predict(x).ravel().tolist()) == {0, 1}
    assert model.classes is None


# ---- the task that y tells


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (np.arange(20), "classification"),
        (np.arange(20.0).repeat(2), "classification"),
        (np.arange(20.0), "regression"),  # each stands in one row
        (np.arange(21.0).repeat(2), "regression"),
        ([1.5, 2.0] * 9, "regression"),
        ([True, False], "classification"),
        (["a", "b"], "classification"),
        (np.zeros((5, 2)), "regression"),
        (np.array([1, 2, 1], object), "classification"),
        (np.array([1.5, 2, 1], object), "regression"),
    ],
    ids=str,
)
def test_the_task_follows_from_y(y, task):
    assert dataset(np.zeros((len(y), 1)), y).task == task


def test_many_integers_are_classes_or_values_as_one_says():
    prices = np.arange(200) * 7
    for fit in (
        lambda **options: network(1).fit(X, prices, epochs=1, **options),
        lambda **options: network(1).fit(X, prices, epochs=1, validation=0.2, **options),
        lambda **options: fn.Run(network(1), X, prices, **options),
        lambda **options: caviar(default_build(1), {"units": [4]}, X, prices, trials=1, epochs=1, **options),
    ):
        with pytest.raises(SettingError, match=r"more than 20 different integers; .* task='classification' or task="):
            fit()
        fit(task="regression")
        fit(loss=fn.Huber())
    model = network(200)
    model.fit(X, prices, task="classification", epochs=1)
    assert model.classes == prices.tolist()


@pytest.mark.parametrize(
    ("outputs", "y", "options", "error", "words"),
    [
        (
            3,
            [1, 2, 3, 4] * 50,
            {},
            ShapeError,
            "y: 4 different labels, 1, 2, 3, 4, for a model of 3 outputs; .*Dense.4",
        ),
        (3, ["a", "b"] * 100, {}, ShapeError, "y: 2 different labels, a, b, for a model of 3 outputs"),
        (1, [0, 1, 2, 1] * 50, {}, ShapeError, "y: 3 different labels, 0, 1, 2, for a model of 1 outputs"),
        (1, [0, 1] * 100, {"loss": fn.SoftmaxCrossEntropy()}, SettingError, "needs an output for each class, and this"),
        (
            2,
            [0, 1] * 100,
            {"loss": fn.Huber(), "task": "classification"},
            SettingError,
            "do not go together; leave one",
        ),
        (2, [0, 1] * 100, {"task": "ranking"}, SettingError, "task: expected one of 'classification', 'regression'"),
        (2, np.zeros((200, 2), int), {}, SettingError, r"y: int64 of shape \(200, 2\) may mean several things; say"),
        (2, ["a", None] * 100, {}, DataError, "column 'y': 100 of 200 rows have no target; drop those rows first"),
        (2, [0.0, np.nan] * 100, {"task": "classification"}, DataError, "100 of 200 rows have no target"),
        (2, None, {}, SettingError, "y: expected targets, got none"),
        (
            2,
            ["a", "b"] * 100,
            {"validation": (X, ["a", "c"] * 100)},
            DataError,
            "expected a class of .*, a, b, got 'c'",
        ),
        (2, ["a"] * 200, {}, DataError, "column 'y': only one class, a; expected at least two"),
    ],
)
def test_targets_that_do_not_fit_are_refused_and_change_nothing(outputs, y, options, error, words):
    model = network(outputs)
    with pytest.raises(error, match=words):
        model.fit(X, y, epochs=1, **options)
    assert (model.arrays, model.target) == ({}, None)


def test_a_model_that_knows_labels_keeps_them():
    x, y = labeled(["a", "b", "c"])
    model = network()
    model.fit(x, y, **OPTIONS)
    some = y != "a"
    model.fit(x[some], y[some], epochs=1)
    assert model.classes == ["a", "b", "c"]
    with pytest.raises(DataError, match="expected a class of the training rows, a, b, c, got 'd' in row"):
        model.fit(x, np.where(y == "a", "d", y), epochs=1)


# ---- frames


FRAME = pandas.DataFrame({"size": X[:, 0], "weight": X[:, 1] * 1000 + 5e5, "color": np.array(list("rgb"))[CLASSES]})
NAMES = pandas.Series(np.array(["iris", "lily", "rose"])[CLASSES], name="kind")


@pytest.mark.parametrize("validation", [None, 0.2, "pair", "frame"])
def test_a_frame_and_values_beside_it_go_through_a_table(validation):
    given = {"pair": (FRAME, NAMES), "frame": FRAME.assign(kind=NAMES)}
    model = network()
    model.fit(FRAME, NAMES, validation=given.get(validation, validation), **OPTIONS)
    assert model.table.columns == ("size", "weight", "color")
    assert (model.predict(FRAME) == NAMES).mean() > 0.98
    assert model.evaluate(FRAME, NAMES)["accuracy"] > 0.98
    turned = FRAME[["color", "weight", "size"]]
    np.testing.assert_array_equal(model.predict(turned), model.predict(FRAME))
    with pytest.raises(DataError, match="column 'size': not in this frame, which has 'length', 'weight', 'color'"):
        model.predict(FRAME.rename(columns={"size": "length"}))


def test_values_beside_a_frame_give_the_model_that_a_column_in_it_gives():
    models = [network() for _ in range(3)]
    models[0].fit(FRAME.assign(kind=NAMES), target="kind", validation=0.25, epochs=2)
    models[1].fit(FRAME, NAMES, validation=0.25, epochs=2)
    models[2].fit(FRAME.assign(kind=NAMES), "kind", validation=0.25, epochs=2)
    assert models[0].to_bytes() == models[1].to_bytes() == models[2].to_bytes()


def test_a_target_that_is_a_column_of_the_frame_too_would_give_itself_away():
    with pytest.raises(DataError, match=r"y: it is called 'kind', as a column of the frame is.*target='kind'"):
        network().fit(FRAME.assign(kind=NAMES), NAMES)
    with pytest.raises(ShapeError, match="y: expected 200 rows as in the frame, got 5"):
        network().fit(FRAME, NAMES[:5])


def test_a_model_of_arrays_does_not_take_frames():
    model = network()
    model.fit(X, CLASSES, epochs=1)
    with pytest.raises(DataError, match=r"learned from arrays, which have no names, .* give x.to_numpy"):
        model.predict(pandas.DataFrame(X))


@pytest.mark.parametrize("validation", [0.25, KFold(2)], ids=["share", "folds"])
def test_a_search_takes_frames_and_its_models_carry_their_table(validation, tmp_path):
    whole = FRAME.assign(kind=NAMES)
    for y, frame in (("kind", whole), (NAMES, FRAME)):
        file = tmp_path / f"{type(y).__name__}.sqlite"
        options = {"validation": validation, "trials": 1, "epochs": 6, "workers": 1, "study": file}
        caviar(None, SPACE, frame, y, **options)
        with Study.open(file) as study:
            model = study.best_model()
        assert model.table.columns == ("size", "weight", "color")
        assert (model.predict(FRAME) == NAMES).mean() > 0.9


def test_a_panda_takes_frames(tmp_path):
    options = {"validation": (FRAME, NAMES), "batch_size": 16, "optimizer": fn.Adam(0.01)}
    run = fn.Run(network(), FRAME.assign(kind=NAMES), "kind", **options)
    with panda(run, study=tmp_path / "study.sqlite", test=(FRAME, NAMES)) as steered:
        steered.advance(15)
        steered.final_score()
        steered.give_back()
    with Study.open(tmp_path / "study.sqlite") as study:
        assert (study.model(0).predict(FRAME) == NAMES).mean() > 0.9


# ---- units


PRICES = pandas.Series(5e5 + 1e5 * X[:, 0] + 2e4 * X[:, 1], name="price")


def test_every_score_of_a_frame_is_in_the_targets_own_units(tmp_path, capsys):
    model = network(1)
    history = model.fit(FRAME, PRICES, validation=(FRAME, PRICES), verbose=1, **OPTIONS)
    errors = model.predict(FRAME) - PRICES.to_numpy()
    expected = np.sqrt(np.mean(errors**2))
    judged = model.evaluate(FRAME, PRICES)
    assert list(judged) == ["standardized_loss", "root_mean_squared_error", "mean_absolute_error", "r_squared"]
    assert judged["root_mean_squared_error"] == pytest.approx(expected)
    assert judged["mean_absolute_error"] == pytest.approx(np.abs(errors).mean())
    assert judged["standardized_loss"] == pytest.approx((expected / PRICES.std(ddof=0)) ** 2, rel=1e-5)
    assert history.kept.validation_metric == pytest.approx(expected, rel=1e-5)
    assert 0.2 < history[-1].metric / history[-1].validation_metric < 5
    said = capsys.readouterr().err
    assert "standardized loss" in said
    assert f"root mean squared error {history[0].validation_metric:.4f}" in said
    study = caviar(None, {"units": [8]}, FRAME, PRICES, validation=(FRAME, PRICES), trials=1, epochs=2, workers=1)
    errors = study.best_model().predict(FRAME) - PRICES.to_numpy()
    assert study.best_trial.score == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    together = fn.tune.build_ensemble(study, FRAME, PRICES)
    assert together.best_score == pytest.approx(study.best_trial.score, rel=1e-5)
    steered = panda(fn.Run(model, FRAME, PRICES), test=(FRAME, PRICES))
    found = steered.final_score()
    errors = model.predict(FRAME) - PRICES.to_numpy()
    assert found["root_mean_squared_error"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    assert steered.opened == found


def test_rows_are_shared_out_and_the_table_learns_from_the_first_part():
    whole, rows = divided(FRAME, NAMES, (0.5, 0.25, 0.25), seed=1)
    assert [len(part) for part in rows] == [100, 50, 50]
    assert whole.table == fn.Table.fit(FRAME.iloc[rows[0]], NAMES.iloc[rows[0]])
    np.testing.assert_array_equal(whole.take(rows[1]).actual, NAMES[rows[1]])


# ---- rows to judge are told by what the model knows


SOFT = np.eye(3)[CLASSES] * 0.9 + 1 / 30


def test_frames_are_refused_wherever_rows_judge_a_model_of_arrays():
    frame = pandas.DataFrame(X)
    model = network()
    with pytest.raises(DataError, match="learned from arrays"):
        model.fit(X, CLASSES, validation=(frame, CLASSES))
    model.fit(X, CLASSES, epochs=1)
    run = fn.Run(network(), X, CLASSES)
    for judge in (
        lambda: model.evaluate(frame, CLASSES),
        lambda: model.fit(frame, CLASSES),
        lambda: run.evaluation_rows((frame, CLASSES)),
        lambda: panda(run, test=(frame, CLASSES)),
        lambda: caviar(None, SPACE, X, CLASSES, validation=(frame, CLASSES), trials=1, epochs=1),
    ):
        with pytest.raises(DataError, match="learned from arrays, which have no names"):
            judge()
    assert model.table is None


def test_labels_that_skip_a_class_keep_their_numbers_beside_shares():
    x, _ = labeled([0, 1, 2])
    some = CLASSES != 1
    loss = fn.SoftmaxCrossEntropy()
    build = default_build(3)
    options = {"trials": 1, "epochs": 4, "workers": 1, "loss": loss}
    hard = caviar(build, SPACE, x, SOFT, validation=(x[some], CLASSES[some]), **options)
    shares = caviar(build, SPACE, x, SOFT, validation=(x[some], np.eye(3)[CLASSES[some]]), **options)
    assert hard.best_trial.score == shares.best_trial.score
    model = hard.best_model()
    judged = model.evaluate(x[some], CLASSES[some])
    assert judged["accuracy"] == hard.best_trial.score == (model.predict(x[some]) == CLASSES[some]).mean()
    assert judged["loss"] == pytest.approx(model.evaluate(x[some], np.eye(3)[CLASSES[some]])["loss"])
    found = [fn.tune.build_ensemble(hard, x[some], y).score for y in (CLASSES[some], np.eye(3)[CLASSES[some]])]
    assert found == [hard.best_trial.score] * 2


def test_words_are_refused_where_a_model_knows_no_labels():
    model = network()
    model.fit(X, SOFT, loss=fn.SoftmaxCrossEntropy(), epochs=1)
    with pytest.raises(DataError, match="expected numbers of classes, counted from 0, for this model knows no labels"):
        model.evaluate(X, np.array(["a", "b", "c"])[CLASSES])


def test_shares_of_one_output_are_judged_by_the_larger():
    x, y = labeled([0, 1])
    model = network(1)
    model.fit(x, y, **OPTIONS)
    shares = np.where(y == 1, 0.9, 0.1)
    assert model.evaluate(x, shares)["accuracy"] == model.evaluate(x, y)["accuracy"]
    assert model.evaluate(x, shares[:, None])["accuracy"] > 0.95


def test_labels_stay_when_shares_follow_and_the_task_of_a_table_stays():
    x, y = labeled(["a", "b", "c"])
    model = network()
    model.fit(x, y, **OPTIONS)
    model.fit(x, SOFT, loss=fn.SoftmaxCrossEntropy(), epochs=1)
    assert model.classes == ["a", "b", "c"]
    assert model.evaluate(x, y)["accuracy"] > 0.9
    framed = network()
    framed.fit(FRAME, NAMES, epochs=1)
    for options in ({"task": "regression"}, {"loss": fn.Huber()}):
        with pytest.raises(SettingError, match="this model's table was fitted for classification, got regression"):
            framed.fit(FRAME, NAMES, **options)
    with pytest.raises(SettingError, match="this model's table was not fitted for the target 'other'"):
        framed.fit(FRAME, NAMES.rename("other"))


def test_a_run_that_is_not_advanced_leaves_a_model_whose_parts_agree():
    model = network()
    fn.Run(model, X, np.array(["a", "b", "c"])[CLASSES])
    assert set(model.predict(X)) <= {"a", "b", "c"}
    assert model.predict_proba(X).shape == (200, 3)


def test_a_matrix_of_labels_is_searched_with_rows_of_its_own_to_judge():
    y = np.stack([CLASSES == 0, X[:, 0] > 0], 1).astype(int)
    loss = fn.SigmoidCrossEntropy()
    study = caviar(
        default_build(2), SPACE, X, y, validation=(X, y), loss=loss, trials=1, epochs=6, workers=1
    )  # fmt: skip
    assert study.best_model().evaluate(X, y)["accuracy"] == study.best_trial.score > 0.8


def test_a_model_of_several_inputs_is_evaluated():
    model = fn.Model(lambda a, b: fn.Dense(3)(a) + fn.Dense(3)(b), inputs=[2, 3])
    parts = (X[:, :2], X[:, 2:])
    model.fit(parts, CLASSES, epochs=3)
    assert model.evaluate(parts, CLASSES) == model.evaluate(X, CLASSES)


@pytest.mark.parametrize("y", [NAMES, NAMES.to_frame(), polars.Series("kind", NAMES.to_list()).to_frame()])
def test_a_target_may_be_a_frame_of_one_column(y):
    yes = (pandas.Series(NAMES) == "rose").to_numpy()
    model = network()
    model.fit(FRAME, y, validation=0.2, epochs=2)
    assert model.classes == ["iris", "lily", "rose"]
    binary = network(1)
    binary.fit(FRAME, yes, loss="sigmoid_cross_entropy", validation=0.2, **OPTIONS)
    assert (binary.predict(FRAME) == yes).mean() > 0.95


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((X[:0], CLASSES[:0]), DataError, "y: expected at least one row, got none"),
        ((X, [[1], [1, 2]]), DataError, "y: expected a target for each row, all of one length"),
        ((X, np.where(CLASSES == 1, np.nan, CLASSES)), DataError, "y: .* of 200 rows have no target; drop those rows"),
        ((FRAME, FRAME[["size", "weight"]]), ShapeError, "y: expected one column, got a frame of size, weight"),
    ],
)
def test_targets_of_no_use_are_refused_in_a_sentence(arguments, error, words):
    with pytest.raises(error, match=words):
        network().fit(*arguments)


def test_weights_are_checked_before_rows_are_set_aside():
    for weights in (np.arange(1000.0), np.arange(10.0)):
        with pytest.raises(ShapeError, match=r"sample_weight: expected shape \(200,\)"):
            network().fit(X, CLASSES, validation=0.2, sample_weight=weights)


def test_labels_beyond_int64_come_back():
    labels = np.array([1, 2**63 + 5], np.uint64)
    model = network(2)
    model.fit(X, labels[CLASSES % 2], epochs=1)
    assert set(model.predict(X).tolist()) <= set(labels.tolist())


@pytest.mark.parametrize("validation", [None, 0.25])
def test_rows_without_a_target_are_left_out_with_a_warning(validation):
    frame = pandas.DataFrame({"a": np.arange(40) % 7, "w": 1.0, "y": ["u", "v", None, "u"] * 10})
    model = fn.Sequential([fn.Dense(2)])
    with pytest.warns(UserWarning, match="10 of 40 rows have no 'y' and are left out"):
        model.fit(frame, target="y", validation=validation, sample_weight=np.arange(40.0), epochs=1)
    with pytest.warns(UserWarning, match="10 of 40 rows have no 'y'"):
        data = dataset(frame, "y", sample_weight=np.arange(40.0))
    assert data.weights[:4].tolist() == [0, 1, 3, 4]
    with pytest.raises(DataError, match="40 of 40 rows have no target"):
        dataset(frame.assign(y=None), "y")


def test_a_column_of_weights_is_not_learned_from():
    frame = pandas.DataFrame({"a": np.arange(40) % 7, "w": np.arange(40) % 3, "y": ["u", "v"] * 20})
    data = dataset(frame, "y", sample_weight="w")
    assert data.table.columns == ("a",)
    assert data.weights.tolist() == frame["w"].tolist()
    with pytest.raises(DataError, match="column 'w': expected weights >= 0, got -1 in row 0"):
        dataset(frame.assign(w=frame["w"] - 1), "y", sample_weight="w")


def test_groups_and_time_divide_the_rows():
    frame = pandas.DataFrame({"a": np.arange(40) % 7, "g": np.arange(40) // 5, "t": np.arange(40)[::-1] * 2.5})
    whole, (rows, aside) = divided(frame.assign(y=frame["a"] > 3), "y", (0.75, 0.25), 0, groups="g")
    assert whole.table.columns == ("a", "t")
    assert not set(frame["g"][rows]) & set(frame["g"][aside])
    _, (rows, aside) = divided(frame.assign(y=frame["a"] > 3), "y", (0.75, 0.25), 0, time="t")
    assert frame["t"][rows].max() < frame["t"][aside].min()
    x, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    _, (rows, aside) = divided(x, y, (0.75, 0.25), 0, groups=np.arange(40) // 5)
    assert not set(rows // 5) & set(aside // 5)


def test_weights_of_classes():
    labels = np.array(["no"] * 6 + ["yes"] * 2)
    rows = dataset(np.zeros((8, 1)), labels, class_weight="balanced")
    np.testing.assert_allclose(rows.weights, [8 / 12] * 6 + [2.0] * 2)  # the mean stays 1
    rows = dataset(np.zeros((8, 1)), labels, class_weight={"yes": 5}, sample_weight=np.arange(8.0))
    assert rows.weights.tolist() == [0, 1, 2, 3, 4, 5, 30, 35]
    with pytest.raises(SettingError, match="class_weight: expected 'balanced' or weights by label of"):
        dataset(np.zeros((8, 1)), labels, class_weight={"oui": 5})
    with pytest.raises(SettingError, match="class_weight: expected a class in each row, got regression"):
        dataset(np.zeros((8, 1)), np.linspace(0, 1, 8), class_weight="balanced")


def test_weights_of_classes_are_weights_of_rows():
    x, labels = np.random.default_rng(0).normal(size=(60, 2)), np.array(["no"] * 50 + ["yes"] * 10)
    weighed = np.where(labels == "yes", 3.0, 0.6)
    frame = polars.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": labels})
    for given, of_rows in [((x, labels), weighed), ((frame, "y"), weighed)]:
        models = [fn.Sequential([fn.Dense(2)]) for _ in range(2)]
        models[0].fit(*given, validation=0.5, class_weight="balanced", epochs=3)
        models[1].fit(*given, validation=0.5, sample_weight=of_rows, epochs=3)
        assert models[0].to_bytes() == models[1].to_bytes()
    studies = [
        caviar(None, {"units": [4]}, x, labels, validation=KFold(2), trials=1, epochs=2, **options)
        for options in ({"class_weight": "balanced"}, {"sample_weight": weighed})
    ]
    assert studies[0].trials[0].weights == studies[1].trials[0].weights
