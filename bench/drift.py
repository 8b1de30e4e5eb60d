"""What batch norm does to the distributions inside: how far they move while training, with it and without.

moves is how far the mean of a hidden unit's pre-activation goes in four minibatches or fewer, in its standard
deviations; stretch by what factor these change. In the first epochs, on 256 rows that stay the same, both networks at
the same rate. `still` says how many times farther the last hidden layer moves without batch norm.
"""

from pathlib import Path
from types import ModuleType

from fastnorm import tune

from . import starts
from .report import Report, Row

COLUMNS = {"case": 30, "rate": 6, "moves": 6, "stretch": 7, "accuracy": 8, "still": 6}
RATES = {"sgd": 0.03, "adam": 0.003}
LOOKS, EVERY = 60, 4
TARGETS = {"still": 2.0}


def measure(report: Report, peers: dict[str, ModuleType], only: str, data: Path | None) -> None:
    """One row per hidden layer, and one for each optimizer that compares the last layers."""
    rows_of = starts.load(data)
    report.begin(f"drift on {rows_of.name}", COLUMNS, [])
    for optimizer, rate in RATES.items():
        if only in optimizer:
            with report.group() as rows:
                plain, normalized = (_layers(rows_of, network, optimizer, rate) for network in ("relu", "batchnorm"))
                rows += [*plain, *normalized]
                still = plain[-1]["moves"] / normalized[-1]["moves"]
                rows.append({"case": f"{optimizer}, the last layer", "rate": rate, "still": still, "targets": TARGETS})


def _layers(data: starts.Data, network: str, optimizer: str, rate: float) -> list[Row]:
    run = starts.run(data, network, optimizer, rate, 0)
    drift = tune.Drift(run)
    for _ in range(LOOKS):
        run.advance(minibatches=EVERY)
        drift.look()
    movement, stretch = drift.movement, drift.stretch
    accuracy = run.model.evaluate(*data.validation)["accuracy"]
    return [
        {"case": f"{network} {optimizer} {layer}", "rate": rate, "moves": movement[layer], "stretch": stretch[layer],
         "accuracy": accuracy}
        for layer in drift.layers
    ]  # fmt: skip
