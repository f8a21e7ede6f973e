"""Whether a probability of 20 % comes true in 20 of 100: the calibration error and curve."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.clusters import sum_by_patient
from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.level import reach
from lesionary.evaluate.recalibration import binary
from lesionary.evaluate.resample.draw import draw
from lesionary.evaluate.result import Result

Binning = Literal["mass", "width"]


def calibration_error(
    y: ArrayLike,
    probability: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    binning: Binning = "mass",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the expected calibration error: mean distance of observed from predicted.

    Parameters
    ----------
    y, probability, groups, level
        As for :func:`~lesionary.evaluate.recalibration.calibration_slope`.
    bins : int
        Number of bins; fewer where probabilities are tied.
    binning : {"mass", "width"}
        Bins of as many rows each, or of the same width from 0 to 1.
    resamples : int
        Of the bootstrap, by patient, in the same bins; 0 for no interval.
    seed : int
        Of the bootstrap.

    Notes
    -----
    Chance alone puts the error above 0, so that resamples of it are no guide to the truth. Their
    distance from the rows is: by the triangle inequality the error is off by at most the sum
    over the bins of how far each is off, and the interval is the value give or take that
    sum's quantile. It is wide, and reaches 0 unless calibration is refuted.
    """
    rows = binary(y, probability, groups)
    bin_of, _ = _bins(rows.score, bins, binning)
    surplus = _one_hot(bin_of) * (rows.label - rows.score)[:, None]
    value = float(np.abs(surplus.sum(axis=0)).sum() / rows.n)
    low = high = None
    kind = "equal-mass" if binning == "mass" else "equal-width"
    method = f"{bin_of.max() + 1} {kind} bins"
    if resamples:
        off = draw(rows.group, resamples=resamples, seed=seed) @ surplus - surplus.sum(axis=0)
        width = float(np.quantile(np.abs(off).sum(axis=1) / rows.n, level))
        low, high = max(0.0, value - width), min(1.0, value + width)
        method += f"; bootstrap bound, conservative, {resamples:,} resamples"
    return Result(
        "expected calibration error",
        value,
        low,
        high,
        n=rows.n,
        events=rows.events,
        patients=rows.patients,
        level=level,
        method=method,
    )


def calibration_curve(
    y: ArrayLike,
    probability: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    binning: Binning = "mass",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return predicted and observed frequencies, bin by bin.

    Parameters
    ----------
    y, probability, groups, bins, binning, level
        As for :func:`calibration_error`.

    Returns
    -------
    DataFrame
        One row a bin that has rows: ``from`` and ``to`` (its edges), ``predicted`` (mean
        probability),
        ``observed`` (share of the second class) with ``low`` and ``high``, ``n`` and ``events``.
        The intervals are Wilson's; with patients, of the number of rows that as many
        independent ones would be worth (the design effect of clusters).

    Examples
    --------
    >>> curve = calibration_curve([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], bins=2)
    >>> curve[["predicted", "observed", "n"]].round(2).to_numpy().tolist()
    [[0.15, 0.0, 2.0], [0.8, 1.0, 2.0]]
    """
    rows = binary(y, probability, groups)
    bin_of, edges = _bins(rows.score, bins, binning)
    n = np.bincount(bin_of)
    events = np.bincount(bin_of, weights=rows.label)
    observed = events / n
    low, high = _wilson(observed, n / _design_effect(rows, bin_of, observed, n), level)
    return pd.DataFrame(
        {
            "from": edges[:, 0],
            "to": edges[:, 1],
            "predicted": np.bincount(bin_of, weights=rows.score) / n,
            "observed": observed,
            "low": low,
            "high": high,
            "n": n,
            "events": events.astype(np.int64),
        }
    )


def _bins(
    probability: NDArray[np.float64], bins: int, binning: Binning
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return of each row its bin, numbered without gaps, and of each bin its two edges."""
    if bins < 1:
        raise EvaluationError(f"There must be at least one bin, not {bins}.")
    if binning == "width":
        edges = np.linspace(0, 1, bins + 1)
    elif binning == "mass":
        edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)))
    else:
        raise EvaluationError(f"binning is 'mass' or 'width', not {binning!r}.")
    inner = edges[1:-1]
    used, bin_of = np.unique(np.searchsorted(inner, probability, side="right"), return_inverse=True)
    return bin_of, np.stack([edges[used], edges[np.minimum(used + 1, len(edges) - 1)]], axis=1)


def _one_hot(bin_of: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.eye(bin_of.max() + 1)[bin_of]


def _design_effect(
    rows: Labelled,
    bin_of: NDArray[np.int64],
    observed: NDArray[np.float64],
    n: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return how many times wider than of independent rows the variance of each share is."""
    if not rows.grouped:
        return np.ones(len(n))
    residual = _one_hot(bin_of) * (rows.label - observed[bin_of])[:, None]
    clustered = (sum_by_patient(residual, rows.group) ** 2).sum(axis=0)
    alone = (residual**2).sum(axis=0)
    effect: NDArray[np.float64] = np.divide(
        clustered, alone, out=np.ones_like(alone), where=alone > 0
    )
    return np.maximum(effect, 1.0)


def _wilson(
    share: NDArray[np.float64], n: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = reach(level)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    width = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(middle - width, 0, 1), np.clip(middle + width, 0, 1)
