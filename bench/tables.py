"""Public tables in a folder, NAME.csv or NAME.csv.gz: which column to predict, which ones give it away."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fastnorm import checks
from fastnorm.errors import DataError
from fastnorm.training.dataset import Dataset, divided

ROWS = 3000  # of training and validation together, drawn where there are more
MISSING = ["", " ", "?", "NA", "NULL"]


@dataclass(frozen=True)
class Known:
    """What is predicted from a table.

    without  columns that give the target away, or that number the rows
    """

    name: str
    target: str
    task: str
    without: tuple[str, ...] = ()
    separator: str = ","


CLASSES, QUANTITY = "classification", "regression"
KNOWN = (
    Known("magic", "class", CLASSES),
    Known("bank_additional", "y", CLASSES, ("duration",), separator=";"),
    Known("credit_default", "default.payment.next.month", CLASSES, ("ID",)),
    Known("electricity", "class", CLASSES),
    Known("hotel_bookings", "is_canceled", CLASSES, ("reservation_status", "reservation_status_date", "No Response")),
    Known("shuttle", "class", CLASSES),
    Known("telco_churn", "Churn", CLASSES, ("customerID",)),
    Known("titanic", "survived", CLASSES, ("boat", "body")),
    Known("soybean", "class", CLASSES),
    Known("vehicle", "Class", CLASSES),
    Known("ames", "SalePrice", QUANTITY, ("Order", "PID")),
    Known("bike_hour", "cnt", QUANTITY, ("casual", "registered", "instant", "dteday")),
    Known("insurance", "charges", QUANTITY),
    Known("auto_mpg", "mpg", QUANTITY, ("car_name",)),
    Known("concrete", "strength", QUANTITY),
    Known("protein_casp", "RMSD", QUANTITY),
    Known("beijing_pm25", "pm2.5", QUANTITY, ("No",)),
    Known("green_taxi", "fare_amount", QUANTITY, ("total_amount", "tip_amount", "payment_type")),
)  # fmt: skip


def there(folder: Path) -> Iterator[tuple[Known, Path]]:
    """Give the tables we know that lie in a folder."""
    for known in KNOWN:
        for path in (folder / f"{known.name}.csv", folder / f"{known.name}.csv.gz"):
            if path.exists():
                yield known, path


def load(known: Known, path: Path) -> tuple[Dataset, Dataset]:
    """Read a table: rows of training, 80 %, and validation; rows without a target are left out.

    Raises DataError where it cannot be read.
    """
    polars = checks.extra("polars", "cli")
    options = {"separator": known.separator, "infer_schema_length": None, "null_values": MISSING}
    try:
        frame = polars.read_csv(path, **options)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path}: {error}") from error
    if known.target not in frame.columns:
        raise DataError(f"{path}: expected a column {known.target!r}")
    frame = frame.drop(known.without, strict=False).drop_nulls(known.target)
    frame = frame[np.random.default_rng(0).permutation(len(frame))[:ROWS]]
    whole, (training, validation) = divided(frame, known.target, (0.8, 0.2), 0, task=known.task)
    return whole.take(training), whole.take(validation)
