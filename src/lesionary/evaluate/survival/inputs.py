"""Times, events, risks and patients as given, checked and made arrays of one length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import complete, group_codes, same_rows


@dataclass(frozen=True)
class Survival:
    """Rows whose survival can be judged.

    Parameters
    ----------
    time : ndarray of float64 (n,)
        To the event or to the end of follow-up, above 0.
    event : ndarray of bool (n,)
        Whether it happened; False is censored.
    risk : ndarray of float64 (n,)
        Higher for an earlier event; zeros if none was given.
    group : ndarray of int64 (n,)
        Of each row its patient, numbered from 0.
    """

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    risk: NDArray[np.float64]
    group: NDArray[np.int64]
    grouped: bool

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.time)

    @property
    def events(self) -> int:
        """Rows in which the event happened."""
        return int(self.event.sum())

    @property
    def patients(self) -> int | None:
        """Number of groups, or None if none were given."""
        return int(self.group.max()) + 1 if self.grouped else None

    @property
    def repeated(self) -> bool:
        """Whether a patient has several rows."""
        return int(self.group.max()) + 1 < self.n


def survival(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    *,
    without_events: bool = False,
) -> Survival:
    """Check times, events, risks and groups.

    Parameters
    ----------
    time : array_like (n,)
        To the event or to the end of follow-up, in any unit, above 0.
    event : array_like (n,)
        1 or True where it happened, 0 or False where the row is censored.
    risk : array_like (n,), optional
        Higher for an earlier event, such as a log hazard.
    groups : array_like (n,), optional
        Of each row its patient. Without, every row is independent.
    without_events : bool
        Take rows of which all are censored.

    Raises
    ------
    EvaluationError
        If lengths or indexes differ, a value is missing or infinite, a time is not above 0, an
        event is neither 0 nor 1, or there are none.

    Examples
    --------
    >>> survival([5, 8, 12], [1, 0, 1], [0.3, 0.1, 0.2]).events
    2
    """
    same_rows(time=time, event=event, risk=risk, groups=groups)
    times = _numbers("time", time)
    if (times <= 0).any():
        raise EvaluationError(
            f"time is not above 0 in {int((times <= 0).sum()):,} of {len(times):,} rows, first in "
            f"row {int(np.argmax(times <= 0))} (from 0): an event on the day it begins needs a "
            "time such as half a day; a negative one is an error of dates."
        )
    happened = _numbers("event", event)
    odd = ~np.isin(happened, (0, 1))
    if odd.any():
        raise EvaluationError(
            f"event is 1 (happened) or 0 (censored), not {happened[odd][0]:g} as in row "
            f"{int(np.argmax(odd))} (from 0)."
        )
    if not happened.any() and not without_events:
        raise EvaluationError(
            f"All {len(times):,} rows are censored: without an event there is nothing to judge."
        )
    risks = np.zeros(len(times)) if risk is None else _numbers("risk", risk)
    group, grouped = group_codes(groups, len(times))
    return Survival(times, happened.astype(bool), risks, group, grouped)


def arms(group: ArrayLike, time: ArrayLike) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Give each row the number of its arm, and name the arms: sorted, or as categories are.

    Raises
    ------
    EvaluationError
        If there is not one for each time, or a value is missing.
    """
    same_rows(time=time, group=group)
    complete("group", pd.isna(np.asarray(group)))
    codes, names = pd.factorize(pd.Series(group), sort=True)
    return codes.astype(np.int64), tuple(names.tolist())


def _numbers(name: str, given: ArrayLike) -> NDArray[np.float64]:
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EvaluationError(f"{name} holds something that is not a number: {error}.") from error
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise EvaluationError(f"{name} has the shape {values.shape}; wanted is one number a row.")
    complete(name, ~np.isfinite(values))
    return values
