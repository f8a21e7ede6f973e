"""The share that is free of the event, over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.evaluate.level import reach
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival.inputs import survival
from lesionary.evaluate.survival.risk_table import risk_table, step


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve with its interval. Prints itself.

    Parameters
    ----------
    times : ndarray (k,)
        Distinct times of events and of ends of follow-up.
    survival, low, high : ndarray (k,)
        Share without the event just after each time, and the bounds of its interval.
    at_risk, events, censored : ndarray (k,)
        Rows at each time.
    n, total_events, patients
        What the curve rests on.
    """

    times: NDArray[np.float64]
    survival: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    at_risk: NDArray[np.float64]
    events: NDArray[np.float64]
    censored: NDArray[np.float64]
    n: int
    total_events: int
    patients: int | None = None
    level: float = 0.95
    method: str = "Kaplan-Meier, Greenwood log-log"
    notes: tuple[str, ...] = ()

    def at(self, times: ArrayLike) -> NDArray[np.float64]:
        """Read the curve at times (m,). It is 1 before the first."""
        return step(self.times, self.survival, np.asarray(times, dtype=np.float64))

    def at_risk_at(self, times: ArrayLike) -> NDArray[np.int64]:
        """Count the rows that are still at risk at times (m,)."""
        index = np.searchsorted(self.times, np.asarray(times, dtype=np.float64), side="left")
        return np.append(self.at_risk, 0)[index].astype(np.int64)

    def frame(self) -> pd.DataFrame:
        """Return a row a time."""
        columns = ("times", "at_risk", "events", "censored", "survival", "low", "high")
        table = pd.DataFrame({name: getattr(self, name) for name in columns})
        counts = ["at_risk", "events", "censored"]
        return table.rename(columns={"times": "time"}).astype(dict.fromkeys(counts, "int64"))

    def median(self) -> Result:
        """Return the first time at which half or fewer are free of the event.

        The bounds are the times at which the curve's bounds come to one half
        (Brookmeyer-Crowley). What is never reached is ``inf``, and a note says so.
        """
        value, low, high = (self._first(bound) for bound in (self.survival, self.low, self.high))
        notes = self.notes
        if np.isinf(value):
            notes += (f"not reached: {self.survival[-1]:.0%} are left at the end of follow-up",)
        elif np.isinf(high):
            notes += ("the upper bound is not reached",)
        return Result(
            "median survival",
            value,
            low,
            high,
            n=self.n,
            events=self.total_events,
            patients=self.patients,
            method=f"{self.method}, Brookmeyer-Crowley",
            level=self.level,
            notes=notes,
        )

    def _first(self, bound: NDArray[np.float64]) -> float:
        # Rounded, so that products of fractions that are one half are.
        reached = np.flatnonzero(bound.round(12) <= 0.5)
        return float(self.times[reached[0]]) if len(reached) else float("inf")

    def __str__(self) -> str:
        return f"{self.median()}\n{self.frame().to_string(index=False)}"


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    level: float = 0.95,
) -> Curve:
    """Estimate the share without the event over time.

    Parameters
    ----------
    time, event : array_like (n,)
        All rows may be censored; the curve is then flat.
    groups : array_like (n,), optional
        Of each row its patient. The interval takes rows as independent; where patients have
        several, a note says so.
    level : float
        Of the interval: Greenwood's variance of log(-log S), which stays between 0 and 1.
        Where nobody is left (S = 0) it has none: the lower bound is 0, the upper is kept.

    Examples
    --------
    >>> kaplan_meier([1, 2, 3, 4], [1, 1, 0, 1]).survival
    array([0.75, 0.5 , 0.5 , 0.  ])
    >>> print(kaplan_meier([1, 2, 3, 4], [1, 1, 0, 1]).median().value)
    2.0
    """
    rows = survival(time, event, groups=groups, without_events=True)
    table = risk_table(rows.time, rows.event)
    share = np.asarray(np.cumprod(1 - table.events / table.at_risk), dtype=np.float64)
    left = table.at_risk - table.events
    terms = np.divide(table.events, table.at_risk * left, out=np.zeros_like(left), where=left > 0)
    inside = (share > 0) & (share < 1)
    logs = np.log(share, out=np.full_like(share, -1.0), where=inside)
    width = reach(level) * np.sqrt(terms.cumsum()) / -logs
    low = np.where(inside, share ** np.exp(width), share)
    high = np.where(inside, share ** np.exp(-width), share)
    # Nobody is left from some time on, which is the last one.
    if share[-1] == 0:
        high[-1] = high[-2] if len(high) > 1 else 1.0
    notes = repeated_note(rows.repeated)
    return Curve(
        table.times,
        share,
        low,
        high,
        table.at_risk,
        table.events,
        table.censored,
        n=rows.n,
        total_events=rows.events,
        patients=rows.patients,
        level=level,
        notes=notes,
    )


def repeated_note(repeated: bool) -> tuple[str, ...]:
    """Say that rows of one patient were taken as independent."""
    if not repeated:
        return ()
    return ("patients with several rows: taken as independent, so the interval is too narrow",)
