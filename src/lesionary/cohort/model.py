"""The cohort: one row a lesion."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from lesionary.cohort.columns import IMAGE, MASK, PATIENT, SEED, SPLIT, SPLITS
from lesionary.cohort.table import write_table
from lesionary.errors import CohortError


@dataclass(frozen=True, eq=False, repr=False)
class Cohort:
    """A checked lesion table and where its files are.

    Attributes
    ----------
    table : DataFrame
        One row a lesion: ``lesion_id``, ``patient_id``, ``image_path``, the seed ``coordX``,
        ``coordY``, ``coordZ`` (LPS mm) and/or ``mask_path`` (``mask_label``); optional
        ``split`` (train, tune, test), labels, ``time`` and ``event``. Further columns are as
        they came.
    root : Path
        The folder that relative paths of the table start from.
    source : str
        What it was read from, for messages.
    notes : tuple of str
        What was done to the table on the way in (a published fault handled, a split renamed).

    Examples
    --------
    >>> import pandas as pd
    >>> from lesionary.cohort import read_cohort
    >>> cohort = read_cohort(
    ...     pd.DataFrame(
    ...         {
    ...             "lesion_id": ["a1", "a2"],
    ...             "patient_id": ["a", "a"],
    ...             "image_path": ["a.nii.gz", "a.nii.gz"],
    ...             "coordX": [10.5, -3.0],
    ...             "coordY": [20.0, 21.5],
    ...             "coordZ": [-40.0, -44.0],
    ...         }
    ...     ),
    ...     root="scans",
    ... )
    >>> cohort
    Cohort(2 lesions, 1 patient, 1 scan)
    >>> [cohort.seed_mm(row) for row in cohort]
    [(10.5, 20.0, -40.0), (-3.0, 21.5, -44.0)]
    """

    table: pd.DataFrame
    root: Path
    source: str = "table"
    notes: tuple[str, ...] = ()
    root_is_given: bool = field(default=False, kw_only=True)

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each lesion as a mapping of column to value."""
        for start in range(0, len(self.table), 1024):
            for row in self.table.iloc[start : start + 1024].to_dict("records"):
                yield {str(column): value for column, value in row.items()}

    def image_path(self, row: Mapping[str, Any]) -> str:
        """Return where the lesion's scan is (``path`` or ``path#SeriesInstanceUID``)."""
        return str(self.root / str(row[IMAGE]))

    def mask_path(self, row: Mapping[str, Any]) -> str | None:
        """Return where the lesion's mask is, or None if the row has none."""
        value = row.get(MASK)
        return None if pd.isna(value) else str(self.root / str(value))

    def seed_mm(self, row: Mapping[str, Any]) -> tuple[float, float, float] | None:
        """Return the lesion's seed in LPS mm, or None if the row has only a mask."""
        x, y, z = (float(row.get(name, float("nan"))) for name in SEED)
        return None if pd.isna([x, y, z]).any() else (x, y, z)

    def of_split(self, *names: str) -> Cohort:
        """Return the lesions of the named splits, in the table's order."""
        if SPLIT not in self.table:
            raise CohortError(
                f"{self.source} has no column 'split': make one with 'lesionary cohort split'."
            )
        unknown = [name for name in names if name not in SPLITS]
        if unknown:
            raise CohortError(
                f"There is no split {', '.join(unknown)}; a cohort has {', '.join(SPLITS)}."
            )
        rows = self.table[self.table[SPLIT].isin(names)].reset_index(drop=True)
        return replace(self, table=rows)

    def write(self, path: str | Path) -> Path:
        """Write the table (CSV, or Parquet if ``path`` ends so), whole or not at all.

        Relative paths that start from the table's own folder are rewritten to start from the
        new one, so that the written table finds the same files. Those that start from a given
        ``root`` stay, and the written table needs the same ``root``. Parquet keeps every
        column's type; CSV keeps identifiers as text and numbers exactly.
        """
        path = Path(path)
        table = self.table if self.root_is_given else rebased(self.table, self.root, path.parent)
        write_table(table, path)
        return path

    def __repr__(self) -> str:
        def count(number: int, word: str) -> str:
            return f"{number:,} {word}{'' if number == 1 else 's'}"

        parts = [
            count(len(self), "lesion"),
            count(self.table[PATIENT].nunique(), "patient"),
            count(self.table[IMAGE].nunique(), "scan"),
        ]
        text = ", ".join(parts)
        if SPLIT in self.table:
            sizes = self.table[SPLIT].value_counts()
            text += "; " + ", ".join(f"{sizes[name]:,} {name}" for name in SPLITS if name in sizes)
        return f"Cohort({text})"


def rebased(table: pd.DataFrame, old: Path, new: Path) -> pd.DataFrame:
    """Return ``table`` with paths relative to folder ``old`` made relative to ``new``."""
    if old.resolve() == new.resolve():
        return table
    table = table.copy()
    for column in (IMAGE, MASK):
        if column in table:
            paths = {
                path: _rebased_path(path, old, new) for path in table[column].dropna().unique()
            }
            table[column] = table[column].map(paths)
    return table


def _rebased_path(path: str, old: Path, new: Path) -> str:
    if Path(path).is_absolute():
        return path
    return Path(os.path.relpath(old.resolve() / path, new.resolve())).as_posix()
