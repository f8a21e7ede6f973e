"""ROC and precision-recall curves with bands that hold at each point by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import Labelled, labelled
from lesionary.evaluate.resample.draw import draw

Floats = NDArray[np.float64]

_GRID = np.linspace(0, 1, 101)
_HELD = 4_000_000
"""Numbers that are held at once: resamples times rows."""


def roc_curve(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ROC curve, and its band.

    Parameters
    ----------
    y : array_like (n,)
        Labels of two classes; the positive one is the second as sorted (give ``y == "name"``).
    score : array_like (n,) or (n, 2)
        Higher for the second class.
    groups : array_like (n,), optional
        Of each row its patient, who is drawn as a whole.
    resamples, level, seed
        Of the bootstrap.

    Returns
    -------
    curve : DataFrame
        ``threshold``, ``false_positive_rate`` and ``sensitivity`` at each score and above the
        highest.
    band : DataFrame
        ``false_positive_rate`` from 0 to 1 in steps of 0.01, with ``low`` and ``high`` of the
        sensitivity there.
    """
    rows = _two_classes(y, score, groups)
    thresholds, hits, alarms = _counts(rows, np.ones((1, rows.n)))
    curve = pd.DataFrame(
        {
            "threshold": np.append(np.inf, thresholds),
            "false_positive_rate": alarms[0] / alarms[0, -1],
            "sensitivity": hits[0] / hits[0, -1],
        }
    )

    def at_grid(hits: Floats, alarms: Floats) -> Floats:
        x, height = alarms / alarms[:, -1:], hits / hits[:, -1:]
        right = _place(x, "right")  # behind the last point that is not beyond
        left, right = right - 1, np.minimum(right, x.shape[1] - 1)
        x0, x1 = np.take_along_axis(x, left, 1), np.take_along_axis(x, right, 1)
        y0, y1 = np.take_along_axis(height, left, 1), np.take_along_axis(height, right, 1)
        share = np.divide(_GRID - x0, x1 - x0, out=np.zeros_like(x0), where=x1 > x0)
        between: Floats = y0 + share * (y1 - y0)
        return between

    band = _band(rows, at_grid, resamples, level, seed)
    return curve, band.set_axis(["false_positive_rate", "low", "high"], axis=1)


def precision_recall_curve(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the precision-recall curve, and its band; parameters as of :func:`roc_curve`.

    Returns
    -------
    curve : DataFrame
        ``threshold``, ``recall`` and ``precision`` at each score.
    band : DataFrame
        ``recall`` from 0 to 1 in steps of 0.01, with ``low`` and ``high`` of the precision there:
        that of the highest threshold which has this recall.
    """
    rows = _two_classes(y, score, groups)
    thresholds, hits, alarms = _counts(rows, np.ones((1, rows.n)))
    curve = pd.DataFrame(
        {
            "threshold": thresholds,
            "recall": hits[0, 1:] / hits[0, -1],
            "precision": hits[0, 1:] / (hits[0, 1:] + alarms[0, 1:]),
        }
    )

    def at_grid(hits: Floats, alarms: Floats) -> Floats:
        called = hits + alarms
        precision = np.divide(hits, called, out=np.ones_like(hits), where=called > 0)
        at = np.minimum(_place(hits / hits[:, -1:], "left"), hits.shape[1] - 1)
        # At no recall at all: the precision of the first that is called.
        return np.take_along_axis(precision, np.where(at == 0, 1, at), 1)

    band = _band(rows, at_grid, resamples, level, seed)
    return curve, band.set_axis(["recall", "low", "high"], axis=1)


def _two_classes(y: ArrayLike, score: ArrayLike, groups: ArrayLike | None) -> Labelled:
    rows = labelled(y, score, groups)
    if rows.score.ndim != 1:
        raise EvaluationError(
            f"A curve is of two classes; there are {len(rows.classes)}: draw one of them against "
            "all others."
        )
    return rows


def _counts(rows: Labelled, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Return thresholds (m,), and positives and negatives at or above each: (resamples, 1 + m)."""
    order = np.argsort(-rows.score, kind="stable")
    score = rows.score[order]
    last = np.append(np.flatnonzero(np.diff(score)), rows.n - 1)  # of equal scores
    positive = rows.label[order] == 1
    sums = []
    for kind in (positive, ~positive):
        running = np.cumsum(weights[:, order] * kind, axis=1)[:, last]
        sums.append(np.concatenate([np.zeros((len(weights), 1)), running], axis=1))
    return score[last], sums[0], sums[1]


def _place(x: Floats, side: Literal["left", "right"]) -> NDArray[np.intp]:
    """Find the grid in every row of ``x`` (r, m), which ascends from 0 to 1: (r, grid)."""
    shift = 2.0 * np.arange(len(x))[:, None]  # so that the rows ascend one after the other
    found = np.searchsorted((x + shift).ravel(), (_GRID + shift).ravel(), side=side)
    place: NDArray[np.intp] = found.reshape(len(x), -1) - np.arange(len(x))[:, None] * x.shape[1]
    return place


def _band(
    rows: Labelled,
    at_grid: Callable[[Floats, Floats], Floats],
    resamples: int,
    level: float,
    seed: int,
) -> pd.DataFrame:
    weights = draw(rows.group, rows.label, resamples=resamples, seed=seed)
    step = max(1, _HELD // rows.n)
    drawn = []
    for start in range(0, resamples, step):
        _, hits, alarms = _counts(rows, weights[start : start + step].astype(np.float64))
        both = (hits[:, -1] > 0) & (alarms[:, -1] > 0)
        drawn.append(at_grid(hits[both], alarms[both]))
    low, high = np.quantile(np.concatenate(drawn), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return pd.DataFrame({"x": _GRID, "low": low, "high": high})
