"""Planes to a grid: what is handled, and what is refused with numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionary.errors import ScanError
from lesionary.scan.dicom import read_dicom
from lesionary.scan.dicom.frames import Frame
from lesionary.scan.dicom.header import Header
from lesionary.scan.dicom.stack import stack_frames


def test_equal_duplicates_are_dropped(tmp_path, write_series):
    files = write_series(tmp_path)
    (tmp_path / "copy").mkdir()
    for path in files[1:3]:
        (tmp_path / "copy" / path.name).write_bytes(path.read_bytes())
    scan = read_dicom(tmp_path)
    assert scan.shape[0] == 5
    assert scan.notes == ("2 duplicated slice(s), equal to the last pixel, left out.",)


def test_phases_in_one_series_are_told_apart(tmp_path, write_series):
    for number in (1, 2):
        write_series(
            tmp_path / str(number),
            AcquisitionNumber=number,
            pixels=np.full((6, 8), number, np.int16),
        )
    with pytest.raises(ScanError) as caught:
        read_dicom(tmp_path)
    assert "5 position(s) hold more than one image" in str(caught.value)
    assert "z = 0, 3, 6, 9, 12 mm" in str(caught.value)
    assert "differ in AcquisitionNumber (2 values)" in str(caught.value)


def test_duplicates_with_another_scale_are_not_equal(tmp_path, write_series, write_slice):
    write_series(tmp_path)
    write_slice(tmp_path / "again", 3, RescaleIntercept=-1024)
    with pytest.raises(ScanError, match="Nothing in their headers tells them apart"):
        read_dicom(tmp_path)


def test_missing_slices(tmp_path, write_series, write_slice):
    write_series(tmp_path, (0, 3, 12, 15), RescaleIntercept=0)
    with pytest.raises(ScanError, match=r"2 slice\(s\) are missing, of 6 .* z = 6, 9 mm"):
        read_dicom(tmp_path)
    scan = read_dicom(tmp_path, allow_missing_slices=True)
    assert scan.shape[0] == 6
    assert scan.notes == ("2 missing slice(s) interpolated, at z = 6, 9 mm.",)
    voxels = scan.read().astype(float)
    np.testing.assert_array_equal(voxels[2], np.rint(voxels[1] * 2 / 3 + voxels[4] / 3))
    np.testing.assert_array_equal(voxels[3], np.rint(voxels[1] / 3 + voxels[4] * 2 / 3))
    np.testing.assert_array_equal(scan.read(2, 3)[0], voxels[2])
    assert scan.dicom is not None
    below, above = scan.dicom.files[1], scan.dicom.files[4]
    assert scan.dicom.files[2:4] == (below, above)


def test_uneven_spacing(tmp_path, write_series):
    write_series(tmp_path, (0, 3, 6, 10, 13))
    with pytest.raises(
        ScanError, match=r"unevenly spaced: distances are 3 mm \(3 times\), 4 mm \(1 times\)"
    ):
        read_dicom(tmp_path)


def test_one_position_far_out(tmp_path, write_series):
    write_series(tmp_path, (0, 3, 6, 1e9))
    with pytest.raises(ScanError, match="unevenly spaced"):
        read_dicom(tmp_path, allow_missing_slices=True)


def test_tiles_of_one_plane(tmp_path, write_slice):
    for x in (0, 100):
        write_slice(tmp_path / f"{x}", x, ImagePositionPatient=[x, 0, 0])
    with pytest.raises(ScanError, match="distances are 0 mm"):
        read_dicom(tmp_path)


def test_one_slice_too_near(tmp_path, write_series):
    write_series(tmp_path, (0, 3, 6, 6.5, 9))
    with pytest.raises(ScanError, match="unevenly spaced"):
        read_dicom(tmp_path)


def test_positions_rounded_to_a_tenth_are_even(tmp_path, write_series):
    positions = [round(0.625 * k, 1) for k in range(33)]
    write_series(tmp_path, positions)
    scan = read_dicom(tmp_path)
    assert scan.spacing_mm[2] == pytest.approx(0.625)
    assert scan.notes == ()


def test_gantry_tilt_is_kept_in_the_affine(tmp_path, write_slice):
    tilt = np.radians(15)
    for k in range(5):
        write_slice(
            tmp_path / f"{k}",
            k,
            ImagePositionPatient=[-10, f"{20:.6f}", f"{5 * k:.6f}"],
            ImageOrientationPatient=[1, 0, 0, 0, f"{np.cos(tilt):.8f}", f"{-np.sin(tilt):.8f}"],
        )
    scan = read_dicom(tmp_path)
    assert "15.0 degrees" in scan.notes[0]
    np.testing.assert_allclose(scan.affine[:3, 2], [0, 0, 5], atol=1e-6)
    np.testing.assert_allclose(
        scan.affine[:3, 1], [0, 0.75 * np.cos(tilt), -0.75 * np.sin(tilt)], atol=1e-6
    )
    # Every voxel is where its own slice's header puts it.
    np.testing.assert_allclose(scan.geometry.to_mm([4, 0, 0]), [-10, 20, 20], atol=1e-6)


def test_slices_that_wander_sideways(tmp_path, write_slice):
    for k, x in enumerate((0, 0, 2, 0, 0)):
        write_slice(tmp_path / f"{k}", k, ImagePositionPatient=[x, 0, 3 * k])
    with pytest.raises(ScanError, match=r"shifted sideways .* by up to 2 mm"):
        read_dicom(tmp_path)


def test_single_slice(tmp_path, write_slice):
    path = write_slice(tmp_path / "a.dcm", 7.5)
    scan = read_dicom(path)
    assert scan.spacing_mm == (0.5, 0.75, 3.0)
    assert scan.geometry.origin_mm == (-10.5, 20.25, 7.5)
    assert "One slice only" in scan.notes[0]


def test_single_slice_of_unknown_thickness(tmp_path, write_slice):
    path = write_slice(tmp_path / "a.dcm", SliceThickness=None)
    with pytest.raises(ScanError, match=r"a\.dcm is a single slice without SliceThickness"):
        read_dicom(path)


def test_localizers_in_the_series_are_left_out(tmp_path, write_series, write_slice):
    write_series(tmp_path)
    write_slice(
        tmp_path / "scout",
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
        ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
    )
    scan = read_dicom(tmp_path)
    assert scan.shape[0] == 5
    assert scan.notes == ("1 localizer image(s) in the series left out.",)


def test_mixed_orientations(tmp_path, write_series, write_slice):
    write_series(tmp_path)
    write_slice(tmp_path / "coronal", ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    with pytest.raises(ScanError) as caught:
        read_dicom(tmp_path)
    assert "5 image(s) axial, 8 x 6 pixels of 0.5 x 0.75 mm" in str(caught.value)
    assert "1 image(s) coronal" in str(caught.value)


def test_mixed_sizes(tmp_path, write_series, write_slice):
    write_series(tmp_path)
    write_slice(tmp_path / "large", 15, np.zeros((12, 16), np.int16))
    with pytest.raises(ScanError, match="16 x 12 pixels"):
        read_dicom(tmp_path)


def test_crooked_orientation(tmp_path, write_series):
    write_series(tmp_path, ImageOrientationPatient=[1, 0, 0, 0.5, 0.5, 0])
    with pytest.raises(ScanError, match="right angles"):
        read_dicom(tmp_path)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    spacing=st.floats(0.3, 10),
    order=st.permutations(range(7)),
    gone=st.sets(st.integers(1, 5), max_size=1),
)
def test_any_orientation_order_and_gap(angles, spacing, order, gone):
    """Whatever comes in, each frame's own position is where the affine puts its slice."""
    a, b, c = angles
    row = np.array([np.cos(a) * np.cos(b), np.sin(a) * np.cos(b), np.sin(b)])
    side = np.cross(row, [np.cos(c), np.sin(c), 0.3])
    column = side / np.linalg.norm(side)
    normal = np.cross(row, column)
    part = object()
    header = Header(part, "", {"Rows": b"\2\0", "Columns": b"\3\0"}, 1, 1, 1, enhanced=False)
    frames = [
        Frame(
            header,
            k,
            tuple(np.array([5, -7, 11]) + k * spacing * normal),
            (*row, *column),
            (0.7, 0.9),
            0,
            1,
            0,
            "",
            {},
        )
        for k in order
        if k not in gone
    ]
    stack = stack_frames(frames, lambda frame: np.zeros(1), allow_missing_slices=True)
    assert stack.geometry.shape == (7, 2, 3)
    assert stack.geometry.spacing_mm == pytest.approx((0.9, 0.7, spacing))
    for k, one in enumerate(stack.slices):
        assert sum(weight for _, weight in one.frames) == pytest.approx(1)
        if len(one.frames) == 1:
            position = one.frames[0][0].position_mm
            np.testing.assert_allclose(stack.geometry.to_mm([k, 0, 0]), position, atol=1e-9)
