"""Pace: a program's choice between all threads and one, on made-up machines."""

import itertools

import numpy as np
import pytest
from fastnorm.engine.thread_choice import Pace
from helpers.training import ROW_COUNT, epoch, task

from fastnorm.engine import thread_choice
from fastnorm.training.optimizers import Adam


def drive(choice, seconds, alone, together):
    """Have it choose for so many seconds; the share of them with all threads, and the number of minibatches.

    alone, together  seconds of a minibatch: a number, or iterators of them
    """
    alone, together = (itertools.repeat(way) if isinstance(way, float) else way for way in (alone, together))
    spent, shared, count = 0.0, 0.0, 0
    while spent < seconds:
        with_all = choice.threads > 1
        took = next(together if with_all else alone)
        choice.hear(took)
        spent, shared, count = spent + took, shared + took * with_all, count + 1
    return shared / spent, count


@pytest.mark.parametrize("minibatch", [1e-5, 1e-3, 0.1])
def test_the_faster_way_gets_nearly_all_of_the_time(minibatch):
    shared, _ = drive(Pace(2), 2000 * minibatch + 2, minibatch, minibatch / 1.8)
    assert shared > 0.9
    shared, count = drive(Pace(2), 2000 * minibatch + 2, minibatch, minibatch * 1.5)
    assert shared < 0.1
    assert count * minibatch > 0.95 * (2000 * minibatch + 2)


def test_equal_ways_leave_the_other_cores_alone():
    shared, _ = drive(Pace(4), 2.0, 1e-4, 0.97e-4)
    assert shared < 0.05


def test_threads_that_wait_for_a_core_are_left_at_once():
    """As measured where another program had the second core: 40 ms for a minibatch of 0.1 ms, most of the time."""
    bad = itertools.cycle([0.6e-4] * 30 + [0.04] * 10)
    _, count = drive(Pace(2), 20.0, 1e-4, bad)
    assert count * 1e-4 > 0.85 * 20


def test_it_changes_its_mind_with_the_machine():
    choice = Pace(2)
    shared, _ = drive(choice, 5.0, 1e-3, 0.04)
    assert shared < 0.3
    drive(choice, 3.0, 1e-3, 0.6e-3)
    shared, _ = drive(choice, 3.0, 1e-3, 0.6e-3)
    assert shared > 0.9
    shared, _ = drive(choice, 3.0, 1e-3, 0.04)
    assert shared < 0.2


def test_one_thread_leaves_no_choice():
    assert drive(Pace(1), 1.0, 1e-3, 1e-9) == (0.0, 1000)


def test_a_program_asked_to_use_all_threads_does():
    with thread_choice._together():
        choice = Pace(3)
    drive(choice, 0.1, 1e-3, 1.0)
    assert choice.threads == 3
    assert Pace(3).threads == 1


def test_a_program_that_chooses_gives_the_same_bits(rng):
    of = task(rng, rows=ROW_COUNT)
    alone, choosing = of.program(Adam()), of.program(Adam(), threads=2)
    for program in (alone, choosing):
        for number in range(40):
            epoch(program, ROW_COUNT, 2, order=np.random.default_rng(number).permutation(ROW_COUNT))
    assert alone.state.to_bytes() == choosing.state.to_bytes()
