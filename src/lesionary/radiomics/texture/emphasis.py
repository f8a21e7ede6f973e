"""The formulas that runs, zones, distances and dependences share.

Rows are grey levels *i*, columns are what is counted *j*: the length of a run, the size of a
zone, its distance to the border, the number of like neighbours.
"""

from __future__ import annotations

import numpy as np

from lesionary.radiomics.texture.catalogue import FAMILIES
from lesionary.radiomics.texture.matrices import Floats, Ints, Matrices


def emphases(family: str, matrices: Matrices) -> dict[str, Floats]:
    """Return the features of each matrix, by IBSI code; NaN for a matrix without entries."""
    which = matrices.which
    i, j = matrices.row.astype(np.float64), matrices.column.astype(np.float64)
    total = matrices.total
    with np.errstate(invalid="ignore", divide="ignore"):

        def mean(weight: Floats) -> Floats:
            return matrices.sum(weight) / total

        by_level = _sum_of_squares(matrices, matrices.row)
        by_size = _sum_of_squares(matrices, matrices.column)
        share = matrices.count / total[which]
        values = (
            mean(1 / j**2),
            mean(j**2),
            mean(1 / i**2),
            mean(i**2),
            mean(1 / (i**2 * j**2)),
            mean(i**2 / j**2),
            mean(j**2 / i**2),
            mean(i**2 * j**2),
            by_level / total,
            by_level / total**2,
            by_size / total,
            by_size / total**2,
            total / matrices.voxels,
            mean((i - mean(i)[which]) ** 2),
            mean((j - mean(j)[which]) ** 2),
            mean(-np.log2(share)),
            mean(share),
        )
    # The last, energy, is a feature of neighbouring dependence only.
    return dict(zip(FAMILIES[family], values, strict=False))


def _sum_of_squares(matrices: Matrices, index: Ints) -> Floats:
    which, _, count = matrices.marginal(index)
    return np.asarray(np.bincount(which, count**2, len(matrices)), dtype=np.float64)
