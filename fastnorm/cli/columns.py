"""The command columns: what a table holds, how each column was read, and how it will be used."""

from dataclasses import asdict

from .. import table
from ..saving import model_file
from ..table import ColumnReport, Survey
from ..table._survey import types_as_toml
from . import options
from .data import located, missing_words, read_file, types_of
from .lines import say
from .report import to_json

HEADS = ("column", "kind", "missing", "distinct", "examples", "use", "notes")
WIDEST = 40  # letters of the examples


@options.with_options(options.TypeOptions)
def columns(
    data: options.Table,
    target: options.Target = None,
    task: options.Kind = options.Task.auto,
    out: options.TypesOut = None,
    json: options.Json = False,
    *,
    read: options.TypeOptions,
) -> None:
    """List a table's columns: how each was read, how it will be used and why, and what is odd in it.

    With --out the kinds are written as a file, to be edited and given to `tune` and `fit` as --types.

    - `fastnorm columns adult.csv --target income`
    - `fastnorm columns adult.csv --target income --out types.toml`
    """
    frame = read_file(data, read, target)
    with located(data):
        survey = table.columns(frame, target, str(task), types=types_of(read), missing=missing_words(read))
    if out is not None:
        model_file.write(out, types_as_toml(survey).encode())
    if json:
        print(to_json(asdict(survey)))
        return
    say(f"{survey.rows} rows of {len(survey.columns)} columns")
    for words in notes_of(survey, said=frame.notes):
        say(words)
    rows = [HEADS, *(_cells(column, read.no_examples) for column in survey.columns)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS) - 1)]
    hanging = sum(widths) + 2 * len(widths)
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        say("  ".join([*cells, row[-1]]).rstrip(), hanging=hanging)
    if out is not None:
        say(f"saved {out}")


def notes_of(survey: Survey, said: tuple[str, ...] = ()) -> list[str]:
    """Return what is odd in the whole table, but for what was said already."""
    notes = [note for note in survey.notes if note not in said]
    return notes + ([f"{survey.doubled} rows are the same as another one"] if survey.doubled else [])


def _cells(column: ColumnReport, hides: bool) -> tuple[str, ...]:
    examples = ", ".join(map(repr, column.examples)) if column.kind == "category" else " to ".join(column.examples)
    shown = "" if hides else examples if len(examples) <= WIDEST else examples[: WIDEST - 3] + "..."
    missing = "" if not column.missing else f"{column.missing:.1%}"
    notes = [column.why, *column.notes] if column.why else list(column.notes)
    return column.name, column.kind, missing, str(column.distinct), shown, column.use, "; ".join(notes)
