"""McNemar's test of whether two models decide rightly equally often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from lesionary.evaluate.clusters import sum_by_patient
from lesionary.evaluate.comparisons.flips import flipped_p
from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.decisions import decided

FEW = 25
"""Patients on whom the models differ, below which the test is computed exactly."""


def mcnemar(
    first: Labelled, second: Labelled, threshold: float = 0.5
) -> tuple[float, tuple[str, ...]]:
    """Test whether two models are right equally often, two-sided.

    Each patient counts with the number of rows on which the first alone is right less those on
    which the second alone is. If neither is better, this is as likely positive as negative.
    Below 25 patients with a difference, all ways in which the signs could have fallen are
    counted: with one row a patient that is the exact binomial test. Else the statistic is
    Durkalski's of 2003 (doi 10.1002/sim.1438), with one row a patient McNemar's without
    continuity correction.

    Returns
    -------
    p : float
    notes : tuple of str
        Which of both was used, and on how many patients.
    """
    ahead = np.rint(
        sum_by_patient(first_alone_right(first, second, threshold), first.group)
    ).astype(np.int64)
    ahead = ahead[ahead != 0]
    kind = "patients" if first.grouped else "rows"
    if len(ahead) == 0:
        return 1.0, (f"Both are right equally often on all {kind}.",)
    told = f"{len(ahead):,} {kind} on which the models differ ({(ahead > 0).sum():,} for the first)"
    if len(ahead) < FEW:
        return flipped_p(ahead), (f"{told}: exact.",)
    statistic = ahead.sum() ** 2 / (ahead**2).sum()
    return float(chi2.sf(statistic, 1)), (f"{told}: chi-square.",)


def first_alone_right(first: Labelled, second: Labelled, threshold: float) -> NDArray[np.float64]:
    """1 in rows where the first alone decides rightly, -1 where the second alone does, else 0."""
    alone = np.zeros(first.n)
    alone[decided(first, threshold) == first.label] += 1.0
    alone[decided(second, threshold) == second.label] -= 1.0
    return alone
