"""From a metric of weighted rows to a result with its bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lesionary.evaluate.resample import bootstrap
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival.inputs import Survival

IntervalName = Literal["percentile", "bca"]
Values = Callable[[NDArray[Any]], NDArray[np.float64]]


def result(
    metric: str,
    values_of: Values,
    rows: Survival,
    interval: IntervalName | None,
    *,
    resamples: int,
    level: float,
    seed: int,
    notes: tuple[str, ...] = (),
) -> Result:
    """Compute a metric of the rows as they are, and its interval over resampled patients.

    Parameters
    ----------
    values_of
        From weights (resamples, n) to values (resamples,), NaN where there is none.
    """
    value = float(values_of(np.ones((1, rows.n), dtype=np.int32))[0])
    low = high = None
    method = ""
    if interval is not None:
        bounds = bootstrap(
            values_of,
            rows.group,
            rows.event.astype(np.int64),
            grouped=rows.grouped,
            interval=interval,
            resamples=resamples,
            level=level,
            seed=seed,
            classes=("censored", "event"),
        )
        low, high, method = bounds.low, bounds.high, bounds.method
        notes += bounds.notes
    return Result(
        metric,
        value,
        low,
        high,
        n=rows.n,
        method=method,
        events=rows.events,
        patients=rows.patients,
        level=level,
        notes=notes,
    )
