"""Enhanced objects: many frames in a file, placed by functional groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from highdicom.legacy import (
    LegacyConvertedEnhancedCTImage,
    LegacyConvertedEnhancedMRImage,
    LegacyConvertedEnhancedPETImage,
)
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
    RLELossless,
    generate_uid,
)

from lesionary.errors import ScanError
from lesionary.scan.dicom import list_series, read_dicom
from lesionary.scan.geometry import Geometry

PIXELS = np.random.default_rng(0).integers(-1000, 2000, (5, 6, 8)).astype(np.int16)


def item(**attributes) -> Sequence:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return Sequence([ds])


@pytest.fixture
def make_enhanced(make_slice):
    """One enhanced CT; ``order`` says at which height (times 3 mm) each stored frame lies."""

    def make(
        order=(0, 1, 2, 3, 4),
        *,
        pixels=PIXELS,
        slopes=(1,) * 5,
        stacks=None,
        times=None,
        syntax=ExplicitVRLittleEndian,
        **attributes,
    ) -> Dataset:
        ds = make_slice(
            pixels=pixels.reshape(-1, pixels.shape[-1]),
            syntax=syntax,
            **{"SOPClassUID": EnhancedCTImageStorage, **attributes},
        )
        ds.NumberOfFrames, ds.Rows, ds.Columns = pixels.shape
        for keyword in (
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "PixelSpacing",
            "RescaleSlope",
            "RescaleIntercept",
            "SliceThickness",
            "KVP",
        ):
            del ds[keyword]
        shared = Dataset()
        shared.PlaneOrientationSequence = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
        shared.PixelMeasuresSequence = item(PixelSpacing=[0.75, 0.5], SliceThickness=3)
        shared.CTXRayDetailsSequence = item(KVP=100)
        ds.SharedFunctionalGroupsSequence = Sequence([shared])
        groups = []
        for k, height in enumerate(order):
            group = Dataset()
            group.PlanePositionSequence = item(ImagePositionPatient=[-10.5, 20.25, 3 * height])
            group.PixelValueTransformationSequence = item(
                RescaleSlope=slopes[k], RescaleIntercept=-24, RescaleType="HU"
            )
            group.FrameContentSequence = item(StackID="1" if stacks is None else stacks[k])
            if times is not None:
                group.FrameContentSequence[0].TemporalPositionIndex = times[k]
            groups.append(group)
        ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
        return ds

    return make


def save(ds: Dataset, path: Path) -> Path:
    if ds.file_meta.TransferSyntaxUID == ExplicitVRBigEndian:
        ds.save_as(path, enforce_file_format=True, implicit_vr=False, little_endian=False)
    else:
        ds.save_as(path, enforce_file_format=True)
    return path


def test_enhanced_ct_is_that_of_itk(tmp_path, make_enhanced):
    path = save(make_enhanced(), tmp_path / "ct.dcm")
    scan = read_dicom(path)
    image = sitk.ReadImage(str(path))
    geometry = Geometry.from_itk(
        image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()
    )
    assert scan.geometry.matches(geometry)
    np.testing.assert_array_equal(scan.read(), sitk.GetArrayFromImage(image))
    assert (scan.modality, scan.unit) == ("CT", "HU")
    assert scan.acquisition["kvp"] == 100
    assert scan.acquisition["slice_thickness_mm"] == 3
    assert scan.dicom is not None
    assert scan.dicom.files == (path,)


def test_frames_in_any_order_with_their_own_rescale(tmp_path, make_enhanced):
    order, slopes = (3, 0, 4, 1, 2), (1, 2, 3, 4, 5)
    path = save(make_enhanced(order, slopes=slopes), tmp_path / "ct.dcm")
    voxels = read_dicom(path).read()
    for k, height in enumerate(order):
        np.testing.assert_array_equal(voxels[height], PIXELS[k].astype(float) * slopes[k] - 24)


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
    ids=lambda uid: uid.keyword,
)
def test_native_syntaxes(tmp_path, make_enhanced, syntax):
    path = save(make_enhanced(syntax=syntax), tmp_path / "ct.dcm")
    np.testing.assert_array_equal(read_dicom(path).read(1, 3), PIXELS[1:3] - 24)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless], ids=lambda uid: uid.keyword)
def test_compressed_frames_are_decoded_one_by_one(tmp_path, make_enhanced, syntax):
    ds = make_enhanced((4, 3, 2, 1, 0))
    ds.compress(syntax, generate_instance_uid=False)
    path = save(ds, tmp_path / "ct.dcm")
    np.testing.assert_array_equal(read_dicom(path).read(1, 3), PIXELS[[3, 2]] - 24)


def test_several_stacks(tmp_path, make_enhanced):
    path = save(make_enhanced(stacks="11122"), tmp_path / "ct.dcm")
    with pytest.raises(ScanError, match=r"by StackID: 1 \(3 frames\), 2 \(2 frames\)"):
        read_dicom(path)


def test_several_times(tmp_path, make_enhanced):
    ds = make_enhanced(
        (0, 1, 2, 0, 1), times=(1, 1, 1, 2, 2), SOPClassUID=EnhancedMRImageStorage, Modality="MR"
    )
    with pytest.raises(ScanError, match=r"TemporalPositionIndex: 1 \(3 frames\), 2 \(2 frames\)"):
        read_dicom(save(ds, tmp_path / "mr.dcm"))


def test_missing_frame(tmp_path, make_enhanced):
    path = save(make_enhanced((0, 1, 2, 4, 5)), tmp_path / "ct.dcm")
    with pytest.raises(ScanError, match="z = 9 mm"):
        read_dicom(path)
    scan = read_dicom(path, allow_missing_slices=True)
    expected = ((PIXELS[2].astype(float) + PIXELS[3]) / 2 - 24).round()
    np.testing.assert_array_equal(scan.read(3, 4)[0], expected)


def test_concatenated_files_of_one_series(tmp_path, make_enhanced):
    save(make_enhanced(), tmp_path / "1.dcm")
    save(make_enhanced((5, 6, 7, 8, 9)), tmp_path / "2.dcm")
    scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.read(), np.concatenate([PIXELS, PIXELS]) - 24)
    assert scan.dicom is not None
    assert [path.name for path in scan.dicom.files] == ["1.dcm"] * 5 + ["2.dcm"] * 5


def test_frames_without_a_place(tmp_path, make_enhanced):
    ds = make_enhanced()
    del ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence
    with pytest.raises(ScanError, match=r"ct\.dcm: frame 3 does not say where it is"):
        read_dicom(save(ds, tmp_path / "ct.dcm"))


def test_damaged_number_in_a_functional_group(tmp_path, make_enhanced):
    path = save(make_enhanced(), tmp_path / "ct.dcm")
    path.write_bytes(path.read_bytes().replace(b"-10.5\\20.25\\9", b"-10.5\\2x.25\\9"))
    with pytest.raises(ScanError, match=r"ct\.dcm: its header is damaged"):
        read_dicom(path)


def test_fewer_groups_than_frames(tmp_path, make_enhanced):
    ds = make_enhanced()
    ds.PerFrameFunctionalGroupsSequence.pop()
    with pytest.raises(ScanError, match="5 frames but describes 4"):
        read_dicom(save(ds, tmp_path / "ct.dcm"))


def test_frames_without_functional_groups(tmp_path, make_enhanced):
    ds = make_enhanced()
    del ds.PerFrameFunctionalGroupsSequence, ds.SharedFunctionalGroupsSequence
    ds.ImagePositionPatient = [0, 0, 0]
    with pytest.raises(ScanError, match="no functional groups"):
        read_dicom(save(ds, tmp_path / "ct.dcm"))


def test_truncated(tmp_path, make_enhanced):
    path = save(make_enhanced(), tmp_path / "ct.dcm")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ScanError, match="truncated: 380 of 480"):
        read_dicom(path)


def test_without_pixels(tmp_path, make_enhanced):
    ds = make_enhanced()
    del ds.PixelData
    with pytest.raises(ScanError, match=r"ct\.dcm has no pixel data"):
        read_dicom(save(ds, tmp_path / "ct.dcm"))


def test_list_series_counts_frames(tmp_path, make_enhanced):
    path = save(make_enhanced(), tmp_path / "ct.dcm")
    (series,) = list_series(path)
    assert (series.n_images, series.shape, series.spacing_mm) == (5, (5, 6, 8), None)


LEGACY = {
    "CT": (LegacyConvertedEnhancedCTImage, "1.2.840.10008.5.1.4.1.1.2"),
    "MR": (LegacyConvertedEnhancedMRImage, MRImageStorage),
    "PT": (LegacyConvertedEnhancedPETImage, PositronEmissionTomographyImageStorage),
}


@pytest.mark.parametrize("modality", LEGACY)
def test_legacy_converted_equals_the_classic_series(tmp_path, write_series, modality):
    convert, sop_class = LEGACY[modality]
    files = write_series(
        tmp_path / "classic",
        Modality=modality,
        SOPClassUID=sop_class,
        RescaleIntercept=-1000,
        StudyDate="20200101",
        StudyTime="120000",
        SeriesDate="20200101",
        SeriesTime="120000",
        AcquisitionDate="20200101",
        AcquisitionTime="120000",
        ContentDate="20200101",
        ContentTime="120000",
        AccessionNumber="",
        PatientBirthDate="",
        PatientSex="",
        ReferringPhysicianName="",
        StudyID="",
        Manufacturer="ACME",
        PatientPosition="HFS",
        InstanceNumber=1,
        SeriesNumber=1,
        FrameOfReferenceUID="1.2.3",
        PositionReferenceIndicator="",
        BodyPartExamined="CHEST",
    )
    legacy = convert(
        legacy_datasets=[pydicom.dcmread(path) for path in files],
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
    )
    path = tmp_path / "legacy.dcm"
    legacy.save_as(path)
    scan, classic = read_dicom(path), read_dicom(tmp_path / "classic")
    assert scan.geometry.matches(classic.geometry)
    np.testing.assert_array_equal(scan.read(), classic.read())
    assert (scan.modality, scan.unit) == (classic.modality, classic.unit)
