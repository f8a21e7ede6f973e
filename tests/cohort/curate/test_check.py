"""``check_folder``: what is put wrong is what fails, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from lesionary.cohort.curate import Rules, check_folder, load_rules
from lesionary.cohort.curate.contrast_phase import described_phase
from lesionary.cohort.curate.voxel_checks import voxel_flags
from lesionary.errors import CohortError
from lesionary.scan import Geometry

BLOCK_VOX = (4, 10, 12)
"""A block of metal: with voxels of 2 x 2 x 2.5 mm, 4.8 ml."""


def outcomes(folder: Path, rules="default") -> pd.DataFrame:
    checked = check_folder(folder, rules, pictures=False, workers=0)
    return checked.flags.set_index("check")


def failed(folder: Path, rules="default") -> set[str]:
    flags = outcomes(folder, rules)
    return set(flags.index[flags["outcome"] == "failed"])


def stored(ds: Dataset) -> np.ndarray:
    return np.frombuffer(ds.PixelData, np.uint16).reshape(ds.Rows, ds.Columns).copy()


def put(ds: Dataset, hu: np.ndarray) -> None:
    ds.PixelData = (hu + 1024).astype(np.uint16).tobytes()


def test_a_good_series_fails_nothing_and_says_why(delivery: Path, slices):
    flags = outcomes(delivery)
    assert set(flags["outcome"]) == {"passed", "not possible"}
    assert set(flags.index[flags["outcome"] == "not possible"]) == {"contrast"}
    assert set(Rules.model_fields) - {"matrix"} | {"readable"} == set(flags.index)
    assert flags["reason"].str.len().min() > 3
    assert flags.loc["rois", "reason"] == "1 ROI(s), none empty."
    assert flags.loc["slices", "value"] == 30
    assert set(flags["modality"]) == {"CT"}


def tilt(degrees: float, axis: int):
    """Turn the axes of every slice (and their positions) about one of the patient's."""
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    turn = {
        0: np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        2: np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]

    def change(ds: Dataset, _: int) -> None:
        place = turn @ np.array(ds.ImagePositionPatient, dtype=float)
        ds.ImagePositionPatient = [f"{value:.8g}" for value in place]
        directions = turn @ np.array(ds.ImageOrientationPatient, dtype=float).reshape(2, 3).T
        ds.ImageOrientationPatient = [f"{value:.8f}" for value in directions.T.ravel()]

    return change


def assign(**values):
    def change(ds: Dataset, _: int) -> None:
        for name, value in values.items():
            if value is None:
                delattr(ds, name)
            else:
                setattr(ds, name, value)

    return change


def third(**values):
    def change(ds: Dataset, k: int) -> None:
        if k == 3:
            assign(**values)(ds, k)

    return change


def move(which: int, mm: float):
    def change(ds: Dataset, k: int) -> None:
        if k == which:
            x, y, z = ds.ImagePositionPatient
            ds.ImagePositionPatient = [x, y, z + mm]

    return change


def clip(low: float, high: float):
    def change(ds: Dataset, _: int) -> None:
        put(ds, np.clip(stored(ds).astype(float) - 1024, low, high))

    return change


def metal(ds: Dataset, k: int) -> None:
    if 10 <= k < 10 + BLOCK_VOX[0]:
        hu = stored(ds).astype(float) - 1024
        rows, columns = BLOCK_VOX[1:]
        block = 3010.0 + (np.arange(rows * columns) % 60).reshape(rows, columns)
        hu[20 : 20 + rows, 30 : 30 + columns] = block
        put(ds, hu)


def jump(ds: Dataset, k: int) -> None:
    if k >= 15:
        ds.PixelData = np.roll(stored(ds), 8, axis=1).tobytes()


@pytest.mark.parametrize(
    ("fault", "expected", "reason"),
    [
        (assign(Modality="OT"), {"modality"}, "OT; asked for: CT, MR, PT."),
        (tilt(90, 0), {"projection"}, "coronal; asked: axial."),
        (tilt(8, 2), {"orientation"}, "8 degrees off"),
        (third(ImageOrientationPatient=[1, 0, 0, 0, 0, -1]), {"orientation"}, "90 degrees"),
        (third(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), {"orientation"}, "right angles"),
        (move(29, 5), {"gaps"}, "2 slice(s) missing"),
        (move(10, 1.2), {"gaps", "overlaps"}, "1.3 mm at"),
        (move(10, 2.5), {"gaps", "overlaps"}, "lie where another one is"),
        (third(SliceThickness=3), {"thickness_constant"}, "2.5 to 3 mm"),
        (assign(SliceThickness=7), {"thickness"}, "7 mm thick; asked: at most 5."),
        (assign(PixelSpacing=[0.1, 0.1]), {"spacing"}, "0.1 mm in plane"),
        (assign(PixelSpacing=[2, 2.5]), {"square_pixels"}, "differ by 0.5 mm"),
        (assign(ConvolutionKernel=None), {"kernel"}, "missing"),
        (third(ConvolutionKernel="LUNG"), {"kernel"}, "several: SOFT, LUNG"),
        (assign(RescaleSlope=None), {"rescale"}, "30 of 30"),
        (assign(RescaleSlope=0), {"readable"}, "All voxels have the value -1024."),
        (clip(-160, 3000), {"truncation"}, "lowest value is -160"),
        (clip(-1024, 150), {"truncation"}, "highest value, 150 HU"),
        (metal, {"metal", "motion"}, "4.8 ml above 3000 HU"),
        (jump, {"motion"}, "between slices 15 and 16"),
    ],
)
def test_each_fault_fails_its_check(delivery: Path, slices, change, fault, expected, reason):
    change(slices, fault)
    flags = outcomes(delivery)
    # A fault may keep the series from being read as a volume, or move it away from its contours.
    found = set(flags.index[flags["outcome"] == "failed"])
    assert expected <= found <= expected | {"readable", "rois", "contours_inside"}
    assert reason in " ".join(flags.loc[sorted(expected), "reason"])


def test_a_missing_slice_is_counted(delivery: Path, slices):
    slices[12].unlink()
    slices[13].unlink()
    slices[20].unlink()
    flags = outcomes(delivery)
    assert flags.loc["gaps", "value"] == 3
    assert flags.loc["gaps", "reason"].startswith("3 slice(s) missing")
    assert flags.loc["readable", "outcome"] == "passed"
    assert "interpolated" in flags.loc["readable", "reason"]


def test_what_cannot_be_read_leaves_the_checks_of_voxels_undone(delivery: Path, slices, change):
    def sideways(ds: Dataset, k: int) -> None:
        ds.ImagePositionPatient = [k**2, *ds.ImagePositionPatient[1:]]

    change(slices, sideways)
    flags = outcomes(delivery)
    assert flags.loc["readable", "outcome"] == "failed"
    undone = ["truncation", "metal", "motion", "snr", "duplicates", "rois", "contours_inside"]
    assert (flags.loc[undone, "outcome"] == "not possible").all()


def test_limits_of_matrix_kernel_and_slices(delivery: Path, slices):
    first = dcmread(slices[0])
    size = (first.Rows, first.Columns)
    good = Rules(matrix=(size,), kernel={"accepted": ["B30*", "so*"]}, slices={"max": 30})
    assert failed(delivery, good) == set()
    bad = Rules(matrix=((512, 512),), kernel={"accepted": ["B30*"]}, slices={"min": 31})
    flags = outcomes(delivery, bad)
    assert set(flags.index) == {"readable", "matrix", "kernel", "slices"}
    assert set(flags.index[flags["outcome"] == "failed"]) == {"matrix", "kernel", "slices"}
    assert flags.loc["slices", "reason"] == "30 slices; asked: at least 31."


@pytest.mark.parametrize(
    ("header", "asked", "outcome", "reason"),
    [
        ({}, {}, "not possible", "says nothing"),
        ({"ContrastBolusAgent": "NONE"}, {"given": True}, "failed", "asked: given"),
        ({"ContrastBolusAgent": "NONE"}, {"phases": ["native"]}, "passed", "No contrast agent"),
        ({"ContrastBolusAgent": "Ultravist"}, {"given": True}, "passed", "agent given"),
        ({"ContrastBolusAgent": "Ultravist"}, {"phases": ["arterial"]}, "not possible", "time"),
        ({"delay": 70}, {"phases": ["portal venous"]}, "passed", "70 s before (portal venous)"),
        ({"delay": 25}, {"phases": ["portal venous"]}, "failed", "25 s before (arterial)"),
        ({"delay": 300}, {"phases": ["delayed"], "given": False}, "failed", "asked: none"),
        ({"delay": 5}, {"phases": ["native", "arterial"]}, "failed", "no usual phase"),
        ({"SeriesDescription": "Abd pv"}, {"phases": ["portal venous"]}, "passed", "description"),
        ({"SeriesDescription": "arterial"}, {"phases": ["delayed"]}, "failed", "arterial, by its"),
        ({"SeriesDescription": "plain"}, {"given": True}, "failed", "No contrast agent (native"),
        ({"SeriesDescription": "art and venous, delayed"}, {}, "not possible", "says nothing"),
        (
            {"SeriesDescription": "native", "ContrastBolusAgent": "Ultravist"},
            {"phases": ["native"]},
            "not possible",
            "time of injection",
        ),
        (
            {"SeriesDescription": "venous", "delay": 25},
            {"phases": ["arterial"]},
            "passed",
            "25 s before",
        ),
    ],
)
def test_phases_of_contrast(delivery: Path, slices, change, header, asked, outcome, reason):
    header = dict(header)
    if "delay" in header:
        delay = header.pop("delay")
        header |= {
            "ContrastBolusAgent": "Ultravist",
            "ContrastBolusStartTime": "100000",
            "AcquisitionTime": f"10{delay // 60:02d}{delay % 60:02d}.0",
        }
    change(slices, assign(**header))
    flag = outcomes(delivery, Rules(contrast=asked)).loc["contrast"]
    assert (flag["outcome"], reason in flag["reason"]) == (outcome, True), flag["reason"]


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("ABD_WITHOUT_CONTRAST", "native"),
        ("late arterial", "arterial"),
        ("Arterial spin labelling", ""),
        ("Lung 2.0 B30f", ""),
        ("PORTOVENOUS 3mm", "portal venous"),
        ("delayed 5min", "delayed"),
        ("intravenous", ""),
        ("nativ / venös", ""),
    ],
)
def test_phases_in_descriptions(text, phase):
    assert described_phase([text, text]) == phase


def test_one_content_under_two_names_is_found(delivery: Path, slices, change):
    (delivery / "twin").mkdir()
    uid = generate_uid()
    copies = [Path(shutil.copy(file, delivery / "twin" / file.name)) for file in slices]

    def rename(ds: Dataset, _: int) -> None:
        ds.PatientID, ds.PatientName = "SOMEBODY", "Roe^Richard"
        ds.SeriesInstanceUID, ds.SOPInstanceUID = uid, generate_uid()
        # The same HU, stored otherwise.
        ds.PixelData = (stored(ds) - 24).astype(np.uint16).tobytes()
        ds.RescaleIntercept = -1000

    change(copies, rename)
    flags = check_folder(delivery, Rules(duplicates=True), pictures=False, workers=0).flags
    flags = flags[flags["check"] == "duplicates"].set_index("series")
    assert list(flags["outcome"]) == ["failed", "failed"]
    first, second = flags.index
    assert flags.loc[first, "reason"] == f"The same voxels as {second}."
    assert flags["patient"].nunique() == 2

    def differ(ds: Dataset, k: int) -> None:
        if k == 7:
            ds.PixelData = ds.PixelData[:-2] + b"\7\0"

    change(copies, differ)
    assert failed(delivery, Rules(duplicates=True)) == set()


def structures(delivery: Path) -> Path:
    return delivery / "DOE_JANE_20190312" / "structures.dcm"


def test_contours_outside_and_empty_rois(delivery: Path, change):
    def shift(ds: Dataset, _: int) -> None:
        for contour in ds.ROIContourSequence[0].ContourSequence:
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            points[:, 0] += 500
            contour.ContourData = [f"{value:.6g}" for value in points.ravel()]

    change([structures(delivery)], shift)
    flags = outcomes(delivery)
    assert flags.loc["contours_inside", "outcome"] == "failed"
    assert flags.loc["contours_inside", "value"] == 1
    assert (
        flags.loc["contours_inside", "reason"]
        == "Outside the image: GTV-1 (100.0%) of their points."
    )
    assert flags.loc["rois", "outcome"] == "failed"
    assert "GTV-1" in flags.loc["rois", "reason"]

    def clear(ds: Dataset, _: int) -> None:
        del ds.ROIContourSequence[0].ContourSequence

    change([structures(delivery)], clear)
    flags = outcomes(delivery)
    assert flags.loc["rois", "reason"] == "GTV-1: has no contours"
    assert flags.loc["contours_inside", "outcome"] == "not possible"


def test_a_share_of_points_outside(delivery: Path, change):
    def stretch(ds: Dataset, _: int) -> None:
        contours = ds.ROIContourSequence[0].ContourSequence
        for contour in contours:
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)[:4]
            points[0, 0] += 500
            contour.ContourData = [f"{value:.6g}" for value in points.ravel()]
            contour.NumberOfContourPoints = 4

    change([structures(delivery)], stretch)
    flags = outcomes(delivery, Rules(contours_inside={}))
    assert flags.loc["contours_inside", "value"] == pytest.approx(0.25)
    assert failed(delivery, Rules(contours_inside={"max_share": 0.25})) == set()


def test_contours_of_a_series_that_is_not_there_are_set_aside(delivery: Path, change):
    def forget(ds: Dataset, _: int) -> None:
        frame = ds.ReferencedFrameOfReferenceSequence[0]
        study = frame.RTReferencedStudySequence[0]
        study.RTReferencedSeriesSequence[0].SeriesInstanceUID = "1.2.3"

    change([structures(delivery)], forget)
    checked = check_folder(delivery, pictures=False)
    (row,) = checked.set_aside.to_dict("records")
    assert "refers to no series" in row["reason"]
    flags = checked.flags.set_index("check")
    assert flags.loc["rois", "outcome"] == "not possible"


def test_thumbnails_show_the_series_and_each_region(delivery: Path):
    checked = check_folder(delivery)
    (thumbnails,) = checked.thumbnails.values()
    assert [one.roi for one in thumbnails] == ["", "GTV-1"]
    assert all(one.png.startswith(b"\x89PNG") for one in thumbnails)
    assert thumbnails[1].volume_ml > 0
    table = checked.table()
    assert len(table) == 1
    assert table["gaps"].tolist() == ["passed"]


def test_nobody_is_named(delivery: Path, slices, change):
    change(slices, third(RescaleSlope=float("nan")))
    change([structures(delivery)], lambda ds, _: setattr(
        ds.StructureSetROISequence[0], "ROIName", "GTV Doe"))  # fmt: skip
    checked = check_folder(delivery)
    said = (checked.flags.to_csv() + checked.set_aside.to_csv()).lower()
    said += repr([one.roi for found in checked.thumbnails.values() for one in found])
    assert not [secret for secret in ("secret-77", "doe", "jane", "20190312") if secret in said]


GRID = Geometry((40, 70, 70), np.diag([1.0, 1, 1, 1]))


@pytest.mark.parametrize("noise", [5.0, 20.0, 60.0])
def test_snr_of_known_noise(noise):
    """A cylinder of 40 HU in air: (40 + 1000) / noise, whatever else there is."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:70, :70] - 34.5
    body = np.where(x**2 + y**2 < 30**2, 40.0, -1000.0)
    body[20:24, 20:50] = 90  # an edge within the tissue
    voxels = (body + random.normal(0, noise, GRID.shape)).astype(np.int16)
    (flag,) = voxel_flags(voxels, GRID, "HU", Rules(snr={"min": 1040 / 30}))
    assert flag.value == pytest.approx(1040 / noise, rel=0.05)
    assert flag.outcome == ("passed" if noise < 30 else "failed")
    (flag,) = voxel_flags(voxels - np.int16(2000), GRID, "a.u.", Rules(snr={"min": 1}))
    assert flag.outcome == "not possible"
    (flag,) = voxel_flags(voxels + np.int16(2000), GRID, "a.u.", Rules(snr={"min": 1}))
    assert flag.value == pytest.approx(2040 / noise, rel=0.05)


def test_voxels_that_say_nothing():
    rules = load_rules()
    blank = voxel_flags(np.full(GRID.shape, -1000, np.int16), GRID, "HU", rules)
    said = {flag.check: flag.outcome for flag in blank}
    assert said == {
        "truncation": "not possible",
        "metal": "passed",
        "motion": "not possible",
        "snr": "not possible",
    }
    few = voxel_flags(np.zeros((1, 5, 5), np.float32), Geometry((1, 5, 5), np.eye(4)), "SUV", rules)
    assert {flag.outcome for flag in few} == {"not possible"}


def rules_file(folder: Path, text: str) -> Path:
    path = folder / "rules.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spaceing: {max: 1}", r"no key spaceing \(did you mean 'spacing'\?\)"),
        ("slices: {minimum: 20}", r"no key slices.minimum"),
        ("slices: {min: 20, max: 10}", r"slices: .*min \(20\) is above max \(10\)"),
        ("slices: {}", "give min, max or both"),
        ("metal: {max_ml: -1}", "metal.max_ml"),
        ("projection: [transverse]", "projection.0"),
        ("slices: [", "not YAML"),
        ("- slices", "no table"),
        ("", "empty"),
    ],
)
def test_rules_that_are_not_valid(tmp_path: Path, text, message):
    with pytest.raises(CohortError, match=message):
        load_rules(rules_file(tmp_path, text))


def test_rules_by_name_and_file(tmp_path: Path):
    assert load_rules("chest-ct").matrix == ((512, 512),)
    with pytest.raises(CohortError, match="did you mean 'chest-ct'"):
        load_rules("chestct")
    with pytest.raises(CohortError, match="cannot be read"):
        load_rules(tmp_path / "absent.yaml")
    rules = load_rules("default")
    text = yaml.safe_dump(rules.model_dump(mode="json", exclude_none=True))
    assert load_rules(rules_file(tmp_path, text)) == rules


@pytest.mark.real_data
def test_lung1_passes_and_its_regions_are_drawn(real_data: Path):
    checked = check_folder(real_data / "lung1")
    flags = checked.flags.set_index("check")
    assert not (flags["outcome"] == "failed").any()
    assert flags.loc["slices", "value"] == 134
    (thumbnails,) = checked.thumbnails.values()
    volumes = {one.roi: one.volume_ml for one in thumbnails}
    # 54,449 voxels, as counted by the precision-medicine-toolbox.
    assert volumes["GTV-1"] == pytest.approx(54449 * 0.9765625**2 * 3 / 1000, rel=1e-3)
    assert "LUNG1" not in checked.flags.to_csv()
