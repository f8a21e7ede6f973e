from pathlib import Path

import numpy as np
import pytest

from lesionary.errors import MaskError
from lesionary.scan import ArrayVoxels, Scan, read_scan
from lesionary.scan.masks import list_rois, read_mask, read_masks

from .conftest import AXIAL, PATIENT_ID, PATIENT_NAME, oblique, outline, write_structures

GRIDS = pytest.mark.parametrize(
    "grid", [AXIAL, oblique(), oblique(tilt=0.8)], ids=["axial", "oblique", "tilted"]
)


def scan_of(grid) -> Scan:
    return Scan(grid, ArrayVoxels(np.zeros(grid.shape, np.int16)))


@GRIDS
def test_contours_fill_their_slices_also_the_first_and_last(tmp_path: Path, grid):
    contours = [outline(grid, k, (3.5, 9.5), (4.5, 12.5)) for k in (0, 1, 5)]
    path = write_structures(tmp_path / "rs.dcm", {"GTV-1": contours})
    mask = read_mask(path, scan_of(grid))
    expected = np.zeros(grid.shape, bool)
    expected[np.ix_([0, 1, 5], range(4, 10), range(5, 13))] = True
    assert np.array_equal(mask.voxels, expected)
    assert mask.name == "GTV-1"


@GRIDS
def test_center_is_that_of_the_outline_not_half_a_voxel_beside_it(tmp_path: Path, grid):
    """The polygon's own centre is the reference; it knows nothing of voxels."""
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circle = np.column_stack([np.full(60, 2), 9.3 + 6 * np.sin(angles), 11.6 + 6 * np.cos(angles)])
    path = write_structures(tmp_path / "rs.dcm", {"GTV-1": [grid.to_mm(circle)]})
    mask = read_mask(path, scan_of(grid))
    assert np.abs(mask.center_mm - grid.to_mm((2, 9.3, 11.6))).max() < 0.1
    assert mask.voxels.sum() == pytest.approx(np.pi * 36, rel=0.03)


@pytest.mark.parametrize(
    ("plane", "slice_index"), [(2.4, 2), (2.6, 3), (2.5, 3), (-0.4, 0), (5.4, 5)]
)
def test_contour_between_slices_goes_to_the_nearest(tmp_path: Path, plane, slice_index):
    contour = outline(AXIAL, plane, (3.5, 9.5), (4.5, 12.5))
    path = write_structures(tmp_path / "rs.dcm", {"GTV-1": [contour]})
    found = read_mask(path, scan_of(AXIAL)).voxels.any(axis=(1, 2))
    assert np.flatnonzero(found).tolist() == [slice_index]


def test_contours_of_two_planes_in_one_slice_are_united_not_nested(tmp_path: Path):
    big = outline(AXIAL, 2.3, (3.5, 9.5), (4.5, 12.5))
    small = outline(AXIAL, 1.7, (5.5, 7.5), (6.5, 8.5))
    path = write_structures(tmp_path / "rs.dcm", {"GTV-1": [big, small]})
    assert read_mask(path, scan_of(AXIAL)).voxels.sum() == 6 * 8


def test_contours_outside_the_scan_are_clipped_and_nothing_left_is_an_error(tmp_path: Path):
    inside = outline(AXIAL, 0, (-5, 3.5), (-5, 3.5))
    beyond = [outline(AXIAL, k, (3.5, 9.5), (4.5, 12.5)) for k in (-0.6, 5.6, 40)]
    path = write_structures(tmp_path / "rs.dcm", {"in": [inside, *beyond], "out": beyond})
    assert read_mask(path, scan_of(AXIAL), roi="in").voxels.sum() == 16
    with pytest.raises(MaskError, match="'out' is empty on this scan"):
        read_mask(path, scan_of(AXIAL), roi="out")


def test_contours_that_cross_slices_are_refused(tmp_path: Path):
    sagittal = AXIAL.to_mm([(0, 2, 5), (0, 9, 5), (4, 9, 5), (4, 2, 5)])
    path = write_structures(tmp_path / "rs.dcm", {"GTV-1": [sagittal]})
    with pytest.raises(MaskError, match="contour 1 crosses slices"):
        read_mask(path, scan_of(AXIAL))


def test_xor_contours_follow_the_standard(tmp_path: Path):
    parts = [outline(AXIAL, 1, (0.5, 6.5), (0.5, 6.5)), outline(AXIAL, 1, (4.5, 9.5), (4.5, 9.5))]
    path = write_structures(tmp_path / "rs.dcm", {"GTV": parts}, kind="CLOSEDPLANAR_XOR")
    assert read_mask(path, scan_of(AXIAL)).voxels.sum() == 36 + 25 - 2 * 4


def test_names_with_commas_spaces_and_brackets(tmp_path: Path):
    contour = [outline(AXIAL, 1, (0.5, 6.5), (0.5, 6.5))]
    names = ["1,SUV_primair", "Spinal cord", "GTV[1]", "GTV-1", "GTV-2", "gtv"]
    path = write_structures(tmp_path / "rs.dcm", dict.fromkeys(names, contour))
    scan = scan_of(AXIAL)
    assert list_rois(path) == names
    for name in names:
        assert read_mask(path, scan, roi=name).name == name
    assert read_mask(path, scan, roi="spinal CORD").name == "Spinal cord"
    assert [mask.name for mask in read_masks(path, scan, roi="gtv-*")] == ["GTV-1", "GTV-2"]
    assert [mask.name for mask in read_masks(path, scan, roi="gtv*")][-1] == "gtv"
    assert read_mask(path, scan, label=2).name == "Spinal cord"
    with pytest.raises(MaskError, match="several regions"):
        read_mask(path, scan, roi="GTV-?")


def test_points_are_no_regions(tmp_path: Path):
    path = write_structures(tmp_path / "rs.dcm", {"I1": [[AXIAL.center_mm]]}, kind="POINT")
    assert list_rois(path) == []
    with pytest.raises(MaskError, match="'I1' is a point, not a region"):
        read_mask(path, scan_of(AXIAL), roi="I1")
    path = write_structures(tmp_path / "none.dcm", {"empty": []})
    with pytest.raises(MaskError, match="'empty' has no contours"):
        read_mask(path, scan_of(AXIAL), roi="empty")


def test_needs_a_scan_and_the_right_one(tmp_path: Path, scan_on):
    contour = [outline(AXIAL, 1, (0.5, 6.5), (0.5, 6.5))]
    path = write_structures(tmp_path / "rs.dcm", {"GTV-1": contour})
    with pytest.raises(MaskError, match="Give the scan"):
        read_mask(path)
    scan = scan_on(AXIAL)
    assert read_mask(path, scan).voxels.sum() == 36
    other = write_structures(tmp_path / "other.dcm", {"GTV-1": contour}, frame="1.2.3")
    with pytest.raises(MaskError, match="not drawn on this scan"):
        read_mask(other, scan)


def test_damaged_files_say_so_and_name_nobody(tmp_path: Path):
    contour = outline(AXIAL, 1, (0.5, 6.5), (0.5, 6.5))
    path = write_structures(tmp_path / "rs.dcm", {"GTV-1": [contour]})
    broken = path.read_bytes().replace(f"{contour[0][0]:.6f}".encode(), b"x" * 9)
    assert len(broken) == path.stat().st_size
    path.write_bytes(broken)
    with pytest.raises(MaskError, match="contour 1: its points cannot be read") as caught:
        read_mask(path, scan_of(AXIAL))
    assert PATIENT_NAME not in str(caught.value)
    assert PATIENT_ID not in str(caught.value)
    with pytest.raises(MaskError, match="DICOM CT"):
        read_mask(write_series_file(tmp_path))


def write_series_file(folder: Path) -> Path:
    from .conftest import write_series

    write_series(folder / "ct", AXIAL)
    return folder / "ct" / "0.dcm"


def test_mask_is_found_in_the_scan_folder(tmp_path: Path, scan_on):
    scan = scan_on(AXIAL)
    folder = Path(scan.source)
    write_structures(folder / "rs", {"GTV-1": [outline(AXIAL, 1, (0.5, 6.5), (0.5, 6.5))]})
    assert read_mask(folder, read_scan(folder)).voxels.sum() == 36
