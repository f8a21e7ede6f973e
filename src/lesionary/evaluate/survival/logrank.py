"""Whether groups survive differently: log-rank, over strata, and pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.correction import (
    CORRECTIONS,
    Correction,
    check_correction,
)
from lesionary.evaluate.survival.inputs import Survival, arms, survival


@dataclass(frozen=True)
class LogRank:
    """A log-rank test. Prints itself as a table.

    Parameters
    ----------
    statistic, df, p
        Chi-squared, its degrees of freedom, and the two-sided p.
    groups : tuple
        Names of the groups.
    counts, observed, expected : tuple
        Of each group its rows, its events, and the events it would have if all were alike.
    """

    statistic: float
    df: int
    p: float
    groups: tuple[Any, ...]
    counts: tuple[int, ...]
    observed: tuple[int, ...]
    expected: tuple[float, ...]
    patients: int | None = None
    method: str = "log-rank"
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Rows."""
        return sum(self.counts)

    @property
    def events(self) -> int:
        """Events in all groups."""
        return sum(self.observed)

    def frame(self) -> pd.DataFrame:
        """Return a row a group: ``n``, ``observed`` and ``expected`` events."""
        return pd.DataFrame(
            {"n": self.counts, "observed": self.observed, "expected": self.expected},
            index=pd.Index(self.groups, name="group"),
        )

    def __str__(self) -> str:
        table = self.frame().to_string(float_format=lambda value: f"{value:.1f}")
        told = f"chi-squared {self.statistic:.2f} on {self.df} df, p = {self.p:.3g}; {self.method}"
        lines = [line.rstrip() for line in table.splitlines()]
        return "\n".join([*lines, told, *(f"  {note}" for note in self.notes)])


def log_rank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    strata: ArrayLike | None = None,
) -> LogRank:
    """Test whether two or more groups have the same survival.

    Parameters
    ----------
    time, event : array_like (n,)
    group : array_like (n,)
        The group (risk group, treatment, ...) of each row.
    groups : array_like (n,), optional
        Of each row its patient. The test takes rows as independent: where patients have
        several, a note says that p is too small.
    strata : array_like (n,), optional
        Compare within strata (centre, stage, ...) only, and add up.

    Raises
    ------
    EvaluationError
        If there is one group only, or no time at which several are at risk of an event.

    Examples
    --------
    >>> print(log_rank([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], list("aaabbb")))
           n  observed  expected
    group
    a      3         3       1.1
    b      3         2       3.9
    chi-squared 5.05 on 1 df, p = 0.0246; log-rank
    """
    rows = survival(time, event, groups=groups)
    codes, names = arms(group, time)
    if len(names) < 2:
        raise EvaluationError(f"All {rows.n:,} rows are in the group {names[0]!r}: give two.")
    layers, layer_names = (
        (np.zeros(rows.n, dtype=np.int64), ("all",)) if strata is None else arms(strata, time)
    )
    expected, covariance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    for layer in range(len(layer_names)):
        inside = layers == layer
        more, spread = _moments(rows.time[inside], rows.event[inside], codes[inside], len(names))
        expected += more
        covariance += spread
    observed = np.asarray(np.bincount(codes, rows.event, len(names)), dtype=np.float64)
    df = int(np.linalg.matrix_rank(covariance))
    if df == 0:
        raise EvaluationError(
            "At no time of an event are rows of several groups at risk: nothing can be compared."
        )
    # Groups' differences add up to 0, so the covariance has no inverse.
    gap = observed - expected
    statistic = float(gap @ np.linalg.pinv(covariance, hermitian=True) @ gap)
    return LogRank(
        statistic,
        df,
        float(chi2.sf(statistic, df)),
        names,
        tuple(np.bincount(codes, minlength=len(names)).tolist()),
        tuple(observed.astype(int).tolist()),
        tuple(expected.tolist()),
        patients=rows.patients,
        method="log-rank" if strata is None else f"log-rank, {len(layer_names)} strata",
        notes=_notes(rows, observed, names),
    )


def pairwise_log_rank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    correction: Correction | None = "holm",
) -> pd.DataFrame:
    """Test each pair of groups, and correct p for how many pairs there are.

    Parameters
    ----------
    time, event, group, strata : array_like (n,)
        As for :func:`log_rank`.
    correction : {"holm", "benjamini-hochberg"} or None
        Over all pairs.

    Returns
    -------
    DataFrame
        A row a pair: ``first``, ``second``, ``n``, ``events``, ``statistic``, ``p``,
        ``corrected_p`` and ``correction``, as :func:`lesionary.evaluate.compare` calls them.

    Raises
    ------
    EvaluationError
        As :func:`log_rank` does for a pair.
    """
    check_correction(correction)
    rows = survival(time, event)
    codes, names = arms(group, time)
    layers = np.zeros(rows.n) if strata is None else np.asarray(strata)
    table = []
    for a, b in combinations(range(len(names)), 2):
        pair = np.isin(codes, (a, b))
        if not rows.event[pair].any():
            raise EvaluationError(
                f"Groups {names[a]!r} and {names[b]!r} have no events: they cannot be compared."
            )
        test = log_rank(rows.time[pair], rows.event[pair], codes[pair], strata=layers[pair])
        table.append((names[a], names[b], test.n, test.events, test.statistic, test.p))
    frame = pd.DataFrame(table, columns=["first", "second", "n", "events", "statistic", "p"])
    p = frame["p"].to_numpy(dtype=np.float64)
    corrected = p if correction is None else CORRECTIONS[correction](p)
    return frame.assign(corrected_p=corrected, correction=correction)


def _moments(
    time: NDArray[np.float64], event: NDArray[np.bool_], codes: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Events expected of each group, and the covariance of the observed ones."""
    if not event.any():
        return np.zeros(groups), np.zeros((groups, groups))
    times = np.unique(time[event])
    member = codes[:, None] == np.arange(groups)
    # Rows at risk of the k-th time of an event are those whose time is not before it.
    last = np.searchsorted(times, time, side="right")
    ends = np.stack([np.bincount(last, column, len(times) + 1) for column in member.T])
    at_risk = ends[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    deaths = np.bincount(np.searchsorted(times, time[event]), minlength=len(times))
    total = at_risk.sum(axis=0)
    share = at_risk / total
    # Hypergeometric: of one row at risk there is nothing to draw.
    spread = deaths * (total - deaths) / np.maximum(total - 1, 1)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return (share * deaths).sum(axis=1), covariance


def _notes(
    rows: Survival, observed: NDArray[np.float64], names: tuple[Any, ...]
) -> tuple[str, ...]:
    notes = [
        f"no events in group {name!r}"
        for name, events in zip(names, observed, strict=True)
        if events == 0
    ]
    if rows.repeated:
        notes.append("patients with several rows: taken as independent, so p is too small")
    return tuple(notes)
