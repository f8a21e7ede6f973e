"""Where in a scan the patient is, and random places in there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lesionary.errors import ScanError
from lesionary.scan import Geometry
from lesionary.scan.geometry import FloatArray
from lesionary.scan.lattice import nearest_axes

_AIR_HU = -500
_GRID_MM = 3.0


def body_points_mm(voxels: NDArray[Any], geometry: Geometry) -> FloatArray:
    """List points of the body, lungs included, on a grid of about 3 mm.

    The body is the largest connected thing that is denser than air once what is thinner than
    a centimetre (the table, blankets, tubes) is taken away, its holes filled slice by slice.

    Parameters
    ----------
    voxels : ndarray, shape (z, y, x)
        The whole scan, HU.
    geometry : Geometry

    Returns
    -------
    ndarray of float64, shape (n, 3)
        LPS mm ``(x, y, z)``; each is the centre of a voxel.

    Raises
    ------
    ScanError
        If there is nothing but air.
    """
    steps = [max(1, round(_GRID_MM / mm)) for mm in geometry.spacing_mm[::-1]]
    tissue = voxels[:: steps[0], :: steps[1], :: steps[2]] > _AIR_HU
    cross = _axial_cross(geometry)
    opened = ndimage.binary_opening(tissue, cross)
    parts, count = ndimage.label(opened if opened.any() else tissue)
    if not count:
        raise ScanError(
            f"There is no body in the scan to take backgrounds from: no voxel is above {_AIR_HU} "
            "HU. Is it CT, and are its values HU?"
        )
    largest = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    body = ndimage.binary_fill_holes(largest, cross)
    return geometry.to_mm(np.argwhere(body) * steps)


def draw_points(points: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """Draw ``count`` of the points, each once as long as there are enough."""
    return points[rng.choice(len(points), count, replace=len(points) < count)]


def away_from(points: FloatArray, seeds: FloatArray, reach_mm: FloatArray) -> FloatArray:
    """Keep the points that are ``reach_mm`` or more from every seed along at least one axis.

    Parameters
    ----------
    points, seeds : ndarray, shape (n, 3) and (m, 3)
        In the same frame as ``reach_mm``, shape (3,).
    """
    for seed in seeds:
        points = points[(np.abs(points - seed) >= reach_mm).any(axis=1)]
    return points


def _axial_cross(geometry: Geometry) -> NDArray[np.bool_]:
    """Neighbours of a voxel in its axial slice: lungs are closed there, and open at their end."""
    head_to_foot = 2 - nearest_axes(geometry)[1][2]
    cross: NDArray[np.bool_] = ndimage.generate_binary_structure(2, 1)
    return np.expand_dims(cross, head_to_foot)
