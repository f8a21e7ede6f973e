"""Shape of a region of one slice, as PyRadiomics defines it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from lesionary.radiomics.pyradiomics.shape import axis_lengths


def shape_2d(outline: NDArray[np.bool_], spacing_mm: tuple[float, float]) -> dict[str, float]:
    """Measure the shape of a region of a slice, by marching squares.

    The outline goes half way between pixel centres inside and outside; diagonal neighbours
    of a square stay apart.

    Parameters
    ----------
    outline : ndarray of bool, (y, x)
    spacing_mm : tuple of float
        Along the array's axes.
    """
    dy, dx = spacing_mm
    padded = np.pad(outline, 1).astype(np.intp)
    corners = np.stack([padded[:-1, :-1], padded[:-1, 1:], padded[1:, 1:], padded[1:, :-1]])
    count = np.bincount(
        (corners * np.array([1, 2, 4, 8])[:, None, None]).sum(axis=0).ravel(), None, 16
    )
    inside = np.array([bin(kind).count("1") for kind in range(16)])
    single = count[(inside == 1) | (inside == 3)].sum()
    diagonal = count[[0b0101, 0b1010]].sum()
    beside, over = count[[0b0011, 0b1100]].sum(), count[[0b0110, 0b1001]].sum()
    slant = float(np.hypot(dy, dx)) / 2
    # Eighths of a square: what the corners inside enclose.
    eighths = count @ np.array([0, 1, 4, 7, 8])[inside]
    surface = float(eighths - 2 * diagonal) / 8 * dy * dx
    perimeter = float(single * slant + 2 * diagonal * slant + beside * dx + over * dy)
    places = np.argwhere(outline) * np.array(spacing_mm)
    major, minor = axis_lengths(places)
    sphericity = 2 * float(np.sqrt(np.pi * surface)) / perimeter
    return {
        "Elongation": minor / major if major > 0 else float("nan"),
        "MajorAxisLength": major,
        "MaximumDiameter": _diameter(padded, spacing_mm),
        "MeshSurface": surface,
        "MinorAxisLength": minor,
        "Perimeter": perimeter,
        "PerimeterSurfaceRatio": perimeter / surface,
        "PixelSurface": len(places) * dy * dx,
        "SphericalDisproportion": 1 / sphericity,
        "Sphericity": sphericity,
    }


def _diameter(padded: NDArray[np.intp], spacing_mm: tuple[float, float]) -> float:
    """Return the longest distance between points where the outline crosses the grid, mm."""
    found = []
    for axis in (0, 1):
        at = np.argwhere(np.diff(padded, axis=axis)).astype(np.float64)
        at[:, axis] += 0.5
        found.append(at)
    points = np.concatenate(found) * np.array(spacing_mm)
    # Of each line of points only its ends can be the furthest.
    order = np.lexsort((points[:, 1], points[:, 0]))
    points = points[order]
    first = np.flatnonzero(np.diff(points[:, 0], prepend=-np.inf) > 0)
    last = np.append(first[1:], len(points)) - 1
    return float(pdist(points[np.union1d(first, last)], "sqeuclidean").max() ** 0.5)
