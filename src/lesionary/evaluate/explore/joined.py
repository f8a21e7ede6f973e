"""Features and outcomes as two tables with the same rows, joined by an identifier, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lesionary.cohort.columns import EVENT, LESION, SEED, TEXT, TIME
from lesionary.cohort.table import read_table
from lesionary.errors import EvaluationError
from lesionary.evaluate.about_extraction import about_extraction
from lesionary.evaluate.prediction_checks import several, text
from lesionary.spelling import hint

Table = str | Path | pd.DataFrame

_NO_FEATURE = {*TEXT, *SEED, TIME, EVENT, "mask_label"}


@dataclass(frozen=True)
class Joined:
    """Two tables with the same rows; what both have is the outcomes'.

    Attributes
    ----------
    features : DataFrame
        Its index counts rows as a spreadsheet does.
    outcome : DataFrame
        Of the same index; empty cells where there is no such row.
    alone : Series of bool
        Rows of features without one of outcomes.
    two : bool
        Whether there were two tables.
    """

    features: pd.DataFrame
    outcome: pd.DataFrame
    alone: pd.Series
    two: bool

    def find(self, name: str | None, what: str) -> pd.Series:
        """Return a column of either table.

        Raises
        ------
        EvaluationError
            If none has it; ``what`` says what it was to be.
        """
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
        """Return a column of either table, or None."""
        return self.find(name, name) if name in self.outcome or name in self.features else None

    def feature_names(self, taken: set[str | None], notes: list[str]) -> list[str]:
        """Name the columns that are features, and note those that are not."""
        given = self.features
        other = set(self.outcome) if self.two else set()
        rest = [name for name in map(str, given) if name not in taken | other | _NO_FEATURE]
        about = [name for name in rest if about_extraction(name)]
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


def join(features: Table, table: Table | None, on: str) -> Joined:
    """Read the tables, and give each row of features its row of outcomes.

    Raises
    ------
    EvaluationError
        If they have no identifier in common, or one is there twice.
    """
    given = _read(features, on, "feature")
    outcome = given if table is None else _read(table, on, "outcome")
    _need_unique(given, outcome, on)
    place = pd.Index(outcome[on]).get_indexer(given[on])
    alone = pd.Series(place < 0, index=given.index)
    if alone.all():
        raise EvaluationError(
            f"No {on} of the features is in the table of outcomes: the first are "
            f"{given[on].iloc[0]!r} and {outcome[on].iloc[0]!r}. They are joined when they are "
            "the same, not when one is part of the other."
        )
    joined = outcome.iloc[place.clip(0)].set_axis(given.index)
    if alone.any():
        joined = joined.where(~alone, axis=0)
    return Joined(given, joined, alone, table is not None)


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
