"""The first minutes: a checkout that is not built, and words, of ours and of other libraries."""

import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT
from helpers.fitted import CLASSES, VALUES, X

import fastnorm as fn
from fastnorm.errors import FastnormError, SettingError
from fastnorm.nn import losses
from fastnorm.training import optimizers, schedules
from fastnorm.tune import caviar


def fails(folder, *arguments):
    """The last line that Python says in a folder, where it must fail; no editable installation is looked at."""
    environment = {**os.environ, "PYTHONPATH": str(Path(np.__file__).parent.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments", [("-c", "import fastnorm"), ("-m", "bench", "ulps")])
def test_a_checkout_that_is_not_built_says_so(arguments, tmp_path):
    for name in ("fastnorm", "bench"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    line = fails(tmp_path, *arguments)
    assert line.startswith(f"fastnorm.errors.NotBuilt: {tmp_path / 'fastnorm'}: expected native code")
    assert "run Python in another folder" in line
    assert "pip install -e ." in line


# ---- what there is


def test_dir_shows_what_is_public():
    assert {"table", "tune", "grad", "ensemble", "Table", "Dense", "__version__"} <= set(dir(fn))
    assert {name for name in dir(fn) if name[0] != "_"} == set(fn.__all__)
    for module in (fn.table, fn.tune, fn.ops, fn.kernels):
        assert dir(module) == sorted(module.__all__)
    for module in (fn, fn.table, fn.tune, fn.ops, fn.kernels):
        assert all(hasattr(module, name) for name in dir(module))


def test_signatures_stay_what_they_are():
    assert list(inspect.signature(fn.SGD).parameters)[:2] == ["learning_rate", "momentum"]
    assert list(inspect.signature(fn.Model.fit).parameters)[:3] == ["self", "x", "y"]
    assert str(inspect.signature(fn.Sequential)) == "(*layers: Any, dtype: Any = 'float32') -> None"


# ---- words for what needs no numbers


@pytest.mark.parametrize(
    ("word", "thing"),
    [("sgd", fn.SGD()), ("rmsprop", fn.RMSprop()), ("adam", fn.Adam()), ("adamw", fn.AdamW()), ("nadam", fn.Nadam())],
)
def test_optimizers_by_name(word, thing):
    assert fn.Run(fn.Sequential([fn.Dense(3)]), X, CLASSES, optimizer=word).optimizer == thing
    assert optimizers.chosen(word) == thing


@pytest.mark.parametrize(
    ("word", "thing"),
    [("softmax_cross_entropy", fn.SoftmaxCrossEntropy()), ("focal", fn.Focal()), ("huber", fn.Huber()),
     ("sigmoid_cross_entropy", fn.SigmoidCrossEntropy()), ("mean_squared_error", fn.MeanSquaredError()),
     ("mean_absolute_error", fn.MeanAbsoluteError())],
)  # fmt: skip
def test_losses_by_name(word, thing):
    assert losses.asked_for(word) == thing


@pytest.mark.parametrize(
    ("word", "thing"),
    [("constant", fn.schedules.Constant()), ("cosine", fn.schedules.Cosine()),
     ("cosine_restarts", fn.schedules.CosineRestarts()),
     ("one_cycle", fn.schedules.OneCycle()), ("reduce_on_plateau", fn.schedules.ReduceOnPlateau())],
)  # fmt: skip
def test_schedules_by_name(word, thing):
    assert schedules.chosen(word) == thing


def fitted(model, y=CLASSES, **options):
    history = model.fit(X, y, **{"epochs": 3, "batch_size": 32} | options)
    return model.to_bytes(), [epoch.learning_rate for epoch in history]


def test_a_fit_by_words_is_the_fit_by_things():
    words = {"optimizer": "rmsprop", "schedule": "cosine", "loss": "huber"}
    things = {"optimizer": fn.RMSprop(), "schedule": fn.schedules.Cosine(3), "loss": fn.Huber()}
    named, made = (fitted(fn.Sequential([fn.Dense(2)]), VALUES, **options) for options in (words, things))
    assert named == made
    assert fn.minimize(lambda w: w**2, 1.0, "sgd", 10) == fn.minimize(lambda w: w**2, 1.0, fn.SGD(), 10)


def test_layers_as_arguments_in_a_list_from_a_generator_and_as_words():
    plain = [fn.Dense(8), fn.BatchNorm(), fn.LeakyReLU(), fn.Residual(fn.Dense(8), fn.ReLU()), fn.Dense(3)]
    words = [fn.Dense(8), "batch_norm", "leaky_relu", fn.Residual([fn.Dense(8), "relu"]), fn.Dense(3)]
    models = [fn.Sequential(*given) for given in ([plain], plain, [iter(plain)], words, [words])]
    assert len({fitted(model)[0] for model in models}) == 1
    beside = fn.Sequential(fn.Concatenate([fn.Dense(4), "tanh"], fn.Dense(2)), fn.Dense(3))
    assert fitted(beside) == fitted(fn.Sequential([fn.Concatenate([fn.Dense(4), fn.Tanh()], fn.Dense(2)), fn.Dense(3)]))
    for model in (fn.Sequential(plain, "float64"), fn.Sequential(*plain, dtype="float64")):
        assert model.dtype == np.float64


def test_a_search_takes_the_name_of_a_loss(tmp_path):
    def found(loss, **options):
        model = caviar(
            lambda settings: fn.Sequential(fn.Dense(settings["units"]), "relu", fn.Dense(2)), {"units": [4]}, X, VALUES,
            validation=0.2, trials=1, epochs=2, loss=loss, workers=1, **options,
        ).best_model()  # fmt: skip
        return model.to_bytes()

    assert found("huber", study=tmp_path / "one.sqlite") == found(fn.Huber())
    assert found(fn.Huber(), study=tmp_path / "one.sqlite") == found(fn.Huber())  # the same search, to go on with


def run(**options):
    return fn.Run(fn.Sequential([fn.Dense(3)]), X, CLASSES, **options)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: run(optimizer="adan"), "^optimizer: there is no 'adan'; did you mean adam\\?$"),
        (lambda: run(optimizer="lbfgs"), "optimizer: there is no 'lbfgs'; there are adam, adamw, nadam, rmsprop, sgd$"),
        (lambda: run(optimizer=fn.Adam), r'optimizer: expected one such as fn.Adam\(0.01\) or "adam", got <class'),
        (lambda: run(optimizer=0.1), "optimizer: expected one such as .* got 0.1$"),
        (lambda: fn.minimize(abs, 1.0, "newton"), "optimizer: there is no 'newton'"),
        (lambda: run(schedule="step"), r"^schedule: 'step' needs numbers: fn.schedules.Step\(every=...\)$"),
        (lambda: run(schedule="exponential"), r"needs numbers: fn.schedules.Exponential\(decay_rate=...\)$"),
        (
            lambda: run(schedule=fn.schedules.Cosine),
            r'schedule: expected one such as fn.schedules.Cosine\(\) or "cosine", got <class',
        ),
        (lambda: run(schedule="cosine"), "Cosine: expected `epochs`, the length of the training"),
        (lambda: fitted(fn.Sequential([fn.Dense(3)]), schedule="cosin"), "^schedule: .*; did you mean cosine"),
        (lambda: run(loss="mse"), "^loss: there is no 'mse'; here it is mean_squared_error$"),
        (lambda: run(loss="binary_crossentropy"), "here it is sigmoid_cross_entropy$"),
        (lambda: fn.Sequential(fn.Dense(3), "rleu"), "^Sequential: there is no 'rleu'; did you mean relu\\?$"),
        (lambda: fn.Sequential(fn.Dense(3), "linear"), "'linear'; here it is nothing: leave it out$"),
        (lambda: fn.Sequential("dense"), r"Sequential: 'dense' needs numbers: fn.Dense\(units=...\)$"),
        (lambda: fn.Concatenate("swish"), "Concatenate: there is no 'swish'; here it is silu$"),
        (lambda: fn.Sequential(), "Sequential: expected at least one layer, got none; all are given at once$"),
        (lambda: fn.Dense(64, "relu"), r"Dense bias: .* got 'relu'; an activation is a layer of its own"),
    ],
)  # fmt: skip
def test_a_word_or_a_thing_that_does_not_fit_is_refused(call, words):
    with pytest.raises(SettingError, match=words):
        call()


# ---- words of other libraries


MODEL = fn.Sequential([fn.Dense(3)])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fn.Dense(64, activation="relu"), "^Dense: there is no argument 'activation'; here it is a layer"),
        (lambda: fn.Adam(lr=0.1), "^Adam: there is no argument 'lr'; here it is learning_rate$"),
        (lambda: fn.AdamW(betas=(0.9, 0.99)), "^AdamW: .* 'betas'; here it is beta_1 and beta_2$"),
        (lambda: fn.SGD(lr=0.1), "^SGD: there is no argument 'lr'; here it is learning_rate$"),
        (lambda: fn.RMSprop(alpha=0.9), "here it is beta_2$"),
        (lambda: fn.Adam(learning_rat=0.1), "did you mean learning_rate\\?$"),
        (lambda: fn.Adam(foo=1), "^Adam: there is no argument 'foo'; there are beta_1, beta_2, clip_norm, clip_value"),
        (lambda: fn.BatchNorm(momentum=0.1), "^BatchNorm: .* here it is running_decay, .* PyTorch's 1 - momentum$"),
        (lambda: fn.Dropout(p=0.1), "here it is rate$"),
        (lambda: fn.schedules.Step(step_size=3), "here it is every$"),
        (lambda: fn.SoftmaxCrossEntropy(from_logits=True), "here it is nothing: it takes logits$"),
        (lambda: MODEL.fit(X, CLASSES, validation_data=(X, CLASSES)), r"^fit: .* here it is validation=\(x, y\), or"),
        (lambda: MODEL.fit(X, CLASSES, validation_split=0.1), "validation=0.2 for a share of the rows$"),
        (lambda: MODEL.fit(X, CLASSES, validation_fraction=0.1), "validation=0.2 for a share of the rows$"),
        (lambda: MODEL.fit(X, CLASSES, callbacks=[]), r"here it is a loop of one's own: for epoch in fn.Run\("),
        (lambda: MODEL.fit(X, CLASSES, learning_rate=0.1), r"^fit: .* here it is optimizer=fn.Adam\(0.01\)$"),
        (lambda: MODEL.fit(X, CLASSES, lr=0.1), r"here it is optimizer=fn.Adam\(0.01\)$"),
        (lambda: MODEL.fit(X, CLASSES, early_stopping=True), "here it is patience=5, with validation$"),
        (lambda: MODEL.fit(X, CLASSES, epoch=3), "did you mean epochs\\?$"),
        (lambda: MODEL.evaluate(X, CLASSES, verbose=0), "^evaluate: .* here it is nothing: it prints nothing$"),
        (lambda: run(lr=0.1), r"^Run: .* here it is optimizer=fn.Adam\(0.01\)$"),
        (lambda: fn.Sequential(layers=[fn.Dense(3)]), r"^Sequential: .* fn.Sequential\(\[...\]\)$"),
        (lambda: fn.Model(inputs=[3], outputs=[2]), "^Model: .* a function of the inputs"),
        (lambda: caviar(None, None, X, CLASSES, n_trials=3), "^caviar: .* here it is trials$"),
    ],
)  # fmt: skip
def test_a_foreign_keyword_says_what_it_is_here(call, words):
    with pytest.raises(TypeError, match=words) as caught:
        call()
    assert isinstance(caught.value, FastnormError)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fn.Linear, r"^fastnorm: there is no 'Linear'; here it is fn.Dense\(units\)$"),
        (lambda: fn.BatchNormalization, r"here it is fn.BatchNorm\(\)$"),
        (lambda: fn.CrossEntropyLoss, r"here it is fn.SoftmaxCrossEntropy\(\)$"),
        (lambda: fn.relu, "did you mean ReLU\\?$"),
        (lambda: fn.zzz, "^fastnorm: there is no 'zzz'; there are Adam, AdamW, .* Table, Tanh, "),
        (lambda: MODEL.compile, "^Sequential: there is no 'compile'; here it is nothing: loss"),
        (lambda: MODEL.add, "here it is an argument of fn.Sequential"),
        (lambda: fn.Model(fn.Dense(3)).score, r"^Model: there is no 'score'; here it is evaluate\(x, y\)$"),
        (lambda: MODEL.predict_prob, "did you mean predict_proba\\?$"),
    ],
)  # fmt: skip
def test_a_foreign_name_says_what_it_is_here(call, words):
    with pytest.raises(AttributeError, match=words) as caught:
        call()
    assert isinstance(caught.value, FastnormError)


def test_a_private_name_or_an_error_from_inside_is_left_alone():
    assert not hasattr(fn, "__wrapped__")
    with pytest.raises(AttributeError, match="'Sequential' object has no attribute '_zzz'"):
        MODEL._zzz  # noqa: B018

    def wrong(prediction, target):
        raise TypeError("of one's own")

    with pytest.raises(TypeError, match=r"^of one's own$"):
        MODEL.fit(X, CLASSES, loss=wrong)
