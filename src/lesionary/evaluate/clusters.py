"""Sums over patients, and resamples of patients, for metrics that are sums over rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sum_by_patient(values: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Add up rows ``(n, ...)`` of the same patient: ``(patients, ...)``."""
    total = np.zeros((int(group.max()) + 1, *values.shape[1:]))
    np.add.at(total, group, values)
    return total


def patient_counts(
    group: NDArray[np.int64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw how often each patient is in each bootstrap resample: ``(resamples, patients)``.

    A matrix product with :func:`sum_by_patient` is then the metric's sum in each resample.
    """
    patients = int(group.max()) + 1
    counts = rng.multinomial(patients, np.full(patients, 1 / patients), size=resamples)
    return counts.astype(np.float64)
