import numpy as np
import pytest
import SimpleITK as sitk

from lesionary.errors import MaskError
from lesionary.scan import Geometry
from lesionary.scan.masks import Mask

from .conftest import AXIAL, oblique


def ball(grid: Geometry, center_mm, radius_mm: float) -> np.ndarray:
    index = np.stack(np.indices(grid.shape), axis=-1)
    return np.linalg.norm(grid.to_mm(index) - center_mm, axis=-1) < radius_mm


def test_center_and_volume_agree_with_itk():
    grid = oblique((30, 40, 40))
    mask = Mask(ball(grid, grid.center_mm, 9.0), grid)
    image = sitk.GetImageFromArray(mask.voxels.astype(np.uint8))
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(grid.origin_mm)
    image.SetDirection(grid.direction.ravel().tolist())
    stats = sitk.LabelShapeStatisticsImageFilter()
    stats.Execute(image)
    assert mask.center_mm == pytest.approx(stats.GetCentroid(1), abs=1e-6)
    assert mask.volume_ml == pytest.approx(stats.GetPhysicalSize(1) / 1000)
    assert mask.volume_ml == pytest.approx(4 / 3 * np.pi * 0.9**3, rel=0.02)


def test_components_are_connected_by_corners_and_sorted_by_size():
    voxels = np.zeros(AXIAL.shape, bool)
    voxels[0, 0, 0] = voxels[1, 1, 1] = True
    voxels[4:6, 5:9, 5:9] = True
    voxels[3, 15, 20] = True
    mask = Mask(voxels, AXIAL, "GTV-1", "a.nii")
    parts = mask.components()
    assert [int(part.voxels.sum()) for part in parts] == [32, 2, 1]
    assert np.array_equal(np.logical_or.reduce([part.voxels for part in parts]), voxels)
    assert {(part.name, part.source) for part in parts} == {("GTV-1", "a.nii")}
    assert parts[0].components() == [parts[0]]
    assert parts[0].box_vox == (slice(4, 6), slice(5, 9), slice(5, 9))


def test_empty_mask_and_wrong_shape_are_errors():
    with pytest.raises(MaskError, match=r"'GTV-1' of a\.nii is empty"):
        Mask(np.zeros(AXIAL.shape, bool), AXIAL, "GTV-1", "a.nii")
    with pytest.raises(MaskError, match=r"bool of shape \(6, 20, 24\)"):
        Mask(np.ones((2, 2, 2), bool), AXIAL)
    with pytest.raises(MaskError, match="not uint8"):
        Mask(np.ones(AXIAL.shape, np.uint8), AXIAL)
