"""From a table with a row a measurement to an array of subjects, raters and features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import EVENT, SEED, TEXT, TIME
from lesionary.errors import EvaluationError
from lesionary.evaluate.about_extraction import about_extraction
from lesionary.spelling import hint


@dataclass(frozen=True)
class Ratings:
    """Features of every subject as every rater (reader, repeat, scanner) measured them.

    Parameters
    ----------
    array : ndarray of float64 (n, k, p)
        NaN where nobody measured.
    subjects, raters, features : tuple of str
    notes : tuple of str
    """

    array: NDArray[np.float64]
    subjects: tuple[str, ...]
    raters: tuple[str, ...]
    features: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def complete(self) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
        """Yield features that the same subjects have of all raters, and their values there."""
        whole = ~np.isnan(self.array).any(axis=1)
        patterns, of_feature = np.unique(whole, axis=1, return_inverse=True)
        for number in range(patterns.shape[1]):
            features = np.flatnonzero(of_feature.ravel() == number)
            yield features, self.array[patterns[:, number]][:, :, features]


def read_ratings(
    table: pd.DataFrame, subject: str, rater: str, columns: Sequence[str] | None = None
) -> Ratings:
    """Arrange a table with a row for each subject and rater.

    Parameters
    ----------
    table : DataFrame
    subject, rater : str
        Columns that name what was measured, and by whom, when or how.
    columns : sequence of str, optional
        Features, by name or pattern. Default: all other columns of numbers.

    Raises
    ------
    EvaluationError
        If a column is missing, or a subject was measured twice by the same rater.

    Examples
    --------
    >>> table = pd.DataFrame({"lesion_id": ["a", "a", "b", "b"], "reader": ["x", "y", "x", "y"]})
    >>> table["volume"] = [1.0, 2.0, 3.0, 4.0]
    >>> read_ratings(table, "lesion_id", "reader").array[:, :, 0].tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    for column in (subject, rater):
        if column not in table:
            raise EvaluationError(
                f"The table has no column {column!r}{hint(column, map(str, table.columns))}."
            )
        if table[column].isna().any():
            raise EvaluationError(
                f"{column} is missing in {int(table[column].isna().sum()):,} rows: fill it."
            )
    features = feature_columns(table, {subject, rater}, columns)
    names = [table[one].astype(str) for one in (subject, rater)]
    twice = pd.DataFrame({"s": names[0], "r": names[1]}).duplicated()
    if twice.any():
        at = int(np.argmax(twice))
        raise EvaluationError(
            f"{subject} {names[0].iloc[at]} has more than one row of {rater} "
            f"{names[1].iloc[at]}: which is meant? If they are repeats, name their column."
        )
    rows, subjects = pd.factorize(names[0])
    places, raters = pd.factorize(names[1], sort=True)
    values = np.full((len(subjects), len(raters), len(features)), np.nan)
    values[rows, places] = table[features].to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.isinf(values)
    values[infinite] = np.nan
    lacking = int(np.isnan(values).all(axis=2).any(axis=1).sum())
    told = [(lacking, f"{lacking:,} of {len(subjects):,} subjects lack a {rater}.")]
    count = int(infinite.sum())
    told.append((count, f"{count:,} infinite values count as missing."))
    notes = tuple(note for number, note in told if number)
    return Ratings(values, tuple(subjects), tuple(raters), tuple(features), notes)


def feature_columns(
    table: pd.DataFrame, others: set[str], columns: Sequence[str] | None = None
) -> list[str]:
    """Return the columns that are features: those asked for, or all numbers but ``others``.

    What PyRadiomics tells of itself (``diagnostics_...``) is no feature unless asked for.
    """
    if columns is not None:
        exact = set(columns) & set(map(str, table.columns))
        patterns = [one for one in columns if one not in exact]
        names = [
            name
            for name in map(str, table.columns)
            if name in exact or any(fnmatchcase(name, one) for one in patterns)
        ]
        if not names:
            raise EvaluationError(f"No column is called {', '.join(columns)}.")
        text = [name for name in names if not pd.api.types.is_numeric_dtype(table[name])]
        if text:
            raise EvaluationError(f"The feature {text[0]!r} is no number in every row.")
        return names
    known = {*TEXT, *SEED, TIME, EVENT, "mask_label", *others}
    names = [
        str(name)
        for name in table
        if name not in known
        and not about_extraction(str(name))
        and pd.api.types.is_numeric_dtype(table[name])
        and not pd.api.types.is_bool_dtype(table[name])
    ]
    if not names:
        raise EvaluationError("The table has no column of numbers that could be a feature.")
    return names
