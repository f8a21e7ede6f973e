"""Checks that open the files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import lesionary.cohort.scans
from lesionary.cohort import Problem, check_cohort


@pytest.fixture
def inside(table: pd.DataFrame) -> pd.DataFrame:
    """The table with all seeds in the scans, which span x -20..18, y -10..20, z -50..-5 mm."""
    return table.assign(coordZ=[-40.0, -41.5, -7.0])


def check(table: pd.DataFrame, root: Path) -> list[Problem]:
    return check_cohort(table, root=root)


def test_all_well(inside: pd.DataFrame, scans: Path) -> None:
    assert check(inside, scans) == []


def test_a_scan_is_opened_once(
    inside: pd.DataFrame, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    read_scan = lesionary.cohort.scans.read_scan
    monkeypatch.setattr(
        lesionary.cohort.scans, "read_scan", lambda path: opened.append(path) or read_scan(path)
    )
    check(inside, scans)
    assert [path.name for path in opened] == ["a.nii.gz", "b.nii.gz"]


def test_a_missing_scan_is_named_in_each_row(inside: pd.DataFrame, scans: Path) -> None:
    (scans / "a.nii.gz").unlink()
    problems = check(inside, scans)
    assert [(p.level, p.row, p.column) for p in problems] == [
        ("error", 2, "image_path"),
        ("error", 3, "image_path"),
    ]
    assert str(scans / "a.nii.gz") in problems[0].message
    assert "--root" in problems[0].message


def test_an_unreadable_scan(inside: pd.DataFrame, scans: Path) -> None:
    whole = (scans / "b.nii.gz").read_bytes()
    (scans / "b.nii.gz").write_bytes(whole[:20])
    (problem,) = check(inside, scans)
    assert (problem.level, problem.row, problem.column) == ("error", 4, "image_path")


def test_a_seed_outside_its_scan(inside: pd.DataFrame, scans: Path) -> None:
    inside.loc[2, "coordZ"] = 7.0
    (problem,) = check(inside, scans)
    assert (problem.level, problem.row, problem.column) == ("error", 4, "coordX")
    assert "(-3.25, 12, 7) mm lies outside" in problem.message
    assert "x -20.0 to 18.0, y -10.0 to 20.0, z -50.0 to -5.0 mm" in problem.message


def test_voxel_indices_by_mistake(inside: pd.DataFrame, scans: Path) -> None:
    inside.loc[0, ["coordX", "coordY", "coordZ"]] = [3, 5, 2]
    first, second = check(inside, scans)
    assert (first.level, first.row) == ("error", 2)
    # index (3, 5, 2) is at (-20 + 3 * 2, -10 + 5 * 2, -50 + 2 * 5) mm
    assert "if it is one, the seed is (-14, 0, -40) mm" in first.message
    assert (second.level, second.row) == ("warning", None)
    assert "1 seeds are outside their scan" in second.message
    assert "voxel coordinates" in second.message


def test_a_point_in_ras_by_mistake(inside: pd.DataFrame, scans: Path) -> None:
    inside.loc[0, ["coordX", "coordY"]] = [-1.5, -19.0]
    (problem,) = check(inside, scans)
    assert "RAS points have to be turned to LPS" in problem.message


def test_a_missing_mask(inside: pd.DataFrame, scans: Path) -> None:
    inside["mask_path"] = ["m.nrrd", None, "a.nii.gz"]
    (problem,) = check(inside, scans)
    assert (problem.level, problem.row, problem.column) == ("error", 2, "mask_path")


def test_a_series_that_a_folder_lacks(inside: pd.DataFrame, scans: Path) -> None:
    (scans / "dicom").mkdir()
    inside.loc[2, "image_path"] = "dicom#1.2.3"
    (problem,) = check(inside, scans)
    assert (problem.level, problem.row, problem.column) == ("error", 4, "image_path")


@pytest.mark.real_data
def test_the_published_seed_of_a_real_patient_is_inside_its_scan(real_data: Path) -> None:
    published = pd.read_csv(real_data / "tables" / "fmcib_annotations" / "lung1_annotations.csv")
    one = published[published["PatientID"] == "LUNG1-001"].assign(image_path="LUNG1-001")
    problems = check_cohort(one, root=real_data / "lung1")
    assert [problem for problem in problems if problem.level == "error"] == []
    shifted = one.assign(coordZ=one["coordZ"] + 400)
    (error,) = [p for p in check_cohort(shifted, root=real_data / "lung1") if p.level == "error"]
    assert "lies outside its scan" in error.message
