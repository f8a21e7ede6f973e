"""Times, events and patients of a table, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import PATIENT
from lesionary.errors import ModelError


@dataclass(frozen=True)
class Outcome:
    """Follow-up of rows that a model can learn from.

    Parameters
    ----------
    time : ndarray of float64 (n,)
        Above zero, in the user's unit.
    event : ndarray of bool (n,)
        Whether it happened at ``time``; otherwise the row is censored there.
    patient : ndarray of int64 (n,)
        Patients, numbered from 0.
    clustered
        Whether some patient has several rows.
    """

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    patient: NDArray[np.int64]
    clustered: bool

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.time)

    @property
    def events(self) -> int:
        """Rows with an event."""
        return int(self.event.sum())

    @property
    def patients(self) -> int:
        """Patients that the rows come from."""
        return int(self.patient.max()) + 1

    def rows(self, chosen: NDArray[Any]) -> Outcome:
        """Take some rows."""
        patient = np.unique(self.patient[chosen], return_inverse=True)[1].astype(np.int64)
        clustered = len(patient) > int(patient.max()) + 1
        return Outcome(self.time[chosen], self.event[chosen], patient, clustered)


def read_outcome(table: pd.DataFrame, time: str, event: str, patient: str | None = None) -> Outcome:
    """Take times, events and patients from a table.

    Parameters
    ----------
    table : DataFrame
        A row a lesion or patient.
    time, event
        Names of columns: times above zero; events 1 or True where it happened, else 0 or False.
    patient
        Name of the column that says whose the row is. Default: ``patient_id`` where the table
        has one; else each row is its own patient.

    Raises
    ------
    ModelError
        If a column or value is missing, a time is not above zero, an event is neither 0 nor 1,
        or no row has an event.
    """
    _present(table, time, event, patient)
    if table.empty:
        raise ModelError("The table has no rows.")
    times = pd.to_numeric(table[time], errors="coerce").to_numpy(np.float64)
    _all(np.isfinite(times), f"{time!r} is missing or no number", "leave these rows out and say so")
    _all(
        times > 0,
        f"{time!r} is zero or below",
        "an event or censoring at the start tells nothing of what follows: leave these rows out, "
        "or give the part of a day that was observed",
    )
    events = pd.to_numeric(table[event], errors="coerce").to_numpy(np.float64)
    _all(np.isin(events, (0, 1)), f"{event!r} is neither 0 nor 1", "1 is an event, 0 censored")
    if not events.any():
        raise ModelError(
            f"All {len(table):,} rows are censored: without an event there is nothing to learn. "
            f"Is {event!r} 1 where the event happened?"
        )
    if patient is None and PATIENT in table.columns:
        patient = PATIENT
    if patient is None:
        codes = np.arange(len(table), dtype=np.int64)
    else:
        _all(table[patient].notna().to_numpy(), f"{patient!r} is missing", "fill it")
        codes = pd.factorize(table[patient])[0].astype(np.int64)
    clustered = len(codes) > int(codes.max()) + 1
    return Outcome(times, events.astype(bool), codes, clustered)


def _present(table: pd.DataFrame, *names: str | None) -> None:
    for name in names:
        if name is not None and name not in table.columns:
            raise ModelError(
                f"The table has no column {name!r}; it has {', '.join(map(str, table.columns[:8]))}"
                f"{', ...' if len(table.columns) > 8 else ''}."
            )


def _all(good: NDArray[np.bool_], what: str, to_do: str) -> None:
    bad = ~np.asarray(good, dtype=bool)
    if bad.any():
        raise ModelError(
            f"{what} in {int(bad.sum()):,} of {len(bad):,} rows, first in row "
            f"{int(np.argmax(bad))} (from 0): {to_do}."
        )
