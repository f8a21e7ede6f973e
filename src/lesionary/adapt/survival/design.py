"""From columns of a table to the standardised numbers that a model multiplies."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.survival.warning import SurvivalWarning
from lesionary.errors import ModelError


@dataclass(frozen=True)
class Column:
    """How one column of the table becomes numbers.

    Parameters
    ----------
    name
        In the table.
    fill
        What a missing value becomes: the training rows' median, or their commonest level.
    levels
        Of text; empty for numbers. Ordered if ``ordinal``, else the reference comes first.
    ordinal
        Whether the levels become one number, 0 for the first, rather than a 0/1 term each.
    """

    name: str
    fill: float | str
    levels: tuple[str, ...] = ()
    ordinal: bool = False

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the numbers it becomes."""
        if not self.levels or self.ordinal:
            return (self.name,)
        return tuple(f"{self.name}={level}" for level in self.levels[1:])


@dataclass(frozen=True)
class Design:
    """Columns, their missing values, levels and scaling, all learnt on the training rows.

    Numbers and booleans stay numbers, with the training median where missing. Text and
    categories become a 0/1 term a level besides the commonest, which is the reference and is
    also what a missing value becomes; text named in ``ordinal`` becomes its rank. Each term
    then has the training mean 0 and standard deviation 1.

    Parameters
    ----------
    columns : tuple of Column
    mean, scale : ndarray of float64 (terms,)
        Of the training rows.
    """

    columns: tuple[Column, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(one.name for one in self.columns)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms."""
        return tuple(term for column in self.columns for term in column.terms)

    @property
    def column_of(self) -> NDArray[np.int64]:
        """Of each term the index of its column."""
        return np.repeat(np.arange(len(self.columns)), [len(one.terms) for one in self.columns])

    def matrix(
        self, table: pd.DataFrame, *, unknown_as_missing: bool = False
    ) -> NDArray[np.float64]:
        """Return the standardised terms (n, terms) of any rows, with nothing learnt from them.

        Parameters
        ----------
        table : DataFrame
            With the design's columns.
        unknown_as_missing
            Take a level of text that no training row had for a missing value, rather than
            raise.
        """
        raw = _raw(self.columns, table, unknown_as_missing)
        return np.asarray((raw - self.mean) / self.scale)

    def only(self, names: Sequence[str]) -> Design:
        """Return the design of some columns, in this one's order."""
        kept = np.isin(self.names, list(names))
        terms = kept[self.column_of]
        columns = tuple(one for one, keep in zip(self.columns, kept, strict=True) if keep)
        return Design(columns, self.mean[terms], self.scale[terms])

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        columns = [
            {"name": one.name, "fill": one.fill, "levels": list(one.levels), "ordinal": one.ordinal}
            for one in self.columns
        ]
        return {"columns": columns, "mean": self.mean.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Design:
        """Return the design that :meth:`as_dict` described."""
        columns = tuple(
            Column(one["name"], one["fill"], tuple(one["levels"]), one["ordinal"])
            for one in plain["columns"]
        )
        return cls(columns, np.array(plain["mean"], float), np.array(plain["scale"], float))


def learn_design(
    table: pd.DataFrame,
    columns: Sequence[str],
    ordinal: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Design, NDArray[np.float64]]:
    """Learn from training rows how columns become numbers, and return those numbers too.

    Parameters
    ----------
    table : DataFrame
        Training rows only.
    columns
        Names of the columns.
    ordinal
        For columns of text with an order, their levels from low to high.

    Returns
    -------
    Design, ndarray of float64 (n, terms)

    Warns
    -----
    SurvivalWarning
        If a column is constant and was left out.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [50, None, 70], "stage": ["I", "III", "II"]})
    >>> design, terms = learn_design(table, ["age", "stage"], {"stage": ["I", "II", "III"]})
    >>> terms.round(2).tolist()
    [[-1.22, -1.22], [0.0, 1.22], [1.22, 0.0]]
    """
    names = list(columns)
    twice = [name for index, name in enumerate(names) if name in names[:index]]
    if twice:
        raise ModelError(f"The column {twice[0]!r} is named twice.")
    if not names:
        raise ModelError("There are no columns to learn from.")
    _has(table, names)
    order = dict(ordinal or {})
    stray = [name for name in order if name not in names]
    if stray:
        raise ModelError(f"`ordinal` names {stray[0]!r}, which is none of the columns.")
    learnt = [_learn(table[name], name, order.get(name)) for name in names]
    raw = _raw(learnt, table)
    mean, scale = raw.mean(axis=0), raw.std(axis=0)
    # Of a constant column rounding leaves a little: compare with the size of its values.
    varies = scale > 1e-10 * np.maximum(np.abs(raw).max(axis=0), 1e-300)
    of_column = np.repeat(np.arange(len(learnt)), [len(one.terms) for one in learnt])
    kept = np.bincount(of_column, weights=varies, minlength=len(learnt)) > 0
    left_out = [name for name, keep in zip(names, kept, strict=True) if not keep]
    if not kept.any():
        raise ModelError("Every column is constant in the training rows: nothing to learn from.")
    if left_out:
        warnings.warn(
            f"{len(left_out):,} columns are constant in the training rows and were left out: "
            f"{_some(left_out)}.",
            SurvivalWarning,
            stacklevel=3,
        )
    terms = kept[of_column]
    design = Design(
        tuple(one for one, keep in zip(learnt, kept, strict=True) if keep),
        mean[terms],
        scale[terms],
    )
    return design, (raw[:, terms] - design.mean) / design.scale


def _learn(values: pd.Series[Any], name: str, order: Sequence[str] | None) -> Column:
    known = values.dropna()
    if known.empty:
        raise ModelError(f"The column {name!r} is empty in the training rows: leave it out.")
    if order is None and _is_number(values):
        return Column(name, float(known.astype(np.float64).median()))
    if pd.api.types.is_datetime64_any_dtype(values):
        raise ModelError(f"The column {name!r} holds dates: give years or days as numbers.")
    counts = known.astype(str).value_counts()
    # Equally common levels in the order of the alphabet, so that rows' order does not matter.
    common = sorted(counts.index, key=lambda level: (-counts[level], level))
    if order is None:
        return Column(name, common[0], (common[0], *sorted(common[1:])))
    levels = tuple(map(str, order))
    unknown = [level for level in common if level not in levels]
    if unknown:
        raise ModelError(f"The level {unknown[0]!r} of {name!r} is none of {list(levels)}.")
    return Column(name, common[0], levels, ordinal=True)


def _raw(
    columns: Sequence[Column], table: pd.DataFrame, unknown_as_missing: bool = False
) -> NDArray[np.float64]:
    _has(table, [one.name for one in columns])
    raw = np.empty((len(table), sum(len(one.terms) for one in columns)))
    numbers = [one for one in columns if not one.levels]
    place = np.cumsum([0, *(len(one.terms) for one in columns)])
    at = [int(place[index]) for index, one in enumerate(columns) if not one.levels]
    raw[:, at] = _numbers(numbers, table)
    for index, one in enumerate(columns):
        if one.levels:
            raw[:, place[index] : place[index + 1]] = _text(
                one, table[one.name], unknown_as_missing
            )
    return raw


def _numbers(columns: Sequence[Column], table: pd.DataFrame) -> NDArray[np.float64]:
    part = table[[one.name for one in columns]]
    try:
        values = part.astype(np.float64).to_numpy()
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"Columns that were numbers when the model was fitted now hold text: {error}."
        ) from error
    infinite = np.isinf(values).any(axis=0)
    if infinite.any():
        raise ModelError(f"The column {part.columns[int(np.argmax(infinite))]!r} has infinities.")
    fill = np.array([one.fill for one in columns], dtype=np.float64)
    return np.where(np.isnan(values), fill, values)


def _text(column: Column, values: pd.Series[Any], unknown_as_missing: bool) -> NDArray[np.float64]:
    text = values.astype(object).where(values.notna(), column.fill).astype(str)
    if unknown_as_missing:
        text = text.where(text.isin(column.levels), column.fill)
    code = pd.Categorical(text, categories=list(column.levels)).codes
    if (code < 0).any():
        raise ModelError(
            f"The level {text[code < 0].iloc[0]!r} of {column.name!r} was not among the training "
            f"rows, which have {list(column.levels)}: join it to one of these, or leave it empty."
        )
    if column.ordinal:
        return code.astype(np.float64)[:, None]
    terms: NDArray[np.float64] = code[:, None] == np.arange(1, len(column.levels))
    return terms.astype(np.float64)


def _is_number(values: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)


def _has(table: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise ModelError(f"{len(absent):,} columns are not in the table: {_some(absent)}.")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
