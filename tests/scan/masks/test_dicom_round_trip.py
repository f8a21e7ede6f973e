import warnings
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from highdicom.legacy import LegacyConvertedEnhancedCTImage

from lesionary.errors import MaskError
from lesionary.scan import ArrayVoxels, Scan, read_scan
from lesionary.scan.masks import (
    Mask,
    list_rois,
    read_mask,
    read_masks,
    write_rtstruct,
    write_seg,
)

from .conftest import AXIAL, FRAME, PATIENT_ID, PATIENT_NAME, SERIES, STUDY, oblique

GRIDS = pytest.mark.parametrize(
    "grid", [AXIAL, oblique(), oblique(tilt=0.8)], ids=["axial", "oblique", "tilted"]
)
WRITERS = pytest.mark.parametrize("write", [write_seg, write_rtstruct])


def masks_on(grid) -> list[Mask]:
    """Overlapping regions with a hole, an island, gaps, and the first and last slice."""
    ring = np.zeros(grid.shape, bool)
    ring[0:3, 3:15, 3:17] = True
    ring[1, 5:12, 5:12] = False
    ring[1, 8, 8] = True
    ring[5, 0, 0] = True
    speckle = np.random.default_rng(5).random(grid.shape) < 0.4
    return [Mask(ring, grid, "1,SUV_primair"), Mask(speckle, grid, "GTV-1")]


@WRITERS
@GRIDS
def test_round_trip_is_exact_to_the_voxel(tmp_path: Path, scan_on, grid, write):
    scan = scan_on(grid)
    masks = masks_on(scan.geometry)
    path = write(masks, scan, tmp_path / "out.dcm")
    assert list_rois(path) == ["1,SUV_primair", "GTV-1"]
    for mask, again in zip(masks, read_masks(path, scan), strict=True):
        assert np.array_equal(mask.voxels, again.voxels)
        assert again.geometry.matches(grid)


@WRITERS
def test_identifiers_are_those_of_the_source(tmp_path: Path, scan_on, write):
    scan = scan_on(AXIAL)
    path = write(masks_on(AXIAL), scan, tmp_path / "out.dcm")
    written = pydicom.dcmread(path)
    assert (written.PatientName, written.PatientID) == (PATIENT_NAME, PATIENT_ID)
    assert (written.PatientBirthDate, written.StudyDate) == ("19010101", "20010203")
    assert (written.StudyInstanceUID, written.FrameOfReferenceUID) == (STUDY, FRAME)
    assert written.SeriesInstanceUID != SERIES
    assert written.Manufacturer == "Lesionary"
    images = {pydicom.dcmread(file).SOPInstanceUID for file in scan.dicom.files}
    if write is write_seg:
        (series,) = written.ReferencedSeriesSequence
        refs = series.ReferencedInstanceSequence
    else:
        (study,) = written.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence
        (series,) = study.RTReferencedSeriesSequence
        refs = series.ContourImageSequence
        contour = written.ROIContourSequence[0].ContourSequence[0]
        first = pydicom.dcmread(scan.dicom.files[0])
        assert contour.ContourImageSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
        assert contour.NumberOfContourPoints * 3 == len(contour.ContourData)
    assert series.SeriesInstanceUID == SERIES
    assert {ref.ReferencedSOPInstanceUID for ref in refs} == images


def test_seg_opens_in_highdicom_and_simpleitk_at_the_same_place(tmp_path: Path, scan_on):
    scan = scan_on(oblique())
    voxels = np.zeros(scan.shape, bool)
    voxels[1:5, 3:9, 4:16] = True
    voxels[4, 2:14, 4:20] = True
    mask = Mask(voxels, scan.geometry, "GTV-1")
    path = write_seg([mask], scan, tmp_path / "seg.dcm")

    segment = hd.seg.segread(path).get_segment_description(1)
    assert segment.segment_label == "GTV-1"
    assert segment.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "Lesionary"

    image = sitk.ReadImage(str(path)) != 0
    stats = sitk.LabelShapeStatisticsImageFilter()
    stats.Execute(image)
    assert stats.GetNumberOfPixels(1) == voxels.sum()
    assert stats.GetCentroid(1) == pytest.approx(mask.center_mm, abs=1e-3)


def test_seg_without_a_scan_spans_its_frames(tmp_path: Path, scan_on):
    scan = scan_on(oblique(tilt=0.8))
    mask = masks_on(scan.geometry)[0]
    again = read_mask(write_seg([mask], scan, tmp_path / "seg.dcm"))
    assert again.geometry.shape == (6, 20, 24)
    assert again.center_mm == pytest.approx(mask.center_mm, abs=1e-3)
    assert again.volume_ml == pytest.approx(mask.volume_ml, rel=1e-6)


def test_seg_of_another_lattice_needs_resampling(tmp_path: Path, scan_on):
    scan = scan_on(AXIAL)
    path = write_seg(masks_on(AXIAL)[:1], scan, tmp_path / "seg.dcm")
    affine = AXIAL.affine.copy()
    affine[:3, :3] *= 0.5
    fine = Scan(type(AXIAL)((12, 40, 48), affine), ArrayVoxels(np.zeros((12, 40, 48))))
    with pytest.raises(MaskError, match="geometry is not the scan's"):
        read_mask(path, fine)
    mask = read_mask(path, fine, resample=True)
    assert mask.center_mm == pytest.approx(masks_on(AXIAL)[0].center_mm, abs=0.7)
    far = Scan(AXIAL.crop((500, 0, 0), (3, 20, 24)), ArrayVoxels(np.zeros((3, 20, 24))))
    with pytest.raises(MaskError, match="outside the scan"):
        read_mask(path, far)


@pytest.mark.parametrize("kind", ["FRACTIONAL", "LABELMAP"])
def test_other_kinds_of_seg(tmp_path: Path, scan_on, kind: str):
    scan = scan_on(AXIAL)
    sources = [pydicom.dcmread(file) for file in scan.dicom.files]
    expected = np.zeros(scan.shape, bool)
    expected[2:4, 3:9, 4:16] = True
    pixels = np.where(expected, 0.6, 0.3) if kind == "FRACTIONAL" else expected.astype(np.uint8) * 2
    code = hd.sr.CodedConcept("85756007", "SCT", "Tissue")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # highdicom on labels that no segment uses, and names
        hd.seg.Segmentation(
            source_images=sources,
            pixel_array=pixels,
            segmentation_type=kind,
            segment_descriptions=[
                hd.seg.SegmentDescription(n, f"part {n}", code, code, "MANUAL")
                for n in ([1] if kind == "FRACTIONAL" else [1, 2])
            ],
            series_instance_uid=hd.UID(),
            series_number=1,
            sop_instance_uid=hd.UID(),
            instance_number=1,
            manufacturer="m",
            manufacturer_model_name="m",
            software_versions="1",
            device_serial_number="1",
        ).save_as(tmp_path / "seg.dcm")
    name = "part 1" if kind == "FRACTIONAL" else "part 2"
    assert np.array_equal(read_mask(tmp_path / "seg.dcm", scan, roi=name).voxels, expected)


def test_damaged_seg_says_so(tmp_path: Path, scan_on):
    scan = scan_on(AXIAL)
    path = write_seg(masks_on(AXIAL)[:1], scan, tmp_path / "seg.dcm")
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(MaskError, match=r"seg\.dcm"):
        read_mask(path, scan)


@WRITERS
def test_dicom_is_written_for_dicom_scans_on_their_grid_only(tmp_path: Path, scan_on, write):
    plain = Scan(AXIAL, ArrayVoxels(np.zeros(AXIAL.shape)), source="ct.nii")
    with pytest.raises(MaskError, match=r"ct\.nii was not read from DICOM files"):
        write(masks_on(AXIAL), plain, tmp_path / "out.dcm")
    with pytest.raises(MaskError, match="another grid"):
        write(masks_on(oblique()), scan_on(AXIAL), tmp_path / "out.dcm")
    assert not (tmp_path / "out.dcm").exists()


@WRITERS
def test_multi_frame_source(tmp_path: Path, scan_on, write):
    classic = scan_on(AXIAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # highdicom on the one-word names of our series
        enhanced = LegacyConvertedEnhancedCTImage(
            [pydicom.dcmread(file) for file in reversed(classic.dicom.files)],
            series_instance_uid=SERIES,
            series_number=1,
            sop_instance_uid=hd.UID(),
            instance_number=1,
        )
    enhanced.save_as(tmp_path / "enhanced.dcm")
    scan = read_scan(tmp_path / "enhanced.dcm")
    masks = masks_on(scan.geometry)
    path = write(masks, scan, tmp_path / "out.dcm")
    for mask, again in zip(masks, read_masks(path, scan), strict=True):
        assert np.array_equal(mask.voxels, again.voxels)


def test_patients_name_is_not_printed(tmp_path: Path, scan_on, capfd):
    """highdicom warns of a name of one word by printing it."""
    scan = scan_on(AXIAL)
    for file in scan.dicom.files:
        image = pydicom.dcmread(file)
        image.PatientName = "Doejane"
        image.save_as(file)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write_seg(masks_on(AXIAL), scan, tmp_path / "seg.dcm")
        write_rtstruct(masks_on(AXIAL), scan, tmp_path / "rs.dcm")
    assert not [one for one in caught if "Doejane" in str(one.message)]
    assert "Doejane" not in "".join(capfd.readouterr())
    assert pydicom.dcmread(tmp_path / "rs.dcm").PatientName == "Doejane"
