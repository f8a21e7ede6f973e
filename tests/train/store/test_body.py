"""Backgrounds come from inside the patient."""

from __future__ import annotations

import numpy as np
import pytest

from lesionary.errors import ScanError
from lesionary.scan import read_scan
from lesionary.scan.geometry import Geometry
from lesionary.train.store.body import away_from, body_points_mm, draw_points

SHAPE = (30, 60, 64)
AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])


def _truth():
    """Return voxels and where the body is: an ellipse with lungs, a table below, air around."""
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    body = np.broadcast_to(((x - 31) / 27) ** 2 + ((y - 26) / 22) ** 2 < 1, SHAPE)
    lungs = (((abs(x - 31) - 13) / 8) ** 2 + ((y - 25) / 12) ** 2 < 1) & (z > 8)
    voxels = np.full(SHAPE, -1000)
    voxels[body] = 40
    voxels[lungs] = -850
    voxels[:, 54:56, 4:60] = 100
    return voxels + np.random.default_rng(0).integers(-40, 41, SHAPE), body


def _found(voxels, geometry):
    index = geometry.to_vox(body_points_mm(voxels, geometry))
    assert np.abs(index - index.round()).max() < 1e-6  # centres of voxels
    found = np.zeros(voxels.shape, bool)
    found[tuple(index.round().astype(int).T)] = True
    return found


def _reoriented(voxels, order, flips):
    """Return the voxels stored along other axes, with the affine that tells so."""
    affine = np.array(AFFINE)
    affine[:3, :3] = affine[:3, :3][:, [2 - axis for axis in order][::-1]]
    stored = voxels.transpose(order)
    for axis in flips:
        stored = np.flip(stored, axis)
        column = 2 - axis
        affine[:3, 3] += affine[:3, column] * (stored.shape[axis] - 1)
        affine[:3, column] *= -1
    return stored, Geometry(stored.shape, affine)


@pytest.mark.parametrize(
    ("order", "flips"), [((0, 1, 2), ()), ((0, 1, 2), (0, 2)), ((1, 0, 2), ()), ((2, 0, 1), (1,))]
)
def test_body_is_found_with_lungs_without_table_however_it_is_stored(order, flips) -> None:
    voxels, body = _truth()
    stored, geometry = _reoriented(voxels, order, flips)
    truth, _ = _reoriented(body, order, flips)
    found = _found(stored, geometry)
    assert not (found & ~truth).any()
    steps = [max(1, round(3 / mm)) for mm in geometry.spacing_mm[::-1]]
    on_grid = np.zeros(truth.shape, bool)
    on_grid[:: steps[0], :: steps[1], :: steps[2]] = True
    assert (found & truth).sum() > 0.97 * (truth & on_grid).sum()


def test_lung_that_is_open_to_the_edge_is_body_and_air_is_not() -> None:
    voxels, body = _truth()
    geometry = Geometry(SHAPE, AFFINE)
    inside_lung = voxels[12:, 20:32, 12:22]
    assert _found(inside_lung, Geometry(inside_lung.shape, AFFINE))[:, ::2, ::2].all()
    half = voxels[:, :, :32]  # the body cut in the middle, air on the other side
    found = _found(half, Geometry(half.shape, AFFINE))
    assert not (found & ~body[:, :, :32]).any()
    assert found.any()
    padded = np.full(SHAPE, -3024)
    padded[:, 10:40, 10:50] = voxels[:, 10:40, 10:50]
    found = _found(padded, geometry)
    assert not found[:, :10].any()
    assert not found[:, :, 50:].any()


def test_air_alone_is_an_error() -> None:
    with pytest.raises(ScanError, match="no body in the scan"):
        body_points_mm(np.full((4, 9, 9), -1000), Geometry((4, 9, 9), np.eye(4)))


def test_one_slice_and_one_voxel_do() -> None:
    assert len(body_points_mm(np.zeros((1, 5, 5)), Geometry((1, 5, 5), np.eye(4)))) == 4
    assert len(body_points_mm(np.zeros((1, 1, 1)), Geometry((1, 1, 1), np.eye(4)))) == 1


def test_real_scan(real_data) -> None:
    scan = read_scan(real_data / "lung1" / "LUNG1-001")
    voxels = scan.read()
    found = _found(voxels, scan.geometry)
    grid, points = voxels[:, ::3, ::3], found[:, ::3, ::3]
    assert 0.15 < points.mean() < 0.35
    assert (points & (grid > -200)).sum() > 0.93 * (grid > -200).sum()  # not the table
    assert (points & (grid < -700)).sum() > 0.1 * points.sum()  # but the lungs
    corners = points[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert not corners.any()


def test_points_away_from_seeds_are_those_whose_boxes_do_not_meet() -> None:
    rng = np.random.default_rng(0)
    points, seeds = rng.uniform(0, 30, (300, 3)), rng.uniform(0, 30, (2, 3))
    reach = np.array([4.0, 5.0, 8.0])
    kept = away_from(points, seeds, reach)
    meets = [any(all(abs(p[a] - s[a]) < reach[a] for a in range(3)) for s in seeds) for p in points]
    assert np.array_equal(kept, points[~np.array(meets)])
    assert 0 < len(kept) < len(points)


def test_points_are_drawn_once_each_while_there_are_enough() -> None:
    points = np.arange(12.0).reshape(4, 3)
    rng = np.random.default_rng(0)
    assert len(np.unique(draw_points(points, 4, rng), axis=0)) == 4
    assert draw_points(points, 9, rng).shape == (9, 3)
    assert draw_points(np.empty((0, 3)), 0, rng).shape == (0, 3)
