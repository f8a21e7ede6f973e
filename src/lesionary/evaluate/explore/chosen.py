"""What columns say of rows: their split, class, volume and patient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import SPLIT
from lesionary.errors import EvaluationError
from lesionary.evaluate.explore.joined import Joined
from lesionary.evaluate.inputs import group_codes
from lesionary.evaluate.prediction_checks import several, text
from lesionary.spelling import hint

MOST_CLASSES = 10


def of_split(columns: Joined, split: str | None, index: pd.Index, notes: list[str]) -> pd.Series:
    """Say of each row whether it is of the split that was asked for."""
    found = columns.get(SPLIT)
    if split is None:
        if found is not None and (found == "test").any():
            notes.append(
                "The rows include the split 'test': what is chosen by looking at them has seen "
                "the test. Explore the split 'train' alone."
            )
        return pd.Series(True, index=index)
    if found is None or not (found == split).any():
        known = [] if found is None else list(found.dropna().unique())
        raise EvaluationError(f"No row is of the split {split!r}{hint(split, map(str, known))}.")
    return found == split


def label_of(found: pd.Series, name: str, wanted: pd.Series, reason: pd.Series) -> pd.Series:
    """Return the class of each row as text, and give a reason to rows without one."""
    reason[(reason == "") & found.isna()] = f"no {name}"
    numbers = found[wanted & (reason == "")]
    if pd.api.types.is_float_dtype(numbers) and (numbers % 1 != 0).any():
        raise EvaluationError(
            f"The label {name!r} has values as {numbers[numbers % 1 != 0].iloc[0]:g}: a number, "
            "and no class. Cut it into classes first."
        )
    return found.map(text, na_action="ignore")


def classes_of(
    label: pd.Series | None, name: str | None, asked: Sequence[str] | None, usable: pd.Series
) -> tuple[str, ...]:
    """Return the classes to compare, in order: those asked for, or all there are."""
    if label is None:
        if asked:
            raise EvaluationError("Classes were named, but not the column they are in.")
        return ()
    present = _sorted(label[usable].unique().tolist())
    if asked is not None:
        unknown = [one for one in asked if one not in present]
        if unknown:
            raise EvaluationError(
                f"No row has the {name} {unknown[0]!r}{hint(str(unknown[0]), present)}."
            )
        if len(set(asked)) < len(asked):
            raise EvaluationError(f"Of the classes {', '.join(asked)} one is named twice.")
        present = list(asked)
    if len(present) < 2:
        found = f"all rows have the {name} {present[0]!r}" if present else f"no row has a {name}"
        raise EvaluationError(f"There are no two classes to compare: {found}.")
    if len(present) > MOST_CLASSES:
        raise EvaluationError(
            f"The label {name!r} has {len(present):,} classes ({several(present)}); at most "
            f"{MOST_CLASSES} can be compared. Name those to compare, or cut it into classes."
        )
    return tuple(present)


def _sorted(names: list[str]) -> list[str]:
    try:
        return sorted(names, key=float)
    except ValueError:
        return sorted(names)


def volume_of(found: pd.Series, name: str, used: pd.Series) -> NDArray[np.float64]:
    """Return the volume of the rows that are used; NaN where it is missing."""
    if not pd.api.types.is_numeric_dtype(found):
        raise EvaluationError(f"The volume {name!r} is no number in every row.")
    values = found[used].to_numpy(dtype=np.float64, na_value=np.nan)
    values[np.isinf(values)] = np.nan
    if len(np.unique(values[~np.isnan(values)])) < 2:
        raise EvaluationError(f"The volume {name!r} is missing, or the same, in every row.")
    return values


def patients_of(
    found: pd.Series | None, used: pd.Series, notes: list[str]
) -> tuple[NDArray[np.int64], bool]:
    """Give the patients of the rows that are used numbers, and say whether they are known."""
    if found is None:
        notes.append(
            "There is no column 'patient_id': rows count as independent, and intervals are too "
            "narrow if patients have several."
        )
        return group_codes(None, int(used.sum()))
    code, known = group_codes(found[used], int(used.sum()))
    patients = int(code.max()) + 1
    if patients < len(code):
        notes.append(
            f"{len(code):,} rows are of {patients:,} patients. Intervals of AUCs allow for that; "
            "p-values of tests count rows as independent, and are too small."
        )
    return code, known
