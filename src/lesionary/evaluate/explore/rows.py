"""Features and outcomes as tables, joined by an identifier: what can be explored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import LESION, PATIENT
from lesionary.errors import EvaluationError
from lesionary.evaluate.explore.chosen import (
    classes_of,
    label_of,
    of_split,
    patients_of,
    volume_of,
)
from lesionary.evaluate.explore.joined import Table, join
from lesionary.evaluate.prediction_checks import several


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
    columns = join(features, table, on)
    given = columns.features
    notes: list[str] = []
    names = columns.feature_names({on, label}, notes)

    reason = pd.Series("", index=given.index)
    reason[columns.alone] = "no row in the table of outcomes"
    # What has no row in the other table may have no split either: it is set aside, and told.
    wanted = of_split(columns, split, given.index, notes) | (reason != "")
    classed = label_of(columns.find(label, "label"), label, wanted, reason) if label else None
    chosen = classes_of(classed, label, classes, wanted & (reason == ""))
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
    patient, known = patients_of(patients, used, notes)
    return FeatureRows(
        features=values.set_axis(pd.Index(given.loc[used, on], name=on)),
        classes=chosen,
        label=None
        if classed is None
        else np.array([chosen.index(one) for one in classed[used]], dtype=np.int64),
        volume=volume_of(columns.find(volume, "volume"), volume, used) if volume else None,
        patient=patient,
        patients_known=known,
        label_name=label,
        volume_name=volume,
        set_aside=pd.DataFrame({"row": given.index, on: given[on], "reason": reason})[
            wanted & ~used
        ],
        notes=tuple(notes),
    )
