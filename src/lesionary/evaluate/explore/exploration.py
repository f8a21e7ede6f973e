"""Everything there is to say of each feature, in one table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.explore.classes import compare_classes
from lesionary.evaluate.explore.correlation import (
    Clusters,
    Correlation,
    cluster_features,
    correlate,
)
from lesionary.evaluate.explore.description import describe
from lesionary.evaluate.explore.rows import FeatureRows
from lesionary.evaluate.explore.volume import volume_correlation, volume_results
from lesionary.evaluate.result import Result


@dataclass(frozen=True)
class Exploration:
    """What was found.

    Attributes
    ----------
    rows : FeatureRows
        What was explored.
    statistics : DataFrame (p, ...)
        A row a feature; :func:`explore` lists the columns.
    correlation : ndarray of float64 (p, p)
        Of the features in their order; NaN with constant ones.
    clusters : Clusters
        Features that correlate, and an order in which they are neighbours.
    volume : tuple of Result
        What volume alone tells of two classes: AUC and average precision.
    correlated, stands_for_volume : float
        Absolute correlations from which on features form a cluster, and stand for volume.
    level : float
        Of the intervals.
    kind : {"spearman", "pearson", "kendall"}
        Of the correlation of features.
    """

    rows: FeatureRows
    statistics: pd.DataFrame
    correlation: NDArray[np.float64]
    clusters: Clusters
    volume: tuple[Result, ...]
    correlated: float
    stands_for_volume: float
    level: float
    kind: Correlation


def explore(
    rows: FeatureRows,
    *,
    correlation: Correlation = "spearman",
    correlated: float = 0.85,
    stands_for_volume: float = 0.75,
    level: float = 0.95,
    seed: int = 0,
) -> Exploration:
    """Describe each feature, compare classes, and find what features repeat.

    Parameters
    ----------
    rows : FeatureRows
    correlation : {"spearman", "pearson", "kendall"}
        Of the features with each other.
    correlated : float
        In a cluster all pairs have at least this absolute correlation.
    stands_for_volume : float
        Absolute Spearman correlation with volume from which on a feature stands for it.
    level : float
        Of the intervals.
    seed : int
        Of the bootstrap of volume's average precision.

    Returns
    -------
    Exploration
        ``statistics`` has, of each feature:

        - ``feature``, ``n``, ``missing``, ``mean``, ``std``, ``min``, ``q25``, ``median``,
          ``q75``, ``max``, ``skewness``; ``shapiro_w`` and ``shapiro_p`` of normality;
        - with a label, ``n:<class>``, ``mean:<class>`` and ``median:<class>``; the ``test``, its
          ``statistic``, ``p``, ``p_bonferroni`` and ``p_fdr`` (Benjamini and Hochberg); ``auc``,
          ``auc_low`` and ``auc_high`` of the second of two classes, or of each of more against
          the rest, as ``auc:<class>`` and so on;
        - with a volume, ``volume_spearman``, ``volume_low``, ``volume_high``, ``volume_p``,
          ``volume_p_fdr`` and ``stands_for_volume``;
        - ``cluster`` (1 is the largest), ``cluster_size`` and ``representative``;
        - ``notes``: why something could not be computed.

    Examples
    --------
    >>> from lesionary.evaluate.explore import read_feature_rows
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"lesion_id": range(40), "late": np.arange(40) // 20})
    >>> table["texture"] = rng.normal(size=40) + table["late"]
    >>> table["twice"] = 2 * table["texture"]
    >>> found = explore(read_feature_rows(table, label="late")).statistics
    >>> print(found[["feature", "auc", "p_fdr", "cluster"]].round(3).to_string(index=False))
    feature   auc  p_fdr  cluster
    texture 0.865    0.0        1
      twice 0.865    0.0        1
    """
    for name, value in (("correlated", correlated), ("stands_for_volume", stands_for_volume)):
        if not 0 < value <= 1:
            raise EvaluationError(f"{name} is a correlation above 0, up to 1, not {value:g}.")
    if not 0 < level < 1:
        raise EvaluationError(f"The level of intervals is between 0 and 1, not {level:g}.")
    values = rows.features.to_numpy()
    parts = [pd.DataFrame({"feature": rows.features.columns}), describe(values)]
    if rows.label is not None:
        parts.append(compare_classes(values, rows.label, rows.classes, rows.patient, level))
    if rows.volume is not None:
        parts.append(volume_correlation(values, rows, stands_for_volume, level))
    matrix = correlate(values, values, correlation)
    clusters = cluster_features(matrix, correlated)
    parts.append(clusters.table())
    notes = pd.concat([part.pop("notes") for part in parts if "notes" in part], axis=1)
    statistics = pd.concat(parts, axis=1)
    statistics["notes"] = notes.apply(lambda one: " ".join(filter(None, one)), axis=1)
    volume = volume_results(rows, level, seed)
    return Exploration(
        rows,
        statistics,
        matrix,
        clusters,
        volume,
        correlated,
        stands_for_volume,
        level,
        correlation,
    )
