"""Checks that need only the table: columns, numbers, identifiers, splits, outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lesionary.cohort.columns import (
    EVENT,
    IMAGE,
    LESION,
    MASK,
    PATIENT,
    SEED,
    SPLIT,
    SPLITS,
    TIME,
)
from lesionary.cohort.leaks import leakage
from lesionary.cohort.load import Loaded
from lesionary.cohort.problem import Findings, value_text
from lesionary.spelling import nearest

_WHY = {
    LESION: "a name for each lesion by which all tables are joined",
    PATIENT: "it keeps a patient's lesions in one split",
    IMAGE: "where the lesion's scan is",
}


def check_table(loaded: Loaded, findings: Findings) -> None:
    """Add every problem that the table alone shows."""
    if loaded.table.empty:
        findings.add("error", "", "The table has no rows.")
    _check_columns(loaded.table, findings)
    _check_lesion_ids(loaded.table, findings)
    _check_seeds(loaded, findings)
    _check_splits(loaded, findings)
    _check_survival(loaded.table, findings)


def check_labels(table: pd.DataFrame, labels: Sequence[str], findings: Findings) -> None:
    """Add a problem for every label that has fewer than two classes."""
    for label in labels:
        if label not in table:
            findings.add("error", label, _missing(label, table, "named as the label"))
            continue
        classes = table[label].dropna().unique()
        if len(classes) < 2:
            only = f"only the class {value_text(classes[0])}" if len(classes) else "no value at all"
            findings.add(
                "error", label, f"The label has {only}: there is nothing to learn or to tell apart."
            )
        elif SPLIT in table:
            for split, values in table.groupby(SPLIT)[label]:
                if values.nunique() < 2:
                    findings.add(
                        "warning",
                        label,
                        f"The label has fewer than two classes in split '{split}'.",
                    )


def numbers(table: pd.DataFrame, column: str) -> pd.Series[float]:
    """Return a column as floats; what is missing or no number is NaN."""
    return pd.to_numeric(table[column], errors="coerce").astype(float)


def _missing(column: str, table: pd.DataFrame, why: str) -> str:
    close = nearest(column, map(str, table.columns), cutoff=0.75)
    hint = f" Did you mean {close!r}? Rename it." if close else " Add it."
    return f"The column is missing ({why}).{hint}"


def _check_columns(table: pd.DataFrame, findings: Findings) -> None:
    for column, why in _WHY.items():
        if column not in table:
            findings.add("error", column, _missing(column, table, why))
        else:
            cells = table[column].astype(object)  # a column with no value has no text type
            empty = cells.isna() | (cells.str.strip() == "")
            findings.add_rows("error", empty, column, f"It is empty ({why}).")
    absent = [name for name in SEED if name not in table]
    if MASK not in table and absent == list(SEED):
        findings.add(
            "error",
            "",
            "A lesion needs a place: add coordX, coordY, coordZ (LPS mm) or mask_path.",
        )
    elif absent and absent != list(SEED):
        for name in absent:
            findings.add("error", name, _missing(name, table, "a seed has x, y and z in LPS mm"))


def _check_lesion_ids(table: pd.DataFrame, findings: Findings) -> None:
    if LESION not in table:
        return
    again = table[LESION].duplicated() & table[LESION].notna()
    if not again.any():
        return
    ids = table[LESION].tolist()
    first = {ids[i]: i for i in reversed(range(len(ids)))}

    def message(position: int) -> str:
        there = findings.origin.rows[first[ids[position]]]
        return (
            f"'{ids[position]}' names another lesion in row {there} already: tables are joined "
            "by lesion_id, so each needs its own."
        )

    findings.add_rows("error", again, LESION, message)


def _check_seeds(loaded: Loaded, findings: Findings) -> None:
    table = loaded.table
    present = [name for name in SEED if name in table]
    if not present:
        return
    has_mask = table[MASK].notna() if MASK in table else pd.Series(False, index=table.index)
    seedless = table[present].isna().all(axis=1)
    if loaded.kind is not None and loaded.kind.seeds_need_scans:
        has_mask |= seedless  # a note of the table says how many wait for their scan
    for name in present:
        values = _check_numbers(table, name, findings)
        empty = table[name].isna() & ~(has_mask & seedless)
        findings.add_rows(
            "error", empty, name, "It is empty: give the seed in LPS mm, or a mask_path instead."
        )
        findings.add_rows(
            "error", np.isinf(values), name, "It is infinite: give the seed in LPS mm."
        )
    if len(present) == len(SEED):
        _check_voxel_like(table, findings)


def _check_voxel_like(table: pd.DataFrame, findings: Findings) -> None:
    """Millimetres are hardly ever whole and never negative in every row; indices always are."""
    seeds = np.column_stack([numbers(table, name) for name in SEED])
    seeds = seeds[np.isfinite(seeds).all(axis=1)]
    if len(seeds) and (seeds >= 0).all() and (seeds == np.rint(seeds)).all():
        findings.add(
            "warning",
            SEED[0],
            "All seeds are whole and not negative, as voxel indices are, but a seed is in LPS "
            "millimetres. If they are indices, convert with scan.geometry.to_mm((z, y, x)).",
        )


def _check_numbers(table: pd.DataFrame, column: str, findings: Findings) -> pd.Series[float]:
    """Add a problem for every cell that is no number; return the numbers."""
    values = numbers(table, column)
    cells = table[column]
    unreadable = values.isna() & cells.notna()

    def message(position: int) -> str:
        cell = str(cells.iloc[position])
        hint = " Use a decimal point." if "," in cell else " Correct it."
        return f"{value_text(cell)} is not a number.{hint}"

    findings.add_rows("error", unreadable, column, message)
    return values


def _check_splits(loaded: Loaded, findings: Findings) -> None:
    table = loaded.table
    if SPLIT not in table:
        return
    known = table[SPLIT].isin(SPLITS)
    findings.add_rows(
        "error",
        ~known & table[SPLIT].notna(),
        SPLIT,
        lambda position: (
            f"{value_text(table[SPLIT].iloc[position])} is not a split: use train, tune "
            "(to choose, also read as val) or test, or rename the column."
        ),
    )
    if table[SPLIT].isna().any():
        count = int(table[SPLIT].isna().sum())
        findings.add("warning", SPLIT, f"{count:,} lesions are in no split and will not be used.")
    if PATIENT not in table or IMAGE not in table:
        return
    for leak in leakage(table):
        if loaded.kind is not None:
            what = f"Published with leakage: {leak}. Kept as published; results will look too good."
        else:
            what = f"Leakage: {leak}. Split again ('lesionary cohort split'), or rename the column."
        findings.add("warning" if loaded.kind else "error", SPLIT, what)


def _check_survival(table: pd.DataFrame, findings: Findings) -> None:
    for one, other in ((TIME, EVENT), (EVENT, TIME)):
        if one in table and other not in table:
            findings.add(
                "warning", other, f"The column is missing: survival needs it beside '{one}'."
            )
    if TIME in table:
        time = _check_numbers(table, TIME, findings)
        findings.add_rows(
            "error", time < 0, TIME, "Survival time is negative: count from the scan's date."
        )
        findings.add_rows("error", np.isinf(time), TIME, "Survival time is infinite.")
    if EVENT in table:
        event = _check_numbers(table, EVENT, findings)
        findings.add_rows(
            "error",
            event.notna() & ~event.isin([0, 1]),
            EVENT,
            "An event is 1 (it happened) or 0 (censored).",
        )
