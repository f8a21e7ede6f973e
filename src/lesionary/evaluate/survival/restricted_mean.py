"""Mean time without the event, up to a horizon: needs no proportional hazards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from lesionary.errors import EvaluationError
from lesionary.evaluate.level import reach
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival.curve import Curve, kaplan_meier, repeated_note
from lesionary.evaluate.survival.inputs import Survival, arms, survival


@dataclass(frozen=True)
class RestrictedMean:
    """Restricted mean survival of groups, and how they differ. Prints itself.

    Parameters
    ----------
    tau
        The horizon.
    groups : tuple
        Names of the groups; one, ``all``, if none were given.
    results : tuple of Result
        Of each group.
    differences : tuple of Result
        Of each group but the first, less the first.
    """

    tau: float
    groups: tuple[Any, ...]
    results: tuple[Result, ...]
    differences: tuple[Result, ...] = ()

    def frame(self) -> pd.DataFrame:
        """Return a row a group or difference: ``metric``, ``value``, ``low``, ``high``, ..."""
        return pd.DataFrame([one.as_dict() for one in (*self.results, *self.differences)])

    def __str__(self) -> str:
        return "\n".join(str(one) for one in (*self.results, *self.differences))


def rmst(
    time: ArrayLike,
    event: ArrayLike,
    tau: float,
    group: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    *,
    level: float = 0.95,
) -> RestrictedMean:
    """Return the mean time without the event until ``tau``: the area under Kaplan-Meier's curve.

    Parameters
    ----------
    time, event : array_like (n,)
    tau : float
        Horizon, not after the end of any group's follow-up.
    group : array_like (n,), optional
        The group of each row; the first (sorted, or as categories are) is what others are
        compared with.
    groups : array_like (n,), optional
        Of each row its patient. Intervals take rows as independent; where patients have several,
        a note says so.
    level : float
        Of the intervals, which are normal with Greenwood's variance.

    Raises
    ------
    EvaluationError
        If ``tau`` is not above 0, or a group is not followed until then.

    Examples
    --------
    >>> print(rmst([1, 2, 3, 4], [1, 1, 1, 1], 3))
    RMST until 3 2.250 (95 % CI 1.437 to 3.063), n = 4, 3 events; Kaplan-Meier, Greenwood
    """
    if not (np.isfinite(tau) and tau > 0):
        raise EvaluationError(f"tau is a time above 0, not {tau:g}.")
    rows = survival(time, event, groups=groups, without_events=True)
    codes, names = (
        (np.zeros(rows.n, dtype=np.int64), ("all",)) if group is None else arms(group, time)
    )
    means = [_mean(rows, codes == code, tau, names[code]) for code in range(len(names))]
    notes = repeated_note(rows.repeated)
    results = [
        _result(
            f"RMST until {tau:g}" if group is None else f"RMST until {tau:g} of {name}",
            mean,
            rows,
            codes == code,
            tau,
            level,
            notes,
        )
        for code, (name, mean) in enumerate(zip(names, means, strict=True))
    ]
    differences = [
        _difference(means[0], means[code], names, code, rows, codes, tau, level, notes)
        for code in range(1, len(names))
    ]
    return RestrictedMean(tau, names, tuple(results), tuple(differences))


def _mean(
    rows: Survival, inside: NDArray[np.bool_], tau: float, name: object
) -> tuple[float, float]:
    """Area under the curve until ``tau``, and its variance."""
    curve = kaplan_meier(rows.time[inside], rows.event[inside])
    if tau > curve.times[-1] and curve.survival[-1] > 0:
        raise EvaluationError(
            f"Follow-up of group {name!r} ends at {curve.times[-1]:g}: tau = {tau:g} is later."
        )
    return _area(curve, tau)


def _area(curve: Curve, tau: float) -> tuple[float, float]:
    until = curve.times < tau
    edges = np.concatenate([[0.0], curve.times[until], [tau]])
    pieces = np.diff(edges) * np.concatenate([[1.0], curve.survival[until]])
    after = pieces[::-1].cumsum()[::-1][1:]
    at_risk, events = curve.at_risk[until], curve.events[until]
    # Who has the last event leaves nobody, and no area after: nothing to add.
    left = at_risk * (at_risk - events)
    terms = np.divide(events, left, out=np.zeros_like(left), where=left > 0)
    return float(pieces.sum()), float((after**2 * terms).sum())


def _result(
    metric: str,
    mean: tuple[float, float],
    rows: Survival,
    inside: NDArray[np.bool_],
    tau: float,
    level: float,
    notes: tuple[str, ...],
    p: str = "",
) -> Result:
    value, variance = mean
    width = reach(level) * np.sqrt(variance)
    return Result(
        metric,
        value,
        float(value - width),
        float(value + width),
        n=int(inside.sum()),
        events=int((rows.event & (rows.time <= tau))[inside].sum()),
        patients=len(np.unique(rows.group[inside])) if rows.grouped else None,
        method=f"Kaplan-Meier, Greenwood{p}",
        level=level,
        notes=notes,
    )


def _difference(
    first: tuple[float, float],
    other: tuple[float, float],
    names: tuple[Any, ...],
    code: int,
    rows: Survival,
    codes: NDArray[np.int64],
    tau: float,
    level: float,
    notes: tuple[str, ...],
) -> Result:
    gap, variance = other[0] - first[0], other[1] + first[1]
    p = ""
    if variance > 0:
        p = f"; p = {2 * norm.sf(abs(gap) / np.sqrt(variance)):.3g}"
    metric = f"RMST until {tau:g}, {names[code]} less {names[0]}"
    inside = np.isin(codes, (0, code))
    return _result(metric, (gap, variance), rows, inside, tau, level, notes, p)
