"""Tables on disk: CSV and Parquet, read so that what was written comes back."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from lesionary.cohort.columns import TEXT
from lesionary.errors import CohortError
from lesionary.files import atomic_path

# Numbers that are codes: leading zeros ("007"), or more digits than a number keeps.
_CODE = r"[+-]?0\d.*|\d{16,}"
_MISSING_NUMBER = ("", "NA", "N/A", "NaN", "nan")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV or Parquet table; the index is the row as a spreadsheet counts it.

    In a CSV, a column is numeric if all its values are plain numbers (empty, ``NA`` and
    ``NaN`` are missing); identifiers, paths and numbers with leading zeros stay text.
    Entirely empty rows are skipped.

    Raises
    ------
    CohortError
        If there is no such file, or it is not a table.
    """
    path = Path(path)
    if not path.is_file():
        raise CohortError(f"There is no table {path}.")
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    if path.suffix.lower() in {".xls", ".xlsx", ".ods"}:
        raise CohortError(f"{path} is a spreadsheet: save it as CSV (UTF-8, comma separated).")
    return _read_csv(path)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table whole or not at all: Parquet if ``path`` ends so, else CSV."""
    path = Path(path)
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False, lineterminator="\n")


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise CohortError(f"{path} is not a readable Parquet table: {error}") from error
    for name in table:
        if pd.api.types.is_object_dtype(table[name]):  # pandas 2 has None there, and else NaN
            table[name] = table[name].where(table[name].notna(), float("nan"))
    table.index = pd.RangeIndex(2, len(table) + 2)
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        # Without a header for pandas: it would rename columns that occur twice, and take
        # the first column for an index where rows are longer than the header.
        cells = pd.read_csv(
            path,
            header=None,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            encoding="utf-8-sig",
        ).fillna("")
    except pd.errors.EmptyDataError as error:
        raise CohortError(f"{path} is empty.") from error
    except UnicodeDecodeError as error:
        raise CohortError(f"{path} is not UTF-8 text: save it as CSV (UTF-8).") from error
    except (pd.errors.ParserError, csv.Error) as error:
        raise CohortError(f"{path} is not a regular CSV table: {error}") from error
    names = _column_names(path, cells.iloc[0].tolist())
    cells = cells.iloc[1:]
    cells.index = pd.RangeIndex(2, len(cells) + 2)
    cells = cells[(cells != "").any(axis=1)]
    columns = {
        name: _as_text(cells[position]) if name in TEXT else _typed(cells[position])
        for position, name in enumerate(names)
    }
    return pd.DataFrame(columns, index=cells.index)


def _column_names(path: Path, header: list[str]) -> list[str]:
    if len(header) == 1 and ";" in header[0]:
        raise CohortError(
            f"{path} is separated by semicolons: save it with commas (and decimal points)."
        )
    names = [name or f"Unnamed: {position}" for position, name in enumerate(header)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CohortError(
            f"{path} has the column {', '.join(twice)} more than once: remove or rename it."
        )
    return names


def _as_text(cells: pd.Series[str]) -> pd.Series[str]:
    return cells.mask(cells == "")


def _typed(cells: pd.Series[str]) -> pd.Series:
    if cells.str.fullmatch(_CODE).any():
        return _as_text(cells)
    missing = cells.isin(_MISSING_NUMBER)
    numbers = pd.to_numeric(cells.mask(missing), errors="coerce")
    if not (numbers.isna() & ~missing).any():
        if numbers.dtype.kind == "f":  # pandas 2 is one unit in the last place off
            numbers = cells.mask(missing, "nan").map(float)
        return numbers
    if cells.isin(["True", "False", ""]).all():
        return cells.map({"True": True, "False": False})
    return _as_text(cells)
