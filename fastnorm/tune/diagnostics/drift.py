"""Drift: how the distributions that hidden layers hand on move while training."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ... import checks
from ...errors import SettingError
from ...training.run import Run
from .activations import pre_activations, probe, values_at

QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Moments:
    """Moments of one layer's pre-activations over the probe rows at one look: each (units,), quantiles (3, units)."""

    mean: np.ndarray
    deviation: np.ndarray
    quantiles: np.ndarray


class Drift:
    """The pre-activations of each hidden layer on fixed training rows, look after look.

    run   in training; call `look` after each epoch, or every few minibatches
    rows  to look with, evenly spread over the training data
    They are an activation's input, by inference: the result of batch norm where there is one. Batch norm keeps their
    means and variances where gamma and beta say, so that a later layer learns on inputs that stay: that is how the
    course explains why it works.

    looks   (epoch, minibatch) of each
    layers  name of a layer -> its Moments, one for each look
    Raises SettingError for a model without hidden layers.
    Source: Ioffe & Szegedy 2015, section 4.1, figure 1.
    """

    def __init__(self, run: Run, rows: int = 256) -> None:
        self._run, self._sites = run, pre_activations(run.tape)
        self._x = probe(run, checks.integer("Drift rows", rows, 2))
        self.looks: list[tuple[int, int]] = []
        self.layers: dict[str, list[Moments]] = {name: [] for name in self._sites}

    def look(self) -> None:
        """Add the moments of the run's present model; the run is not changed.

        Before the first step batch norm has no averages yet and passes its input on.
        """
        with np.errstate(all="ignore"):  # of a diverged model nan is told, without a warning
            for name, index in self._sites.items():
                values = values_at(self._run, index, self._x)
                quantiles = np.quantile(values, QUANTILES, axis=0)
                self.layers[name].append(Moments(values.mean(axis=0), values.std(axis=0), quantiles))
        self.looks.append((self._run.epoch, self._run.minibatch))

    @property
    def movement(self) -> dict[str, float]:
        """Layer -> how far the mean of a unit moves from look to look, in its standard deviations before.

        The mean over units and looks; units that were constant are left out.
        """
        self._require_looks()
        return {name: _mean([_moved(*pair) for pair in _pairs(of)]) for name, of in self.layers.items()}

    @property
    def stretch(self) -> dict[str, float]:
        """Layer -> factor by which a unit's standard deviation changes from look to look, at least 1."""
        self._require_looks()
        return {name: float(np.exp(_mean([_stretched(*p) for p in _pairs(of)]))) for name, of in self.layers.items()}

    def __str__(self) -> str:
        movement, stretch = self.movement, self.stretch
        lines = [f"{len(self.looks)} looks, {len(self._x)} rows; from look to look the mean moves by so many sd,"]
        lines += ["and the standard deviation changes by a factor"]
        lines += [f"{'layer':<20}{'mean moves':>12}{'sd x':>8}{'first mean, sd':>18}{'last mean, sd':>18}"]
        for name, of in self.layers.items():
            ends = "".join(f"{f'{at.mean.mean():.2f}, {at.deviation.mean():.2f}':>18}" for at in (of[0], of[-1]))
            lines.append(f"{name[:20]:<20}{movement[name]:>12.3f}{stretch[name]:>8.2f}{ends}")
        return "\n".join(lines)

    def _require_looks(self) -> None:
        if len(self.looks) < 2:
            raise SettingError(f"drift: expected two looks or more, got {len(self.looks)}; call look() as it trains")


def _pairs(of: list[Moments]) -> list[tuple[Moments, Moments]]:
    return list(pairwise(of))


def _moved(before: Moments, after: Moments) -> np.ndarray:
    varies = before.deviation != 0
    return np.abs(after.mean - before.mean)[varies] / before.deviation[varies]


def _stretched(before: Moments, after: Moments) -> np.ndarray:
    vary = (before.deviation != 0) & (after.deviation != 0)
    return np.abs(np.log(after.deviation[vary] / before.deviation[vary]))


def _mean(parts: list[np.ndarray]) -> float:
    every = np.concatenate(parts)
    return float(every.mean()) if len(every) else 0.0
