"""What is wrong with predictions: rows to set aside, and tables that cannot be judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from lesionary.cohort.columns import EVENT, LESION, PATIENT, SPLIT, TIME
from lesionary.errors import EvaluationError

MODEL, TARGET, FRACTION = "model", "target", "fraction"
ROW = "\0row"
"""Column of the row as a spreadsheet counts it, by a name that no table has."""

_SEVERAL = 5
"""Names that a message shows."""


def set_aside(
    rows: pd.DataFrame, columns: tuple[str, ...], kind: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part rows that can be judged from those that cannot, with the reason."""
    for column in columns:
        numbers = pd.to_numeric(rows[column], errors="coerce")
        rows[column] = numbers.astype(np.float64)
    reasons: dict[str, Any] = {
        "no lesion_id": rows[LESION].isna(),
        "no model": rows[MODEL].isna(),
        "score is missing, infinite or no number": ~np.isfinite(rows[list(columns)]).all(axis=1),
    }
    if kind == "classes":
        reasons["no target"] = rows[TARGET].isna()
    else:
        rows[TIME] = pd.to_numeric(rows[TIME], errors="coerce").astype(np.float64)
        rows[EVENT] = pd.to_numeric(rows[EVENT], errors="coerce").astype(np.float64)
        reasons["no time above 0"] = ~(np.isfinite(rows[TIME]) & (rows[TIME] > 0))
        reasons["event is neither 0 nor 1"] = ~rows[EVENT].isin([0, 1])
    if PATIENT in rows:
        rows[PATIENT] = rows[PATIENT].map(text, na_action="ignore")
        reasons["no patient_id"] = rows[PATIENT].isna()
    if SPLIT in rows:
        reasons["no split"] = rows[SPLIT].isna()
    reason = pd.Series("", index=rows.index)
    for words, mask in reversed(reasons.items()):  # so that the first to hold is the one told
        reason[mask] = words
    bad = reason != ""
    aside = rows.loc[bad, [ROW, LESION, MODEL]].assign(reason=reason[bad])
    rows = rows[~bad].copy()
    if kind == "survival":
        rows[EVENT] = rows[EVENT].astype(np.int64)
    return rows, aside.rename(columns={ROW: "row"}).reset_index(drop=True)


def check_unique(rows: pd.DataFrame) -> None:
    """Raise if a model judges a lesion twice."""
    key = [MODEL, LESION, *([FRACTION] if FRACTION in rows else [])]
    twice = rows[rows.duplicated(key)]
    if len(twice):
        one = twice.iloc[0]
        raise EvaluationError(
            f"{len(twice):,} rows repeat a lesion of the same model, first {one[LESION]!r} of "
            f"{one[MODEL]!r} in row {one[ROW]}: a lesion is judged once. If the table is of "
            "several models, say with `by` which column tells them apart."
        )


def check_agreement(rows: pd.DataFrame, kind: str) -> None:
    """Raise unless all models have the same truth, patient and split for a lesion."""
    for column in (*((TARGET,) if kind == "classes" else (TIME, EVENT)), PATIENT, SPLIT):
        if column in rows:
            differing = rows.groupby(LESION, sort=False)[column].nunique()
            lesions = differing.index[differing > 1]
            if len(lesions):
                raise EvaluationError(
                    f"{len(lesions):,} lesions have a different {column} in different rows: "
                    f"{several(lesions)}."
                )


def table_notes(rows: pd.DataFrame) -> list[str]:
    """Say what of the table bears on all its numbers."""
    notes = []
    if PATIENT not in rows:
        notes.append(
            "There is no column 'patient_id': lesions count as independent, and intervals are too "
            "narrow if patients have several."
        )
    lesions = rows.groupby(MODEL, sort=False)[LESION].agg(frozenset)
    shared = frozenset.intersection(*lesions)
    if any(len(one) > len(shared) for one in lesions):
        counts = ", ".join(f"{name} {len(one):,}" for name, one in lesions.items())
        notes.append(
            f"Models have different lesions ({counts}): each is judged on its own, and they are "
            f"compared on the {len(shared):,} that all have."
        )
    return notes


def leaks(rows: pd.DataFrame) -> tuple[str, ...]:
    """Find patients on both sides of a split."""
    if PATIENT not in rows or SPLIT not in rows:
        return ()
    splits = rows.groupby(PATIENT, sort=False)[SPLIT].nunique()
    shared = splits.index[splits > 1]
    if not len(shared):
        return ()
    return (
        f"{len(shared):,} patients are in more than one split, such as {several(shared)}: numbers "
        "of the later splits are too good. Split by patient ('lesionary cohort split').",
    )


def several(names: Any) -> str:
    """Name some."""
    shown = ", ".join(str(name) for name in list(names)[:_SEVERAL])
    return shown + (", ..." if len(names) > _SEVERAL else "")


def text(value: Any) -> str:
    """Name a value as text, whole numbers without a point: CSV reads 1 as 1.0 beside a gap."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)
