from pathlib import Path

import pytest

from lesionary.errors import MaskError
from lesionary.scan.masks import look_into

from .conftest import AXIAL, write_series, write_structures


def pairs(folder: Path) -> dict[str, str]:
    contents = look_into(folder)
    return {
        mask.relative_to(folder).as_posix(): Path(contents.scan_of(mask))
        .relative_to(folder)
        .as_posix()
        for mask in contents.masks
    }


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["image.nii.gz", "mask.nii.gz"], {"mask.nii.gz": "image.nii.gz"}),
        (
            ["CT_image.nii.gz", "CT_mask.nii.gz", "PET_image.nii.gz", "PET_mask.nii.gz"],
            {"CT_mask.nii.gz": "CT_image.nii.gz", "PET_mask.nii.gz": "PET_image.nii.gz"},
        ),
        (["007.nrrd", "007_seg.nrrd", "008.nrrd"], {"007_seg.nrrd": "007.nrrd"}),
        (
            ["ct.mha", "GTV-1.mha", "GTV-2_mask.nrrd", "notes.txt", ".hidden_mask.nrrd"],
            {"GTV-1.mha": "ct.mha", "GTV-2_mask.nrrd": "ct.mha"},
        ),
        (["image/a.nii", "mask/b.nii"], {"mask/b.nii": "image/a.nii"}),
        (
            ["1/image.nii", "1/mask.nii", "2/image.nii", "2/mask.nii"],
            {"1/mask.nii": "1/image.nii", "2/mask.nii": "2/image.nii"},
        ),
        (["labels/a.nii", "images/a.nii", "images/b.nii"], {"labels/a.nii": "images/a.nii"}),
    ],
)
def test_masks_find_their_scans(tmp_path: Path, files, expected):
    assert pairs(touch(tmp_path, *files)) == expected


def test_what_is_unclear_is_an_error(tmp_path: Path):
    touch(tmp_path, "a.nii", "b.nii", "GTV-1.nii")
    with pytest.raises(MaskError, match=r"2 scans that could be meant: a\.nii, b\.nii"):
        pairs(tmp_path)
    touch(tmp_path / "sub", "mask.nii")
    with pytest.raises(MaskError, match="There is no scan"):
        pairs(tmp_path / "sub")


def test_dicom_masks_belong_to_the_series_they_name(tmp_path: Path, scan_on):
    from lesionary.scan.masks import Mask, write_rtstruct, write_seg

    first = write_series(tmp_path / "p" / "ct", AXIAL)
    voxels = first.read() == 2
    mask = Mask(voxels, first.geometry, "GTV-1")
    write_seg([mask], first, tmp_path / "p" / "seg" / "1")
    write_rtstruct([mask], first, tmp_path / "p" / "rs.dcm")
    touch(tmp_path / "p", "other.nii", "loose_mask.nii")
    contents = look_into(tmp_path / "p")
    found = {path.name: contents.scan_of(path) for path in contents.masks if path.suffix != ".nii"}
    assert found == {name: str(tmp_path / "p" / "ct") for name in ("1", "rs.dcm")}
    assert contents.scan_of(tmp_path / "p" / "loose_mask.nii").endswith("other.nii")


def test_two_series_in_one_folder_are_told_apart(tmp_path: Path):
    import pydicom

    write_series(tmp_path / "p", AXIAL)
    for k in range(6):
        image = pydicom.dcmread(tmp_path / "p" / f"{k}.dcm")
        image.SeriesInstanceUID = "1.2.3"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{k}"
        image.save_as(tmp_path / "p" / f"b{k}.dcm")
    write_structures(tmp_path / "p" / "rs.dcm", {"GTV-1": []})
    contents = look_into(tmp_path / "p")
    assert contents.series["1.2.3"] == f"{tmp_path / 'p'}#1.2.3"
    # The structure set names no series: read_scan is left to say which there are.
    assert contents.scan_of(tmp_path / "p" / "rs.dcm") == str(tmp_path / "p")


def test_damaged_dicom_is_told(tmp_path: Path):
    (tmp_path / "x.dcm").write_bytes(bytes(128) + b"DICM" + b"\x02\x00\x10\x00UI\xff\xff\x01")
    contents = look_into(tmp_path)
    assert not contents.masks
    assert len(contents.damaged) <= 1
