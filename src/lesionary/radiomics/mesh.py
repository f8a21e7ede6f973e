"""The surface of a region: marching cubes of a mask, without making a triangle.

The cubes have voxel centres for corners, and the surface of a mask cuts an edge half way. So there
are 256 kinds of cube, and area and volume are how often and where each kind occurs times what its
triangles add.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Spacing = tuple[float, float, float]

# Corners (z, y, x) in the order of their bits in a cube's number, the corners at the ends of its
# edges, and for each number below 128 the edges on which the vertices of its triangles lie, three a
# triangle (Lorensen and Cline 1987, as numbered by Bourke 1994). From 128, inside and outside swap.
_CORNERS = ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0))
_EDGES = "10 21 32 30 54 65 76 74 40 51 62 73"
_TRIANGLES = """
- 083 019 183981 12a 08312a 92a029 2832a8a98 3b2 0b28b0 19023b 1b219b98b 3a1ba3 0a108a8ba
3903b9ba9 98aa8b 478 430734 019847 419471731 12a847 34730412a 92a902847 2a9297273794 8473b2
b47b24204 90184723b 47b94b9b2921 3a13ba784 1ba14b1047b4 47890b9bab03 47b4b99ba 954 954083 054150
854835315 12a954 30812a495 52a542402 2a5325354348 95423b 0b208b495 05401523b 21525828b485
a3ba13954 4950818a18ba 54050b5bab03 54858aa8b 978579 930953573 078017157 153357 978957a12
a12950530573 802825857a52 2a5253357 7957893b2 95797292027b 23b018178157 b21b17715 958857a13a3b
5705097b010aba0 ba0b03a50807570 ba57b5 a65 0835a6 9015a6 1831985a6 165261 165126308 965906026
598582526328 23ba65 b08b20a65 01923b5a6 5a61929b298b 63b653513 08b0b50515b6 3b6036065059 65969bb98
5a6478 43047365a 1905a6847 a65197173794 612651478 125526304347 847905065026 739794329596269
3b2784a65 5a647242027b 01947823b5a6 9219b294b7b45a6 8473b53515b6 51b5b610b7b404b 059065036b63847
65969b4797b9 a4964a 4a649a083 a01a60640 83181686461a 149124264 308129249264 024426 832824426
a49a64b23 08228b49a4a6 3b201606461a 64161a48121b8b1 964936913b63 8b1810b61914641 3b6360064 648b68
7a678a89a 0730a709a67a a671a7178180 a67a71173 126168189867 269291679093739 780706602 732672
23ba68a89867 20727b09767a9a7 1801781a767a23b b21b17a61671 896867916b63136 091b67 7807063b0b60 7b6
"""


@dataclass(frozen=True)
class Mesh:
    """The surface around a region.

    Attributes
    ----------
    volume : float
        mm³.
    area : float
        mm².
    vertices : ndarray, shape (n, 3)
        mm along (z, y, x), from the centre of the mask's first voxel.
    """

    volume: float
    area: float
    vertices: Floats


def mesh(mask: NDArray[np.bool_], spacing_mm: Spacing) -> Mesh:
    """Wrap a surface around a region.

    Where voxels touch along an edge only, the classic table can leave a face of a cube open, as it
    does in other packages that use it. The volume is then measured from the mask's first corner:
    cut out the region's box first, so that it does not depend on where the region lies.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x)
    spacing_mm : tuple of float
        Along the array's axes.

    Examples
    --------
    A voxel alone becomes an octahedron.

    >>> found = mesh(np.ones((1, 1, 1), bool), (1.0, 1.0, 1.0))
    >>> round(found.volume, 4), round(found.area, 4), len(found.vertices)
    (0.1667, 1.7321, 6)
    """
    padded = np.pad(mask, 1)
    spacing = np.array(spacing_mm)
    cubes = _cubes(padded)
    there = np.flatnonzero((cubes != 0) & (cubes != 255))
    kinds = cubes.ravel()[there]
    count = np.bincount(kinds, minlength=256)
    corners = np.stack(np.unravel_index(there, cubes.shape)) * spacing[:, None]
    # Where the cubes of each kind lie, added up.
    places = np.stack([np.bincount(kinds, at, 256) for at in corners])
    volume = area = 0.0
    for kind in np.flatnonzero(count).tolist():
        one, two, three = _triangles(kind).transpose(1, 0, 2) * spacing
        normals = np.cross(two - one, three - one) / 2
        area += count[kind] * np.linalg.norm(normals, axis=1).sum()
        # Gauss: the volume is a third of what the surface adds up of place times normal.
        volume += (places[:, kind] @ normals.sum(axis=0) + count[kind] * np.sum(one * normals)) / 3
    return Mesh(float(volume), float(area), _crossings(padded) * spacing)


def _cubes(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the number of each cube."""
    nz, ny, nx = (n - 1 for n in mask.shape)
    inside = mask.view(np.uint8)
    found = np.zeros((nz, ny, nx), dtype=np.uint8)
    for bit, (z, y, x) in enumerate(_CORNERS):
        found |= inside[z : z + nz, y : y + ny, x : x + nx] << bit
    return found


def _crossings(mask: NDArray[np.bool_]) -> Floats:
    """Return where the surface cuts the lines between voxels, in voxels of the unpadded mask."""
    found = []
    for axis in range(3):
        turned = np.moveaxis(mask, axis, 0)
        at = np.stack(np.nonzero(turned[1:] != turned[:-1]), axis=1) - 1.0
        at[:, 0] += 0.5
        found.append(np.insert(at[:, 1:], axis, at[:, 0], axis=1))
    return np.concatenate(found)


@cache
def _triangles(kind: int) -> Floats:
    """Return a cube's triangles, shape (n, 3 vertices, 3), in voxels; normals point out."""
    swapped = kind >= 128
    edges = _TRIANGLES.split()[255 - kind if swapped else kind]
    corners = np.array(_CORNERS, dtype=np.float64)
    ends = np.array([[int(end) for end in edge] for edge in _EDGES.split()])
    middles = corners[ends].mean(axis=1)
    vertices = middles[[int(edge, 16) for edge in edges]].reshape(-1, 3, 3)
    return np.asarray(vertices[:, ::-1] if swapped else vertices)
