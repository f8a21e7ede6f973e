"""First-order features and grey levels as PyRadiomics defines them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import RadiomicsError
from lesionary.radiomics.discretise import MOST_LEVELS
from lesionary.radiomics.pyradiomics.parameters import Setting

Floats = NDArray[np.float64]


def grey_levels(values: Floats, how: Setting) -> NDArray[np.intp]:
    """Put intensities into bins, from 1.

    Bins of a fixed width begin at a multiple of it, and the lowest that is occupied is level 1.
    """
    low, high = values.min(), values.max()
    if how.binCount is not None:
        edges = np.histogram_bin_edges(values, how.binCount)
        edges[-1] += 1  # the highest intensity belongs to the last bin
    else:
        width = how.binWidth
        begin = low - low % width
        if (high - begin) / width > MOST_LEVELS:
            raise RadiomicsError(
                f"Bins of {width:g} from {low:g} to {high:g} make more than {MOST_LEVELS} grey "
                "levels: choose a larger binWidth, or a binCount."
            )
        edges = np.arange(begin, high + 2 * width, width)
    return np.digitize(values, edges)


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
    mean = values.mean()
    apart = values - mean
    variance = float(np.mean(apart**2))
    p10, q1, q3, p90 = np.percentile(values, (10, 25, 75, 90)).tolist()
    inner = values[(values >= p10) & (values <= p90)]
    energy = float(np.sum((values + how.voxelArrayShift) ** 2))
    share = np.unique(levels, return_counts=True)[1] / levels.size
    flat = variance == 0
    return {
        "10Percentile": p10,
        "90Percentile": p90,
        "Energy": energy,
        "Entropy": float(-(share * np.log2(share)).sum()) + 0.0,
        "InterquartileRange": q3 - q1,
        "Kurtosis": 0.0 if flat else float(np.mean(apart**4)) / variance**2,
        "Maximum": float(values.max()),
        "Mean": float(mean),
        "MeanAbsoluteDeviation": float(np.abs(apart).mean()),
        "Median": float(np.median(values)),
        "Minimum": float(values.min()),
        "Range": float(np.ptp(values)),
        "RobustMeanAbsoluteDeviation": float(np.abs(inner - inner.mean()).mean()),
        "RootMeanSquared": (energy / values.size) ** 0.5,
        "Skewness": 0.0 if flat else float(np.mean(apart**3)) / variance**1.5,
        "TotalEnergy": energy * voxel_mm3,
        "Uniformity": float((share**2).sum()),
        "Variance": variance,
    }
