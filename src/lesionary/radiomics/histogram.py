"""Histogram: how grey levels are distributed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.radiomics.discretise import Levels
from lesionary.radiomics.statistics import Floats, moments_and_ranks, of_one
from lesionary.radiomics.value import Values

_OF_TWO = ("12CE", "8E6O", "VQB3", "RHQZ")


def histogram(levels: Levels) -> Values:
    """Describe the grey levels of a region; its features by key, or why one is undefined."""
    found = of_one(histogram_of_each(levels.of[None], levels.count), "histogram")
    if levels.count == 1:
        found.update(dict.fromkeys(_OF_TWO, "there is one grey level: a gradient needs two"))
    return found


def histogram_of_each(grey: NDArray[np.integer], n_levels: int) -> dict[str, Floats]:
    """Describe the levels of regions of one size, ``(region, voxel)``; NaN if undefined."""
    n, voxels = grey.shape
    keys = grey + np.arange(n)[:, None] * n_levels - 1
    count = np.bincount(keys.ravel(), minlength=n * n_levels).reshape(n, n_levels)
    p = count / voxels
    level = np.arange(1, n_levels + 1)
    # Of several modes, the one nearest to the mean.
    away = np.abs(level - grey.mean(axis=1, keepdims=True))
    mode = np.where(count == count.max(axis=1, keepdims=True), away, np.inf).argmin(axis=1) + 1.0
    logarithm = np.log2(p, out=np.zeros_like(p), where=p > 0)
    if n_levels == 1:
        slopes = [np.full(n, np.nan)] * 4
    else:
        slope = np.asarray(np.gradient(count.astype(np.float64), axis=1))
        slopes = [
            slope.max(axis=1),
            slope.argmax(axis=1) + 1.0,
            slope.min(axis=1),
            slope.argmin(axis=1) + 1.0,
        ]
    return {
        **moments_and_ranks(grey.astype(np.float64), "histogram"),
        "AMMC": mode,
        "TLU2": -(p * logarithm).sum(axis=1) + 0.0,
        "BJ5W": (p * p).sum(axis=1),
        **dict(zip(_OF_TWO, slopes, strict=True)),
    }
