"""How many are at risk, have the event and are censored at each distinct time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RiskTable:
    """Counts at the distinct times of a table, of one table or of many resamples of it.

    Parameters
    ----------
    times : ndarray (k,)
        Distinct times, ascending.
    at_risk, events, censored : ndarray (..., k)
        Rows whose time is not before; whose event happens then; whose follow-up ends then.
        A row that is censored when another has its event was at risk of it.
    """

    times: NDArray[np.float64]
    at_risk: NDArray[np.float64]
    events: NDArray[np.float64]
    censored: NDArray[np.float64]


def risk_table(
    time: NDArray[np.float64], event: NDArray[np.bool_], weight: NDArray[np.float64] | None = None
) -> RiskTable:
    """Count at each distinct time.

    Parameters
    ----------
    time, event : ndarray (n,)
        As :func:`~lesionary.evaluate.survival.inputs.survival` gives them.
    weight : ndarray (..., n), optional
        How often each row is in each resample.
    """
    order = np.argsort(time, kind="stable")
    times, starts = np.unique(time[order], return_index=True)
    weights = np.ones(len(time)) if weight is None else weight[..., order]
    leaving = np.add.reduceat(weights, starts, axis=-1)
    events = np.add.reduceat(weights * event[order], starts, axis=-1)
    at_risk = leaving[..., ::-1].cumsum(axis=-1)[..., ::-1]
    return RiskTable(times, at_risk, events, leaving - events)


def step(
    times: NDArray[np.float64], values: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Read a survival function (..., k) that steps at ``times`` and is 1 before: (..., m)."""
    before = np.ones((*values.shape[:-1], 1))
    index = np.searchsorted(times, at, side="right")
    return np.concatenate([before, values], axis=-1)[..., index]
