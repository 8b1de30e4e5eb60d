"""The arguments and options of `fastnorm tune` and `fastnorm fit`, with their bounds and help."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Task(StrEnum):
    """What the target is."""

    auto = "auto"
    classification = "classification"
    regression = "regression"


Data = Annotated[Path | None, typer.Argument(help="CSV file with a header, or Parquet file.", show_default=False)]
Target = Annotated[str | None, typer.Option("--target", "-t", help="The column to predict.", show_default=False)]
Kind = Annotated[Task, typer.Option("--task", help="What the target is; auto guesses and says so.")]
Example = Annotated[str | None, typer.Option(help="Instead of a file: digits, scikit-learn's.", show_default=False)]
Trials = Annotated[
    int | None, typer.Option(min=1, help="Models to try; 30, or as many as --minutes allow.", show_default=False)
]
Minutes = Annotated[float | None, typer.Option(help="Time to search.", show_default=False)]
Epochs = Annotated[int, typer.Option(min=1, help="How often a model sees each training row.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Models trained at a time; one per core.", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="Same seed: same rows, same models.")]
Folder = Annotated[
    Path | None, typer.Option(help="Folder for the results; DATA's name with -tuned.", show_default=False)
]
Hidden = Annotated[str, typer.Option(help="Units of each hidden layer; 0: softmax or linear regression.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Rows in a minibatch.")]
LearningRate = Annotated[float, typer.Option(help="Of Adam, in the first epoch.")]
DecayRate = Annotated[float, typer.Option(min=0, help="The rate in epoch n is divided by 1 + this * n.")]
Dropout = Annotated[float, typer.Option(min=0, help="Share of each hidden layer's units left out in training.")]
WeightDecay = Annotated[float, typer.Option(min=0, help="Decoupled weight decay, as in AdamW.")]
ModelFile = Annotated[
    Path | None, typer.Option(help="File for the model; DATA's name.safetensors.", show_default=False)
]
