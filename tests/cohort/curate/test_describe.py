"""``describe_folder``: one row a series, nobody's name, and reasons for what is in no row."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from lesionary.cohort.curate import describe_folder, draw_histograms
from lesionary.cohort.curate.patients import Patients, check_keywords
from lesionary.errors import CohortError

SECRETS = ("secret-77", "doe", "jane", "20190312", "2019-03-12", "12.03.2019", "19501224")


def row_of(described, modality="CT") -> pd.Series:
    (row,) = described.table[described.table["modality"] == modality].to_dict("records")
    return pd.Series(row)


def test_a_row_says_what_the_headers_say(delivery: Path, slices):
    described = describe_folder(delivery)
    assert sorted(described.table["modality"]) == ["CT", "RTSTRUCT"]
    row = row_of(described)
    first = dcmread(slices[0])
    places = [float(dcmread(file).ImagePositionPatient[2]) for file in slices]
    assert row["slices"] == row["files"] == len(slices) == 30
    assert row["missing_slices"] == 0
    assert (row["rows"], row["columns"]) == (first.Rows, first.Columns)
    assert row["spacing_y_mm"] == first.PixelSpacing[0]
    assert row["spacing_x_mm"] == first.PixelSpacing[1]
    assert row["spacing_z_mm"] == pytest.approx(np.diff(places).mean())
    assert row["slice_thickness_mm"] == first.SliceThickness
    assert row["kernel"] == first.ConvolutionKernel
    assert row["kvp"] == 120
    assert row["plane"] == "axial"
    assert row["series_uid"] == first.SeriesInstanceUID
    assert described.set_aside.empty
    assert described.table["slices"].isna().sum() == 1  # contours have none


def test_nobody_is_named(delivery: Path, slices):
    shutil.copy(slices[0], slices[0].with_name("copy_SECRET-77.dcm"))
    (delivery / "jane doe.dcm").write_bytes(b"nothing")
    described = describe_folder(delivery, keywords=["AcquisitionDate", "ContentDate"])
    text = (described.table.to_csv() + described.set_aside.to_csv()).lower()
    assert not [secret for secret in SECRETS if secret in text]
    assert row_of(described)["description"] == "Thorax patient_0001, patient_0001 date"
    assert row_of(described)["path"] == "patient_0001_patient_0001_date/ct"
    assert described.key.to_dict("records") == [
        {"patient": "patient_0001", "patient_id": "SECRET-77", "days_shifted": -7010}
    ]


@pytest.fixture
def two_visits(delivery: Path, slices, change) -> Path:
    """A second study 100 days later, and another patient."""
    for name, date, who in (("later", "20190620", "SECRET-77"), ("other", "20200101", "B")):
        copies = [delivery / name / file.name for file in slices]
        (delivery / name).mkdir()
        for file, copy in zip(slices, copies, strict=True):
            shutil.copy(file, copy)
        uids = generate_uid(), generate_uid()

        def move(ds: Dataset, _: int, uids=uids, date=date, who=who) -> None:
            ds.SeriesInstanceUID, ds.StudyInstanceUID = uids
            ds.StudyDate, ds.PatientID, ds.SOPInstanceUID = date, who, generate_uid()

        change(copies, move)
    return delivery


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ("shift", ["2000-01-01", "2000-04-10", "2000-01-01"]),
        ("keep", ["2019-03-12", "2019-06-20", "2020-01-01"]),
        ("drop", [None, None, None]),
    ],
)
def test_intervals_stay_where_dates_are_shifted(two_visits: Path, dates, expected):
    table = describe_folder(two_visits, dates=dates).table
    table = table[table["modality"] == "CT"]
    assert list(table["study_date"]) == expected
    assert list(table["patient"]) == ["patient_0001", "patient_0001", "patient_0002"]


def test_any_attribute_on_request(delivery: Path, slices, change):
    def set_more(ds: Dataset, number: int) -> None:
        tracer = Dataset()
        tracer.RadionuclideTotalDose = 3.7e8
        ds.RadiopharmaceuticalInformationSequence = [tracer]
        ds.XRayTubeCurrent = 100 + number
        ds.GantryDetectorTilt = 0
        ds.ContrastBolusAgent, ds.ContrastBolusStartTime = "Iomeprol", "235950"
        ds.AcquisitionTime = "000100"
        ds.WindowCenter, ds.WindowWidth = [40, -600], [400, 1500]

    change(slices, set_more)
    wanted = ["SoftwareVersions", "WindowCenter", "RadionuclideTotalDose", "InstanceNumber"]
    row = row_of(describe_folder(delivery, keywords=wanted))
    assert row["SoftwareVersions"] == dcmread(slices[0]).SoftwareVersions
    assert row["WindowCenter"] == "40\\-600"
    assert row["RadionuclideTotalDose"] == 3.7e8
    assert row["injected_dose_mbq"] == 370
    assert row["InstanceNumber"] == np.median(np.arange(1, 31))
    assert row["tube_current_ma"] == np.median(np.arange(100, 130))
    assert row["gantry_tilt_deg"] == 0
    assert (row["contrast"], row["contrast_delay_s"]) == ("yes", 70)
    assert set(row["varies"].split(", ")) == {"tube_current_ma", "InstanceNumber"}


@pytest.mark.parametrize(
    ("keyword", "message"),
    [
        ("PatientName", "may tell who"),
        ("PatientID", "may tell who"),
        ("PatientBirthDate", "may tell who"),
        ("AccessionNumber", "may tell who"),
        ("InstitutionName", "may tell who"),
        ("ReferringPhysicianName", "may tell who"),
        ("SOPInstanceUID", "may tell who"),
        ("ConvolutionKernal", "did you mean 'ConvolutionKernel'"),
        ("zzz", "no attribute 'zzz'"),
        ("PixelData", "no single value"),
        ("RequestAttributesSequence", "may tell who"),
        ("ReferencedImageSequence", "no single value"),
    ],
)
def test_what_must_not_or_cannot_be_asked(keyword, message):
    with pytest.raises(CohortError, match=message):
        check_keywords([keyword])


def test_what_is_in_no_row_is_set_aside_with_its_reason(delivery: Path, slices):
    cut = slices[3]
    cut.write_bytes(cut.read_bytes()[:-100])
    broken = slices[7]
    broken.write_bytes(broken.read_bytes()[:400])
    slices[11].unlink()
    shutil.copy(slices[5], delivery / "again.dcm")
    (delivery / "empty.dcm").touch()
    (delivery / "false.dcm").write_bytes(b"x" * 500)
    (delivery / "read me.txt").write_text("hello")
    (delivery / "mask.nii.gz").write_bytes(b"x")
    (delivery / "more.zip").write_bytes(b"x")
    (delivery / ".hidden").write_bytes(b"x")
    described = describe_folder(delivery)
    aside = described.set_aside.set_index(described.set_aside["file"].map(lambda n: Path(n).name))
    assert set(aside.index) == {
        cut.name, broken.name, "again.dcm", "empty.dcm", "false.dcm", "read me.txt",
        "mask.nii.gz", "more.zip",
    } - {"again.dcm"} | {slices[5].name}  # fmt: skip
    expected = {
        cut.name: "truncated",
        broken.name: "Damaged DICOM file|truncated|no pixel data",
        "empty.dcm": "Empty file",
        "false.dcm": "no DICOM by its content",
        "read me.txt": "No DICOM file",
        "mask.nii.gz": "A volume, but no DICOM",
        "more.zip": "unpack it",
        slices[5].name: "A copy of again.dcm",
    }
    for name, reason in expected.items():
        assert pd.Series([aside.loc[name, "reason"]]).str.contains(reason).all(), aside.loc[name]
    damaged = set(aside.index[aside["damaged"]])
    assert damaged == {cut.name, broken.name, "empty.dcm", "false.dcm"}
    row = row_of(described)
    assert (row["files"], row["missing_slices"]) == (27, 3)


def test_other_content_under_a_known_number_is_told(delivery: Path, slices, change):
    other = delivery / "other.dcm"
    shutil.copy(slices[5], other)

    def deface(ds: Dataset, _: int) -> None:
        ds.PixelData = bytes(len(ds.PixelData))

    change([other], deface)
    (reason,) = describe_folder(delivery).set_aside["reason"]
    assert reason == "Other content under the SOPInstanceUID of other.dcm."


def test_several_series_in_one_folder_are_several_rows(delivery: Path, slices, change):
    uid = generate_uid()

    def part(ds: Dataset, number: int) -> None:
        ds.SeriesInstanceUID, ds.ConvolutionKernel = uid, "LUNG"

    change(slices[:12], part)
    table = describe_folder(delivery).table.query("modality == 'CT'").set_index("kernel")
    assert table["slices"].to_dict() == {"LUNG": 12, "SOFT": 18}
    assert table["series"].is_unique


def test_processes_change_nothing(delivery: Path, slices):
    slices[2].write_bytes(b"x" * 200)
    alone, several = describe_folder(delivery, workers=0), describe_folder(delivery, workers=2)
    pd.testing.assert_frame_equal(alone.table, several.table)
    pd.testing.assert_frame_equal(alone.set_aside, several.set_aside)


def test_folders_without_dicom_are_errors(tmp_path: Path):
    with pytest.raises(CohortError, match="no folder"):
        describe_folder(tmp_path / "absent")
    with pytest.raises(CohortError, match=r"no DICOM file in .* \(0 file"):
        describe_folder(tmp_path)
    (tmp_path / "a.dcm").write_bytes(b"x" * 200)
    with pytest.raises(CohortError, match=r"1 are damaged.*a\.dcm"):
        describe_folder(tmp_path)
    with pytest.raises(CohortError, match="shift, drop, keep"):
        describe_folder(tmp_path, dates="forget")


def test_patients_without_a_number_are_told_apart_by_study(two_visits: Path, change):
    def forget(ds: Dataset, _: int) -> None:
        ds.PatientID = ds.PatientName = ""

    change(list(two_visits.rglob("*.dcm")), forget)
    assert describe_folder(two_visits).table["patient"].nunique() == 3


@given(st.text(alphabet="abc ABC_-^", min_size=3, max_size=12), st.text(max_size=8))
def test_whole_words_are_taken_out_and_others_stay(word, around):
    patients = Patients({"x": "patient_0001"}, "shift", {}, {"x": frozenset([word])}, {})
    assert word.lower() not in patients.unnamed(f"a {word} b").lower() or word.strip() != word
    assert patients.unnamed("z" + word.strip() + "z") == "z" + word.strip() + "z"
    if word.lower() not in around.lower():
        assert patients.unnamed(around) == around


def test_histograms_count_every_scan(two_visits: Path):
    table = describe_folder(two_visits).table
    figure = draw_histograms(table)
    panels = {axes.get_title(): axes for axes in figure.axes}
    assert {"modality", "kernel", "slices", "kvp", "slice_thickness_mm"} <= set(panels)
    assert "field_strength_t" not in panels
    for axes in panels.values():
        assert sum(bar.get_width() for bar in axes.patches) == 3
    table.loc[table["modality"] == "CT", "kernel"] = [None, "A", "A"]
    (axes,) = draw_histograms(table, ["kernel"]).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A", "not said"]
    assert [bar.get_width() for bar in axes.patches] == [2, 1]
    with pytest.raises(CohortError, match="nothing to draw"):
        draw_histograms(table[table["modality"] == "RTSTRUCT"])


@pytest.mark.real_data
def test_lung1_is_described_as_published(real_data: Path):
    described = describe_folder(real_data / "lung1", keywords=["PatientSex"])
    assert sorted(described.table["modality"]) == ["CT", "RTDOSE", "RTPLAN", "RTSTRUCT"]
    row = row_of(described)
    assert (row["manufacturer"], row["model"], row["kernel"]) == ("SIEMENS", "Biograph 40", "B19f")
    assert (row["slices"], row["rows"], row["columns"]) == (134, 512, 512)
    assert (row["spacing_z_mm"], row["slice_thickness_mm"]) == (3, 3)
    assert row["spacing_x_mm"] == pytest.approx(0.9766, abs=1e-4)
    assert (row["kvp"], row["study_date"]) == (120, "2000-01-01")
    assert "LUNG1" not in described.table.to_csv()
    assert described.set_aside.empty
