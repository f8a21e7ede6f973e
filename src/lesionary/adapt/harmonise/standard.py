"""Features without what batches do: their mean, their spread, and what covariates do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionary.adapt.harmonise.regression import least_squares

Values = NDArray[np.float64]

_ROUNDING = 1e-13
"""Spread, relative to the largest value, which rounding leaves of a constant."""


@dataclass(frozen=True)
class Standard:
    """What features are standardised by.

    Attributes
    ----------
    mean, sd : ndarray (p,)
        Of all batches, or of the reference.
    effects : ndarray (columns, p)
        What one unit of each column of covariates adds.
    reasons : list of str
        Of each feature why it has none of these (then 0, 1 and 0); empty where it has.
    """

    mean: Values
    sd: Values
    effects: Values
    reasons: list[str]


def learn_standard(
    values: Values, member: NDArray[np.bool_], known: Values, *, reference: int | None, ddof: int
) -> Standard:
    """Fit each feature to batches and covariates, on the rows that have it.

    Parameters
    ----------
    values : ndarray (n, p)
        NaN where missing.
    member : ndarray of bool (n, batches)
        Whether a row is of a batch.
    known : ndarray (n, columns)
        Covariates.
    reference : int, optional
        The batch whose mean and spread are taken; without, those of all rows.
    ddof
        What the number of rows is lessened by in the spread.
    """
    batches = member.shape[1]
    coefficients, told = least_squares(np.hstack([member.astype(np.float64), known]), values)
    effects = coefficients[batches:]
    residual = values - member @ coefficients[:batches] - known @ effects
    if reference is None:
        seen = member.T.astype(np.float64) @ ~np.isnan(values)
        mean = (seen / np.maximum(seen.sum(axis=0), 1.0) * coefficients[:batches]).sum(axis=0)
    else:
        mean = coefficients[reference]
        residual = residual[member[:, reference]]
    there = ~np.isnan(residual)
    free = np.maximum(there.sum(axis=0) - ddof, 1)
    sd = np.sqrt((np.where(there, residual, 0.0) ** 2).sum(axis=0) / free)
    constant = ~(sd > _ROUNDING * np.abs(np.nan_to_num(values)).max(axis=0))
    place = "batches" if reference is None else "the reference"
    reasons: list[str] = np.select(
        [~told, constant],
        [
            "Its rows do not tell batches and covariates apart.",
            f"It does not vary within {place}.",
        ],
        "",
    ).tolist()
    bad = constant | ~told
    return Standard(
        np.where(bad, 0.0, mean), np.where(bad, 1.0, sd), np.where(bad, 0.0, effects), reasons
    )
