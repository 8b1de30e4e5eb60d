"""What a run keeps and takes back: checkpoints, states for another process, and what is no state."""

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
from helpers import TESTS
from helpers.running import VALIDATION, X, Y, assert_same, make, one_minibatch, straight, weights

import fastnorm as fn
from fastnorm.errors import FileError
from fastnorm.saving import model_file

RESUME = """
import sys
sys.path.insert(0, {folder!r})
from helpers import running
run = running.make(validation=running.VALIDATION)
run.restore(sys.stdin.buffer.read())
run.advance(4 - run.epoch)
sys.stdout.buffer.write(run.state())
"""


def test_another_process_goes_on_with_the_same_bits():
    run = make(validation=VALIDATION)
    run.advance()
    one_minibatch(run)
    script = RESUME.format(folder=str(TESTS))
    done = subprocess.run(
        [sys.executable, "-c", script], input=run.state(), capture_output=True, check=True, timeout=60
    )
    other = make(validation=VALIDATION)
    other.restore(done.stdout)
    assert_same(other, straight(4, validation=VALIDATION))


def test_reverting_restores_everything(dtype):
    run = make(dtype=np.dtype(dtype).name, validation=VALIDATION)
    run.advance(2)
    mark, before, slots, history = run.checkpoint(), weights(run), run.slots, list(run.history)
    run.set(learning_rate=1.0, beta_1=0.1, dropout_0=0.9)
    run.advance(3)
    assert weights(run) != before
    run.revert(mark)
    assert (weights(run), run.slots, run.history, run.epoch) == (before, slots, history, 2)
    run.advance(2)
    assert_same(run, straight(4, dtype=np.dtype(dtype).name, validation=VALIDATION))


def test_reverting_after_divergence_is_as_if_it_had_not_been():
    run = make(optimizer=fn.SGD(0.01))
    run.advance(2)
    mark = run.checkpoint()
    run.learning_rate = 1e30
    assert math.isnan(run.advance(2)[-1].loss)
    run.revert(mark)
    run.advance(2)
    assert_same(run, straight(4, optimizer=fn.SGD(0.01)))


def test_a_checkpoint_does_not_change_with_its_run():
    run = make()
    run.advance()
    mark = run.checkpoint()
    copy = dataclasses.replace(mark)
    run.advance()
    assert mark == copy
    assert len(mark.history) == 1
    with pytest.raises(AttributeError):
        mark.state = b""


def test_a_state_fits_only_a_run_made_in_the_same_way():
    run = make(validation=VALIDATION)
    run.advance()
    state = run.state()
    for name, options in {
        "tape": {"chain": [fn.Dense(8), fn.BatchNorm(), fn.ReLU(), fn.Dropout(0.5), fn.Dense(3)]},
        "dtype": {"dtype": "float64"},
        "seed": {"seed": 6},
        "rows": {"x": X[:49], "y": Y[:49]},
        "batch_size": {"batch_size": 9},
        "loss": {"loss": fn.SoftmaxCrossEntropy(0.1)},
        "schedule": {"schedule": fn.schedules.InverseTime(0.5)},
        "optimizer": {"optimizer": fn.SGD()},
    }.items():
        other = make(**options)
        before = other.checkpoint()
        with pytest.raises(FileError, match=f"state: {name}: .*this run has .*, the state comes from"):
            other.restore(state)
        assert other.checkpoint() == before
    with pytest.raises(FileError, match="state: nesterov: this run has True, the state comes from False"):
        make(optimizer=fn.SGD(nesterov=True)).restore(make(optimizer=fn.SGD()).state())


def test_a_run_with_averages_that_has_not_begun_is_as_it_was():
    run = make(averaging=0.9)
    begun, mark = weights(run), run.checkpoint()
    run.advance(0)
    assert weights(run) == begun
    run.advance()
    run.revert(mark)
    assert weights(run) == begun


def test_a_state_from_other_numbers_in_a_loss_of_ones_own_is_refused():
    def own(power):
        return lambda prediction, target: (fn.ops.one_hot(target, 3) - prediction).mean(axis=1) ** power

    one, other = make(loss=own(2)), make(loss=own(4))
    with pytest.raises(FileError, match="state: program: this run has"):
        other.restore(one.state())


@pytest.mark.skipif(len(fn.kernels.runnable()) == 1, reason="this CPU runs one variant")
def test_a_state_of_another_variant_is_refused():
    with fn.kernels.cpu._using(fn.kernels.runnable()[0]):
        state = make().state()
    way_out = f"FASTNORM_ISA={fn.kernels.runnable()[0]} goes on with it"
    with pytest.raises(FileError, match=f"state: variant: this run has .*; {way_out}"):
        make().restore(state)


def forged(change):
    """A state whose checksum fits and whose contents do not."""
    run = make()
    tensors, document = model_file.unpack("run", run.state())
    tensors = dict(tensors)
    changed = change(tensors, document)
    return model_file.pack("run", tensors, document if changed is None else changed)


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"nothing of the kind",
        fn.Sequential([fn.Dense(3)]).initialize(4) or b"model",
        forged(lambda t, d: []),
        forged(lambda t, d: d.pop("history") and None),
        forged(lambda t, d: d.update(history=3)),
        forged(lambda t, d: d.update(history=[3])),
        forged(lambda t, d: d.update(history=[{"number": 1}])),
        forged(lambda t, d: t.clear()),
        forged(lambda t, d: t.update(state=t["state"][:-8])),
        forged(lambda t, d: t.update(state=np.full_like(t["state"], 255))),
    ],
    ids=range(11),
)
def test_what_is_no_state_is_refused_and_changes_nothing(state):
    run = make()
    run.advance()
    before = run.checkpoint()
    with pytest.raises(FileError):
        run.restore(state)
    assert run.checkpoint() == before
    run.advance()
    assert_same(run, straight(2))


def test_the_state_of_a_diverged_run_is_a_state():
    run = make(optimizer=fn.SGD(1e30))
    run.advance(2)
    other = make(optimizer=fn.SGD(1e30))
    other.restore(run.state())
    assert repr(other.history) == repr(run.history)
    assert weights(other) == weights(run)
