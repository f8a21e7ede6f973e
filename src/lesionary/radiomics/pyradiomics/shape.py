"""Shape as PyRadiomics defines it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lesionary.radiomics.enclosing import convex_hull
from lesionary.radiomics.mesh import mesh
from lesionary.radiomics.pyradiomics.images import Spacing

Floats = NDArray[np.float64]

# Axes (z, y, x) that a plane lies across, by PyRadiomics' word for it.
_ACROSS = {"Slice": 0, "Column": 1, "Row": 2}


def shape(outline: NDArray[np.bool_], spacing_mm: Spacing) -> dict[str, float]:
    """Measure the shape of a region.

    Parameters
    ----------
    outline : ndarray of bool, (z, y, x)
    spacing_mm : tuple of float
        Along the array's axes.
    """
    surface = mesh(outline, spacing_mm)
    places = np.argwhere(outline) * np.array(spacing_mm)
    major, minor, least = axis_lengths(places)
    volume, area = surface.volume, surface.area
    sphericity = float((36 * np.pi * volume**2) ** (1 / 3) / area)
    return {
        "Compactness1": float(volume / (np.pi**0.5 * area**1.5)),
        "Compactness2": sphericity**3,
        "Elongation": minor / major if major > 0 else float("nan"),
        "Flatness": least / major if major > 0 else float("nan"),
        "LeastAxisLength": least,
        "MajorAxisLength": major,
        **{
            f"Maximum2DDiameter{word}": _diameter_across(surface.vertices, axis)
            for word, axis in _ACROSS.items()
        },
        "Maximum3DDiameter": convex_hull(surface.vertices).diameter,
        "MeshVolume": volume,
        "MinorAxisLength": minor,
        "SphericalDisproportion": 1 / sphericity,
        "Sphericity": sphericity,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "VoxelVolume": len(places) * float(np.prod(spacing_mm)),
    }


def axis_lengths(places: Floats) -> list[float]:
    """Return four standard deviations along the principal axes, longest first, mm.

    PyRadiomics divides by the number of places, the standard by one less.
    """
    apart = places - places.mean(axis=0)
    spread = np.linalg.eigvalsh(apart.T @ apart / len(places))[::-1]
    return [float(each) for each in 4 * np.sqrt(np.clip(spread, 0, None))]


def _diameter_across(vertices: Floats, axis: int) -> float:
    """Return the longest distance, mm, between vertices at the same place along an axis."""
    order = np.lexsort(np.delete(vertices, axis, axis=1).T[::-1])
    order = order[np.argsort(vertices[order, axis], kind="stable")]
    at, flat = vertices[order, axis], np.delete(vertices[order], axis, axis=1)
    # Multiples of half the spacing, as the mesh has them, differ by rounding at most.
    step = np.ptp(at) * 1e-9
    ends = [0, *(np.flatnonzero(np.diff(at) > step) + 1).tolist(), len(at)]
    return max(_diameter(flat[first:stop]) for first, stop in pairwise(ends))


def _diameter(points: Floats) -> float:
    """Return the longest distance between points of a plane, sorted by their first coordinate."""
    if len(points) < 2:
        return 0.0
    # Of each line of points only its ends can be the furthest.
    first = np.flatnonzero(np.diff(points[:, 0], prepend=-np.inf) > 0)
    last = np.append(first[1:], len(points)) - 1
    x, y = points[first, 0], points[np.concatenate([first, last]), 1]
    x = np.concatenate([x, x])
    apart = np.subtract.outer(x, x) ** 2 + np.subtract.outer(y, y) ** 2
    return float(apart.max() ** 0.5)
