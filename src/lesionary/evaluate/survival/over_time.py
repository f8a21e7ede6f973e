"""A metric at several times, and over all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival.inputs import Survival


@dataclass(frozen=True)
class OverTime:
    """A metric at each of several times. Prints itself.

    Parameters
    ----------
    times : tuple of float
        In the unit of the rows' times.
    results : tuple of Result
        At each time.
    whole : Result
        Over all of them: their weighted mean, or the integral.
    """

    times: tuple[float, ...]
    results: tuple[Result, ...]
    whole: Result

    def frame(self) -> pd.DataFrame:
        """Return a row a time: ``value``, ``low``, ``high``, ``n``, ``events``, ``method``, ..."""
        rows = [result.as_dict() for result in self.results]
        return pd.DataFrame(rows, index=pd.Index(self.times, name="time"))

    def __str__(self) -> str:
        return "\n".join(str(result) for result in (*self.results, self.whole))


def checked_times(at: ArrayLike, rows: Survival) -> NDArray[np.float64]:
    """Make times an array, ascending and within follow-up.

    Raises
    ------
    EvaluationError
        If there is none, they do not ascend, or the last is not before the end of follow-up.
    """
    times = np.atleast_1d(np.asarray(at, dtype=np.float64))
    if times.ndim != 1 or len(times) == 0 or not np.isfinite(times).all():
        raise EvaluationError("Give one time or a list of times.")
    if (np.diff(times) <= 0).any():
        raise EvaluationError(f"Times ascend, each once: not {times.tolist()}.")
    first, last = rows.time.min(), rows.time.max()
    if times[0] < first or times[-1] >= last:
        raise EvaluationError(
            f"Times lie within follow-up, from {first:g} to before {last:g}; "
            f"{times[0]:g} to {times[-1]:g} do not."
        )
    return times
