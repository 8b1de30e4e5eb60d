"""The loop of `fit` around a Run: follow the epochs, keep the best one, show a line for each."""

import math
import os
import sys
from collections.abc import Iterable

from .. import checks
from ..metrics import rank
from ..training.run import Epoch, Run


class History(list[Epoch]):
    """The epochs of a training.

    kept    the one whose weights the model has: the best by validation, else the last; None where none was finished
    metric  its validation metric chose it, or "loss"
    beyond  minibatches of the next epoch that the weights have seen too, where no validation chose an epoch
    """

    def __init__(self, epochs: Iterable[Epoch], kept: Epoch | None, metric: str, beyond: int = 0) -> None:
        super().__init__(epochs)
        self.kept = kept
        self.metric = metric
        self.beyond = beyond

    def __str__(self) -> str:
        beyond = f", and {self.beyond} minibatches of the next" if self.beyond else ""
        if self.kept is None:
            return f"no epoch was finished{beyond}"
        chosen = self.kept.validation_loss is not None
        how = f"the best by validation {self.metric.replace('_', ' ')}" if chosen else "the last"
        return f"kept epoch {self.kept.number} of {len(self)}, {how}{beyond}"


def follow(
    run: Run, epochs: int, metric: str | None, patience: int | None, verbose: int, deadline: float | None
) -> History:
    """Advance a run epoch by epoch, and leave it at its best epoch where there is validation data.

    Where the metric decides and the loss still falls, patience waits for both.
    """
    if patience is not None:
        patience = checks.integer("patience", patience, 1)
    if deadline is not None:
        deadline = checks.number("deadline", deadline, -math.inf)
    usual = run.loss.metric
    metric = usual if metric is None else checks.choice("metric", metric, (usual, "loss"))
    best, least, improved, mark = None, None, 0, None
    while run.epoch < epochs and (done := run.advance(deadline=deadline)):
        epoch = done[-1]
        if verbose:
            _show(run, epochs)
        if epoch.validation_loss is not None and epoch.validation_metric is not None:
            loss = rank("loss", epoch.validation_loss, 0)
            key = loss if metric == "loss" else rank(metric, epoch.validation_metric, epoch.validation_loss)
            if best is None or key < best[0]:
                best, mark, improved = (key, epoch), run.checkpoint(), epoch.number
            if least is None or loss < least:
                least, improved = loss, epoch.number
            if patience is not None and epoch.number - improved >= patience:
                break
    kept = best[1] if best else run.history[-1] if run.history else None
    history = History(run.history, kept, metric, 0 if mark else run.minibatch)
    if verbose:
        _end(run, epochs)
        print(history, file=sys.stderr)
    if mark is not None:
        run.revert(mark)
    return history


def _show(run: Run, epochs: int) -> None:
    """Write over the progress line on a terminal; elsewhere a line for the first epoch and for every tenth of them."""
    if sys.stderr.isatty():
        print(f"\r{_line(run, epochs, _width())}\033[K", end="", file=sys.stderr, flush=True)
    elif _is_shown(run.epoch, epochs):
        print(_line(run, epochs), file=sys.stderr, flush=True)


def _end(run: Run, epochs: int) -> None:
    """End the line on a terminal; elsewhere give the last epoch's, where training ended before that was due."""
    if sys.stderr.isatty():
        print(file=sys.stderr)
    elif run.history and not _is_shown(run.epoch, epochs):
        print(_line(run, epochs), file=sys.stderr, flush=True)


def _is_shown(number: int, epochs: int) -> bool:
    return number == 1 or number * 10 // epochs > (number - 1) * 10 // epochs


def _line(run: Run, epochs: int, width: int | None = None) -> str:
    """The numbers of the last epoch, as many as fit into the width."""
    epoch = run.history[-1]
    loss, metric = (name.replace("_", " ") for name in (run.model.loss_name, run.loss.metric))
    parts = [f"epoch {epoch.number}/{epochs}", f"{loss} {epoch.loss:.4f}", f"{metric} {epoch.metric:.4f}"]
    if epoch.validation_loss is not None:
        parts += [f"validation {loss} {epoch.validation_loss:.4f}", f"{metric} {epoch.validation_metric:.4f}"]
    parts += [f"rate {epoch.learning_rate:.2g}", f"{epoch.seconds:.2f} s"]
    while width is not None and len("  ".join(parts)) >= width and len(parts) > 1:
        parts.pop()
    return "  ".join(parts)


def _width() -> int:
    return os.get_terminal_size(sys.stderr.fileno()).columns or 80
