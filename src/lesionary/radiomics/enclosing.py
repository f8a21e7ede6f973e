"""What a region fits into: boxes, ellipsoids and its convex hull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]

_ENCLOSING_TOLERANCE = 1e-3
_MOST_STEPS = 20_000
_TERMS = 20  # of the series for an ellipsoid's area, as in the manual


@dataclass(frozen=True)
class Body:
    """Volume in mm³ and surface area in mm²."""

    volume: float
    area: float


@dataclass(frozen=True)
class Hull(Body):
    """The convex hull of a surface.

    Attributes
    ----------
    vertices : ndarray, shape (n, 3)
        mm along (z, y, x).
    facets : ndarray of int, shape (m, 3)
        The vertices of each triangle.
    """

    vertices: Floats
    facets: NDArray[np.intp]

    @property
    def diameter(self) -> float:
        """The longest distance between two vertices, mm."""
        parts = np.array_split(self.vertices, len(self.vertices) // 1000 + 1)
        return float(max(cdist(part, self.vertices).max() for part in parts))


def convex_hull(points: Floats) -> Hull:
    """Wrap a convex hull around the vertices of a mesh, shape (n, 3), in mm."""
    found = ConvexHull(points)
    place = np.empty(len(points), dtype=np.intp)
    place[found.vertices] = np.arange(found.vertices.size)
    return Hull(found.volume, found.area, points[found.vertices], place[found.simplices])


def box(sides: Floats) -> Body:
    """Return the box with these sides, mm."""
    a, b, c = sides
    return Body(float(a * b * c), float(2 * (a * b + b * c + c * a)))


def ellipsoid(semi_axes: Floats) -> Body:
    """Return the ellipsoid with these semi-axes, longest first, in mm.

    The area is what the IBSI manual defines. Its series takes the eccentricities of a and b and of
    a and c, where the exact one takes those of b and c and of a and c: it is a few per cent below
    the exact area, and it is what the consensus values were computed with.

    Examples
    --------
    >>> ball = ellipsoid(np.ones(3))
    >>> round(ball.volume / np.pi, 6), round(ball.area / np.pi, 6)
    (1.333333, 4.0)
    """
    a, b, c = (float(length) for length in semi_axes)
    if a == 0:
        return Body(0.0, 0.0)
    one, other = 1 - (b / a) ** 2, 1 - (c / a) ** 2
    # Legendre polynomials times powers of the eccentricities' product, by Bonnet's recursion in a
    # form that allows a product of zero.
    before, now, total = 1.0, (one + other) / 2, 1.0
    for n in range(1, _TERMS + 1):
        total += now / (1 - 4 * n**2)
        before, now = (
            now,
            ((2 * n + 1) * (one + other) / 2 * now - n * one * other * before) / (n + 1),
        )
    return Body(4 / 3 * np.pi * a * b * c, 4 * np.pi * a * b * total)


def axis_aligned_box(points: Floats) -> Body:
    """Return the bounding box along the image's axes."""
    return box(np.ptp(points, axis=0))


def minimum_box(hull: Hull) -> Body:
    """Return the smallest oriented bounding box that has a side flush with a facet of the hull.

    For each facet, the turns about its normal are those that lay another side along one of the
    facet's edges, which finds the smallest box but for rare shapes.
    """
    corners = hull.vertices[hull.facets]
    edges = np.stack([corners[:, i] - corners[:, i - 1] for i in range(3)], axis=1)
    normals, facet = _distinct(_unit(np.cross(edges[:, 0], edges[:, 1])))
    # Facets that are parallel share their turns.
    turns, _ = _distinct(np.column_stack([_unit(edges).reshape(-1, 3), np.repeat(facet, 3)]))
    first, of = turns[:, :3], turns[:, 3].astype(np.intp)
    directions = first, np.cross(normals[of], first), normals
    lengths, widths, heights = (_extents(hull.vertices, along) for along in directions)
    sides = np.column_stack([lengths, widths, heights[of]])
    return box(sides[sides.prod(axis=1).argmin()])


def _distinct(directions: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Return one of each two rows that begin with the same or the opposite direction.

    Also returned is the place among them of every row; what follows a direction is to agree, too.
    """
    key = directions.round(6)
    largest = np.abs(key[:, :3]).argmax(axis=1)[:, None]
    key[:, :3] *= np.sign(np.take_along_axis(key, largest, axis=1))
    _, kept, place = np.unique(key + 0.0, axis=0, return_index=True, return_inverse=True)
    return directions[kept], place.ravel()


def _extents(points: Floats, directions: Floats) -> Floats:
    """Return how long a body is along each direction, from its vertices."""
    parts = np.array_split(directions, max(1, len(points) * len(directions) // 1_000_000))
    return np.concatenate([np.ptp(part @ points.T, axis=1) for part in parts])


def minimum_ellipsoid(hull: Hull) -> Body:
    """Return the smallest ellipsoid that encloses the hull, larger by at most 0.1 % in volume.

    Khachiyan's algorithm with steps away from points that do not matter (Todd and Yildirim 2007).
    """
    points = hull.vertices - hull.vertices.mean(axis=0)
    n, d = points.shape
    lifted = np.column_stack([points, np.ones(n)])
    weight = np.full(n, 1 / n)
    inverse = np.linalg.inv(lifted.T @ (lifted * weight[:, None]))
    spread = np.einsum("ij,jk,ik->i", lifted, inverse, lifted)
    for _ in range(_MOST_STEPS):
        furthest = int(spread.argmax())
        nearest = int(np.where(weight > 0, spread, np.inf).argmin())
        above, below = spread[furthest] / (d + 1) - 1, 1 - spread[nearest] / (d + 1)
        # The ellipsoid's volume is too large by a factor of (1 + above) ** (d / 2) at most.
        if above <= _ENCLOSING_TOLERANCE / (d + 1):
            break
        one = furthest if above >= below else nearest
        step = (spread[one] - d - 1) / ((d + 1) * max(spread[one] - 1, 1e-12))
        dropped = step <= -weight[one] / (1 - weight[one])
        step = -weight[one] / (1 - weight[one]) if dropped else step
        weight *= 1 - step
        # Exactly zero, or rounding would have the point dropped for ever.
        weight[one] = 0.0 if dropped else weight[one] + step
        # Sherman and Morrison: the inverse after a change of rank one.
        toward = inverse @ lifted[one]
        ratio = step / (1 - step)
        scale = ratio / (1 + ratio * spread[one])
        spread = (spread - scale * (lifted @ toward) ** 2) / (1 - step)
        inverse = (inverse - scale * np.outer(toward, toward)) / (1 - step)
    centre = weight @ points
    shape = (points - centre).T @ ((points - centre) * weight[:, None])
    # Blown up so that every point is inside.
    reach = np.einsum("ij,jk,ik->i", points - centre, np.linalg.inv(shape), points - centre).max()
    return ellipsoid(np.sqrt(np.linalg.eigvalsh(shape)[::-1] * reach))


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
