"""Features and outcomes as tables, joined by an identifier: what can be explored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import EVENT, LESION, PATIENT, SEED, SPLIT, TEXT, TIME
from lesionary.cohort.table import read_table
from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import group_codes
from lesionary.evaluate.prediction_checks import several, text
from lesionary.spelling import hint

_NO_FEATURE = {*TEXT, *SEED, TIME, EVENT, "mask_label"}
_ABOUT_THE_RUN = ("diagnostics_", "Unnamed: ")
"""What PyRadiomics tells of itself, and row numbers that pandas wrote."""

MOST_CLASSES = 10

Table = str | Path | pd.DataFrame


@dataclass(frozen=True)
class FeatureRows:
    """Lesions with their features, class and volume.

    Attributes
    ----------
    features : DataFrame of float64 (n, p)
        One column a feature; NaN where missing, never infinite. The index is the identifier.
    classes : tuple of str
        In order; of two the second is the positive one. Empty without a label.
    label : ndarray of int64 (n,) or None
        Index into ``classes``.
    volume : ndarray of float64 (n,) or None
        In any unit; NaN where missing.
    patient : ndarray of int64 (n,)
        Of each row its patient, numbered from 0; its own number where patients are not known.
    patients_known : bool
    label_name, volume_name : str or None
    set_aside : DataFrame
        ``row`` of the feature table as a spreadsheet counts it, the identifier and ``reason``;
        not the rows of splits and classes that were not asked for.
    notes : tuple of str
        What a reader should know.
    """

    features: pd.DataFrame
    classes: tuple[str, ...]
    label: NDArray[np.int64] | None
    volume: NDArray[np.float64] | None
    patient: NDArray[np.int64]
    patients_known: bool
    label_name: str | None
    volume_name: str | None
    set_aside: pd.DataFrame
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.features)

    @property
    def patients(self) -> int:
        """Patients, or rows where patients are not known."""
        return int(self.patient.max()) + 1


def read_feature_rows(
    features: Table,
    table: Table | None = None,
    *,
    label: str | None = None,
    volume: str | None = None,
    on: str = LESION,
    classes: Sequence[str] | None = None,
    split: str | None = None,
) -> FeatureRows:
    """Join features with outcomes by an identifier, exactly.

    Parameters
    ----------
    features
        Columns of numbers, ours or anybody's. Text, coordinates, ``diagnostics_...`` and columns
        that ``table`` has, too, are no features.
    table
        Outcomes, one row an identifier. Without, label and volume are columns of ``features``.
    label : str, optional
        Column of the class.
    volume : str, optional
        Column of the lesion's volume, in either table.
    on : str
        Column of the identifier, in both tables. Several rows of features may have the same one
        if it is not ``lesion_id``: they are then rows of one patient.
    classes : sequence of str, optional
        Classes to compare, in order; of two the last is the positive one. Default: all, sorted.
    split : str, optional
        Take the rows of this split only.

    Raises
    ------
    EvaluationError
        If the tables have no identifier in common, one is there twice, a column is not there,
        or there are no features or no two classes.

    Examples
    --------
    >>> features = pd.DataFrame({"lesion_id": ["b", "a", "c"], "size": [2.0, 1.0, 5.0]})
    >>> outcome = pd.DataFrame({"lesion_id": ["a", "b", "d"], "died": [0, 1, 1]})
    >>> rows = read_feature_rows(features, outcome, label="died")
    >>> rows.classes, rows.label.tolist(), rows.features["size"].tolist()
    (('0', '1'), [1, 0], [2.0, 1.0])
    >>> print(rows.set_aside.to_string(index=False))
     row lesion_id                          reason
       4         c no row in the table of outcomes
    """
    given = _read(features, on, "feature")
    outcome = given if table is None else _read(table, on, "outcome")
    _need_unique(given, outcome, on)
    place = pd.Index(outcome[on]).get_indexer(given[on])
    if (place < 0).all():
        raise EvaluationError(
            f"No {on} of the features is in the table of outcomes: the first are "
            f"{given[on].iloc[0]!r} and {outcome[on].iloc[0]!r}. They are joined when they are "
            "the same, not when one is part of the other."
        )
    joined = outcome.iloc[place.clip(0)].set_axis(given.index)
    if (place < 0).any():
        joined = joined.where(pd.Series(place >= 0, index=given.index), axis=0)
    columns = _Columns(given, joined, table is not None)
    notes: list[str] = []
    names = _feature_names(given, outcome if table is not None else None, {on, label}, notes)

    reason = pd.Series("", index=given.index)
    reason[place < 0] = "no row in the table of outcomes"
    # What has no row in the other table may have no split either: it is set aside, and told.
    wanted = _of_split(columns, split, given.index, notes) | (reason != "")
    classed = _label(columns.find(label, "label"), label, wanted, reason) if label else None
    chosen = _classes(classed, label, classes, wanted & (reason == ""))
    if classed is not None:
        wanted &= classed.isna() | classed.isin(chosen)
    patients = columns.get(PATIENT)
    if patients is not None:
        reason[(reason == "") & patients.isna()] = f"no {PATIENT}"
    used = wanted & (reason == "")
    if not used.any():
        raise EvaluationError(f"No row is left to explore: {several(reason[wanted].unique())}.")
    if not wanted.all():
        notes.append(f"{int((~wanted).sum()):,} rows are of other splits or classes.")
    values = given.loc[used, names].astype(np.float64)
    infinite = np.isinf(values.to_numpy())
    if infinite.any():
        values = values.mask(infinite)
        notes.append(f"{int(infinite.sum()):,} infinite values count as missing.")
    if patients is None and on != LESION:
        patients = given[on]
    patient, known = _patients(patients, used, notes)
    return FeatureRows(
        features=values.set_axis(pd.Index(given.loc[used, on], name=on)),
        classes=chosen,
        label=None
        if classed is None
        else np.array([chosen.index(one) for one in classed[used]], dtype=np.int64),
        volume=_volume(columns.find(volume, "volume"), volume, used) if volume else None,
        patient=patient,
        patients_known=known,
        label_name=label,
        volume_name=volume,
        set_aside=pd.DataFrame({"row": given.index, on: given[on], "reason": reason})[
            wanted & ~used
        ],
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Columns:
    """Columns of two tables with the same rows; what both have is the outcomes'."""

    features: pd.DataFrame
    outcome: pd.DataFrame
    two: bool

    def find(self, name: str | None, what: str) -> pd.Series:
        for rows in (self.outcome, self.features):
            if name in rows:
                return rows[name]
        known = [str(one) for one in self.outcome]
        raise EvaluationError(
            f"There is no column {name!r} of the {what}{hint(str(name), known)}."
            if self.two
            else f"The feature table has no column {name!r} of the {what}: say which table has it."
        )

    def get(self, name: str) -> pd.Series | None:
        return self.find(name, name) if name in self.outcome or name in self.features else None


def _read(table: Table, on: str, what: str) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        rows = table.rename(columns=str).set_axis(pd.RangeIndex(2, len(table) + 2))
    else:
        rows = read_table(table)
    if on not in rows:
        raise EvaluationError(
            f"The {what} table has no column {on!r} to join by{hint(on, map(str, rows))}: name "
            "it, or say which column it is."
        )
    if not len(rows):
        raise EvaluationError(f"The {what} table has no rows.")
    if rows[on].isna().any():
        raise EvaluationError(
            f"The {what} table lacks the {on} of {int(rows[on].isna().sum()):,} rows, first in row "
            f"{rows.index[rows[on].isna()][0]}."
        )
    return rows.assign(**{on: rows[on].map(text)})


def _need_unique(given: pd.DataFrame, outcome: pd.DataFrame, on: str) -> None:
    for rows, what in ((given, "feature"), (outcome, "outcome")):
        if rows is given and on != LESION:
            continue
        twice = rows.loc[rows[on].duplicated(), on]
        if len(twice):
            raise EvaluationError(
                f"The {what} table has {len(twice):,} rows of a {on} that is there already, first "
                f"{twice.iloc[0]!r} in row {twice.index[0]}: which one is meant?"
            )


def _feature_names(
    given: pd.DataFrame, outcome: pd.DataFrame | None, taken: set[str | None], notes: list[str]
) -> list[str]:
    """Name the columns that are features, and note those that are not."""
    other = set() if outcome is None else set(outcome)
    rest = [name for name in map(str, given) if name not in taken | other | _NO_FEATURE]
    about = [name for name in rest if name.startswith(_ABOUT_THE_RUN)]
    words = [
        name
        for name in rest
        if name not in about
        and (
            not pd.api.types.is_numeric_dtype(given[name])
            or pd.api.types.is_bool_dtype(given[name])
        )
    ]
    left = {*about, *words}
    names = [name for name in rest if name not in left]
    if not names:
        raise EvaluationError("The feature table has no column of numbers that is a feature.")
    if about:
        notes.append(
            f"About the extraction, or numbers of rows, so no features ({len(about):,}): "
            f"{several(about)}"
        )
    if words:
        notes.append(f"No numbers, so no features ({len(words):,}): {several(words)}")
    return names


def _of_split(columns: _Columns, split: str | None, index: pd.Index, notes: list[str]) -> pd.Series:
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


def _label(found: pd.Series, name: str, wanted: pd.Series, reason: pd.Series) -> pd.Series:
    reason[(reason == "") & found.isna()] = f"no {name}"
    numbers = found[wanted & (reason == "")]
    if pd.api.types.is_float_dtype(numbers) and (numbers % 1 != 0).any():
        raise EvaluationError(
            f"The label {name!r} has values as {numbers[numbers % 1 != 0].iloc[0]:g}: a number, "
            "and no class. Cut it into classes first."
        )
    return found.map(text, na_action="ignore")


def _classes(
    label: pd.Series | None, name: str | None, asked: Sequence[str] | None, usable: pd.Series
) -> tuple[str, ...]:
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


def _volume(found: pd.Series, name: str, used: pd.Series) -> NDArray[np.float64]:
    if not pd.api.types.is_numeric_dtype(found):
        raise EvaluationError(f"The volume {name!r} is no number in every row.")
    values = found[used].to_numpy(dtype=np.float64, na_value=np.nan)
    values[np.isinf(values)] = np.nan
    if len(np.unique(values[~np.isnan(values)])) < 2:
        raise EvaluationError(f"The volume {name!r} is missing, or the same, in every row.")
    return values


def _patients(
    found: pd.Series | None, used: pd.Series, notes: list[str]
) -> tuple[NDArray[np.int64], bool]:
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
