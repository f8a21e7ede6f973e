"""White Stripe: units of normal-appearing white matter, for MR of the brain."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import ndimage

from lesionary.scan.intensity.scaling import z_score
from lesionary.scan.intensity.step import Parameters, Step, number
from lesionary.scan.intensity.volume import IntensityError, Volume, Within, refuse_constant

Contrast = Literal["T1", "T2"]
"""Whether white matter is the brightest tissue (T1), or just the most frequent (T2, FLAIR)."""

_BINS = 1000
_TAILS = (0.1, 99.9)
# A peak lower than this share of the highest is not a tissue.
_RARE = 0.2


def find_white_stripe(
    values: NDArray[np.float64], contrast: Contrast = "T1", width: float = 0.05
) -> tuple[float, float]:
    """Find white matter in a histogram.

    The mode m of white matter is the last peak (T1) or the highest (T2, FLAIR) of the histogram,
    smoothed with Silverman's bandwidth. The stripe holds the values whose quantile is within
    ``width`` of that of m. White Stripe's units are ``x' = (x - m) / s``, with the standard
    deviation s of the stripe.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Intensities of the brain's voxels (without skull, where it is as bright).
    contrast : {"T1", "T2"}
    width : float
        Half the stripe, as a share of all voxels.

    Returns
    -------
    m, s : float

    References
    ----------
    R. T. Shinohara et al.: Statistical normalization techniques for magnetic resonance imaging.
    NeuroImage: Clinical 6 (2014), doi:10.1016/j.nicl.2014.08.008.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> grey, white = rng.normal(60, 6, 50_000), rng.normal(100, 5, 40_000)
    >>> m, _ = find_white_stripe(np.concatenate([grey, white]), "T1")
    >>> round(m / 5) * 5
    100
    """
    refuse_constant(values)
    mode = _mode(values, contrast)
    at = float((values < mode).mean())
    low, high = np.quantile(values, [max(at - width, 0.0), min(at + width, 1.0)])
    stripe = values[(values >= low) & (values <= high)]
    std = float(stripe.std())
    if std == 0:
        raise IntensityError(
            f"The white stripe around {mode:g} has no spread: too few different values. Is the "
            "image quantised, or the region background?"
        )
    return mode, std


def _mode(values: NDArray[np.float64], contrast: Contrast) -> float:
    low, high = np.percentile(values, _TAILS)
    if low == high:
        raise IntensityError("Almost all voxels have one value: no peak of white matter is seen.")
    counts, edges = np.histogram(values, bins=_BINS, range=(low, high))
    spread = min(values.std(), float(np.subtract(*np.percentile(values, [75, 25]))) / 1.34)
    bandwidth = 0.9 * (spread or values.std()) * values.size**-0.2
    smooth = ndimage.gaussian_filter1d(
        counts.astype(np.float64), max(bandwidth / (edges[1] - edges[0]), 1.0), mode="constant"
    )
    inner = np.concatenate([[0.0], smooth, [0.0]])
    peaks = np.flatnonzero((smooth > inner[:-2]) & (smooth >= inner[2:]))
    peaks = peaks[smooth[peaks] >= _RARE * smooth.max()]
    peak = peaks[-1] if contrast == "T1" else peaks[smooth[peaks].argmax()]
    return float((edges[peak] + edges[peak + 1]) / 2)


class WhiteStripe(Step):
    """``white_stripe: {contrast: T1, width: 0.05, within: region}``; each image by its own."""

    name: ClassVar[str] = "white_stripe"
    contrast: Contrast = "T1"
    width: float = Field(default=0.05, gt=0, lt=0.5)
    within: Within = "region"

    def measure(self, volume: Volume) -> Parameters:
        """Return mode and spread of white matter."""
        mean, std = find_white_stripe(volume.values(self.within), self.contrast, self.width)
        return {"mean": mean, "std": std}

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:
        """Centre and scale."""
        mean, std = number(learnt, "mean"), number(learnt, "std")
        return volume.with_voxels(z_score(volume.voxels, mean, std))
