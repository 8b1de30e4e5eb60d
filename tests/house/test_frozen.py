"""Descriptions behave as frozen dataclasses do."""

import copy
import dataclasses
import pickle

import pytest

import fastnorm as fn
from fastnorm._frozen import description


@description
class Point:
    x: float
    y: float = 0.0

    def __post_init__(self):
        object.__setattr__(self, "x", float(self.x))


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: float
    y: float = 0.0


def test_its_fields_are_those_of_a_dataclass_and_its_init_converts():
    point = Point(1, y=2.0)
    assert (type(point.x), point.x, point.y) == (float, 1.0, 2.0)
    assert [field.name for field in dataclasses.fields(point)] == ["x", "y"]
    assert dataclasses.replace(point, y=3.0) == Point(1.0, 3.0)
    assert dataclasses.asdict(point) == {"x": 1.0, "y": 2.0}


def test_it_prints_and_hashes_as_a_frozen_dataclass():
    assert repr(Point(1.0)) == repr(Frozen(1.0)).replace("Frozen", "Point") == "Point(x=1.0, y=0.0)"
    assert hash(Point(1.0)) == hash(Frozen(1.0)) == hash(Point(1.0, 0.0))


def test_it_equals_what_has_its_class_and_its_values():
    assert Point(1.0) == Point(1.0, 0.0) != Point(1.0, 2.0)
    assert Point(1.0) != Frozen(1.0)
    assert fn.AdamW(weight_decay=0.0) != fn.Adam(weight_decay=0.0)


@pytest.mark.parametrize("name", ["x", "y", "z"])
def test_it_never_changes(name):
    point = Point(1.0)
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        setattr(point, name, 2.0)
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        delattr(point, name)
    assert point == Point(1.0)
    assert not hasattr(point, "z")


def test_copies_and_pickles_are_equal():
    for thing in (Point(1.0), fn.Dense(3), fn.Adam(), fn.schedules.Cosine(5), fn.Huber(2.0)):
        assert copy.deepcopy(thing) == pickle.loads(pickle.dumps(thing)) == thing


def test_a_method_of_its_own_stays():
    @description
    class Quiet:
        x: float

        def __repr__(self):
            return "quiet"

    assert repr(Quiet(1.0)) == "quiet"
