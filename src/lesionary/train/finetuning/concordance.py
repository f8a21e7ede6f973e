"""Harrell's C-index: how often the higher risk has the earlier event."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def c_index(risk: ArrayLike, time: ArrayLike, event: ArrayLike) -> float:
    """Return the share of comparable pairs in which the riskier one has the event first.

    A pair is comparable if the earlier of the two times is an event's; of two that share their
    time, if one is an event and the other is censored, which then counts as later. Equal risks
    count one half. Without a comparable pair the C-index is NaN.

    Parameters
    ----------
    risk, time, event : array-like (n,)
        ``event`` is 1 (it happened) or 0 (censored).

    Examples
    --------
    >>> c_index(risk=[3, 1, 2], time=[1, 2, 3], event=[1, 1, 0])
    0.6666666666666666
    """
    risks, times = np.asarray(risk, float), np.asarray(time, float)
    events = np.asarray(event).astype(bool)
    agreeing, comparable = 0.0, 0
    for i in np.flatnonzero(events):
        later = (times > times[i]) | ((times == times[i]) & ~events)
        agreeing += (risks[i] > risks[later]).sum() + 0.5 * (risks[i] == risks[later]).sum()
        comparable += int(later.sum())
    return float(agreeing / comparable) if comparable else math.nan
