"""Report of a search, in words and as plain data: winner, importances, the gain to expect of more trials."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from ..errors import DataError
from ..tune import Study, Trial, expected_best, forecast, importances
from ..tune.study.result_order import key
from ..tune.study.trial import CUT, ENDED, RUNNING, SCORED, STATES
from .data import figure

INDEPENDENT = "RandomSampler()"  # the sampler whose trials were drawn independently
SETTINGS = "hyperparameters"  # head of the last column of trials
MATTERS = 2  # standard errors from nothing
METRICS = {"accuracy": ("points", 100.0)}  # unit of a difference, and the number of units in a score of 1


def findings(study: Study) -> dict[str, Any]:
    """Return findings from all trials as plain data, without those that need more trials."""
    trials, metric = study.trials, study.metric
    counts = Counter(trial.state for trial in begun(study))
    found: dict[str, Any] = {"states": {state: counts[state] for state in STATES if counts[state]}}
    with suppress(DataError):
        comparison = study.comparison
        found["confirmation"] = asdict(comparison) | {"told_apart": comparison.told_apart, "words": str(comparison)}
    with suppress(DataError):
        found["importance"] = [asdict(entry) for entry in importances(trials, study.space, metric)]
    if study.facts["sampler"] == INDEPENDENT:
        with suppress(DataError):
            expected = expected_best(trials, metric)
            found["expected_best"] = [asdict(entry) for entry in expected]
            coming = forecast(trials, metric, expected[-1].count)  # as many as have ended
            found["forecast"] = asdict(coming) | {"words": coming.words(*METRICS.get(metric, (_plain(metric), -1.0)))}
    return found


def sentences(study: Study, found: dict[str, Any]) -> Iterator[str]:
    """Say them, a line each."""
    metric, states = _plain(study.metric), found["states"]
    if sum(states.values()) > 1:
        yield f"trials: {_counted(states)}"
    if "confirmation" in found:
        yield f"confirmed: {found['confirmation']['words']}"
    if "importance" in found:
        yield f"what mattered: {_mattered(found['importance'])}"
    if len(found.get("expected_best", ())) > 1:
        shown = [f"{entry['score']:.4f} of {entry['count']}" for entry in found["expected_best"]]
        yield f"best validation {metric} to expect: {', '.join(shown)} trials"
    if "forecast" in found:
        yield found["forecast"]["words"]


def _plain(metric: str) -> str:
    return metric.replace("_", " ")


def _counted(states: dict[str, int]) -> str:
    """Return the counts of trials begun and ended, by state; the report's other numbers are of trials that ended."""
    ended = {state: count for state, count in states.items() if state in ENDED}
    rest = [f"{count} {state}" for state, count in states.items() if state not in ENDED]
    kinds = ", ".join(f"{count} {state}" for state, count in ended.items())
    return ", ".join([f"{sum(states.values())} begun", f"{sum(ended.values())} ended ({kinds})", *rest])


def _mattered(importance: list[dict[str, Any]]) -> str:
    clear = [entry for entry in importance if entry["fraction"] > MATTERS * entry["error"]]
    shown = [f"{entry['name']} {entry['fraction']:.0%}" for entry in clear]
    rest = "" if len(clear) == len(importance) else "; the others too little to tell"
    return (", ".join(shown) or "nothing that can be told") + (rest if shown else "")


# ---- trials


def begun(study: Study) -> list[Trial]:
    """Return the trials but for the ones cut before their first epoch."""
    return [trial for trial in study.trials if trial.epochs or trial.state != CUT]


def ordered(study: Study) -> list[Trial]:
    """Return the trials begun, best first, with those at work or cut; diverged and failed ones come last."""
    may_be = (*SCORED, CUT, RUNNING)
    return sorted(begun(study), key=lambda trial: (trial.state not in may_be, *key(trial, study.metric), trial.number))


def trial_lines(study: Study) -> Iterator[str]:
    """Give a head and a line for each trial, best first; the winner has a star."""
    trials, best = ordered(study), _best(study)
    head = ("", "trial", "state", "epochs", study.metric, "seconds", SETTINGS)
    rows = [head, *(_cells(trial, trial.number == best) for trial in trials)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        *numbers, settings = row
        cells = [
            cell.ljust(width) if place in (0, 2) else cell.rjust(width)
            for place, (cell, width) in _placed(numbers, widths)
        ]
        yield f"{'  '.join(cells)}  {settings}".rstrip()


def trial_records(study: Study) -> list[dict[str, Any]]:
    """Return the same as plain data."""
    best = _best(study)
    return [asdict(trial) | {"best": trial.number == best} for trial in ordered(study)]


def in_words(hyperparameters: dict[str, Any]) -> str:
    """Return a configuration on one line."""
    return ", ".join(f"{name} {_short(value)}" for name, value in hyperparameters.items())


def to_json(document: Any) -> str:
    """Return JSON that every reader takes: numbers that are not finite are null."""
    return json.dumps(_finite(document), indent=1)


def _best(study: Study) -> int | None:
    with suppress(DataError):
        return study.best_so_far.number
    return None


def _cells(trial: Trial, is_best: bool) -> tuple[str, ...]:
    score = "-" if trial.score is None else figure(trial.score)
    settings = in_words(trial.hyperparameters) + (f"  {trial.message}" if trial.message else "")
    star = "*" if is_best else ""
    return star, str(trial.number), trial.state, str(trial.epochs), score, f"{trial.seconds:.2f}", settings


def _placed(numbers: list[str], widths: list[int]) -> Iterator[tuple[int, tuple[str, int]]]:
    return enumerate(zip(numbers, widths, strict=False))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
