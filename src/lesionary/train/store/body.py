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

_TISSUE_HU = -500
_AIR_HU = -920
"""Between lung and the air around the patient."""

_GRID_MM = 3.0


def body_points_mm(voxels: NDArray[Any], geometry: Geometry) -> FloatArray:
    """List points of the body, lungs included, on a grid of about 3 mm.

    The body is the largest connected piece of tissue once what is thinner than a centimetre (the
    table, blankets, tubes) is taken away, its holes filled slice by slice. A lung that is
    open to the edge of a narrow field of view is no hole; it is told from the outside by not
    being mostly air.

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
    coarse = voxels[:: steps[0], :: steps[1], :: steps[2]]
    cross = _axial_cross(geometry)
    body = ndimage.binary_fill_holes(_largest_piece(coarse > _TISSUE_HU, cross), cross)
    rest, _ = ndimage.label(~body, cross)
    air = np.bincount(rest[coarse < _AIR_HU], minlength=rest.max() + 1)
    body |= ~body & (2 * air < np.bincount(rest.ravel()))[rest]
    if not body.any():
        raise ScanError(
            f"There is no body in the scan to take backgrounds from: all is below {_AIR_HU} HU. Is "
            "it CT, and are its values HU?"
        )
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


def _largest_piece(tissue: NDArray[np.bool_], cross: NDArray[np.bool_]) -> NDArray[np.bool_]:
    opened = ndimage.binary_opening(tissue, cross)
    pieces, _ = ndimage.label(opened if opened.any() else tissue)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    largest: NDArray[np.bool_] = (pieces == sizes.argmax()) & tissue
    return largest


def _axial_cross(geometry: Geometry) -> NDArray[np.bool_]:
    """Neighbours of a voxel in its axial slice: lungs are closed there, and open at their end."""
    head_to_foot = 2 - nearest_axes(geometry)[1][2]
    cross: NDArray[np.bool_] = ndimage.generate_binary_structure(3, 1)
    np.moveaxis(cross, head_to_foot, 0)[[0, 2]] = False
    return cross
