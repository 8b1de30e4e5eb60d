"""Noise: how far a minibatch's mean and variance are from those of all rows, for several batch sizes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ... import checks
from ...errors import SettingError
from ...kernels import random
from ...training.run import Run
from .activations import normalized_by, pre_activations, probe, values_at

SIZES = (16, 32, 64, 128, 256, 512, 1024)
ROWS = 16384  # at the most, evenly spread over the training data
DRAWN = 200  # minibatches of each size, at the least


@dataclass(frozen=True)
class Noise:
    """Noise that minibatches add to normalized values; str() is a table.

    rows         of the whole set
    batch_sizes  of the minibatches drawn
    mean         layer -> for each batch size: how much the minibatch's mean varies, in standard deviations
    variance     layer -> likewise the minibatch's variance, as a share of that of all rows
    Both are roots of the mean square over units and minibatches, and fall as 1 / sqrt(batch size): with batch norm it
    is these that regularize, the more the smaller the minibatch. That law for the mean, with rows drawn without
    repetition as an epoch draws them, is `law`.
    """

    rows: int
    batch_sizes: tuple[int, ...]
    mean: dict[str, tuple[float, ...]]
    variance: dict[str, tuple[float, ...]]

    @property
    def law(self) -> tuple[float, ...]:
        """sqrt((1 / size) (rows - size) / (rows - 1)) for each batch size."""
        return tuple(float(np.sqrt((self.rows - size) / (size * (self.rows - 1)))) for size in self.batch_sizes)

    def __str__(self) -> str:
        lines = [f"{'batch size':<28}" + "".join(f"{size:>7}" for size in self.batch_sizes)]
        lines += [f"{'law of the mean':<28}" + "".join(f"{value:>7.3f}" for value in self.law)]
        for words, of in (("mean", self.mean), ("variance", self.variance)):
            for name, values in of.items():
                lines.append(f"{f'{name[:18]} {words}':<28}" + "".join(f"{value:>7.3f}" for value in values))
        return "\n".join(lines)


def batch_noise(run: Run, batch_sizes: Sequence[int] = SIZES, seed: int = 0) -> Noise:
    """Return how much the statistics of minibatches vary, layer by layer; the run is not touched.

    batch_sizes  those above half the rows are left out: too few such minibatches tell nothing
    seed         of the draws
    The values are batch norm's input, or an activation's where there is none, by inference.
    Raises SettingError for a model without hidden layers, and where no batch size is left.
    """
    x = probe(run, ROWS)
    sizes = [checks.integer("batch_sizes", size, 2) for size in batch_sizes]
    sizes = [size for size in sizes if size <= len(x) // 2]
    if not sizes:
        raise SettingError(f"batch_sizes: expected one of at most half of the {len(x)} rows, got {list(batch_sizes)}")
    means: dict[str, tuple[float, ...]] = {}
    variances: dict[str, tuple[float, ...]] = {}
    for name, index in pre_activations(run.tape).items():
        normalization = normalized_by(run.tape, index)
        source = index if normalization is None else normalization.inputs[0]
        values = values_at(run, source, x)
        varying = values[:, values.std(axis=0) != 0]
        pairs = [_spread(varying, size, seed) for size in sizes]
        means[name], variances[name] = (tuple(column) for column in zip(*pairs, strict=True))
    return Noise(len(x), tuple(sizes), means, variances)


def _spread(values: np.ndarray, size: int, seed: int) -> tuple[float, float]:
    """Return how much mean and variance of minibatches of one size vary; not at all where no unit does."""
    if values.shape[1] == 0:
        return 0.0, 0.0
    whole, variance = values.mean(axis=0), values.var(axis=0)
    count = len(values) // size
    off, share = [], []
    for turn in range(-(-DRAWN // count)):
        order = random.permutation(seed, random.SAMPLE, turn, size, len(values))[: count * size]
        batches = values[order].reshape(count, size, -1)
        off.append((batches.mean(axis=1) - whole) ** 2 / variance)
        share.append((batches.var(axis=1) / variance - 1) ** 2)
    return float(np.sqrt(np.mean(off))), float(np.sqrt(np.mean(share)))
