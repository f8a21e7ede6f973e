"""Moves against numpy, scipy, torch and MONAI, which make them one at a time."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.transform import Rotation
from torch.nn.functional import interpolate

from lesionary.errors import TrainingError
from lesionary.train.views.resample import resample
from lesionary.train.views.spatial import Flip, RandomResizedCrop, Rotate, Rotate90, Shift

SIZE = (8, 10, 12)


def patches_of(n, size=SIZE, seed=0):
    drawn = np.random.default_rng(seed).normal(0, 300, (n, 1, *size))
    return torch.from_numpy(drawn.astype(np.float32))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def look(patch, matrix, region, size):
    """One view, point by point: where does the map put it, and what does scipy find there."""
    shape = np.array(patch.shape)
    region = np.array(region)
    index = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), axis=-1)
    points = (index + 0.5) * (region / np.array(size)) - region / 2
    points = points @ matrix[:3, :3].T + matrix[:3, 3]
    points += (region - 1) / 2 + (shape - region) // 2
    return ndimage.map_coordinates(patch, np.moveaxis(points, -1, 0), order=1, mode="nearest")


STEPS = [
    RandomResizedCrop(scale=(0.3, 1.0)),
    Flip(),
    Rotate(degrees=30),
    Rotate90(planes=("yx",)),
    Shift(voxels=3),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
@pytest.mark.parametrize(("shape", "size"), [((8, 10, 10), (8, 10, 10)), ((11, 14, 14), (4, 5, 5))])
def test_views_hold_what_scipy_finds_at_the_points_of_the_map(step, shape, size):
    patches = patches_of(6, shape)
    region = (8, 10, 10)
    maps = step.matrices(6, region, seeded())
    views = resample(patches, maps, region, size)
    expected = [
        look(p[0], m, region, size) for p, m in zip(patches.numpy(), maps.numpy(), strict=True)
    ]
    np.testing.assert_allclose(views[:, 0], expected, atol=2e-3)


@given(
    shape=st.tuples(*[st.integers(1, 7)] * 3),
    size=st.tuples(*[st.integers(1, 5)] * 3),
    seed=st.integers(0, 1000),
)
@settings(derandomize=True, deadline=None, max_examples=40)
def test_any_product_of_moves_on_any_size(shape, size, seed):
    generator = seeded(seed)
    maps = torch.eye(4, dtype=torch.float64).repeat(3, 1, 1)
    for step in (RandomResizedCrop(), Flip(), Rotate(), Shift(voxels=1)):
        maps = maps @ step.matrices(3, shape, generator)
    patches = patches_of(3, shape, seed)
    views = resample(patches, maps, shape, size)
    expected = [
        look(p[0], m, shape, size) for p, m in zip(patches.numpy(), maps.numpy(), strict=True)
    ]
    np.testing.assert_allclose(views[:, 0], expected, atol=5e-3)


def test_a_crop_of_whole_voxels_is_torchs_resized_crop_but_for_its_rim():
    # torch repeats the crop's outermost voxels beyond it; a view has their true neighbours.
    patch = patches_of(1, (10, 10, 10))
    scale = 0.6
    maps = torch.eye(4, dtype=torch.float64)[None].clone()
    maps[:, :3, :3] *= scale
    maps[0, :3, 3] = torch.tensor([1.0, -2.0, 0.0])
    view = resample(patch, maps, (10, 10, 10), (10, 10, 10))
    cropped = patch[:, :, 3:9, 0:6, 2:8]
    resized = interpolate(cropped, size=(10, 10, 10), mode="trilinear", align_corners=False)
    inner = (..., *[slice(1, -1)] * 3)
    torch.testing.assert_close(view[inner], resized[inner], rtol=0, atol=1e-3)


def test_crops_have_one_scale_and_stay_inside():
    size = torch.tensor([8.0, 10.0, 12.0], dtype=torch.float64)
    maps = RandomResizedCrop(scale=(0.4, 0.9)).draw(2000, SIZE, seeded())
    scale = maps[:, 0, 0]
    assert torch.equal(maps[:, :3, :3], scale[:, None, None] * torch.eye(3, dtype=torch.float64))
    assert scale.min() >= 0.4
    assert scale.max() < 0.9
    assert scale.mean() == pytest.approx(0.65, abs=0.01)
    ends = maps[:, :3, 3].abs() + scale[:, None] * size / 2
    assert (ends <= size / 2 + 1e-9).all()
    # Every place is drawn, up to the patch's faces.
    assert (ends.amax(dim=0) > 0.98 * size / 2).all()


def test_flips_are_numpys_bit_for_bit():
    patches = patches_of(60)
    maps = Flip(probability=1, axes=("z", "x")).matrices(60, SIZE, seeded())
    views = resample(patches, maps, SIZE, SIZE).numpy()
    drawn = {
        axis: sum(
            np.array_equal(v, np.flip(p, axis)) for v, p in zip(views, patches.numpy(), strict=True)
        )
        for axis in (1, 2, 3)
    }
    assert drawn[1] + drawn[3] == 60
    assert min(drawn[1], drawn[3]) > 15


def test_quarter_turns_are_numpys_bit_for_bit():
    size = (6, 6, 6)
    patches = patches_of(90, size)
    views = resample(patches, Rotate90(probability=1).matrices(90, size, seeded()), size, size)
    seen = []
    for view, patch in zip(views.numpy(), patches.numpy(), strict=True):
        turns = [
            (plane, k)
            for plane in ((1, 2), (1, 3), (2, 3))
            for k in (1, 2, 3)
            if np.array_equal(view, np.rot90(patch, k, plane))
        ]
        assert len(turns) == 1
        seen += turns
    assert len(set(seen)) == 9


def test_quarter_turns_of_an_oblong_plane_are_refused():
    with pytest.raises(TrainingError, match=r"plane zy .* differ"):
        Rotate90().draw(2, (8, 10, 10), seeded())
    Rotate90(planes=("yx",)).draw(2, (8, 10, 10), seeded())


def test_rotations_are_scipys_and_within_the_angle():
    maps = Rotate(degrees=20, probability=1).matrices(200, SIZE, seeded()).numpy()
    # scipy turns points (x, y, z); its angles about x, y and z are what we drew, up to sign.
    turns = Rotation.from_matrix(maps[:, 2::-1, 2::-1])
    angles = np.abs(turns.as_euler("xyz", degrees=True))
    assert np.linalg.det(maps[:, :3, :3]) == pytest.approx(np.ones(200))
    assert angles.max() <= 20
    assert (angles.max(axis=0) > 19).all()


def test_a_shift_takes_real_voxels_from_the_margin():
    patches = patches_of(4, (14, 14, 14))
    maps = torch.eye(4, dtype=torch.float64).repeat(4, 1, 1)
    maps[:, :3, 3] = torch.tensor([3.0, -3.0, 1.0])
    views = resample(patches, maps, (8, 8, 8), (8, 8, 8))
    assert torch.equal(views, patches[:, :, 6:14, 0:8, 4:12])
    shifts = Shift(voxels=3).draw(500, (8, 8, 8), seeded())[:, :3, 3]
    assert shifts.abs().max() <= 3
    assert (shifts.amin(dim=0) < -2.9).all()
    assert (shifts.amax(dim=0) > 2.9).all()


def test_an_odd_margin_costs_no_interpolation():
    patches = patches_of(2, (9, 10, 11))
    views = resample(
        patches, torch.eye(4, dtype=torch.float64).repeat(2, 1, 1), (8, 8, 8), (8, 8, 8)
    )
    assert torch.equal(views, patches[:, :, 0:8, 1:9, 1:9])


def test_a_view_does_not_depend_on_the_rest_of_its_batch():
    size = (7, 7, 7)
    patches = patches_of(12, size)
    maps = torch.eye(4, dtype=torch.float64).repeat(12, 1, 1)
    generator = seeded(3)
    for step in (RandomResizedCrop(probability=0.5), Rotate90(), Rotate(probability=0.3)):
        maps = maps @ step.matrices(12, size, generator)
    together = resample(patches, maps, size, size)
    alone = torch.cat([resample(patches[[i]], maps[[i]], size, size) for i in range(12)])
    assert torch.equal(together, alone)
