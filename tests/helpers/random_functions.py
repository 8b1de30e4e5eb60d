"""Random functions of arrays that any library can follow: trees of arrays and a list of steps, drawn from a seed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.random_steps import WORDS, Draw, Step, act, places, tame
from helpers.vocabulary import PLAIN

LENGTHS = (1, 2, 3, 4, 5, 7, 9, 17, 33)  # of rows and columns, around the widths of vectors


@dataclass(frozen=True)
class Function:
    """Trees of arrays, the steps from them, and the sum that makes one number of the values that no step reads.

    ends  (place, weights) of each such value
    """

    arguments: tuple[Any, ...]
    steps: tuple[Step, ...]
    ends: tuple[tuple[int, np.ndarray], ...]

    def follow(self, words, *arguments):
        """The number that a library with this vocabulary makes of such arguments."""
        values = [leaf for tree in arguments for leaf in leaves(tree)]
        for step in self.steps:
            values.append(act(words, step, values))
        first, *rest = ((values[place] * weights).sum() for place, weights in self.ends)
        return sum(rest, first)

    def branches(self):
        """Whether a value is read by several steps."""
        readers = [place for step in self.steps for place in set(places(step))]
        return len(set(readers)) < len(readers)

    def learns(self):
        """Whether its number depends on its first argument."""
        moved = mapped(lambda leaf: leaf * 1.01, self.arguments[0])
        return self.follow(PLAIN, *self.arguments) != self.follow(PLAIN, moved, *self.arguments[1:])


def leaves(tree):
    """The arrays of a tree; those of a dict by its sorted keys, whose order libraries may change."""
    if isinstance(tree, dict):
        return [leaf for key in sorted(tree) for leaf in leaves(tree[key])]
    if isinstance(tree, list | tuple):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def mapped(change, tree):
    """A tree of the same form with changed arrays."""
    if isinstance(tree, dict):
        return {key: mapped(change, part) for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(mapped(change, part) for part in tree)
    return change(tree)


def tree(arrays, rng):
    """The arrays in dicts, lists and tuples within each other."""
    if len(arrays) == 1:
        return arrays[0]
    cut = int(rng.integers(1, len(arrays)))
    parts = [tree(arrays[:cut], rng), tree(arrays[cut:], rng)]
    return (list(parts), tuple(parts), {"weight": parts[0], "bias": parts[1]})[rng.integers(3)]


def _arguments(rng):
    """A tree of parameters, and half of the time one of data."""
    r, c, h = (int(n) for n in rng.choice(LENGTHS, 3))
    shapes = [(r, c), (c, h), (h,), (c,), (r, 1), (1, c), ()]
    counts = [int(rng.integers(1, 7)), *([int(rng.integers(1, 3))] if rng.random() < 0.5 else [])]
    drawn = [[shapes[i] for i in rng.integers(0, len(shapes), count)] for count in counts]
    drawn[0][0] = (r, c)
    return tuple(tree([rng.normal(0, 1, shape) for shape in group], rng) for group in drawn)


def function(rng):
    """A function of 3 to 12 steps that depends on its first argument."""
    while not (drawn := _drawn(rng)).learns():
        pass
    return drawn


def _drawn(rng):
    arguments = _arguments(rng)
    draw = Draw(rng, [np.asarray(leaf) for tree in arguments for leaf in leaves(tree)])
    first, count, steps = len(draw.values), rng.integers(3, 13), []
    while len(steps) < count:
        step = draw.step(WORDS[rng.integers(len(WORDS))])
        result = step and np.asarray(act(PLAIN, step, draw.values))
        if step and tame(step, draw.values, result):
            steps.append(step)
            draw.values.append(result)
    read = {place for step in steps for place in places(step)}
    ends = [place for place in range(first, first + count) if place not in read]
    weights = (np.asarray(draw.constant(draw.values[place].shape)) for place in ends)
    return Function(arguments, tuple(steps), tuple(zip(ends, weights, strict=True)))
