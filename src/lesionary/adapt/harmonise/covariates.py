"""Biology to be kept: covariates as columns of numbers, the same for later patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.harmonise.given import name_of, same_index
from lesionary.cohort.columns import EVENT, TIME
from lesionary.errors import ModelError
from lesionary.spelling import hint


@dataclass(frozen=True)
class Covariate:
    """One covariate: a number less its mean, or levels, of which the first is the base.

    Parameters
    ----------
    name
    centre
        Of the training rows; 0 where there are levels.
    levels
        Empty for a number.
    """

    name: str
    centre: float = 0.0
    levels: tuple[str, ...] = ()

    def columns(self, values: pd.Series[Any]) -> NDArray[np.float64]:
        """Return the covariate of rows as numbers, (n, 1) or (n, levels - 1)."""
        if not self.levels:
            return (values.to_numpy(dtype=np.float64) - self.centre)[:, None]
        names = np.array([name_of(value) for value in values.tolist()])
        unknown = [name for name in names.tolist() if name not in self.levels]
        if unknown:
            raise ModelError(
                f"The covariate {self.name!r} is {unknown[0]!r}, which no training row was"
                f"{hint(unknown[0], self.levels)}."
            )
        columns: NDArray[np.float64] = (names[:, None] == np.array(self.levels[1:])).astype(
            np.float64
        )
        return columns


def learn_covariates(
    covariates: Any, X: Any, rows: int, outcome: Sequence[str] = ()
) -> tuple[Covariate, ...]:
    """Learn from training rows what covariates there are.

    Raises
    ------
    ModelError
        If one is an outcome, has missing values or does not vary.
    """
    if covariates is None:
        return ()
    table = _as_table(covariates, X, rows)
    refused = {TIME, EVENT, *outcome}
    for name in table:
        if name in refused:
            raise ModelError(
                f"The covariate {name!r} is an outcome: features would be made to show it, and "
                "the next patient's is not known. Leave it out."
            )
    return tuple(_learn(str(name), table[name]) for name in table)


def covariate_columns(
    known: Sequence[Covariate], covariates: Any, X: Any, rows: int
) -> NDArray[np.float64]:
    """Return the covariates of rows as numbers (n, columns), in the order of training."""
    if not known:
        if covariates is not None:
            raise ModelError("It was fitted without covariates: leave them out here, too.")
        return np.zeros((rows, 0))
    if covariates is None:
        raise ModelError(
            f"It was fitted with the covariates {', '.join(one.name for one in known)}: they are "
            "needed of these rows, too."
        )
    table = _as_table(covariates, X, rows)
    lacking = [one.name for one in known if one.name not in table]
    if lacking:
        raise ModelError(f"There is no covariate {lacking[0]!r}{hint(lacking[0], table.columns)}.")
    return np.hstack([one.columns(table[one.name]) for one in known])


def _as_table(covariates: Any, X: Any, rows: int) -> pd.DataFrame:
    same_index("covariates", covariates, X)
    table = pd.DataFrame(covariates)
    table.columns = [
        str(name) if not isinstance(name, int) else f"covariate {name}" for name in table
    ]
    if len(table) != rows:
        raise ModelError(f"There are {rows:,} rows of features but {len(table):,} of covariates.")
    missing = table.isna().to_numpy().any(axis=0)
    if missing.any():
        name = table.columns[int(np.argmax(missing))]
        raise ModelError(
            f"The covariate {name!r} is missing in {int(table[name].isna().sum()):,} of {rows:,} "
            "rows: fill it, leave these rows out, or do without it."
        )
    return table


def _learn(name: str, values: pd.Series[Any]) -> Covariate:
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=np.float64)
        if np.isinf(numbers).any():
            raise ModelError(f"The covariate {name!r} is infinite somewhere.")
        if np.ptp(numbers) == 0.0:
            raise ModelError(
                f"The covariate {name!r} is {numbers[0]:g} in every row: leave it out."
            )
        return Covariate(name, centre=float(numbers.mean()))
    levels = tuple(sorted({name_of(value) for value in values.tolist()}))
    if len(levels) < 2:
        raise ModelError(f"The covariate {name!r} is {levels[0]!r} in every row: leave it out.")
    return Covariate(name, levels=levels)
