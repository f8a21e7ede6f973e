"""One series, read as SimpleITK reads it and only where asked."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from lesionary.errors import ScanError
from lesionary.scan.dicom import read_dicom
from lesionary.scan.geometry import Geometry


def read_with_itk(folder: Path, series_uid: str = "") -> tuple[Geometry, np.ndarray]:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), series_uid))
    image = reader.Execute()
    geometry = Geometry.from_itk(
        image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()
    )
    return geometry, sitk.GetArrayFromImage(image)


ORIENTATIONS = {
    "axial": [1, 0, 0, 0, 1, 0],
    "feet first": [-1, 0, 0, 0, 1, 0],
    "coronal": [1, 0, 0, 0, 0, -1],
    "oblique": [0.8, 0.6, 0, -0.48, 0.64, 0.6],
}


@pytest.mark.parametrize("name", ORIENTATIONS)
@pytest.mark.parametrize("direction", [1, -1], ids=["upwards", "downwards"])
def test_geometry_and_voxels_are_those_of_itk(tmp_path, write_slice, name, direction):
    orientation = ORIENTATIONS[name]
    normal = np.cross(orientation[:3], orientation[3:])
    for k in range(5):
        position = np.array([-10.5, 20.25, 7]) + direction * 2.5 * k * normal
        write_slice(
            tmp_path / f"{k}.dcm",
            k,
            ImagePositionPatient=[f"{value:.6f}" for value in position],
            ImageOrientationPatient=orientation,
        )
    scan = read_dicom(tmp_path)
    geometry, voxels = read_with_itk(tmp_path)
    assert scan.geometry.matches(geometry, tolerance_mm=1e-6)
    assert scan.spacing_mm == pytest.approx((0.5, 0.75, 2.5))
    np.testing.assert_array_equal(scan.read(), voxels)
    assert np.dot(scan.affine[:3, 2], normal) > 0


def test_slices_are_read_one_by_one(tmp_path, write_series):
    files = write_series(tmp_path)
    scan = read_dicom(tmp_path)
    whole = scan.read()
    assert whole.dtype == np.int16
    for path in (files[0], files[4]):
        path.unlink()
    np.testing.assert_array_equal(scan.read(1, 4), whole[1:4])
    with pytest.raises(ScanError, match=files[4].name):
        scan.read(3, 5)


def test_what_the_scan_says_of_itself(tmp_path, write_series):
    files = write_series(tmp_path, Manufacturer="ACME", ContrastBolusAgent="Omni 300")
    scan = read_dicom(tmp_path)
    assert (scan.modality, scan.unit, scan.source) == ("CT", "HU", str(tmp_path))
    assert scan.notes == ()
    assert scan.acquisition == {
        "manufacturer": "ACME",
        "image_type": "ORIGINAL\\PRIMARY\\AXIAL",
        "slice_thickness_mm": 3.0,
        "kvp": 120.0,
        "contrast": "yes",
    }
    assert scan.dicom is not None
    assert scan.dicom.files == tuple(files)
    assert scan.dicom.series_uid.endswith(".1")
    assert scan.dicom.study_uid.endswith(".2")
    assert scan.dicom.frame_of_reference_uid.endswith(".3")


def test_sources_are_folder_list_file(tmp_path, write_series):
    files = write_series(tmp_path / "a" / "b")
    assert read_dicom(tmp_path).shape == (5, 6, 8)
    assert read_dicom(str(tmp_path)).shape == (5, 6, 8)
    assert read_dicom(files[1:4]).shape == (3, 6, 8)
    assert read_dicom([str(path) for path in files]).shape == (5, 6, 8)
    assert read_dicom(files[0]).shape == (1, 6, 8)


def test_a_scan_travels_to_another_process(tmp_path, write_series):
    write_series(tmp_path)
    scan = read_dicom(tmp_path)
    twin = pickle.loads(pickle.dumps(scan.voxels))
    np.testing.assert_array_equal(twin.read(1, 3), scan.read(1, 3))


def test_ct_in_other_units_says_so(tmp_path, write_series):
    write_series(tmp_path, RescaleType="MGML")
    scan = read_dicom(tmp_path)
    assert scan.unit == "a.u."
    assert "MGML" in scan.notes[0]


def test_missing_intercept_is_noted(tmp_path, write_series):
    write_series(tmp_path, RescaleIntercept=None)
    assert "RescaleIntercept is missing" in read_dicom(tmp_path).notes[0]


def test_identity_stays_out(tmp_path, write_series):
    write_series(tmp_path, (0, 3, 9), PatientBirthDate="19500101", ReferringPhysicianName="House")
    scan = read_dicom(tmp_path, allow_missing_slices=True)
    told = f"{scan!r} {scan.notes} {dict(scan.acquisition)}"
    held = pickle.dumps(scan)
    for secret in ("Doe", "SECRET", "19500101", "House"):
        assert secret not in told
        assert secret.encode() not in held


@pytest.mark.real_data
def test_lung1_beside_its_radiotherapy_files(real_data):
    folder = real_data / "lung1" / "LUNG1-001"
    scan = read_dicom(folder)
    assert scan.dicom is not None
    geometry, voxels = read_with_itk(folder, scan.dicom.series_uid)
    assert scan.shape == (134, 512, 512)
    assert scan.geometry.matches(geometry, tolerance_mm=1e-6)
    np.testing.assert_array_equal(scan.read(60, 64), voxels[60:64])
    assert scan.notes == ("Other series passed over: 1 RTDOSE, 1 RTPLAN, 1 RTSTRUCT.",)
    assert len(scan.dicom.files) == 134


@pytest.mark.real_data
def test_ibsi_phantom_is_its_nifti(real_data):
    folder = real_data / "ibsi_1_ct_radiomics_phantom"
    scan = read_dicom(folder / "dicom" / "image")
    image = sitk.ReadImage(str(folder / "nifti" / "image" / "phantom.nii.gz"))
    geometry = Geometry.from_itk(
        image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()
    )
    assert scan.geometry.matches(geometry)
    np.testing.assert_array_equal(scan.read(), sitk.GetArrayFromImage(image))
