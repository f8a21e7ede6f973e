"""Local intensity: means over balls of a cubic centimetre, the image around the region included."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from lesionary.radiomics.preparation import Prepared
from lesionary.radiomics.value import Values

Floats = NDArray[np.float64]

RADIUS_MM = 10 * (3 / (4 * np.pi)) ** (1 / 3)


def local_intensity(region: Prepared) -> Values:
    """Find the local and the global intensity peak.

    The local peak is the mean around the brightest voxel (the highest of several), the global peak
    the highest mean around any voxel. Beyond the image's end, and where it is NaN, nothing counts.
    """
    means = _means(region)
    return {
        "VJGA": float(means[region.values == region.values.max()].max()),
        "0F91": float(means.max()),
    }


def _means(region: Prepared) -> Floats:
    """Return the mean around each voxel of the region that counts."""
    reach = [int(RADIUS_MM / mm) for mm in region.spacing_mm]
    offsets = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
    distance = sum((o * mm) ** 2 for o, mm in zip(offsets, region.spacing_mm, strict=True))
    ball = (distance <= RADIUS_MM**2).astype(np.float64)

    box = tuple(
        slice(max(there.start - n, 0), there.stop + n)
        for there, n in zip(region.box, reach, strict=True)
    )
    image, at = region.image[box].astype(np.float64), region.intensity[box]
    there = np.isfinite(image)
    # About zero, so that rounding is of the contrast, not of the level.
    middle = float(region.values.mean())
    total = _sums(np.where(there, image - middle, 0.0), ball)[at]
    inside = tuple(slice(n, size - n) for n, size in zip(reach, image.shape, strict=True))
    whole = there.all() and not at.sum() > at[inside].sum()
    count = ball.sum() if whole else np.rint(_sums(there, ball)[at])
    return np.asarray(middle + total / count)


def _sums(image: NDArray[Any], ball: Floats) -> Floats:
    """Add up what lies in the ball around each voxel, with zero beyond the edges."""
    wide = [n + m - 1 for n, m in zip(image.shape, ball.shape, strict=True)]
    size = [fft.next_fast_len(n, real=True) for n in wide]
    found = fft.irfftn(fft.rfftn(image, size) * fft.rfftn(ball, size), size)
    middle = tuple(slice(m // 2, m // 2 + n) for n, m in zip(image.shape, ball.shape, strict=True))
    return np.asarray(found[middle])
