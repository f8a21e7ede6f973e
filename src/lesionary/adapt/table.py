"""Features and lesions joined by lesion_id: what is fitted, and what had to be set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.saving.origin import features_origin
from lesionary.cohort.columns import EVENT, LESION, PATIENT, SEED, SPLIT, SPLITS, TEXT, TIME
from lesionary.cohort.load import load
from lesionary.encode.features import read_features
from lesionary.errors import ModelError
from lesionary.evaluate.about_extraction import about_extraction
from lesionary.spelling import hint

_NO_FEATURE = {*TEXT, *SEED, TIME, EVENT, "mask_label"}


@dataclass(frozen=True)
class FittingTable:
    """Lesions with their features, row by row.

    Attributes
    ----------
    lesions : DataFrame (n,)
        ``lesion_id`` and all other columns of the lesion table.
    features : DataFrame of float64 (n, p)
        With the same index. NaN where missing; never infinite.
    origin : dict or None
        How the features were made (:func:`~lesionary.adapt.saving.features_origin`).
    set_aside : DataFrame
        ``lesion_id`` and ``reason`` of the lesions that could not be used.
    notes : tuple of str
        What is no error, and should be known.
    """

    lesions: pd.DataFrame
    features: pd.DataFrame
    origin: dict[str, Any] | None
    set_aside: pd.DataFrame
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.lesions)

    @property
    def split(self) -> NDArray[np.object_] | None:
        """Each lesion's split (n,), or None where the lesion table has none."""
        return self._column(SPLIT)

    @property
    def patients(self) -> NDArray[np.object_] | None:
        """Each lesion's patient (n,), or None where the lesion table does not say."""
        return self._column(PATIENT)

    def label(self, column: str) -> pd.Series:
        """Return a label (n,) as plain values: missing ones are NaN, and 1.0 is 1.

        Raises
        ------
        ModelError
            If there is no such column, or its values are no classes.
        """
        if column not in self.lesions:
            raise ModelError(
                f"The lesion table has no column {column!r}{hint(column, map(str, self.lesions))}."
            )
        return _as_classes(self.lesions[column], column)

    def take(self, rows: NDArray[np.bool_]) -> FittingTable:
        """Return some of the lesions."""
        return FittingTable(
            self.lesions[rows].reset_index(drop=True),
            self.features[rows].reset_index(drop=True),
            self.origin,
            self.set_aside,
            self.notes,
        )

    def _column(self, name: str) -> NDArray[np.object_] | None:
        return self.lesions[name].to_numpy(dtype=object) if name in self.lesions else None


def join_table(
    features: pd.DataFrame | str | Path,
    lesions: pd.DataFrame | str | Path,
    *,
    columns: Sequence[str] | None = None,
) -> FittingTable:
    """Join features and lesions by ``lesion_id``.

    Parameters
    ----------
    features
        A feature table, ours or anybody's: ``lesion_id`` and columns of numbers.
    lesions
        A lesion table: ``lesion_id``, what is to be learnt, and where there are
        ``patient_id`` and ``split``.
    columns : sequence of str, optional
        Features to use, by name or pattern (``fmcib_*``). Default: all columns of numbers that
        the lesion table does not have.

    Returns
    -------
    FittingTable
        In the order of the lesion table. Lesions without features or split, and those with
        an infinite feature, are in ``set_aside``.

    Raises
    ------
    ModelError
        If a ``lesion_id`` is missing or occurs twice, or the tables have no lesion in common.

    Examples
    --------
    >>> features = pd.DataFrame({"lesion_id": ["b", "a"], "x_0": [2.0, 1.0]})
    >>> lesions = pd.DataFrame({"lesion_id": ["a", "b", "c"], "malignant": [0, 1, 1]})
    >>> table = join_table(features, lesions)
    >>> table.features["x_0"].tolist()
    [1.0, 2.0]
    >>> table.set_aside
      lesion_id                       reason
    0         c  The lesion has no features.
    """
    given = features if isinstance(features, pd.DataFrame) else read_features(features)
    loaded = load(lesions)
    table = loaded.table
    for one, name in ((given, "feature"), (table, "lesion")):
        _need_unique(one, name)
    chosen, notes = _feature_columns(given, table, columns)
    notes = [*loaded.notes, *notes]
    place = pd.Index(given[LESION]).get_indexer(table[LESION])
    if (place < 0).all():
        raise ModelError(
            f"No lesion of the lesion table has features: its first lesion_id is "
            f"{table[LESION].iloc[0]!r}, that of the features {given[LESION].iloc[0]!r}."
        )
    elsewhere = len(given) - int((place >= 0).sum())
    if elsewhere:
        notes.append(f"{elsewhere:,} lesions have features and are not in the lesion table.")
    values = given[chosen].to_numpy(dtype=np.float64, na_value=np.nan)[place]
    reason = _reasons(table, place, values, chosen)
    used = np.array([not one for one in reason], dtype=bool)
    aside = pd.DataFrame({LESION: table[LESION], "reason": reason})[~used]
    return FittingTable(
        table[used].reset_index(drop=True),
        pd.DataFrame(values[used], columns=chosen),
        features_origin(given),
        aside.reset_index(drop=True),
        tuple(notes),
    )


def _need_unique(table: pd.DataFrame, name: str) -> None:
    if LESION not in table:
        raise ModelError(f"The {name} table has no column '{LESION}', by which tables are joined.")
    if not len(table):
        raise ModelError(f"The {name} table has no rows.")
    if table[LESION].isna().any():
        raise ModelError(f"The {name} table lacks {table[LESION].isna().sum():,} lesion_ids.")
    twice = table.loc[table[LESION].duplicated(), LESION]
    if len(twice):
        raise ModelError(
            f"The {name} table has {len(twice):,} lesion_ids more than once, first "
            f"{twice.iloc[0]!r}: which row is meant?"
        )


def _feature_columns(
    given: pd.DataFrame, table: pd.DataFrame, columns: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    if columns is not None:
        names = [str(n) for n in given if any(fnmatchcase(str(n), one) for one in columns)]
        text = [name for name in names if not pd.api.types.is_numeric_dtype(given[name])]
        if text:
            raise ModelError(f"The feature {text[0]!r} is no number in every row.")
        if not names:
            raise ModelError(f"No column of the features is called {', '.join(columns)}.")
        return names, []
    names = [str(name) for name in given if name not in _NO_FEATURE and name not in table]
    names = [name for name in names if not about_extraction(name)]
    numbers = [name for name in names if pd.api.types.is_numeric_dtype(given[name])]
    if not numbers:
        raise ModelError(
            "The feature table has no column of numbers that the lesion table does not have, too: "
            "say which columns are features."
        )
    left = [name for name in names if name not in set(numbers)]
    notes = [f"{len(left):,} columns are no numbers, and no features: {', '.join(left[:3])}."]
    return numbers, notes if left else []


def _reasons(
    table: pd.DataFrame,
    place: NDArray[np.intp],
    values: NDArray[np.float64],
    columns: Sequence[str],
) -> list[str]:
    """Say of each lesion why it cannot be used; empty where it can."""
    infinite = np.isinf(values)
    column, none = infinite.argmax(axis=1), np.isnan(values).sum(axis=1) == values.shape[1]
    split = table[SPLIT].tolist() if SPLIT in table else [SPLITS[0]] * len(table)
    bad_row = infinite.sum(axis=1) > 0
    reasons = []
    for row, (found, bad) in enumerate(zip(place >= 0, bad_row, strict=True)):
        if not found:
            reasons.append("The lesion has no features.")
        elif bad:
            reasons.append(f"The feature {columns[column[row]]!r} is infinite.")
        elif none[row]:
            reasons.append("All features are missing.")
        elif split[row] not in SPLITS:
            reasons.append(f"The split is {split[row]!r}, none of {', '.join(SPLITS)}.")
        else:
            reasons.append("")
    return reasons


def _as_classes(values: pd.Series, column: str) -> pd.Series:
    known = values.notna()
    plain = values[known].tolist()
    if not plain:
        raise ModelError(f"The label {column!r} has no value in any lesion that has features.")
    if len({isinstance(value, str) for value in plain}) > 1:
        raise ModelError(f"The label {column!r} mixes text and numbers: use one of them.")
    if isinstance(plain[0], float):  # 1.0: whole numbers that a missing value made decimals
        if not all(value.is_integer() for value in plain):
            raise ModelError(
                f"The label {column!r} has values as {plain[0]!r}: a number, and no class. Cut it "
                "into classes, or fit a survival model if it is a time."
            )
        plain = [int(value) for value in plain]
    label = pd.Series(np.nan, index=values.index, dtype=object)
    label[known] = pd.Series(plain, index=values.index[known], dtype=object)
    return label
