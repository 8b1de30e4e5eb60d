"""The common part of `tune` and `fit`: split the rows, run a search, keep its best model, report."""

import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column
from rich.table import Table as Grid

from ..errors import FileError, SettingError
from ..metrics import rank
from ..models.model import Model
from ..tune import Ensemble, Study, build_ensemble
from .data import FOLDS, Parts, Source, figure, score_name, share
from .lines import say
from .options import Task
from .progress import SearchProgress
from .report import findings, in_words, sentences, to_json

MODEL, STUDY = "model.safetensors", "study.sqlite"  # in the folder of a search, or of a panda
SCORED = ("validation", "test")  # parts
FEW_ROWS = 100  # below that a score of 1.0000 says little
DIVERGED = "the loss left the finite numbers in the first epoch; try a lower learning rate"
TOO_SHORT = "the time ended before the first epoch did; give more --minutes"


@dataclass
class SearchRun:
    """A search of the command line, from its rows to its model file.

    file       for the model
    ensemble   whether the best models are to become one; json: whether to say it as one JSON document
    warnings   printed on the way
    """

    parts: Parts
    file: Path
    ensemble: bool = False
    json: bool = False
    warnings: list[str] = field(default_factory=list)

    def run(self, search: Callable[[], Study], progress: SearchProgress) -> None:
        """Search and keep the best; where that is interrupted, or the study cannot be written, keep the best so far.

        An interruption, of the saving too, is raised again.
        """
        try:
            with progress, warnings.catch_warnings():
                warnings.simplefilter("always", UserWarning)
                warnings.showwarning = lambda message, *_: self.warn(str(message))
                progress.study = study = search()
            if all(trial.score is None for trial in study.trials):
                diverged = any(trial.state == "diverged" for trial in study.trials)
                raise SettingError(f"no model was scored: {DIVERGED if diverged else TOO_SHORT}")
            self._keep(study)
        except (KeyboardInterrupt, FileError) as ended:
            if progress.study is not None and progress.best() is not None:
                print("interrupted; the best so far:", file=sys.stderr if self.json else sys.stdout)
                self._keep(progress.study)
            elif isinstance(ended, KeyboardInterrupt):
                print("interrupted before any model was scored: nothing to keep", file=sys.stderr)
            raise

    def warn(self, words: str) -> None:
        """Print a warning to stderr and remember it for the JSON report."""
        self.warnings.append(words)
        say(f"note: {words}", sys.stderr)

    def _keep(self, study: Study) -> None:
        """Save the best model and show its scores."""
        found, model = findings(study), study.model(study.best_so_far.number)
        together = build_ensemble(study, self.parts.validation) if self.ensemble else None
        models = {"best trial": model} | ({} if together is None else {"ensemble": together.model})
        scores = {name: self._scores(model, study) for name, model in models.items()}
        cautions = self._cautions(study.metric, scores["best trial" if together is None else "ensemble"]["validation"])
        kept = model if together is None or len(together.members) == 1 else together.model
        kept.save(self.file)
        if self.json:
            self.warnings += cautions
            print(to_json(self._document(study, found, scores, together)))
            return
        for line in sentences(study, found):
            say(line)
        self._show(study, scores, together)
        for words in cautions:
            say(f"caution: {words}")
        say(f"saved {self.file}" + (f" and {study.path}" if study.path else ""))

    def _cautions(self, metric: str, scores: dict[str, float | None]) -> list[str]:
        """Return cautions about the scores: few rows, no gain over a constant."""
        counts = {part: len(self.parts.judging(part).y) for part in SCORED}
        found = [f"the {part} scores rest on {count} rows" for part, count in counts.items() if count < FEW_ROWS]
        score, constant = (values[metric] or 0.0 for values in (scores, self.parts.best_constant("validation")))
        if rank(metric, score, 0) >= rank(metric, constant, 0):
            words = f"{score_name(metric)} {figure(score)} of {figure(constant)}"
            found.append(f"no better than the best constant: {words}")
        return found

    def _scores(self, model: Model, study: Study) -> dict[str, dict[str, float | None]]:
        """Return the model's scores on the parts; of folds there is only the score of the search, their mean."""
        scores = {part: self.parts.scores(model, part) for part in SCORED if part in self.parts.by_name()}
        return {"validation": {study.metric: study.best_so_far.score}} | scores

    def _show(self, study: Study, scores: dict[str, Any], together: Ensemble | None) -> None:
        """Print the scores, each beside that of the best constant, and the number of rows they rest on."""
        grid = Grid("", *(Column(head, justify="right") for part in SCORED for head in (part, "constant")))
        grid.box, grid.pad_edge = None, False
        constants = {part: self.parts.best_constant(part) for part in SCORED}
        for label, of_parts in scores.items():
            for name in self.parts.shown:
                row = score_name(name) if together is None else f"{score_name(name)}, {label}"
                cells = [
                    figure(values[part][name]) if name in values[part] else ""
                    for part in SCORED
                    for values in (of_parts, constants)
                ]
                grid.add_row(row, *cells)
        counts = {part: len(self.parts.judging(part).y) for part in SCORED}
        grid.add_row("rows", *(cell for part in SCORED for cell in (str(counts[part]), "")))
        console = Console(highlight=False, markup=False)
        console.print(grid)
        say("constant: the best constant prediction for these rows, by each score")
        if together is not None:
            say(f"ensemble: {_members(together)}")
        best = study.best_so_far
        trial = f"trial {best.number}, " if len(study.trials) > 1 else ""
        words = f"{trial}epoch {best.best_epoch}: {in_words(best.hyperparameters)}"
        console.print(words, soft_wrap=not console.is_terminal)

    def _document(self, study: Study, found: dict[str, Any], scores: Any, together: Ensemble | None) -> dict[str, Any]:
        best = study.best_so_far
        document = {
            "task": str(self.parts.table.task),
            "task_because": self.parts.why,
            "features": self.parts.table.width,
            "left_out": dict(self.parts.table.dropped),
            "possible_leaks": self.parts.leaks,
            "rows": {name: len(part.y) for name, part in self.parts.by_name().items()},
            "model": str(self.file),
            "study": None if study.path is None else str(study.path),
            "trials": len(study.trials),
            "metric": study.metric,
            "best_trial": asdict(best),
            "scores": scores["best trial"],
            "best_constant": {part: self.parts.best_constant(part) for part in SCORED},
        }
        if together is not None:
            document["ensemble"] = {"members": together.members, "scores": scores["ensemble"]}
        return document | found | {"warnings": self.warnings}


def _members(together: Ensemble) -> str:
    if len(together.members) == 1:
        return f"no mean of models was better on the validation rows than that of trial {next(iter(together.members))}"
    shares = [f"{number} x {count}" if count > 1 else str(number) for number, count in together.members.items()]
    return f"trials {', '.join(shares)}, chosen by the validation rows"


def shared(source: Source, task: Task, seed: int, is_said: bool = True, folded: bool = False) -> Parts:
    """Return the rows of each part, see share, and print how they were read."""
    parts = share(source, task, seed, folded)
    if is_said:
        for line in (*_read_as(source, task, parts), f"rows: {_counts(parts)}"):
            say(line)
    for name, told in parts.leaks.items():
        words = f"{name!r} alone tells {told:.0%} of {source.target!r}: a leak? --ignore leaves it out"
        say(f"caution: {words}", sys.stderr)
    return parts


def _read_as(source: Source, task: Task, parts: Parts) -> list[str]:
    """Return how the table was read, in lines: the task and why, and the columns."""
    found = str(parts.table.task)
    other = "regression" if found == "classification" else "classification"
    why = f", because {parts.why}; --task {other} changes it" if task == Task.auto else ""
    return [f"task: {found}{why}", *parts.table.describe().splitlines()]


def _counts(parts: Parts) -> str:
    counts = ", ".join(f"{len(part.y)} {name}" for name, part in parts.by_name().items())
    return counts if parts.validation is not None else f"{counts}; training rows judge too, in {FOLDS} folds"


def require_own(file: Path, study: Path) -> None:
    """Require that a model file that would be overwritten came from this study."""
    if file.exists() and not study.exists():
        raise FileError(f"{file}: exists and no study is beside it; give another --out, or remove it")


def make_folder(folder: Path) -> None:
    """Make a folder that can be written into, where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{folder}: cannot make this folder ({error.strerror})") from error
    if not os.access(folder, os.W_OK):
        raise FileError(f"{folder}: cannot write into this folder")
