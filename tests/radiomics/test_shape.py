"""Surface, hull and what a region fits into, against bodies with a closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from lesionary.radiomics.enclosing import (
    axis_aligned_box,
    convex_hull,
    ellipsoid,
    minimum_box,
    minimum_ellipsoid,
)
from lesionary.radiomics.mesh import mesh
from lesionary.radiomics.spread import spread_of

CUBE = np.array([[z, y, x] for z in (0, 1) for y in (0, 1) for x in (0, 1)], dtype=float)
TURNED = Rotation.from_euler("zyx", [33, 17, 71], degrees=True).as_matrix()


def ball(radius: int) -> np.ndarray:
    z, y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1, -radius : radius + 1]
    return z**2 + y**2 + x**2 <= radius**2


def test_a_box_has_the_volume_of_its_voxels_less_its_edges() -> None:
    """A box of n voxels an axis: a face has n - 1 cells, an edge loses an eighth of a cell."""
    nz, ny, nx = 4, 5, 6
    found = mesh(np.ones((nz, ny, nx), bool), (1.0, 1.0, 1.0))
    edges = 4 * (nz - 1 + ny - 1 + nx - 1)
    # A prism of 1/8 is cut off along an edge; of an eighth of a cell, a corner keeps 1/48.
    corners = 8
    assert found.volume == pytest.approx(nz * ny * nx - edges / 8 - corners * (1 / 8 - 1 / 48))
    assert np.ptp(found.vertices, axis=0) == pytest.approx([nz, ny, nx])


def test_a_ball_is_nearly_round() -> None:
    found = mesh(ball(30), (0.5, 0.5, 0.5))
    assert found.volume == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.01)
    # The steps of a mask's surface are smoothed by halves only.
    assert 1 < found.area / (4 * np.pi * 15**2) < 1.1


@pytest.mark.parametrize("seed", range(3))
def test_the_mesh_is_closed_and_follows_the_spacing(seed: int) -> None:
    radii = np.random.default_rng(seed).uniform(2, 5, 3)
    places = np.ogrid[-5:6, -5:6, -5:6]
    mask = sum((at / radius) ** 2 for at, radius in zip(places, radii, strict=True)) <= 1
    one, wide = mesh(mask, (1.0, 1.0, 1.0)), mesh(mask, (3.0, 2.0, 0.5))
    assert one.volume > 0
    assert wide.volume == pytest.approx(3 * one.volume)
    moved = mesh(np.pad(mask, ((3, 0), (0, 2), (5, 1))), (1.0, 1.0, 1.0))
    assert (moved.volume, moved.area) == pytest.approx((one.volume, one.area))
    for turned in (mask[::-1], mask.transpose(2, 0, 1)):
        again = mesh(turned, (1.0, 1.0, 1.0))
        assert again.volume == pytest.approx(one.volume)


def test_every_solid_cube_of_cells_keeps_its_volume() -> None:
    """A convex region's mesh is its hull of edge middles, give or take the saddles."""
    mask = ball(4)
    found = mesh(mask, (1.0, 1.0, 1.0))
    assert found.volume <= ConvexHull(found.vertices).volume


def test_a_turned_box_is_found() -> None:
    corners = CUBE * [2, 3, 5] @ TURNED.T
    found = minimum_box(convex_hull(corners))
    assert (found.volume, found.area) == pytest.approx((30, 62))
    assert axis_aligned_box(corners).volume > 35


def test_the_ellipsoid_around_a_box() -> None:
    """The smallest ellipsoid around a box is the ball around a cube, stretched as the box is."""
    found = minimum_ellipsoid(convex_hull(CUBE * [2, 3, 5] @ TURNED.T))
    smallest = np.pi * 3**1.5 / 6 * 30
    assert smallest * (1 - 1e-9) <= found.volume <= smallest * 1.002


def test_no_ellipsoid_leaves_a_point_out_or_is_smaller_than_the_hull() -> None:
    points = np.random.default_rng(1).normal(size=(400, 3)) * [1, 4, 9]
    hull = convex_hull(points)
    found = minimum_ellipsoid(hull)
    assert found.volume > hull.volume
    assert minimum_box(hull).volume < axis_aligned_box(points).volume * 1.2


def test_the_hulls_diameter_and_facets() -> None:
    hull = convex_hull(np.concatenate([CUBE * [2, 3, 6], [[1, 1, 1]]]))
    assert hull.diameter == pytest.approx(7)
    assert (hull.volume, hull.area) == pytest.approx((36, 72))
    corners = hull.vertices[hull.facets]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.linalg.norm(normal, axis=1).sum() / 2 == pytest.approx(hull.area)


def test_the_ellipsoids_area_is_the_manuals_series() -> None:
    """The series as printed, by Legendre polynomials."""
    from scipy.special import eval_legendre

    a, b, c = 5.0, 3.0, 2.0
    one, other = np.sqrt(1 - (b / a) ** 2), np.sqrt(1 - (c / a) ** 2)
    n = np.arange(21)
    terms = (one * other) ** n / (1 - 4 * n**2)
    terms = terms * eval_legendre(n, (one**2 + other**2) / (2 * one * other))
    assert ellipsoid(np.array([a, b, c])).area == pytest.approx(4 * np.pi * a * b * terms.sum())
    assert ellipsoid(np.array([2.0, 2, 2])).area == pytest.approx(16 * np.pi)
    assert ellipsoid(np.array([2.0, 2, 0])).volume == 0


def test_the_spread_is_that_of_the_voxels() -> None:
    mask = np.random.default_rng(0).random((5, 6, 7)) < 0.4
    places = np.argwhere(mask) * [2.5, 1.0, 0.5]
    found = spread_of(mask, (2.5, 1.0, 0.5))
    np.testing.assert_allclose(found.centre, places.mean(axis=0))
    np.testing.assert_allclose(found.covariance, np.cov(places.T, ddof=0))
    assert found.total == len(places)
