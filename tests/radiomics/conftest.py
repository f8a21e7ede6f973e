"""Regions to measure."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def digital_phantom() -> tuple[np.ndarray, np.ndarray]:
    """Image and mask of the digital phantom, (z, y, x), 2 mm; x marks a voxel outside the region.

    Image Biomarker Standardisation Initiative, CC BY 4.0.
    """
    slices = [
        "14411 14611 41641 44641",
        "14411 11611 x1311 44611",
        "144xx 11111 11x11 11611",
        "144xx 11111 11111 11611",
    ]
    rows = [[list(row) for row in rows.split()] for rows in slices]
    marks = np.array(rows)
    image = np.where(marks == "x", "1", marks).astype(np.int16)
    image[2, 2, 2] = 9
    return image, marks != "x"


@pytest.fixture(scope="session")
def blob() -> tuple[np.ndarray, np.ndarray]:
    """A lump with a smooth texture in HU, and its mask, in a scan of (22, 40, 44) voxels."""
    from scipy import ndimage

    rng = np.random.default_rng(3)
    texture = ndimage.gaussian_filter(rng.normal(size=(22, 40, 44)), 1.5)
    z, y, x = np.ogrid[:22, :40, :44]
    distance = ((z - 11) / 6) ** 2 + ((y - 19) / 11) ** 2 + ((x - 23) / 9) ** 2
    image = np.rint(40 - 60 * distance + 400 * texture)
    return image.astype(np.int16), distance + 2 * texture < 1
