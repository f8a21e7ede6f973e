"""Whether decisions by a model do more good than harm: net benefit and the decision curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import Labelled, labelled
from lesionary.evaluate.resample.draw import draw
from lesionary.evaluate.result import Result

TREAT_ALL, TREAT_NONE = "treat all", "treat none"


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit of models over thresholds.

    Parameters
    ----------
    table : DataFrame
        ``model`` (also ``treat all`` and ``treat none``), ``threshold``, ``net_benefit``, and
        ``low`` and ``high`` of its interval at each threshold by itself.
    n, events, patients, level, method
        As of a :class:`~lesionary.evaluate.result.Result`.
    """

    table: pd.DataFrame
    n: int
    events: int
    patients: int | None
    level: float
    method: str


def decision_curve(
    y: ArrayLike,
    probabilities: Mapping[str, ArrayLike],
    groups: ArrayLike | None = None,
    *,
    thresholds: ArrayLike | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> DecisionCurve:
    """Compare what models are worth at each threshold probability of treating.

    Net benefit is the true positives minus the false ones, each of which costs the odds of the
    threshold, in a patient: ``TP/n − FP/n · t/(1 − t)``.

    Parameters
    ----------
    y : array_like (n,)
        Labels of two classes; the positive one is the second as sorted (give ``y == "name"``).
    probabilities : mapping of str to array_like (n,) or (n, 2)
        Of the second class, one a model.
    groups : array_like (n,), optional
        Of each row its patient.
    thresholds : array_like, optional
        Between 0 and 1, both excluded; default 0.01 to 0.99 in steps of 0.01.
    resamples : int
        Of the bootstrap, by patient and the same for all models; 0 for no interval.
    level : float
        Of the interval, which holds at one threshold and not for the whole curve.
    seed : int
        Of the bootstrap.

    Examples
    --------
    >>> curve = decision_curve([0, 0, 1, 1], {"a": [0.1, 0.6, 0.4, 0.9]}, thresholds=[0.5])
    >>> curve.table[["model", "net_benefit"]].to_numpy().tolist()
    [['a', 0.0], ['treat all', 0.0], ['treat none', 0.0]]
    """
    if not probabilities:
        raise EvaluationError("There is no model: give probabilities as {'name': probabilities}.")
    cuts = _thresholds(thresholds)
    rows = {name: _probabilities(y, given, groups) for name, given in probabilities.items()}
    first = next(iter(rows.values()))
    everybody = np.ones((first.n, len(cuts)))
    called = {name: (one.score[:, None] >= cuts) * 1.0 for name, one in rows.items()}
    called |= {TREAT_ALL: everybody, TREAT_NONE: 0 * everybody}
    weights = draw(first.group, resamples=resamples, seed=seed) if resamples else None
    tables = []
    for name, positive in called.items():
        gain = positive * _worth(first.label, cuts)
        table = pd.DataFrame(
            {"model": name, "threshold": cuts, "net_benefit": gain.mean(axis=0) + 0.0}
        )
        if weights is not None:
            drawn = weights @ gain / weights.sum(axis=1, keepdims=True)
            tails = [(1 - level) / 2, (1 + level) / 2]
            table["low"], table["high"] = np.quantile(drawn, tails, axis=0) + 0.0
        tables.append(table)
    return DecisionCurve(
        pd.concat(tables, ignore_index=True),
        n=first.n,
        events=int(first.label.sum()),
        patients=first.patients,
        level=level,
        method=f"bootstrap percentile, {resamples:,} resamples" if resamples else "",
    )


def net_benefit(
    y: ArrayLike,
    probability: ArrayLike,
    threshold: float,
    groups: ArrayLike | None = None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the net benefit of treating at one threshold; see :func:`decision_curve`.

    Examples
    --------
    >>> net_benefit([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], 0.2, resamples=0).value
    0.4375
    """
    curve = decision_curve(
        y,
        {"": probability},
        groups,
        thresholds=[threshold],
        resamples=resamples,
        level=level,
        seed=seed,
    )
    at = curve.table.iloc[0]
    return Result(
        f"net benefit at {threshold:g}",
        float(at["net_benefit"]),
        float(at["low"]) if resamples else None,
        float(at["high"]) if resamples else None,
        n=curve.n,
        events=curve.events,
        patients=curve.patients,
        level=level,
        method=curve.method,
    )


def _thresholds(given: ArrayLike | None) -> NDArray[np.float64]:
    if given is None:
        return np.arange(1, 100) / 100
    cuts = np.atleast_1d(np.asarray(given, dtype=np.float64))
    if not ((cuts > 0) & (cuts < 1)).all():
        raise EvaluationError("Thresholds of net benefit are probabilities above 0 and below 1.")
    return cuts


def _probabilities(y: ArrayLike, given: ArrayLike, groups: ArrayLike | None) -> Labelled:
    rows = labelled(y, given, groups)
    if rows.score.ndim != 1 or rows.score.min() < 0 or rows.score.max() > 1:
        raise EvaluationError(
            "Net benefit is of probabilities, between 0 and 1, of one class against the others."
        )
    return rows


def _worth(label: NDArray[np.int64], cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what calling each row positive is worth at each threshold: (n, thresholds)."""
    worth: NDArray[np.float64] = label[:, None] - (1 - label[:, None]) * cuts / (1 - cuts)
    return worth
