"""Prediction of class probabilities from NumPy to NumPy: one row by predict_proba_one, more by predict_proba.

max_err is the largest error of a probability, against the same folded weights in float64.
"""

from dataclasses import dataclass
from functools import partial
from types import ModuleType

import numpy as np

import fastnorm as fn
from fastnorm import reference

from . import machine, networks
from .report import Report, Row
from .timing import Contestant, alternate

COLUMNS = {
    "network": 20, "rows": 6, "dtype": 7, "threads": 7, "median_us": 9, "min_us": 9, "GFLOP/s": 7, "share": 5,
    "max_err": 8,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Rows given at once to a network; targets are columns of the row and what they must reach."""

    network: networks.Network
    rows: int
    targets: dict[str, float]


_LETTERS, _DIGITS = networks.Network((16, 64, 64, 26), 64), networks.Network((784, 256, 256, 10), 128)
ROWS = (
    Case(_LETTERS, 1, {"median_us": 2.5}),
    Case(_DIGITS, 1, {"median_us": 12}),
    Case(_DIGITS, 64, {"median_us": 140}),
    Case(_DIGITS, 10_000, {"vs_onnxruntime": 1.15, "vs_jax": 1.15}),
)


def measure(report: Report, peers: dict[str, ModuleType], only: str) -> None:
    """One row per case of ROWS whose network's name contains `only`."""
    predictors = {name: peer for name, peer in peers.items() if hasattr(peer, "prediction")}
    report.begin("predict", COLUMNS, list(predictors))
    for case in ROWS:
        if only in case.network.name:
            with report.group() as rows:
                rows.append(_row(case, predictors))


def _row(case: Case, predictors: dict[str, ModuleType]) -> Row:
    x = np.random.default_rng(0).standard_normal((case.rows, case.network.sizes[0]), np.float32)
    model = _trained(case.network)
    layers = _folded(model.arrays)
    call = partial(model.predict_proba_one, x[0]) if case.rows == 1 else partial(model.predict_proba, x)
    contestants = {"fastnorm": Contestant(call)}
    contestants |= {name: Contestant(peer.prediction(layers, x)) for name, peer in predictors.items()}
    times = alternate(contestants)
    ours = times.pop("fastnorm")
    return {
        "network": case.network.name, "rows": case.rows, "dtype": "float32", "threads": machine.THREADS,
        "median_us": ours.median * 1e6, "min_us": ours.min * 1e6,
        "GFLOP/s": 2 * case.rows * case.network.weights / ours.median / 1e9,
        "max_err": float(np.abs(call() - _probabilities(layers, x)).max()),
        "peers_us": {name: peer.median * 1e6 for name, peer in times.items()},
        **{f"vs_{name}": peer.ratio(ours) for name, peer in times.items()}, "targets": case.targets,
    }  # fmt: skip


def _trained(network: networks.Network) -> fn.Sequential:
    """The network after one epoch, so that it has statistics to fold."""
    run = fn.Run(network.model(), *network.data(), task="classification", batch_size=network.batch, seed=0)
    run.advance()
    return run.model


def _folded(arrays: dict[str, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The model's layers (weight, bias) with batch norm folded in, float32, for the peers."""
    dense = [name for name in arrays if name.startswith("dense") and name.endswith(".weight")]
    norms = [name.removesuffix("gamma") for name in arrays if name.endswith(".gamma")]
    layers = []
    for name, norm in zip(dense, norms, strict=False):
        scale = arrays[norm + "gamma"] / np.sqrt(arrays[norm + "running_variance"] + networks.EPSILON)
        layers.append((arrays[name] * scale, arrays[norm + "beta"] - arrays[norm + "running_mean"] * scale))
    layers.append((arrays[dense[-1]], arrays[dense[-1].removesuffix("weight") + "bias"]))
    return [(weight.astype(np.float32), bias.astype(np.float32)) for weight, bias in layers]


def _probabilities(layers: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray) -> np.ndarray:
    """What the layers give in float64, on float32 weights."""
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight.astype(np.float64) + bias, 0)
    weight, bias = layers[-1]
    return reference.softmax(x @ weight.astype(np.float64) + bias)
