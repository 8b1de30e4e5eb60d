"""Random steps between arrays: a word of the vocabulary and the values it reads.

They are kept where every library should agree to the last digits: results of moderate size, nothing near a kink, no
row without variance.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

LARGEST = 20.0  # a result beyond is not kept
SMALLEST = 1e-6  # distance from a kink
WEAKEST = 0.1  # standard deviation of a row that layernorm divides by
MOST_ELEMENTS = 2000

ANY = ("square", "cube", "inverse", "negative", "abs", "exp", "tanh", "log", "sqrt", "sigmoid", "relu", "silu",
       "softplus", "gelu", "equal", "not_equal")  # fmt: skip
BY_ROW = ("softmax", "log_softmax")
KINKED_PAIRS = ("maximum", "minimum", "where_less", "less_equal", "greater", "greater_equal")
PAIRS = ("add", "subtract", "multiply", *KINKED_PAIRS)
VALUE_PAIRS = ("divide", "power")
WITH_CONSTANT = ("divide_by", "divide_into", "power_by", "power_of")
REDUCTIONS = ("sum", "mean", "max")
OTHERS = ("leaky_relu", "clip", "matmul", "dense", "layernorm", "embedding", "concatenate", "slice", "reshape",
          "transpose")  # fmt: skip
WORDS = (*ANY, *BY_ROW, *PAIRS, *VALUE_PAIRS, *WITH_CONSTANT, *REDUCTIONS, *OTHERS)


@dataclass(frozen=True)
class Step:
    """A word, what it reads (a whole number is the place of an earlier value, all else a constant), its settings."""

    word: str
    inputs: tuple[Any, ...]
    settings: dict[str, Any] = field(default_factory=dict)


def places(step):
    """Of the values that a step reads."""
    return [place for place in step.inputs if type(place) is int]


def act(words, step, values):
    """What a step makes of the values before it."""
    return words[step.word](*(values[i] if type(i) is int else i for i in step.inputs), **step.settings)


class Draw:
    """The values so far, and random steps that their shapes allow."""

    def __init__(self, rng, values):
        self.rng, self.values = rng, values

    def any(self, fits=lambda shape: True):
        """The place of a value whose shape fits, a late one more often; None if there is none."""
        fitting = [place for place, value in enumerate(self.values) if fits(value.shape)]
        if not fitting:
            return None
        late = np.arange(1.0, len(fitting) + 1)
        return fitting[self.rng.choice(len(fitting), p=late / late.sum())]

    def constant(self, shape, scale=1.0):
        """Numbers from 0.5 to 2, of either sign; a plain float for shape ()."""
        array = scale * self.rng.uniform(0.5, 2, shape) * self.rng.choice([-1, 1], shape)
        return float(array) if shape == () else array

    def one_of(self, *options):
        return options[self.rng.integers(len(options))]

    def value_or_constant(self, shape):
        """A value of that shape, or a constant."""
        place = self.any(lambda other: other == shape)
        return place if place is not None and self.rng.random() < 0.7 else self.constant(shape)

    def step(self, word):
        """A step of this word, or None where no value fits."""
        kind = next((name for name, some in GROUPS.items() if word in some), word)
        x = self.any(NEEDS.get(kind, lambda shape: True))
        drawn = None if x is None else getattr(self, f"_{kind}")(x, self.values[x].shape)
        return drawn and Step(word, *drawn)

    def _alone(self, x, shape):
        return ((x,),)

    _by_row = _alone

    def _pair(self, x, shape):
        """With a value that broadcasts, or a number, a row, a column or all of a matrix."""
        other = self.any(lambda other: _broadcast(shape, other))
        other = self._broadcast_constant(shape) if self.rng.random() < 0.4 else other
        return ((x, other) if self.rng.random() < 0.5 else (other, x),)

    def _value_pair(self, x, shape):
        return ((x, self.any(lambda other: _broadcast(shape, other))),)

    def _with_constant(self, x, shape):
        return ((x, self._broadcast_constant(shape)),)

    def _broadcast_constant(self, shape):
        return self.constant(self.one_of((), shape, shape[-1:], (*shape[:-1], 1), (1, *shape[1:])) if shape else ())

    def _reduction(self, x, shape):
        axes = [None, *range(-len(shape), len(shape))]
        return (x,), {"axis": self.one_of(*axes), "keepdims": bool(self.rng.integers(2))}

    def _leaky_relu(self, x, shape):
        return ((x, self.one_of(0.01, 0.3)),)

    def _clip(self, x, shape):
        return ((x, -self.rng.uniform(0, 1), self.rng.uniform(0, 1)),)

    def _matmul(self, x, shape):
        if self.rng.random() < 0.3:
            n = self.one_of((), (3,), (8,))
            return ((self.constant((*n, shape[0]), shape[0] ** -0.5), x),)
        other = self.any(lambda other: other[:1] == shape[-1:])
        if other is None or self.rng.random() < 0.4:
            other = self.constant((shape[-1], *self.one_of((), (2,), (9,))), shape[-1] ** -0.5)
        return ((x, other),)

    def _dense(self, x, shape):
        weight = self.any(lambda other: len(other) == 2 and other[0] == shape[1])
        h = self.one_of(1, 4, 10) if weight is None else self.values[weight].shape[1]
        weight = self.constant((shape[1], h), shape[1] ** -0.5) if weight is None else weight
        bias = [self.value_or_constant((h,))] if self.rng.random() < 0.7 else []
        return (x, weight, *bias), {"relu": bool(self.rng.integers(2))}

    def _layernorm(self, x, shape):
        gamma, beta = (self.any(lambda other: other == shape[1:]) for _ in range(2))
        return gamma and ((x, gamma, beta), {"epsilon": self.one_of(1e-5, 1e-2)})

    def _embedding(self, x, shape):
        return ((x, self.rng.integers(0, shape[0], self.one_of((4,), (3, 1), (5, 3)))),)

    def _concatenate(self, x, shape):
        parts = [x]
        for _ in range(self.rng.integers(1, 8)):
            other = self.any(lambda other: len(other) == len(shape) and other[:-1] == shape[:-1])
            parts.append(self.constant((*shape[:-1], 2)) if self.rng.random() < 0.2 else other)
        return (tuple(parts),)

    def _slice(self, x, shape):
        keys = []
        for n in shape[: self.rng.integers(1, len(shape) + 1)]:
            first, end = sorted(int(i) for i in self.rng.choice(n + 1, 2, replace=False))
            keys.append(self.one_of(first, first - n, slice(first, end), slice(first, None), slice(None)))
        return (x,), {"key": keys[0] if len(keys) == 1 else tuple(keys)}

    def _reshape(self, x, shape):
        n = int(np.prod(shape))
        rows = self.one_of(*(k for k in range(1, n + 1) if n % k == 0))
        return (x,), {"shape": self.one_of((n,), -1, (rows, n // rows), (rows, -1), (-1, rows))}


GROUPS = {
    "alone": (*ANY, "transpose"), "by_row": BY_ROW, "pair": PAIRS, "value_pair": VALUE_PAIRS,
    "with_constant": WITH_CONSTANT, "reduction": REDUCTIONS,
}  # fmt: skip
NEEDS = {
    "by_row": lambda shape: len(shape) > 0,
    "matmul": lambda shape: len(shape) > 0, "dense": lambda shape: len(shape) == 2,
    "layernorm": lambda shape: len(shape) == 2, "embedding": lambda shape: len(shape) == 2,
    "concatenate": lambda shape: len(shape) > 0, "slice": lambda shape: len(shape) > 0,
}  # fmt: skip


def _broadcast(a, b):
    """Whether shapes a and b broadcast."""
    return all(n == m or 1 in (n, m) for n, m in zip(reversed(a), reversed(b), strict=False))


def _gap(x, axis=None, keepdims=False):
    """Between the two largest along an axis."""
    x = x.reshape(-1) if axis is None else np.moveaxis(x, axis, -1)
    return np.diff(np.sort(x)[..., -2:])


KINKS = {  # word -> what must stay away from 0
    **dict.fromkeys(("abs", "relu", "leaky_relu", "equal", "not_equal"), lambda x, *_: x),
    **dict.fromkeys(KINKED_PAIRS, lambda a, b: a - b),
    "clip": lambda x, low, high: np.minimum(abs(x - low), abs(x - high)),
    "dense": lambda x, w, b=0.0, relu=False: x @ w + b,
    "max": _gap,
}  # fmt: skip


def tame(step, values, result):
    """Whether a step is well-conditioned: every library then gives its result and gradient to the last digits."""
    inputs = [np.asarray(values[i] if type(i) is int else i) for i in step.inputs]
    if result.size > MOST_ELEMENTS or not np.abs(result).max() <= LARGEST:
        return False
    if step.word == "layernorm" and inputs[0].std(axis=1).min() < WEAKEST:
        return False
    return step.word not in KINKS or np.abs(KINKS[step.word](*inputs, **step.settings)).min(initial=1) > SMALLEST
