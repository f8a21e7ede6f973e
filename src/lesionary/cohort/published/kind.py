"""What a published table is, and steps that several of them need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lesionary.cohort.columns import EVENT, IMAGE, LESION, TIME
from lesionary.scan import Geometry

TWO_YEARS_DAYS = 730

_AUTHORS_DISK = "/mnt/data1/"
"""What the published paths begin with: a place of their authors', to be read as the root."""


@dataclass(frozen=True)
class Kind:
    """One published table: how to know it, and how to read it.

    Attributes
    ----------
    name : str
    recognise : callable
        Tells whether a table (with its published columns) is of this kind.
    adapt : callable
        ``(table, root, handle) -> (table, notes)``; may change the table it is given.
    seeds_need_scans : bool
        The table gives voxel indices only, so that rows without their scan have no seed.
    check_scan : callable, optional
        ``(row, geometry) -> message or None``: an assumption that the scan can confirm.
    """

    name: str
    recognise: Callable[[pd.DataFrame], bool]
    adapt: Callable[[pd.DataFrame, Path, bool], tuple[pd.DataFrame, list[str]]]
    seeds_need_scans: bool = False
    check_scan: Callable[[pd.Series, Geometry], str | None] | None = None


def has_columns(table: pd.DataFrame, *columns: str) -> bool:
    """Tell whether ``table`` has all of ``columns``."""
    return set(columns) <= set(table.columns)


def put_first(table: pd.DataFrame, **columns: pd.Series[str]) -> pd.DataFrame:
    """Return ``table`` with ``columns`` in front, unless it has them already."""
    new = {name: values for name, values in columns.items() if name not in table}
    return pd.concat([pd.DataFrame(new, index=table.index), table], axis=1)


def shorten_image_path(table: pd.DataFrame, relative: pd.Series[str]) -> list[str]:
    """Put ``relative`` where ``image_path`` is on the authors' disk, or a name all rows share."""
    paths = table[IMAGE].astype(object)
    private = paths.str.startswith(_AUTHORS_DISK, na=False)
    shared = (
        ~paths.str.contains("/", na=False) & paths.duplicated(keep=False) & ~relative.isin(paths)
    )
    replaced = (private | shared) & (paths != relative)
    if not replaced.any():
        return []
    table[IMAGE] = table[IMAGE].mask(replaced, relative)
    example = table.loc[replaced, IMAGE].iloc[0]
    return [
        f"image_path of {replaced.sum():,} rows was a place on the authors' disk, or one name for "
        f"all; it is now the file's place under your root, as '{example}'."
    ]


def keep_published(table: pd.DataFrame, *columns: str) -> None:
    """Copy columns that are about to change to ``published_<name>``, once."""
    for column in columns:
        if f"published_{column}" not in table:
            table[f"published_{column}"] = table[column]


def add_survival(table: pd.DataFrame) -> None:
    """Add ``time`` (days) and ``event`` (1: death) under Lesionary's names."""
    for name, published in ((TIME, "Survival.time"), (EVENT, "deadstatus.event")):
        if name not in table:
            table[name] = table[published]


def two_year_survival(table: pd.DataFrame) -> pd.Series[float]:
    """Return 1 if alive at two years, 0 if dead by then, NaN if censored before."""
    alive = (table["Survival.time"] >= TWO_YEARS_DAYS).astype(float)
    censored = (alive == 0) & (table["deadstatus.event"] == 0)
    return alive.mask(censored, np.nan)


def is_new(table: pd.DataFrame) -> bool:
    """Tell whether the table is as published, with no identifiers of ours yet."""
    return LESION not in table
