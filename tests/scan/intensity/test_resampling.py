import numpy as np
import pytest
from scipy import ndimage

from lesionary.scan import Geometry
from lesionary.scan.intensity import (
    IntensityError,
    Volume,
    fit_steps,
    isotropic_grid,
    resample,
    resample_mask,
)

TURN = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]


def grid(shape, linear, origin=(11.0, -7.0, 30.0)) -> Geometry:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = linear, origin
    return Geometry(shape, affine)


PLAIN = grid((12, 20, 24), np.diag([0.7, 0.8, 2.5]))
OBLIQUE = grid((12, 20, 24), TURN @ np.diag([0.7, 0.8, 2.5]))
FLIPPED = grid((12, 20, 24), np.diag([-0.7, 0.8, -2.5]))
# A gantry tilted by 20 degrees: each slice is shifted along y against the one before.
TILTED = grid((12, 20, 24), [[0.7, 0, 0], [0, 0.8, 2.5 * np.sin(0.35)], [0, 0, 2.5 * np.cos(0.35)]])
GRIDS = {"plain": PLAIN, "oblique": OBLIQUE, "flipped": FLIPPED, "tilted": TILTED}


def ramp(geometry: Geometry) -> np.ndarray:
    """A value that is linear in patient space: any right linear interpolation keeps it."""
    points = geometry.to_mm(np.moveaxis(np.indices(geometry.shape), 0, -1))
    return (points @ [1.5, -2.0, 0.75] + 100).astype(np.float32)


@pytest.mark.parametrize("geometry", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_a_ramp_in_space_stays_where_it_is(geometry, interpolation):
    new = isotropic_grid(geometry, 1.0)
    ours = resample(ramp(geometry), geometry, new, interpolation)
    index = geometry.to_vox(new.to_mm(np.moveaxis(np.indices(new.shape), 0, -1)))
    margin = 3 if interpolation == "cubic" else 0  # its spline is mirrored at the border
    inside = ((index >= margin) & (index <= np.array(geometry.shape) - 1 - margin)).all(axis=-1)
    assert inside.any()
    assert ours[inside] == pytest.approx(ramp(new)[inside], abs=0.1 if margin else 1e-2)


@pytest.mark.parametrize("geometry", GRIDS.values(), ids=GRIDS)
def test_the_grid_is_straight_even_and_has_the_same_centre(geometry):
    new = isotropic_grid(geometry, 1.0)
    assert new.spacing_mm == pytest.approx((1, 1, 1))
    assert new.direction.T @ new.direction == pytest.approx(np.eye(3), abs=1e-9)
    assert new.center_mm == pytest.approx(geometry.center_mm)
    assert np.sign(np.linalg.det(new.direction)) == np.sign(np.linalg.det(geometry.direction))
    # Every voxel of the old grid is inside the new one.
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in geometry.shape])).reshape(3, -1).T
    assert new.contains(geometry.to_mm(corners)).all()


def test_the_size_is_rounded_up_and_an_axis_may_be_kept():
    # IBSI's CT phantom: 204 x 201 x 60 voxels of 0.977 x 0.977 x 3 mm become 100 x 99 x 90 of 2 mm.
    phantom = grid((60, 201, 204), np.diag([0.9765625, 0.9765625, 3.0]))
    assert isotropic_grid(phantom, 2.0).shape == (90, 99, 100)
    kept = isotropic_grid(phantom, (2.0, 2.0, None))
    assert kept.shape == (60, 99, 100)
    assert kept.spacing_mm == pytest.approx((2, 2, 3))
    same = isotropic_grid(phantom, (None, None, None))
    assert same.matches(phantom, 1e-9)


def test_linear_is_that_of_scipy():
    voxels = np.random.default_rng(0).normal(size=PLAIN.shape).astype(np.float32)
    new = isotropic_grid(PLAIN, (1.1, 0.9, 1.3))
    step = np.linalg.inv(PLAIN.affine) @ new.affine
    expected = ndimage.affine_transform(
        voxels, step[2::-1, 2::-1], step[2::-1, 3], new.shape, order=1, mode="nearest"
    )
    assert resample(voxels, PLAIN, new) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("geometry", GRIDS.values(), ids=GRIDS)
def test_a_ball_keeps_volume_and_place(geometry):
    points = geometry.to_mm(np.moveaxis(np.indices(geometry.shape), 0, -1))
    ball = np.linalg.norm(points - geometry.center_mm, axis=-1) < 6.5
    new = isotropic_grid(geometry, 0.8)
    moved = resample_mask(ball, geometry, new)
    ml = ball.sum() * geometry.voxel_volume_mm3
    assert moved.sum() * new.voxel_volume_mm3 == pytest.approx(ml, rel=0.05)
    center = new.to_mm(np.argwhere(moved).mean(axis=0))
    assert center == pytest.approx(geometry.center_mm, abs=0.1)


def test_the_step_takes_the_region_along_and_rounds():
    region = np.zeros(TILTED.shape, bool)
    region[4:8, 6:14, 6:14] = True
    step = {"resample": {"spacing_mm": 1, "rounded": True}}
    done = fit_steps([step], list).apply(Volume(ramp(TILTED), TILTED, region))
    assert done.region is not None
    assert done.region.shape == done.voxels.shape == done.geometry.shape
    assert np.array_equal(done.voxels, np.rint(done.voxels))
    assert done.region.any()


def test_nearest_keeps_values_and_a_huge_grid_is_refused():
    labels = np.random.default_rng(0).integers(0, 4, PLAIN.shape)
    found = resample(labels, PLAIN, isotropic_grid(PLAIN, 0.5), "nearest")
    assert set(np.unique(found)) <= {0, 1, 2, 3}
    with pytest.raises(IntensityError, match="more than can be held"):
        isotropic_grid(PLAIN, 0.001)
