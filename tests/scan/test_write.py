from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from lesionary.errors import ScanError
from lesionary.scan import ArrayVoxels, Geometry, Scan, read_scan
from lesionary.scan.write import write_scan, write_volume

ENDINGS = (".nii", ".nii.gz", ".nrrd", ".mha")
TURN = np.array([[0.8, -0.6, 0, 4.5], [0.6, 0.8, 0, -7.25], [0, 0, -1, 30.0], [0, 0, 0, 1]])
GRIDS = {
    "axial": Geometry((4, 5, 6), np.diag([0.7, 0.8, 2.5, 1])),
    "turned": Geometry((4, 5, 6), TURN @ np.diag([0.7, 0.8, 2.5, 1])),
    "sheared": Geometry(
        (4, 5, 6), [[0.7, 0, 0, 1], [0, 0.8, 0.6, 2], [0, 0, 2.4, 3], [0, 0, 0, 1]]
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_written_scan_reads_back_the_same(tmp_path: Path, ending: str, grid: Geometry):
    voxels = np.random.default_rng(0).integers(-1024, 3000, grid.shape).astype(np.int16)
    path = write_scan(Scan(grid, ArrayVoxels(voxels)), tmp_path / "new" / f"a.b{ending}")
    again = read_scan(path)
    assert again.geometry.matches(grid, 1e-4)
    assert np.array_equal(again.read(), voxels)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_itk_and_nibabel_see_the_same_place(tmp_path: Path, ending: str):
    grid = GRIDS["turned"]
    voxels = np.zeros(grid.shape, np.float32)
    voxels[1, 2, 3] = 7.5
    path = write_volume(voxels, grid, tmp_path / f"a{ending}")
    image = sitk.ReadImage(str(path))
    assert image.GetPixel(3, 2, 1) == 7.5
    point = grid.to_mm((1, 2, 3))
    assert image.TransformIndexToPhysicalPoint((3, 2, 1)) == pytest.approx(point, abs=1e-4)
    if ending.startswith(".nii"):
        ras = nibabel.load(path).affine @ [3, 2, 1, 1]
        assert ras[:3] == pytest.approx(point * [-1, -1, 1], abs=1e-4)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        ("bool", "uint8"),
        ("float16", "float32"),
        ("int64", "int32"),
        (">i2", "int16"),
        ("float64", "float64"),
    ],
)
def test_types_that_formats_lack_are_widened(tmp_path: Path, ending: str, dtype, stored):
    grid = GRIDS["axial"]
    voxels = (np.arange(120) % 2).reshape(grid.shape).astype(dtype)
    again = read_scan(write_volume(voxels, grid, tmp_path / f"a{ending}")).read()
    assert again.dtype == stored
    assert np.array_equal(again, voxels.astype(stored))


def test_what_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path):
    grid = GRIDS["axial"]
    with pytest.raises(ScanError, match="32 bits"):
        write_volume(np.full(grid.shape, 2**40), grid, tmp_path / "a.nii")
    with pytest.raises(ScanError, match="complex"):
        write_volume(np.zeros(grid.shape, complex), grid, tmp_path / "a.nii")
    with pytest.raises(ScanError, match="ending must be"):
        write_volume(np.zeros(grid.shape), grid, tmp_path / "a.dcm")
    assert list(tmp_path.iterdir()) == []
