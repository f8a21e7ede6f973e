"""Which features say the same: rank correlation, and clusters of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from lesionary.evaluate.explore.patterns import same_rows_missing

Floats = NDArray[np.float64]


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


def spearman(one: Floats, other: Floats) -> Floats:
    """Correlate the ranks of each column of one table with those of another.

    Parameters
    ----------
    one : ndarray (n, p)
    other : ndarray (n, q)
        The same rows. A gap leaves its row out of the pairs it is in; ranks are those within
        each column's own values.

    Returns
    -------
    ndarray (p, q)
        NaN where a column is constant, or fewer than three rows are shared.

    Examples
    --------
    >>> table = np.array([[1.0, 9.0], [2.0, 4.0], [3.0, 1.0]])
    >>> spearman(table, table).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    (x, has_x), (y, has_y) = _ranked(one), _ranked(other)
    n = has_x.T @ has_y
    with np.errstate(invalid="ignore", divide="ignore"):
        sum_x, sum_y = x.T @ has_y, has_x.T @ y
        of_both = x.T @ y - sum_x * sum_y / n
        of_x = (x**2).T @ has_y - sum_x**2 / n
        of_y = has_x.T @ y**2 - sum_y**2 / n
        # What rounding leaves of no spread at all: ranks are multiples of one half.
        rho = of_both / np.sqrt(
            np.where(of_x > 1e-6, of_x, np.nan) * np.where(of_y > 1e-6, of_y, np.nan)
        )
    rho[n < 3] = np.nan
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


def _ranked(values: Floats) -> tuple[Floats, Floats]:
    """Rank each column about its middle, 0 in gaps; and where it has values, as 0 and 1."""
    ranks = np.zeros_like(values)
    for columns, present in same_rows_missing(values):
        if present.any():
            middle = (present.sum() + 1) / 2
            at = np.ix_(present, columns)
            ranks[at] = rankdata(values[at], axis=0) - middle
    return ranks, (~np.isnan(values)).astype(np.float64)
