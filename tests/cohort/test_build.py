import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import typer
from typer.testing import CliRunner

from lesionary.cli.cohort_build import build
from lesionary.cli.exits import SET_ASIDE
from lesionary.cohort import check_cohort, read_cohort
from lesionary.cohort.build import BUILT_COLUMNS, build_cohort
from lesionary.cohort.measured import build_cohort_from_table
from lesionary.errors import CohortError
from lesionary.scan import read_scan
from lesionary.scan.masks import read_mask

SIZE, SPACING, ORIGIN = (20, 16, 10), (2.0, 2.0, 5.0), (-20.0, -10.0, -50.0)


def write(path: Path, voxels: np.ndarray | None = None, spacing=SPACING) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(np.zeros(SIZE[::-1], np.uint8) if voxels is None else voxels)
    image.SetSpacing(spacing)
    image.SetOrigin(ORIGIN)
    sitk.WriteImage(image, str(path))
    return path


def labels(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Cubes: label and corner (z, y, x) of each, 2 voxels wide."""
    voxels = np.zeros(SIZE[::-1], np.uint8)
    for value, z, y, x in boxes:
        voxels[z : z + 2, y : y + 2, x : x + 2] = value
    return voxels


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """Three good patients, one with two lesions, and one of each kind of trouble."""
    folder = tmp_path / "patients"
    write(folder / "P 1" / "image.nii.gz")
    write(folder / "P 1" / "mask.nii.gz", labels((1, 2, 3, 4)))
    write(folder / "P10" / "ct.nrrd")
    write(folder / "P10" / "GTV-1.nrrd", labels((1, 2, 3, 4), (1, 7, 9, 9), (1, 8, 9, 9)))
    write(folder / "many" / "a.mha")
    write(folder / "many" / "a_seg.mha", labels((1, 2, 3, 4), (5, 7, 9, 9)))
    write(folder / "noscan" / "mask.nii.gz", labels((1, 2, 3, 4)))
    write(folder / "nomask" / "image.nii.gz")
    write(folder / "empty" / "image.nii.gz")
    write(folder / "empty" / "mask.nii.gz")
    write(folder / "grid" / "image.nii.gz")
    write(folder / "grid" / "mask.nii.gz", labels((1, 2, 3, 4)), spacing=(2.0, 2.0, 4.0))
    (folder / "stray.txt").write_text("not a patient")
    return folder


def test_one_row_a_roi_and_the_rest_set_aside_with_reasons(patients: Path):
    built = build_cohort(patients)
    assert tuple(built.table.columns) == BUILT_COLUMNS
    assert list(built.table["lesion_id"]) == ["P-1_mask", "P10_GTV-1"]
    row = built.table.iloc[0]
    assert row["patient_id"] == "P 1"
    assert (row["image_path"], row["mask_path"]) == ("P 1/image.nii.gz", "P 1/mask.nii.gz")
    # Voxels 4-5, 3-4, 2-3 along x, y, z.
    assert (row["coordX"], row["coordY"], row["coordZ"]) == (-11.0, -3.0, -37.5)
    assert row["volume_ml"] == pytest.approx(8 * 20 / 1000)
    reasons = built.set_aside.set_index("patient_id")["reason"]
    assert set(reasons.index) == {"many", "noscan", "nomask", "empty", "grid"}
    assert "holds 2 regions: '1', '5'" in reasons["many"]
    assert "no scan" in reasons["noscan"]
    assert "no mask" in reasons["nomask"]
    assert "empty" in reasons["empty"]
    assert "geometry is not the scan's" in reasons["grid"]


def test_one_row_a_connected_lesion_largest_first(patients: Path):
    built = build_cohort(patients, roi="gtv*", per="lesion")
    assert list(built.table["lesion_id"]) == ["P10_GTV-1_1", "P10_GTV-1_2"]
    assert list(built.table["volume_ml"]) == pytest.approx([12 * 0.02, 8 * 0.02])
    assert list(built.table["coordZ"]) == pytest.approx([-10.0, -37.5])
    assert set(built.table["roi"]) == {"GTV-1"}


def test_every_label_and_resampling_on_request(patients: Path):
    built = build_cohort(patients, roi="*", resample=True)
    assert list(built.table["lesion_id"]) == [
        "P-1_mask",
        "P10_GTV-1",
        "grid_mask",
        "many_1",
        "many_5",
    ]
    assert set(built.set_aside["patient_id"]) == {"noscan", "nomask", "empty"}


def test_the_table_leads_back_to_the_masks(patients: Path, tmp_path: Path):
    table = tmp_path / "tables" / "deep" / "cohort.csv"
    built = build_cohort(patients, roi="*", table_folder=table.parent)
    table.parent.mkdir(parents=True)
    built.table.to_csv(table, index=False)
    cohort = read_cohort(table)
    assert [p for p in check_cohort(cohort) if p.level == "error"] == []
    for row in cohort:
        scan = read_scan(cohort.image_path(row))
        mask = read_mask(cohort.mask_path(row), scan, roi=str(row["roi"]))
        assert mask.center_mm == pytest.approx(cohort.seed_mm(row))
        assert mask.volume_ml == pytest.approx(row["volume_ml"])


def test_identifiers_are_unique_and_stable(tmp_path: Path):
    for study in ("2001", "2002"):
        write(tmp_path / "all" / "p" / study / "ct.nii.gz")
        write(tmp_path / "all" / "p" / study / "GTV-1.nii.gz", labels((1, 2, 3, 4)))
    once, again = build_cohort(tmp_path / "all"), build_cohort(tmp_path / "all")
    assert list(once.table["lesion_id"]) == ["p_GTV-1", "p_GTV-1-2"]
    pd.testing.assert_frame_equal(once.table, again.table)


def test_a_roi_that_one_of_two_masks_lacks_is_no_problem_but_lacking_everywhere_is(patients: Path):
    write(patients / "P10" / "CTV-1.nrrd", labels((1, 2, 3, 4)))
    built = build_cohort(patients, roi="GTV-1")
    assert list(built.table["patient_id"]) == ["P10"]
    reasons = built.set_aside.set_index("patient_id")["reason"]
    assert "P10" not in reasons
    assert "no ROI 'GTV-1'" in reasons["P 1"]


def test_one_region_in_two_files_is_one_lesion(patients: Path):
    again = labels((1, 2, 3, 4), (1, 7, 9, 9), (1, 8, 9, 9))
    write(patients / "P10" / "copy" / "gtv-1_mask.nrrd", again)
    write(patients / "P10" / "other" / "GTV-1_mask.nrrd", labels((1, 2, 3, 4)))
    built = build_cohort(patients, roi="GTV-1")
    assert len(built.table) == 2
    (copy,) = built.set_aside[built.set_aside["patient_id"] == "P10"].to_dict("records")
    assert copy["file"] == "copy/gtv-1_mask.nrrd"
    assert "same region as in GTV-1.nrrd" in copy["reason"]


def test_a_folder_without_folders_is_one_patient(patients: Path, monkeypatch):
    assert list(build_cohort(patients / "P10").table["patient_id"]) == ["P10"]
    monkeypatch.chdir(patients / "P10")
    assert list(build_cohort(".").table["lesion_id"]) == ["P10_GTV-1"]
    with pytest.raises(CohortError, match="no folder"):
        build_cohort(patients / "absent")


def measurements(folder: Path, text: str) -> Path:
    path = folder / "measured.csv"
    path.write_text(text)
    return path


def test_points_diameters_and_boxes(patients: Path, tmp_path: Path):
    table = measurements(
        tmp_path,
        "patient_id,roi,image_path,coordX,coordY,coordZ,x1,y1,z1,x2,y2,z2,xmin,ymin,zmin,xmax,ymax,zmax\n"
        "P 1,,,1,2,-30" + "," * 12 + "\n"
        "P10,node 1,,,,,-10,0,-20,6,4,-20" + "," * 6 + "\n"
        "many,,many/a.mha" + "," * 9 + ",-4,-2,-40,8,4,-10\n",
    )
    built = build_cohort_from_table(table, patients, table_folder=tmp_path)
    assert built.set_aside.empty
    assert tuple(built.table.columns) == BUILT_COLUMNS
    seeds = built.table[["coordX", "coordY", "coordZ"]].to_numpy()
    assert np.array_equal(seeds, [[1, 2, -30], [-2, 2, -20], [2, 1, -25]])
    assert list(built.table["lesion_id"]) == ["P-1_lesion", "P10_node-1", "many_lesion"]
    assert built.table["image_path"].iloc[0] == "patients/P 1/image.nii.gz"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("P 1,,,,,,,,", "0 measurements"),
        ("P 1,1,2,,,,,,", "point is not complete"),
        ("P 1,1,2,-30,0,0,-30,4,4", "RECIST diameter is not complete"),
        ("P 1,300,2,-30,,,,,", "outside the scan"),
        ("nobody,1,2,-30,,,,,", "no folder"),
        ("P 1,one,2,-30,,,,,", "point is not complete, or not in numbers"),
    ],
)
def test_rows_that_cannot_be_used_are_set_aside(patients: Path, tmp_path: Path, row, reason):
    table = measurements(
        tmp_path, f"patient_id,coordX,coordY,coordZ,x1,y1,z1,x2,y2,z2\n{row},\nP10,0,0,-30,,,,,,\n"
    )
    built = build_cohort_from_table(table, patients)
    assert list(built.table["patient_id"]) == ["P10"]
    (problem,) = built.set_aside.to_dict("records")
    assert problem["file"] == "measured.csv, row 2"
    assert reason in problem["reason"]


def test_a_table_without_measurements_is_refused(patients: Path, tmp_path: Path):
    with pytest.raises(CohortError, match="no measurement"):
        build_cohort_from_table(measurements(tmp_path, "patient_id,x\nP10,1\n"), patients)
    with pytest.raises(CohortError, match="patient_id"):
        build_cohort_from_table(measurements(tmp_path, "coordX,coordY,coordZ\n1,2,3\n"), patients)


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(build)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_command_writes_both_tables_and_says_so(patients: Path, tmp_path: Path, run):
    out = tmp_path / "out" / "cohort.csv"
    result = run(patients, "--out", out, "--roi", "GTV*")
    assert result.exit_code == SET_ASIDE
    assert "1 lesion(s) of 1 patient(s)" in result.output
    assert len(read_cohort(out)) == 1
    with (out.parent / "errors.csv").open() as handle:
        assert {row["patient_id"] for row in csv.DictReader(handle)} >= {"P 1", "nomask"}
    clean = run(patients / "P10", "--out", out)
    assert clean.exit_code == 0
    assert (out.parent / "errors.csv").read_text() == "patient_id,file,reason\n"


def test_command_finds_nothing_or_is_asked_for_too_much(patients: Path, tmp_path: Path, run):
    result = run(patients, "--out", tmp_path / "cohort.csv", "--roi", "liver")
    assert isinstance(result.exception, CohortError)
    assert not (tmp_path / "cohort.csv").exists()
    assert (tmp_path / "errors.csv").exists()
    table = measurements(tmp_path, "patient_id,coordX,coordY,coordZ\nP10,0,0,-30\n")
    result = run(patients, "--from-table", table, "--roi", "x")
    assert "not about --from-table" in str(result.exception)
    result = run(patients, "--from-table", table, "--out", tmp_path / "c.csv")
    assert result.exit_code == 0


@pytest.mark.real_data
def test_gtv_of_lung1_is_the_published_seed(real_data: Path, tmp_path: Path, run):
    out = tmp_path / "cohort.csv"
    result = run(real_data / "lung1", "--roi", "GTV-1", "--out", out)
    assert result.exit_code == 0, result.output
    cohort = read_cohort(out)
    published = read_cohort(real_data / "tables" / "fmcib_annotations" / "lung1_annotations.csv")
    rows = published.table[published.table["patient_id"] == "LUNG1-001"].to_dict("records")
    (row,) = cohort
    assert row["lesion_id"] == "LUNG1-001_GTV-1"
    difference = np.abs(np.subtract(cohort.seed_mm(row), published.seed_mm(rows[0])))
    assert difference.max() < 0.05
    assert "LUNG1-001" in out.read_text()


@pytest.mark.real_data
def test_sarcomas_have_a_row_a_modality(real_data: Path):
    built = build_cohort(real_data / "sts")
    assert built.set_aside.empty
    assert list(built.table["roi"]) == ["CT", "MR_T1", "PET"] * 3
    assert built.table["lesion_id"].iloc[1] == "STS_001_MR_T1"
