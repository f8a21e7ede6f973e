"""Every problem is found, all at once, and named by row and column."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesionary.cohort import Problem, check_cohort, leakage, problems_table, read_cohort


def found(source: object, **options: object) -> list[tuple[str, int | None, str]]:
    problems = check_cohort(source, files=False, **options)  # type: ignore[arg-type]
    return [(problem.level, problem.row, problem.column) for problem in problems]


def test_a_good_table_has_no_problem(table: pd.DataFrame) -> None:
    assert found(table) == []


def test_all_at_once_with_rows_as_a_spreadsheet_counts(tmp_path: Path) -> None:
    (tmp_path / "cohort.csv").write_text(
        "lesion_id,patient_id,image_path,coordX,coordY,coordZ,split,label,time,event\n"
        "1,p1,a.nii,1.5,2,3,train,0,100,1\n"
        "1,p1,a.nii,x,2,3,test,0,100,1\n"
        "\n"
        "3,,a.nii,,inf,3,holdout,0,-5,1\n"
        "4,p4,,1.5,2,3,,0,100,2\n"
    )
    problems = check_cohort(tmp_path / "cohort.csv", files=False, labels=["label", "grade"])
    assert {(p.level, p.row, p.column) for p in problems} == {
        ("error", None, "split"),  # p1 in train and test
        ("error", None, "label"),  # one class
        ("error", None, "grade"),  # missing
        ("error", 3, "lesion_id"),  # 1 again
        ("error", 3, "coordX"),  # no number
        ("error", 5, "patient_id"),  # empty; row 4 is blank
        ("error", 5, "coordX"),  # empty
        ("error", 5, "coordY"),  # infinite
        ("error", 5, "split"),  # unknown
        ("error", 5, "time"),  # negative
        ("error", 6, "image_path"),  # empty
        ("error", 6, "event"),  # neither 0 nor 1
        ("warning", None, "split"),  # a lesion in no split
    }
    assert all(problem.file == str(tmp_path / "cohort.csv") for problem in problems)
    assert all(problem.message.endswith((".", "?")) for problem in problems)


@pytest.mark.parametrize("column", ["lesion_id", "patient_id", "image_path", "coordY"])
def test_a_missing_column(table: pd.DataFrame, column: str) -> None:
    assert found(table.drop(columns=column)) == [("error", None, column)]


def test_a_missing_column_with_a_likely_other_name(table: pd.DataFrame) -> None:
    (problem,) = check_cohort(table.rename(columns={"coordX": "CoordX "}), files=False)
    assert "Did you mean 'CoordX '?" in problem.message


def test_a_place_is_a_seed_or_a_mask(table: pd.DataFrame) -> None:
    seedless = table.drop(columns=["coordX", "coordY", "coordZ"])
    (problem,) = check_cohort(seedless, files=False)
    assert "coordX, coordY, coordZ (LPS mm) or mask_path" in problem.message
    assert found(seedless.assign(mask_path="m.nrrd")) == []
    masked = table.assign(mask_path=["m.nrrd", None, "m.nrrd"])
    masked.loc[0, ["coordX", "coordY", "coordZ"]] = np.nan  # has a mask
    masked.loc[1, "coordX"] = np.nan  # has none
    masked.loc[2, "coordY"] = np.nan  # has one, but half a seed
    assert found(masked) == [("error", 3, "coordX"), ("error", 4, "coordY")]


def test_an_empty_table(table: pd.DataFrame) -> None:
    assert found(table.iloc[:0]) == [("error", None, "")]


def test_survival_columns_belong_together(table: pd.DataFrame) -> None:
    assert found(table.assign(time=[1, 2, 3])) == [("warning", None, "event")]
    assert found(table.assign(event=[1, 0, None])) == [("warning", None, "time")]
    assert found(table.assign(time=[1, np.nan, 3], event=[True, False, True])) == []
    assert found(table.assign(time=[1, np.inf, 0], event=1)) == [("error", 3, "time")]


def test_labels(table: pd.DataFrame) -> None:
    assert found(table.assign(label=[0, 0, 1]), labels=["label"]) == []
    one = table.assign(label=[None, 1, 1])
    assert found(one) == []
    assert found(one, labels=["label"]) == [("error", None, "label")]
    assert found(table.assign(label=None), labels=["label"]) == [("error", None, "label")]
    split = table.assign(label=[0, 1, 1], split=["train", "train", "test"])
    assert found(split, labels=["label"]) == [("warning", None, "label")]


def test_leakage_is_counted(table: pd.DataFrame) -> None:
    table["split"] = ["train", "test", "test"]
    table["image_path"] = ["a", "a", "b"]
    (leak,) = leakage(table)
    assert (leak.splits, leak.patients, leak.scans, leak.lesions) == (("train", "test"), 1, 1, 1)
    (problem,) = check_cohort(table, files=False)
    assert (problem.level, problem.column) == ("error", "split")
    assert "train and test share 1 patients (1 scans)" in problem.message
    assert leakage(table.assign(patient_id=None, image_path=None)) == []


def test_splits_under_other_names_are_known(table: pd.DataFrame) -> None:
    named = table.assign(split=["Training", "training", "validation"])
    assert read_cohort(named).table["split"].tolist() == ["train", "train", "tune"]
    assert found(named) == [("warning", None, "")]


def test_a_cohort_can_be_checked_too(table: pd.DataFrame) -> None:
    cohort = read_cohort(table)
    cohort.table.loc[0, "coordX"] = np.nan
    assert found(cohort) == [("error", 2, "coordX")]


def test_rows_of_several_tables(table: pd.DataFrame, tmp_path: Path) -> None:
    table.iloc[:2].to_csv(tmp_path / "a.csv", index=False)
    table.iloc[2:].assign(coordZ="?").to_csv(tmp_path / "b.csv", index=False)
    problems = check_cohort({"train": tmp_path / "a.csv", "test": tmp_path / "b.csv"}, files=False)
    assert [(problem.file, problem.row) for problem in problems] == [(str(tmp_path / "b.csv"), 2)]


def test_the_report_is_a_table() -> None:
    report = problems_table(
        [Problem("error", "a.csv", 3, "coordX", "no"), Problem("warning", "a.csv", None, "", "so")]
    )
    assert report.columns.tolist() == ["level", "file", "row", "column", "message"]
    assert report["row"].astype("string").tolist() == ["3", pd.NA]
    assert len(problems_table([])) == 0


def test_many_rows_are_checked_fast() -> None:
    n = 20_000
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "lesion_id": [f"L{i}" for i in range(n)],
            "patient_id": [f"P{i // 5}" for i in range(n)],
            "image_path": [f"{i // 2}.nii.gz" for i in range(n)],
            **{name: rng.normal(size=n) for name in ("coordX", "coordY", "coordZ")},
            "split": ["train" if i % 10 else "test" for i in range(n)],
        }
    )
    start = time.process_time()
    problems = check_cohort(table, files=False)
    assert time.process_time() - start < 1.5
    assert len(problems) == 1
