from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from lesionary.errors import LesionaryError, MaskError
from lesionary.scan import ArrayVoxels, Geometry, Scan
from lesionary.scan.masks import Mask, list_rois, read_mask, read_masks, write_mask
from lesionary.scan.write import write_volume

from .conftest import AXIAL, oblique


def scan_of(grid: Geometry) -> Scan:
    return Scan(grid, ArrayVoxels(np.zeros(grid.shape, np.int16)))


def box(grid: Geometry, name: str = "", corner: int = 2, size: int = 3) -> Mask:
    voxels = np.zeros(grid.shape, bool)
    voxels[1:4, corner : corner + size, corner : corner + size] = True
    return Mask(voxels, grid, name)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize(
    "grid", [AXIAL, oblique(), oblique(tilt=0.8)], ids=["axial", "oblique", "tilted"]
)
def test_write_and_read_back(tmp_path: Path, ending: str, grid: Geometry):
    first, second = box(grid, "first"), box(grid, "second", corner=9, size=7)
    path = write_mask([first, second], tmp_path / f"mask{ending}", scan=scan_of(grid))
    assert list_rois(path) == ["1", "2"]
    again = read_masks(path, scan_of(grid))
    assert [
        np.array_equal(a.voxels, b.voxels) for a, b in zip(again, (first, second), strict=True)
    ] == [True, True]
    assert read_mask(path, label=2).geometry.matches(grid, 1e-3)
    assert read_mask(path, roi="2").center_mm == pytest.approx(second.center_mm, abs=1e-3)


def test_itk_sees_the_labels_where_they_are(tmp_path: Path):
    mask = box(oblique())
    image = sitk.ReadImage(str(write_mask(mask, tmp_path / "mask.nii.gz")))
    stats = sitk.LabelShapeStatisticsImageFilter()
    stats.Execute(image)
    assert stats.GetCentroid(1) == pytest.approx(mask.center_mm, abs=1e-4)
    assert image.GetPixelID() == sitk.sitkUInt8


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("GTV-1_mask.nrrd", "GTV-1"),
        ("CT_mask.nii.gz", "CT"),
        ("mask.nii.gz", "mask"),
        ("lung_001.seg.nrrd", "lung_001"),
    ],
)
def test_single_label_is_called_by_its_file(tmp_path: Path, file: str, name: str):
    path = write_mask(box(AXIAL), tmp_path / file)
    assert list_rois(path) == [name]
    assert read_mask(path, roi=name.upper()).name == name


def test_folder_with_one_mask(tmp_path: Path):
    write_mask(box(AXIAL), tmp_path / "image.nrrd")
    assert list_rois(tmp_path) == ["image"]
    (tmp_path / "sub").mkdir()
    write_mask(box(AXIAL), tmp_path / "sub" / "GTV-1.nrrd")
    assert list_rois(tmp_path) == ["GTV-1"]
    write_mask(box(AXIAL), tmp_path / "sub" / "b_seg.nrrd")
    with pytest.raises(MaskError, match="holds 2 masks"):
        read_mask(tmp_path)
    with pytest.raises(MaskError, match="no file or folder"):
        read_mask(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MaskError, match="holds no mask"):
        read_mask(tmp_path / "empty")


def test_choice_must_be_unambiguous_and_exist(tmp_path: Path):
    path = write_mask([box(AXIAL), box(AXIAL, corner=9)], tmp_path / "mask.nrrd")
    with pytest.raises(MaskError, match="several regions"):
        read_mask(path)
    with pytest.raises(MaskError, match="no label 3"):
        read_mask(path, label=3)
    with pytest.raises(MaskError, match=r"no ROI 'GTV'.*It holds: '1' \(1\), '2' \(2\)"):
        read_mask(path, roi="GTV")


def test_empty_and_unfit_files_are_errors(tmp_path: Path):
    empty = write_volume(np.zeros(AXIAL.shape, np.uint8), AXIAL, tmp_path / "empty.nrrd")
    with pytest.raises(MaskError, match="empty"):
        read_mask(empty)
    image = write_volume(
        np.random.default_rng(0).normal(size=AXIAL.shape), AXIAL, tmp_path / "i.nii"
    )
    with pytest.raises(MaskError, match="not whole numbers"):
        read_mask(image)
    ct = np.arange(np.prod(AXIAL.shape), dtype=np.int16).reshape(AXIAL.shape)
    with pytest.raises(MaskError, match="an image, not a mask"):
        read_mask(write_volume(ct, AXIAL, tmp_path / "ct.nii"))
    whole = write_mask(box(AXIAL), tmp_path / "mask.nii.gz").read_bytes()
    (tmp_path / "half.nii.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LesionaryError, match=r"half\.nii\.gz"):
        read_mask(tmp_path / "half.nii.gz")
    (tmp_path / "note.txt").write_text("no mask")
    with pytest.raises(MaskError, match="is not a mask"):
        read_mask(tmp_path / "note.txt")


@pytest.mark.parametrize(
    "other",
    [oblique(), AXIAL.crop((0, 0, 0), (6, 20, 23)), AXIAL.crop((0, 0, 1), AXIAL.shape)],
    ids=["turned", "cropped", "shifted"],
)
def test_another_geometry_is_an_error_unless_resampling_is_asked_for(
    tmp_path: Path, other: Geometry
):
    path = write_mask(box(AXIAL, corner=5), tmp_path / "mask.nrrd")
    with pytest.raises(MaskError, match="geometry is not the scan's") as caught:
        read_mask(path, scan_of(other))
    assert str(caught.value).count("Geometry(") == 2
    if other.matches(oblique()):
        with pytest.raises(MaskError, match="lies in the scan"):
            read_mask(path, scan_of(other), resample=True)
    else:
        mask = read_mask(path, scan_of(other), resample=True)
        assert mask.geometry.matches(other)
        assert mask.center_mm == pytest.approx(box(AXIAL, corner=5).center_mm)
        assert mask.volume_ml == pytest.approx(box(AXIAL, corner=5).volume_ml)


def test_resampling_agrees_with_itk(tmp_path: Path):
    fine = oblique((30, 50, 50))
    affine = fine.affine.copy()
    affine[:3, :3] = np.diag([1.9, 1.7, 3.1])
    affine[:3, 3] -= 5
    coarse = Geometry((24, 22, 26), affine)
    rng = np.random.default_rng(3)
    voxels = rng.random(fine.shape) < 0.5
    path = write_mask(Mask(voxels, fine), tmp_path / "mask.nrrd")
    ours = read_mask(path, scan_of(coarse), resample=True)
    reference = sitk.Image(coarse.shape[::-1], sitk.sitkUInt8)
    reference.SetSpacing(coarse.spacing_mm)
    reference.SetOrigin(coarse.origin_mm)
    reference.SetDirection(coarse.direction.ravel().tolist())
    theirs = sitk.Resample(
        sitk.ReadImage(str(path)), reference, sitk.Transform(), sitk.sitkNearestNeighbor
    )
    assert np.array_equal(ours.voxels, sitk.GetArrayFromImage(theirs).astype(bool))


def test_writing_refuses_overlap_other_grids_and_nothing(tmp_path: Path):
    with pytest.raises(MaskError, match="'a' and 'b' overlap"):
        write_mask([box(AXIAL, "a"), box(AXIAL, "b", size=1)], tmp_path / "m.nii")
    with pytest.raises(MaskError, match="another grid"):
        write_mask(box(AXIAL, "a"), tmp_path / "m.nii", scan=scan_of(oblique()))
    with pytest.raises(MaskError, match="no mask"):
        write_mask([], tmp_path / "m.nii")
    with pytest.raises(LesionaryError, match="ending must be"):
        write_mask(box(AXIAL), tmp_path / "m.dcm")
    assert list(tmp_path.iterdir()) == []
