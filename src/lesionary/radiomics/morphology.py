"""Morphology: shape and size, and how intensities lie in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.radiomics.enclosing import (
    Body,
    axis_aligned_box,
    convex_hull,
    ellipsoid,
    minimum_box,
    minimum_ellipsoid,
)
from lesionary.radiomics.mesh import Mesh, mesh
from lesionary.radiomics.preparation import Prepared
from lesionary.radiomics.spatial import moran_and_geary
from lesionary.radiomics.spread import Spread, spread_of
from lesionary.radiomics.value import Values

Floats = NDArray[np.float64]


def morphology(region: Prepared) -> Values:
    """Measure the shape of a region; its features by key, or why one is undefined."""
    outline, spacing = region.morphological[region.box], region.spacing_mm
    surface = mesh(outline, spacing)
    shape = spread_of(outline, spacing)
    hull = convex_hull(surface.vertices)
    axes = _principal_axes(shape)
    return {
        **_sizes(surface, shape.total * float(np.prod(spacing))),
        "KLMA": _shift(region, shape),
        "L0JK": hull.diameter,
        **_axis_lengths(axes),
        **_densities(surface, axis_aligned_box(surface.vertices), "PBX1", "R59B"),
        **_densities(surface, minimum_box(hull), "ZH1A", "IQYR"),
        **_densities(surface, ellipsoid(axes / 2), "6BDE", "RDD2"),
        **_densities(surface, minimum_ellipsoid(hull), "SWZ1", "BRI8"),
        **_densities(surface, hull, "R3ER", "7T7F"),
        "99N0": float(region.values.mean()) * surface.volume,
        **_spatial(region),
    }


def _sizes(surface: Mesh, voxel_volume: float) -> Values:
    volume, area = surface.volume, surface.area
    # How the area of a ball of the same volume compares.
    sphericity = (36 * np.pi * volume**2) ** (1 / 3) / area
    return {
        "RNU0": volume,
        "YEKZ": voxel_volume,
        "C0JK": area,
        "2PR5": area / volume,
        "SKGS": float(volume / (np.pi**0.5 * area**1.5)),
        "BQWJ": float(sphericity**3),
        "KRCK": float(1 / sphericity),
        "QCFX": float(sphericity),
        "25C7": float(1 / sphericity - 1),
    }


def _principal_axes(shape: Spread) -> Floats:
    """Return the lengths of the major, minor and least axis, mm: four standard deviations."""
    if shape.total == 1:
        return np.zeros(3)
    unbiased = shape.covariance * (shape.total / (shape.total - 1))
    return np.asarray(4 * np.sqrt(np.clip(np.linalg.eigvalsh(unbiased)[::-1], 0, None)))


def _axis_lengths(axes: Floats) -> Values:
    major, minor, least = axes.tolist()
    one = "the region is one voxel, which has no axes"
    return {
        "TDIC": major,
        "P9VJ": minor,
        "7J51": least,
        "Q3CK": minor / major if major > 0 else one,
        "N17B": least / major if major > 0 else one,
    }


def _densities(surface: Mesh, body: Body, volume: str, area: str) -> Values:
    empty = "the enclosing body has no {}: the region is one voxel thick"
    return {
        volume: surface.volume / body.volume if body.volume > 0 else empty.format("volume"),
        area: surface.area / body.area if body.area > 0 else empty.format("area"),
    }


def _shift(region: Prepared, shape: Spread) -> float | str:
    """Return how far the centre of intensity is from that of the shape, mm."""
    inside = region.intensity[region.box]
    weights = np.where(inside, region.image[region.box], 0.0)
    if weights.sum() == 0:
        return "the intensities add up to zero, so that they have no centre"
    return float(np.linalg.norm(spread_of(weights, region.spacing_mm).centre - shape.centre))


def _spatial(region: Prepared) -> Values:
    values = region.values
    if values.size == 1 or np.ptp(values) == 0:
        why = "one voxel has no neighbour" if values.size == 1 else "all intensities are the same"
        return {"N365": why, "NPT7": why}
    moran, geary = moran_and_geary(
        region.image[region.box], region.intensity[region.box], region.spacing_mm
    )
    return {"N365": moran, "NPT7": geary}
