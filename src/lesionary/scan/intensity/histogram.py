"""Histograms: matching one to another, and equalising."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from lesionary.scan.intensity.step import Parameters, Step, numbers
from lesionary.scan.intensity.volume import (
    FloatArray,
    IntensityError,
    Volume,
    Within,
    refuse_constant,
)


def quantiles(values: NDArray[Any], points: int = 100) -> NDArray[np.float64]:
    """Return the quantiles at 0, 1 / points, ..., 1, shape (points + 1,)."""
    return np.asarray(np.quantile(values, np.linspace(0, 1, points + 1)), dtype=np.float64)


def match_histogram(voxels: NDArray[Any], own: ArrayLike, reference: ArrayLike) -> FloatArray:
    """Give an image the histogram of a reference: ``x' = Q_reference(F(x))``.

    F is the share of the image's voxels below x, Q the reference's quantile function; both are
    straight lines between quantiles. Values beyond the quantiles (background, where these are
    of the foreground) go on along the line from the first to the last.

    Parameters
    ----------
    voxels : ndarray
    own, reference : array_like, shape (n,)
        Quantiles at the same levels, as of :func:`quantiles`.

    References
    ----------
    L. G. Nyúl, J. K. Udupa, X. Zhang: New variants of a method of MRI scale standardization.
    IEEE Transactions on Medical Imaging 19 (2000), doi:10.1109/42.836373.

    Examples
    --------
    >>> match_histogram(np.array([0, 5, 10]), own=[0, 10], reference=[100, 300]).tolist()
    [100.0, 200.0, 300.0]
    """
    # A value that several quantiles share (the zeros around a head) goes to the middle of theirs.
    at, which = np.unique(np.asarray(own, dtype=np.float64), return_inverse=True)
    to = np.bincount(which, np.asarray(reference, dtype=np.float64)) / np.bincount(which)
    if len(at) < 2:
        raise IntensityError("The image is constant: it has no histogram to match.")
    x = np.asarray(voxels, dtype=np.float64)
    slope = (to[-1] - to[0]) / (at[-1] - at[0])
    matched = np.interp(x, at, to)
    matched += slope * (np.minimum(x - at[0], 0) + np.maximum(x - at[-1], 0))
    return np.asarray(matched, dtype=np.float32)


def equalise(voxels: NDArray[Any], edges: ArrayLike, shares: ArrayLike) -> FloatArray:
    """Make every value equally frequent: ``x' = F(x)``, between 0 and 1.

    Parameters
    ----------
    voxels : ndarray
    edges, shares : array_like, shape (n,)
        Edges of a histogram's bins, and the share of voxels below each: F, with straight lines
        between.
    """
    level = np.interp(voxels, np.asarray(edges), np.asarray(shares))
    return np.asarray(level, dtype=np.float32)


class HistogramMatch(Step):
    """``histogram_match: {points: 100}``, or ``{reference: standard.nii.gz}``.

    Without ``reference``, the mean of the training images' quantiles (Nyúl and Udupa's standard
    scale); with it, the quantiles of that one image.
    """

    name: ClassVar[str] = "histogram_match"
    points: int = Field(default=100, ge=1)
    within: Within = "foreground"
    reference: str | None = None

    @property
    def learns_from(self) -> str:
        """A histogram to match is never the image's own."""
        return self.reference or "train"

    def measure(self, volume: Volume) -> Parameters:
        """Return the quantiles."""
        values = volume.values(self.within)
        refuse_constant(values, volume.source)
        return {"quantiles": quantiles(values, self.points).tolist()}

    def pool(self, measured: Sequence[Parameters]) -> Parameters:
        """Return the mean of each quantile."""
        return {"quantiles": np.mean([numbers(one, "quantiles") for one in measured], 0).tolist()}

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:
        """Match."""
        own = numbers(self.measure(volume), "quantiles")
        return volume.with_voxels(match_histogram(volume.voxels, own, numbers(learnt, "quantiles")))


class Equalise(Step):
    """``equalise: {levels: 256, within: image}``: each image by its own histogram."""

    name: ClassVar[str] = "equalise"
    levels: int = Field(default=256, ge=2)
    within: Within = "image"

    def measure(self, volume: Volume) -> Parameters:
        """Return the histogram's edges and the share of voxels below each."""
        values = volume.values(self.within)
        refuse_constant(values, volume.source)
        counts, edges = np.histogram(values, bins=self.levels)
        shares = np.concatenate([[0.0], np.cumsum(counts) / values.size])
        return {"edges": edges.tolist(), "shares": shares.tolist()}

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:
        """Equalise."""
        edges, shares = numbers(learnt, "edges"), numbers(learnt, "shares")
        return volume.with_voxels(equalise(volume.voxels, edges, shares))
