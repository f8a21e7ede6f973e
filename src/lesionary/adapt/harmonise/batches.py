"""Batches of training rows: whether there are enough, of enough rows, apart from covariates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lesionary.adapt.harmonise.covariates import Covariate
from lesionary.adapt.harmonise.regression import first_redundant
from lesionary.errors import ModelError
from lesionary.spelling import hint


def count_batches(
    labels: NDArray[np.str_], reference: str | None, *, fewest: int
) -> tuple[list[str], list[int]]:
    """Return the batches and how many rows each has.

    Raises
    ------
    ModelError
        If there is one batch, one of fewer than ``fewest`` rows, or the reference is not there.
    """
    found, counts = np.unique(labels, return_counts=True)
    batches = [str(name) for name in found]
    if len(batches) < 2:
        raise ModelError(
            f"All {len(labels):,} rows are of the batch {batches[0]!r}: there is nothing to "
            "harmonise."
        )
    if reference is not None and reference not in batches:
        raise ModelError(f"There is no batch {reference!r}{hint(reference, batches)}.")
    single = [name for name, count in zip(batches, counts, strict=True) if count < fewest]
    if single:
        raise ModelError(
            f"The batch {single[0]!r} has one row, which has no spread: leave it out, join it "
            "to a batch that is alike, or take out means only (mean_only=True, --mean-only)."
        )
    return batches, [int(count) for count in counts]


def refuse_confounding(
    member: NDArray[np.bool_], known: NDArray[np.float64], covariates: Sequence[Covariate]
) -> None:
    """Raise if a covariate follows from the batch."""
    column = first_redundant(np.hstack([member.astype(np.float64), known]))
    if column is None:
        return
    of_columns = [one.name for one in covariates for _ in range(max(len(one.levels) - 1, 1))]
    name = of_columns[column - member.shape[1]]
    raise ModelError(
        f"The covariate {name!r} follows from the batch and the covariates before it: what the "
        "batch does and what it does cannot be told apart. Leave it out."
    )


def too_few_values(
    values: NDArray[np.float64],
    member: NDArray[np.bool_],
    batches: Sequence[str],
    reasons: Sequence[str],
    *,
    fewest: int,
) -> list[str]:
    """Say of each feature that some batch has too few values of it, or what was said before."""
    seen = member.T.astype(np.float64) @ ~np.isnan(values)
    least, which = seen.min(axis=0), seen.argmin(axis=0)
    return [
        f"The batch {batches[which[i]]!r} has {least[i]:.0f} values of it."
        if least[i] < fewest
        else reason
        for i, reason in enumerate(reasons)
    ]


def uncertain(batches: Sequence[str], rows: Sequence[int], fewest: int) -> list[str]:
    """Tell which batches have so few rows that their effect is uncertain."""
    few = [f"{name} ({count})" for name, count in zip(batches, rows, strict=True) if count < fewest]
    if not few:
        return []
    return [f"Batches with few rows: {', '.join(few)}. Their effect is uncertain."]
