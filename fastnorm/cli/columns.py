"""The command columns: what a table holds, how each column was read, and how it will be used."""

from dataclasses import asdict

from .. import table
from ..saving import model_file
from ..table._survey import types_as_toml
from . import options
from .data import located, missing_words, read_file, types_of
from .lines import say
from .report import to_json


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
    head, *lines = survey.lines()
    for line in (head, *(line for line in lines if line not in frame.notes)):
        say(line, hanging=survey.hanging)
    if out is not None:
        say(f"saved {out}")
