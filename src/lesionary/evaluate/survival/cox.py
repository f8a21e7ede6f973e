"""Hazard ratios, one covariate at a time: of one, or a screen of thousands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import complete, same_rows
from lesionary.evaluate.level import reach
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival.concordance import concordance_of_each
from lesionary.evaluate.survival.inputs import Survival, survival
from lesionary.evaluate.survival.partial_likelihood import fit_each

_FEW_EVENTS, _FEW_PATIENTS = 10, 20


def hazard_ratio(
    time: ArrayLike,
    event: ArrayLike,
    covariate: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    standardise: bool = False,
    level: float = 0.95,
) -> Result:
    """Return the hazard ratio of one unit of a covariate (Cox; Efron's ties).

    Parameters
    ----------
    time, event : array_like (n,)
    covariate : array_like (n,)
        A risk, a measurement, or 0 and 1.
    groups : array_like (n,), optional
        Of each row its patient. Where patients have several rows, the interval is from errors
        that are robust to clusters (sandwich).
    standardise : bool
        Give the ratio of one standard deviation instead.
    level : float
        Of the interval, which is Wald's on the log scale.

    Raises
    ------
    EvaluationError
        If the covariate is constant, or separates events from the rest so that no ratio is
        large enough.

    Examples
    --------
    >>> time, event = [4, 3, 6, 7, 8, 2], [1, 1, 1, 0, 1, 1]
    >>> print(hazard_ratio(time, event, [0, 1, 1, 0, 0, 1]))
    hazard ratio 5.408 (95 % CI 0.544 to 53.759), n = 6, 5 events; Cox, Efron, Wald; p = 0.15
      fewer than 10 events
    """
    rows = survival(time, event, covariate, groups)
    table = _table(rows, rows.risk[:, None], ["covariate"], level, standardise)
    row = table.iloc[0]
    if row["note"]:
        raise EvaluationError(f"There is no hazard ratio: {row['note']}.")
    robust = ", robust to clusters" if rows.repeated else ""
    return Result(
        "hazard ratio of 1 SD" if standardise else "hazard ratio",
        float(row["hazard_ratio"]),
        float(row["low"]),
        float(row["high"]),
        n=rows.n,
        events=rows.events,
        patients=rows.patients,
        method=f"Cox, Efron, Wald{robust}; p = {row['p']:.3g}",
        level=level,
        notes=_notes(rows),
    )


def cox_univariate(
    time: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    standardise: bool = False,
    level: float = 0.95,
) -> pd.DataFrame:
    """Fit a Cox model to each covariate on its own, all at once.

    Parameters
    ----------
    time, event : array_like (n,)
    x : array_like (n, p)
        A column a covariate; those of a DataFrame keep their names.
    groups : array_like (n,), optional
        Of each row its patient; as for :func:`hazard_ratio`.
    standardise : bool
        Give the effect of one standard deviation (of these rows), so that covariates of
        different units compare.
    level : float
        Of the interval.

    Returns
    -------
    DataFrame
        A row a covariate, in the order given: ``n``, ``events``, ``coef``, ``se``,
        ``hazard_ratio``, ``low``, ``high``, ``z``, ``p`` (Wald, two-sided, not corrected for how
        many covariates there are), ``c_index`` of the fit (Harrell's, at least about 0.5) and
        ``note``: why a covariate has no numbers (NaN) or no ratio that a number can hold, or
        nothing.

    Raises
    ------
    EvaluationError
        If a value is missing or infinite, or there is no event.
    """
    rows = survival(time, event, groups=groups)
    same_rows(time=time, x=x)
    try:
        values = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EvaluationError(f"A covariate is not a number: {error}.") from error
    if values.ndim != 2 or values.shape[1] == 0:
        raise EvaluationError(
            f"Covariates have the shape {values.shape}; wanted is (n, p), a column each."
        )
    names: list[Any] = (
        list(x.columns) if isinstance(x, pd.DataFrame) else list(range(values.shape[1]))
    )
    wrong = ~np.isfinite(values).all(axis=0)
    if wrong.any():
        first = int(np.argmax(wrong))
        complete(f"Covariate {names[first]!r}", ~np.isfinite(values[:, first]))
    return _table(rows, values, names, level, standardise)


def _notes(rows: Survival) -> tuple[str, ...]:
    notes = []
    if rows.events < _FEW_EVENTS:
        notes.append(f"fewer than {_FEW_EVENTS} events")
    if rows.repeated and int(rows.group.max()) + 1 < _FEW_PATIENTS:
        notes.append(f"fewer than {_FEW_PATIENTS} patients: robust errors are likely too small")
    return tuple(notes)


def _table(
    rows: Survival, x: NDArray[np.float64], names: list[Any], level: float, standardise: bool
) -> pd.DataFrame:
    if rows.repeated and rows.group.max() == 0:
        raise EvaluationError(
            f"All {rows.n:,} rows are of one patient, who says nothing of others."
        )
    if standardise:
        spread = x.std(axis=0, ddof=1)
        x = x / np.where(spread > 0, spread, 1)
    fits = fit_each(rows, x)
    none = fits.constant | fits.separated | fits.unfinished
    coef = np.where(none, np.nan, fits.coef)
    se = np.sqrt(np.where(none, np.nan, fits.variance))
    z = coef / se
    width = reach(level) * se
    concordance = concordance_of_each(rows, x)
    # The concordance of the fit; without one, of the direction that separates.
    falling = np.where(np.isnan(coef), concordance < 0.5, coef < 0)
    with np.errstate(over="ignore"):
        ratio, low, high = (np.exp(coef + side * width) for side in (0, -1, 1))
    note = np.select(
        [fits.constant, fits.separated, fits.unfinished, ~np.isfinite(high) | (low == 0)],
        [
            "all values are the same",
            "perfect separation: events follow the order of this covariate, "
            "and no finite ratio is the most likely",
            "the fit did not converge",
            "the ratio of one unit is out of range: standardise",
        ],
        "",
    )
    return pd.DataFrame(
        {
            "n": rows.n,
            "events": rows.events,
            "coef": coef,
            "se": se,
            "hazard_ratio": ratio,
            "low": low,
            "high": high,
            "z": z,
            "p": 2 * norm.sf(np.abs(z)),
            "c_index": np.where(falling, 1 - concordance, concordance),
            "note": note,
        },
        index=pd.Index(names, name="covariate"),
    )
