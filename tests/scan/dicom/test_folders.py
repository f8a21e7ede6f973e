"""Folders as hospitals deliver them: several series, other objects, and what is no DICOM."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    BasicTextSRStorage,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
    RTDoseStorage,
    RTStructureSetStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
    generate_uid,
)

from lesionary.errors import ScanError
from lesionary.scan.dicom import list_series, read_dicom


@pytest.fixture
def write_rgb(write_slice):
    def write(path: Path, **attributes) -> Path:
        return write_slice(
            path,
            0,
            np.zeros((6, 8, 3), np.uint8),
            SOPClassUID=SecondaryCaptureImageStorage,
            SamplesPerPixel=3,
            PhotometricInterpretation="RGB",
            PlanarConfiguration=0,
            ImagePositionPatient=None,
            ImageOrientationPatient=None,
            **attributes,
        )

    return write


def test_the_one_volume_is_chosen(tmp_path, write_series, write_slice, write_rgb):
    write_series(tmp_path / "ct")
    kinds = [
        (RTDoseStorage, "RTDOSE"),
        (RTStructureSetStorage, "RTSTRUCT"),
        (SegmentationStorage, "SEG"),
        (BasicTextSRStorage, "SR"),
    ]
    for sop_class, modality in kinds:
        write_slice(
            tmp_path / modality,
            SOPClassUID=sop_class,
            Modality=modality,
            SeriesInstanceUID=generate_uid(),
        )
    localizer = generate_uid()
    for z in (0, 1):
        write_slice(
            tmp_path / f"scout{z}",
            z,
            SeriesInstanceUID=localizer,
            ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
        )
    write_series(
        tmp_path / "mpr",
        SeriesInstanceUID=generate_uid(),
        ImageType=["DERIVED", "SECONDARY", "MPR"],
    )
    write_slice(tmp_path / "single", SeriesInstanceUID=generate_uid())
    write_rgb(tmp_path / "screenshot", SeriesInstanceUID=generate_uid())
    scan = read_dicom(tmp_path)
    assert scan.dicom is not None
    assert scan.dicom.files[0].parent.name == "ct"
    assert scan.notes == ("Other series passed over: 4 CT, 1 RTDOSE, 1 RTSTRUCT, 1 SEG, 1 SR.",)


def test_two_volumes_need_a_choice(tmp_path, write_series):
    lung, soft = generate_uid(), generate_uid()
    write_series(tmp_path / "a", SeriesInstanceUID=lung, SeriesDescription="Lung B70")
    write_series(tmp_path / "b", (0, 2, 4), SeriesInstanceUID=soft, SeriesDescription="Soft B30")
    with pytest.raises(ScanError) as caught:
        read_dicom(tmp_path)
    message = str(caught.value)
    assert "2 series" in message
    assert "#1.2.3" in message
    for told in (lung, soft, "Lung B70", "5 of 8 x 6 pixels", "Soft B30", "3 of 8 x 6 pixels"):
        assert told in message
    scan = read_dicom(tmp_path, series_uid=soft)
    assert scan.shape[0] == 3
    assert scan.source == f"{tmp_path}#{soft}"


def test_unknown_series(tmp_path, write_series):
    write_series(tmp_path)
    with pytest.raises(ScanError, match=r"no series 1\.2\.3\. It holds:\n  CT, 5 of"):
        read_dicom(tmp_path, series_uid="1.2.3")


def test_only_what_is_no_scan(tmp_path, write_slice):
    path = write_slice(tmp_path / "a", SOPClassUID=RTDoseStorage, Modality="RTDOSE")
    with pytest.raises(ScanError, match=r"no scan, only:\n.*not CT, MR or PET but RT Dose"):
        read_dicom(tmp_path)
    uid = list_series(path)[0].uid
    with pytest.raises(ScanError, match=rf"Series {uid} .* is no scan"):
        read_dicom(tmp_path, series_uid=uid)


def test_rgb_secondary_capture(tmp_path, write_rgb):
    write_rgb(tmp_path / "screenshot.dcm")
    with pytest.raises(ScanError, match=r"colour images \(RGB\)"):
        read_dicom(tmp_path)


def test_screenshot_within_the_series(tmp_path, write_series, write_rgb):
    write_series(tmp_path)
    write_rgb(tmp_path / "0000.dcm.rgb")
    scan = read_dicom(tmp_path)
    assert scan.shape[0] == 5
    assert "1 image(s) of the series left out: colour images (RGB)" in scan.notes[0]


def test_images_without_position(tmp_path, write_series):
    write_series(tmp_path, ImagePositionPatient=None)
    with pytest.raises(ScanError, match="ImagePositionPatient"):
        read_dicom(tmp_path)


def test_mr_beside_pet_is_not_guessed(tmp_path, write_series):
    for sop_class, modality in (
        (MRImageStorage, "MR"),
        (PositronEmissionTomographyImageStorage, "PT"),
    ):
        write_series(
            tmp_path / modality,
            SOPClassUID=sop_class,
            Modality=modality,
            SeriesInstanceUID=generate_uid(),
        )
    with pytest.raises(ScanError, match="2 series"):
        read_dicom(tmp_path)
    for series in list_series(tmp_path):
        scan = read_dicom(tmp_path, series_uid=series.uid)
        assert (scan.modality, scan.unit) == (series.modality, "a.u.")


def test_list_series_describes(tmp_path, write_series, write_slice):
    write_slice(tmp_path / "0", Modality="RTDOSE", SeriesInstanceUID=generate_uid())
    write_series(tmp_path / "ct", SeriesDescription="Thorax")
    ct, dose = list_series(tmp_path)
    assert ct.uid.endswith(".1")
    assert (ct.modality, ct.description, ct.sop_class) == ("CT", "Thorax", "CT Image Storage")
    assert (ct.n_images, ct.shape, ct.problem) == (5, (5, 6, 8), "")
    assert ct.spacing_mm == (0.5, 0.75, 3.0)
    assert dose.problem.startswith("not CT, MR or PET")


def test_description_in_another_script(tmp_path, write_series):
    write_series(tmp_path, SpecificCharacterSet="GB18030", SeriesDescription="胸部")
    assert list_series(tmp_path)[0].description == "胸部"


def test_no_dicom(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(ScanError, match=r"no DICOM file in .* \(1 file"):
        read_dicom(tmp_path)
    with pytest.raises(ScanError, match="no DICOM file"):
        read_dicom(tmp_path / "notes.txt")


def test_bad_lists(tmp_path, write_series):
    write_series(tmp_path)
    with pytest.raises(ScanError, match="empty"):
        read_dicom([])
    with pytest.raises(ScanError, match="is a folder"):
        read_dicom([tmp_path])
    with pytest.raises(ScanError, match=r"Cannot open .*gone\.dcm"):
        read_dicom([tmp_path / "gone.dcm"])


def test_damaged_dicom_is_not_lost_silently(tmp_path, write_series, make_slice):
    write_series(tmp_path)
    (tmp_path / "cut.dcm").write_bytes(bytes(128) + b"DICM" + b"\x02\x00")
    broken = make_slice()
    del broken.SeriesInstanceUID
    broken.save_as(tmp_path / "anonymous.dcm", enforce_file_format=True)
    note = read_dicom(tmp_path).notes[0]
    assert "cut.dcm" in note
    assert "anonymous.dcm (no SeriesInstanceUID)" in note
    with pytest.raises(ScanError, match=r"No DICOM file in .*could be read: .*cut\.dcm"):
        read_dicom(tmp_path / "cut.dcm")


def test_any_damage_is_an_error_with_words(tmp_path, write_series):
    """Bytes flipped anywhere in a header: the scan is read, or a ScanError says why not."""
    path = write_series(tmp_path, (0, 3, 6))[1]
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(100):
        damaged = bytearray(whole)
        for at in rng.integers(128, len(whole) - 96, 3):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_dicom(tmp_path, allow_missing_slices=True).read()
        except ScanError:
            refused += 1
    assert 0 < refused < 100


def test_dicomdir_is_passed_over(tmp_path, write_series):
    write_series(tmp_path)
    directory = Dataset()
    directory.file_meta = Dataset()
    directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    directory.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    directory.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    directory.FileSetID = "DISC"
    directory.save_as(tmp_path / "DICOMDIR", enforce_file_format=True)
    assert read_dicom(tmp_path).notes == ()


def test_unreadable_number_names_file_and_attribute(tmp_path, write_series):
    files = write_series(tmp_path)
    files[1].write_bytes(files[1].read_bytes().replace(b"0.75\\0.5", b"0.75\\abc"))
    with pytest.raises(ScanError, match=rf"{files[1].name}: PixelSpacing should be 2 number"):
        read_dicom(tmp_path)


@pytest.mark.parametrize("spacing", [[0, 0.5], [0.5, 0]])
def test_zero_spacing(tmp_path, write_series, spacing):
    write_series(tmp_path, PixelSpacing=spacing)
    with pytest.raises(ScanError, match=r"PixelSpacing .* must be more"):
        read_dicom(tmp_path)


def test_5000_mixed_files(tmp_path, write_series, write_slice):
    """Text, junk, other series and one CT: found, and in seconds."""
    rng = np.random.default_rng(0)
    for k in range(4800):
        (tmp_path / f"{k}.txt").write_bytes(rng.bytes(200) if k % 2 else b"text\n" * 50)
    dose = write_slice(
        tmp_path / "dose", Modality="RTDOSE", SeriesInstanceUID=generate_uid()
    ).read_bytes()
    for k in range(100):
        (tmp_path / f"dose{k}").write_bytes(dose)
    write_series(tmp_path / "ct", np.arange(100.0))
    start = time.process_time()
    scan = read_dicom(tmp_path)
    assert scan.shape[0] == 100
    assert time.process_time() - start < 5
