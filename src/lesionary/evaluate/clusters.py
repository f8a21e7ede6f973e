"""Sums over patients, for metrics that are sums over rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sum_by_patient(values: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Add up rows ``(n, ...)`` of the same patient: ``(patients, ...)``."""
    total = np.zeros((int(group.max()) + 1, *values.shape[1:]))
    np.add.at(total, group, values)
    return total
