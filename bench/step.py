"""Training steps against the peers' own loops: whole epochs of a Run on arrays in memory, and the time of a minibatch.

An epoch is shuffle, gather, forward, loss, backward, Adam, running averages and metric. A peer with several ways takes
part with the one that is fastest in the same run.
"""

from types import ModuleType

import numpy as np

import fastnorm as fn

from . import machine, networks
from .report import Report, Row
from .timing import Contestant, Times, alternate

COLUMNS = {
    "network": 20, "minibatch": 9, "dtype": 7, "threads": 7, "median_us": 9, "min_us": 9, "GFLOP/s": 7, "share": 5,
}  # fmt: skip
SECONDS = 0.15  # of a burst


def measure(report: Report, peers: dict[str, ModuleType], only: str) -> None:
    """One row per network of networks.TRAINED whose name contains `only`."""
    trainers = {name: peer for name, peer in peers.items() if hasattr(peer, "training")}
    report.begin("step", COLUMNS, [*(["one_thread"] if machine.THREADS > 1 else []), *trainers])
    for network in networks.TRAINED:
        if only in network.name:
            with report.group() as rows:
                rows.append(_row(network, trainers))


def _row(network: networks.Network, trainers: dict[str, ModuleType]) -> Row:
    x, y = network.data()
    contestants = {"fastnorm": _training(network, x, y, machine.THREADS)}
    ways = {name: peer.training(network, x, y) for name, peer in trainers.items()}
    if machine.THREADS > 1:
        ways["one_thread"] = {"": _training(network, x, y, 1)}
    for name, of_peer in ways.items():
        contestants |= {f"{name} {way}".strip(): contestant for way, contestant in of_peer.items()}
    times = alternate(contestants, bursts=7, seconds=SECONDS)
    ours = times["fastnorm"]
    fastest = {
        name: min((times[f"{name} {way}".strip()] for way in of_peer), key=_median) for name, of_peer in ways.items()
    }
    return {
        "network": network.name, "minibatch": network.batch, "dtype": "float32", "threads": machine.THREADS,
        "median_us": ours.median * 1e6, "min_us": ours.min * 1e6, "GFLOP/s": network.step_flops / ours.median / 1e9,
        "peers_us": {name: peer.median * 1e6 for name, peer in times.items() if peer is not ours},
        **{f"vs_{name}": peer.ratio(ours) for name, peer in fastest.items()},
        "targets": network.targets if machine.THREADS == 1 else network.targets_of_threads,
    }  # fmt: skip


def _training(network: networks.Network, x: np.ndarray, y: np.ndarray, threads: int) -> Contestant:
    options = {"task": "classification", "optimizer": fn.Adam(1e-3), "batch_size": network.batch, "seed": 0}
    run = fn.Run(network.model(), x, y, threads=threads, **options)
    return Contestant(run.advance, network.steps)


def _median(times: Times) -> float:
    return times.median
