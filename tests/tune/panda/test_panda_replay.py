"""Whatever a person does, the record tells it: replayed, taken back and reopened, the same bits."""

import math

import pytest
from helpers.running import VALIDATION, X, Y, assert_same, make
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnorm as fn
from fastnorm.errors import FileError, SettingError
from fastnorm.tune import Study, panda, replay
from fastnorm.tune.panda.checkpoints import Ring, kept
from fastnorm.tune.study.actions import Tree

RUNS = [
    {
        "dtype": "float32",
        "schedule": fn.schedules.ReduceOnPlateau(patience=0, threshold=0.2, warm_up=1),
        "validation": VALIDATION,
    },
    {"dtype": "float64", "averaging": 0.9, "validation": VALIDATION},
    {"dtype": "float32", "optimizer": fn.Nadam(0.01), "window": 16, "schedule": fn.schedules.InverseTime(0.5)},
    {"dtype": "float64", "optimizer": fn.SGD(0.1, nesterov=True), "averaging": 0.5, "schedule": fn.schedules.Cosine(6)},
]
RATES = st.sampled_from([1e-3, 0.03, 0.2])
ACTIONS = st.one_of(
    st.tuples(st.just("advance"), st.integers(1, 3)),
    st.tuples(st.just("train"), st.integers(1, 9)),
    st.tuples(st.just("rate"), RATES),
    st.tuples(st.just("dropout"), st.floats(0, 0.9)),
    st.tuples(st.just("weight_decay"), st.floats(0, 0.1)),
    st.tuples(st.just("revert"), st.integers(0, 9)),
    st.tuples(st.just("undo"), st.none()),
    st.tuples(st.just("checkpoint"), st.text(max_size=3)),
    st.tuples(st.just("cubs"), st.integers(1, 2)),
    st.tuples(st.just("rescue"), st.integers(0, 3)),
)


class Verdict:
    """A guard's, whatever the curve says."""

    def __init__(self, epoch):
        self.reason, self.epoch, self.factor = "a bad day", epoch, 0.5


def do(watched, kind, value):
    if kind == "advance":
        watched.advance(value)
    elif kind == "train":
        watched.advance(9, minibatches=value)
    elif kind == "rate":
        watched.nudge(learning_rate=value)
    elif kind in ("dropout", "weight_decay"):
        watched.nudge(**{kind: value})
    elif kind == "revert":
        watched.revert(min(value, watched.run.epoch))
    elif kind == "cubs":
        watched.cubs(epochs=value, factors=(0.3, 1, 2), workers=2)
    elif kind == "rescue":
        with watched._acting():
            watched._recorded.rescue(Verdict(min(value, watched.run.epoch)))
    elif kind == "checkpoint":
        watched.checkpoint(value)
    else:
        watched.undo()


def curves(watched):
    return [[epoch.number for epoch in branch.curve] for branch in watched.branches]


@pytest.mark.parametrize("options", RUNS, ids=range(len(RUNS)))
@pytest.mark.parametrize("memory", [0, 2**28])
@settings(max_examples=25)
@given(actions=st.lists(ACTIONS, max_size=14))
def test_the_record_replayed_gives_the_same_weights(tmp_path_factory, options, memory, actions):
    file = tmp_path_factory.mktemp("panda") / "p.sqlite"
    words = set()
    before = {}  # the state before each action that undo can take back
    with panda(make(**options), file) as watched:
        watched._recorded.ring = Ring(memory)  # without memory all ways back lead over the disk
        for kind, value in actions:
            mark, count = watched.run.checkpoint(), len(watched.actions)
            try:
                do(watched, kind, value)
            except SettingError as refused:
                words.add(str(refused))
                assert watched.run.checkpoint() == mark
                assert len(watched.actions) == count
            if len(watched.actions) > count:
                before[count] = mark.state
            if kind == "undo" and len(watched.actions) > count:
                assert watched.run.checkpoint().state == before[watched.actions[-1].details["undone"]]
            assert [epoch.number for epoch in watched.history] == list(range(1, watched.run.epoch + 1))
        assert all("nothing has been done yet" in word or "the schedule is at 0" in word for word in words)
        with Study.open(file) as study:
            assert [epoch.number for epoch in study.curve(0)] == [epoch.number for epoch in watched.history]
            again = replay(study, make(**options))
        assert_same(again.run, watched.run)
        assert_same(replay(again.study, make(**options)).run, watched.run)
        stood = curves(watched), watched.actions, watched.branches, watched.peeks
    with panda(make(**options), file) as reopened:
        assert (curves(reopened), reopened.actions, reopened.branches, reopened.peeks) == stood
        assert_same(reopened.run, watched.run)


def test_a_run_that_starts_in_another_way_is_refused():
    watched = panda(make(validation=VALIDATION))
    watched.advance(1)
    watched.nudge(learning_rate=0.1)
    for run, words in [
        (make(optimizer=fn.Adam(0.02)), "expected one that starts as the recorded one did"),
        (make(batch_size=9), "state: batch_size: this run has 9, the state comes from 8"),
        (make(X + 1, Y), "other weights came about than are recorded: expected the same rows"),
    ]:
        with pytest.raises(FileError, match=words):
            replay(watched.study, run)
    trained = make()
    trained.advance()
    with pytest.raises(SettingError, match="replay: expected a run that is not trained yet, got one of 1 epochs"):
        replay(watched.study, trained)
    with pytest.raises(FileError, match="study: trial 3 was not steered by hand"):
        replay(watched.study, make(), trial=3)


def test_checkpoints_on_the_disk_grow_sparse_with_their_age():
    epochs = {0}
    for newest in range(1, 2000):
        epochs = kept(epochs | {newest})
        assert {newest - age for age in range(4) if newest >= age} | {0} <= epochs
        assert len(epochs) <= 1 + 2 * math.log2(newest + 1)
        for age in range(1, newest + 1, 1 + newest // 50):
            epoch = newest - age
            assert epoch - max(known for known in epochs if known <= epoch) < 2 / 3 * age


def test_a_long_training_keeps_few_checkpoints_and_finds_every_epoch():
    watched = panda(make())
    watched.advance(20)
    watched.nudge(learning_rate=0.1)
    watched.advance(80)
    recorded = watched._recorded
    stored = {spot.epoch for spot in recorded._stored}
    rows = watched.study._read("SELECT epoch FROM checkpoints")
    assert {epoch for (epoch,) in rows} == stored == kept(range(101))
    recorded.ring = Ring(0)
    watched.revert(57)
    again = make()
    again.advance(20)
    again.learning_rate = 0.1
    again.advance(37)
    assert_same(watched.run, again)
    assert isinstance(recorded.tree, Tree)


def test_the_ring_holds_the_latest_within_its_bytes():
    run = make()
    mark, watched = run.checkpoint(), panda(run)
    ring = Ring(3 * len(mark.state))
    now = watched._recorded.now
    spots = [type(now)(0, epoch, 0, -1) for epoch in range(6)]
    for spot in [*spots, spots[-1]]:
        ring.add(spot, mark)
    assert [*ring] == spots[3:]
    tight = Ring(0)
    for spot in spots:
        tight.add(spot, mark)
    assert [*tight] == spots[-1:]
