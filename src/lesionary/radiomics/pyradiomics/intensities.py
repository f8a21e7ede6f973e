"""First-order features and grey levels as PyRadiomics defines them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import RadiomicsError
from lesionary.radiomics.discretise import MOST_LEVELS
from lesionary.radiomics.pyradiomics.parameters import Setting
from lesionary.radiomics.statistics import percentile

Floats = NDArray[np.float64]


def grey_levels(values: Floats, how: Setting) -> NDArray[np.intp]:
    """Put intensities into bins, from 1.

    Bins of a fixed width begin at a multiple of it, and the lowest that is occupied is level 1.
    """
    low, high = values.min(), values.max()
    if how.binCount is not None:
        edges = np.histogram_bin_edges(values, how.binCount)
        edges[-1] += 1  # the highest intensity belongs to the last bin
        begin, width = edges[0], edges[1] - edges[0]
    else:
        width = how.binWidth
        begin = low - low % width
        if (high - begin) / width > MOST_LEVELS:
            raise RadiomicsError(
                f"Bins of {width:g} from {low:g} to {high:g} make more than {MOST_LEVELS} grey "
                "levels: choose a larger binWidth, or a binCount."
            )
        edges = np.arange(begin, high + 2 * width, width)
    # Where division rounds a value across an edge, the edge is right.
    found = np.minimum((values - begin) / width, edges.size - 2).astype(np.intp)
    found += values >= edges[found + 1]
    found -= values < edges[found]
    return np.asarray(found + 1)


def first_order(
    values: Floats, levels: NDArray[np.intp], how: Setting, voxel_mm3: float
) -> dict[str, float]:
    """Measure the intensities of a region.

    Parameters
    ----------
    values, levels : ndarray
        Intensity and grey level of each voxel.
    how : Setting
    voxel_mm3 : float
        Volume of a voxel.
    """
    ranked = np.sort(values)
    p10, q1, median, q3, p90 = (float(percentile(ranked, each)) for each in (10, 25, 50, 75, 90))
    inner = ranked[np.searchsorted(ranked, p10) : np.searchsorted(ranked, p90, side="right")]
    mean = values.mean()
    apart = values - mean
    square = apart * apart
    variance = float(square.mean())
    shifted = values + how.voxelArrayShift
    energy = float(shifted @ shifted)
    count = np.bincount(levels)
    share = count[count > 0] / levels.size
    flat = variance == 0
    return {
        "10Percentile": p10,
        "90Percentile": p90,
        "Energy": energy,
        "Entropy": float(-(share * np.log2(share)).sum()) + 0.0,
        "InterquartileRange": q3 - q1,
        "Kurtosis": 0.0 if flat else float(square @ square) / values.size / variance**2,
        "Maximum": float(ranked[-1]),
        "Mean": float(mean),
        "MeanAbsoluteDeviation": float(np.abs(apart).mean()),
        "Median": median,
        "Minimum": float(ranked[0]),
        "Range": float(ranked[-1] - ranked[0]),
        "RobustMeanAbsoluteDeviation": float(np.abs(inner - inner.mean()).mean()),
        "RootMeanSquared": (energy / values.size) ** 0.5,
        "Skewness": 0.0 if flat else float(square @ apart) / values.size / variance**1.5,
        "StandardDeviation": variance**0.5,
        "TotalEnergy": energy * voxel_mm3,
        "Uniformity": float((share**2).sum()),
        "Variance": variance,
    }
