"""Rows shared among training, validation and test: at random, by groups that stay together, or by time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import checks
from ..errors import DataError, SettingError, ShapeError
from ..kernels.random import SPLIT, permutation


def split(
    count: int, fractions: Sequence[float] = (0.64, 0.16, 0.20), seed: int = 0, *, classes: Any = None,
    groups: Any = None, time: Any = None,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    """Share the rows 0 to count - 1 among len(fractions) parts; each part is sorted int64 (rows,).

    fractions  each part's share, above 0; they add up to 1
    seed       the same seed gives the same parts
    classes    values (count,): each part gets its share of each class, and the first part, which is for training, at
               least one row of each
    groups     values (count,): rows of one group stay in one part, whose share is met as nearly as groups allow
    time       numbers (count,) that tell the order: the first part has the earliest rows, rows of one time stay in one
               part, and chance has no say
    Raises DataError if a part would be empty, SettingError for groups and time together.
    """
    checks.integer("count", count, 1)
    shares = np.array([checks.number("fractions", fraction, 0, 1, ends="(]") for fraction in fractions])
    if abs(shares.sum() - 1) > 1e-9:
        raise SettingError(f"fractions: expected shares that add up to 1, got {tuple(fractions)}")
    if groups is not None and time is not None:
        raise SettingError("split: expected groups or time, got both")
    ends = np.cumsum(shares)
    if time is not None:
        part, words = _by_time(_values("time", time, count), ends), "times"
    elif groups is not None:
        part, words = _by_groups(_values("groups", groups, count), ends, seed), "groups"
    else:
        part, words = _by_chance(_values("classes", classes, count), ends, seed), "classes"
    parts = tuple(np.flatnonzero(part == place) for place in range(len(shares)))
    if not all(rows.size for rows in parts):
        sizes = ", ".join(str(rows.size) for rows in parts)
        given = next((given for given in (time, groups, classes) if given is not None), None)
        rows = str(count) if given is None else f"{count} of {len(np.unique(given))} {words}"
        raise DataError(f"rows: expected enough to share among {len(shares)} parts, got {rows}, which give {sizes}")
    return parts


def _values(name: str, given: Any, count: int) -> np.ndarray:
    values = np.zeros(count, np.int64) if given is None else np.asarray(given)
    if values.shape != (count,):
        raise ShapeError(f"{name}: expected shape ({count},), got {values.shape}")
    return values


def _by_chance(classes: np.ndarray, ends: np.ndarray, seed: int) -> np.ndarray:
    places = np.unique(classes, return_inverse=True)[1]
    shuffled = permutation(seed, SPLIT, 0, 0, len(places))
    order = shuffled[np.argsort(places[shuffled], kind="stable")]  # class by class, at random within each
    part = np.empty(len(places), np.int64)
    part[order] = _parts_of_sorted(np.bincount(places), ends)
    return part


def _by_groups(groups: np.ndarray, ends: np.ndarray, seed: int) -> np.ndarray:
    """Return the part of each row: groups in a random order, each to the part that lacks most; none stays empty."""
    places = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(places)
    lacks = (np.diff(ends, prepend=0) * len(groups)).tolist()
    empty = set(range(len(lacks)))
    part = np.empty(len(sizes), np.int64)
    for done, group in enumerate(permutation(seed, SPLIT, 0, 0, len(sizes)).tolist()):
        parts = empty if len(sizes) - done <= len(empty) and empty else range(len(lacks))
        chosen = max(parts, key=lacks.__getitem__)
        part[group] = chosen
        lacks[chosen] -= float(sizes[group])
        empty.discard(chosen)
    return part[places]


def _by_time(time: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the part of each row: where a limit falls within rows of one time, they belong to the earlier part."""
    if np.isnan(time).any():
        raise DataError(f"time: expected one for each row, got none in row {int(np.isnan(time).argmax())}")
    limits = np.sort(time)[np.rint(ends[:-1] * len(time)).astype(np.int64) - 1]
    return np.searchsorted(limits, time, side="left")


def _parts_of_sorted(sizes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the part of each row where classes of these sizes stand one behind the other; shares are cumulative.

    Rounding runs on from class to class, so that it is within a row in each class and in the whole.
    """
    ends = np.cumsum(sizes)
    limits = np.rint(np.outer(np.append(0, ends), shares[:-1])).astype(np.int64)
    counts = np.diff(limits, axis=0)  # rows of each class before the end of each part but the last
    counts[:, :1] = np.maximum(counts[:, :1], 1)
    counts = np.maximum.accumulate(counts, axis=1)
    rank = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    return (rank[:, np.newaxis] >= np.repeat(counts, sizes, axis=0)).sum(axis=1)
