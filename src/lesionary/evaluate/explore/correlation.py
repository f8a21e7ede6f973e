"""Which features say the same: correlation, and clusters of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from lesionary.errors import EvaluationError
from lesionary.evaluate.explore.patterns import same_rows_missing
from lesionary.spelling import hint

Floats = NDArray[np.float64]
Correlation = Literal["spearman", "pearson", "kendall"]

POSSESSIVE: dict[Correlation, str] = {
    "spearman": "Spearman's",
    "pearson": "Pearson's",
    "kendall": "Kendall's",
}

_MANY = 0.25
"""Sets of missing rows, of the columns, above which pandas' pairs one by one are the faster."""


@dataclass(frozen=True)
class Clusters:
    """Features that correlate.

    Attributes
    ----------
    number : ndarray of int64 (p,)
        Cluster of each feature, 1 for the largest; 0 for features without a correlation.
    size : ndarray of int64 (p,)
        Features of its cluster.
    representative : ndarray of bool (p,)
        The one feature of each cluster that correlates most with the others.
    order : ndarray of int64 (q,)
        Features that have correlations, those that rise together next to each other.
    """

    number: NDArray[np.int64]
    size: NDArray[np.int64]
    representative: NDArray[np.bool_]
    order: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Clusters, those of one feature included."""
        return int(self.number.max(initial=0))

    def table(self) -> pd.DataFrame:
        """Return the columns that :func:`~lesionary.evaluate.explore.explore` tells of."""
        number = pd.array(self.number, dtype="Int64")
        number[self.number == 0] = pd.NA
        return pd.DataFrame(
            {"cluster": number, "cluster_size": self.size, "representative": self.representative}
        )


def correlate(one: Floats, other: Floats, kind: Correlation = "spearman") -> Floats:
    """Correlate each column of one table with those of another.

    Parameters
    ----------
    one : ndarray (n, p)
    other : ndarray (n, q)
        The same rows. A pair is correlated on the rows that both columns have.
    kind : {"spearman", "pearson", "kendall"}
        Of ranks, of values, or of the order of pairs of rows (tau-b).

    Returns
    -------
    ndarray (p, q)
        NaN where a column is constant, or fewer than three rows are shared.

    Examples
    --------
    >>> table = np.array([[1.0, 9.0], [2.0, 4.0], [3.0, 1.0]])
    >>> correlate(table, table).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    if kind not in POSSESSIVE:
        raise EvaluationError(f"There is no correlation {kind!r}{hint(kind, POSSESSIVE)}.")
    alike = one is other
    rows = list(same_rows_missing(one))
    columns = rows if alike else list(same_rows_missing(other))
    if alike and len(rows) > _MANY * one.shape[1]:
        table = pd.DataFrame(one)
        # Of a constant with itself, Kendall's would be 1.
        found = table.corr(kind, min_periods=3).where(table.max() > table.min()).to_numpy()
        return np.asarray(np.clip(found, -1, 1))
    rho = np.full((one.shape[1], other.shape[1]), np.nan)
    for number, (p, has_p) in enumerate(rows):
        for q, has_q in columns[number if alike else 0 :]:
            shared = has_p & has_q
            if shared.sum() > 2:
                rho[np.ix_(p, q)] = _of_blocks(
                    one[np.ix_(shared, p)], other[np.ix_(shared, q)], kind
                )
                if alike:
                    rho[np.ix_(q, p)] = rho[np.ix_(p, q)].T
    return np.asarray(np.clip(rho, -1, 1))


def cluster_features(correlation: Floats, least: float) -> Clusters:
    """Join features until two of a cluster would correlate less than ``least``.

    Complete linkage of 1 - |correlation|: in a cluster all pairs correlate at least so much.

    Parameters
    ----------
    correlation : ndarray (p, p)
    least : float
        Absolute correlation.

    Examples
    --------
    >>> cluster_features(np.array([[1.0, 0.9, 0], [0.9, 1, 0], [0, 0, 1]]), 0.85).number.tolist()
    [1, 1, 2]
    """
    known = np.flatnonzero(np.isfinite(np.diag(correlation)))
    rho = np.nan_to_num(correlation[np.ix_(known, known)])
    strength = np.abs(rho)
    number = np.zeros(len(correlation), dtype=np.int64)
    size = np.zeros(len(correlation), dtype=np.int64)
    representative = np.zeros(len(correlation), dtype=bool)
    if len(known) < 2:
        number[known], size[known], representative[known] = 1, 1, True
        return Clusters(number, size, representative, known)
    # Rounding must not part features that correlate just so.
    found = fcluster(_tree(strength, "complete"), 1 - least + 1e-12, "distance")
    _, first, mine, counts = np.unique(
        found, return_index=True, return_inverse=True, return_counts=True
    )
    place = np.empty(len(counts), dtype=np.int64)
    place[np.lexsort((first, -counts))] = np.arange(1, len(counts) + 1)
    number[known], size[known] = place[mine], counts[mine]
    by_cluster = np.argsort(mine, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    sums = np.add.reduceat(strength[:, by_cluster], starts, axis=1)
    together = sums[np.arange(len(known)), mine]
    best = pd.Series(together).groupby(mine).idxmax().to_numpy()
    representative[known[best]] = True
    return Clusters(number, size, representative, known[leaves_list(_tree(rho, "average"))])


def _tree(likeness: Floats, linked: str) -> Floats:
    """Join rows from the most alike, at 1, down."""
    away = squareform(np.maximum(1 - likeness, 0), checks=False)
    return np.asarray(linkage(away, linked), dtype=np.float64)


def _of_blocks(x: Floats, y: Floats, kind: Correlation) -> Floats:
    if kind == "kendall":
        return _kendall(x, y)
    if kind == "spearman":
        x, y = rankdata(x, axis=0), rankdata(y, axis=0)
    return np.asarray(_unit(x).T @ _unit(y))


def _unit(block: Floats) -> Floats:
    """Bring each column about its mean to a length of 1; NaN where it is constant."""
    apart = np.where(np.ptp(block, axis=0) > 0, block - block.mean(axis=0), 0.0)
    length = np.sqrt((apart**2).sum(axis=0))
    return np.asarray(apart / np.where(length > 0, length, np.nan))


def _kendall(x: Floats, y: Floats) -> Floats:
    """Return how much more often pairs of rows are in the same order than in the opposite one."""
    agree = np.zeros((x.shape[1], y.shape[1]))
    in_x, in_y = np.zeros(x.shape[1]), np.zeros(y.shape[1])
    for row in range(1, len(x)):
        up_x, up_y = np.sign(x[row] - x[:row]), np.sign(y[row] - y[:row])
        agree += up_x.T @ up_y
        in_x += np.abs(up_x).sum(axis=0)
        in_y += np.abs(up_y).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(agree / np.sqrt(in_x[:, None] * in_y))
