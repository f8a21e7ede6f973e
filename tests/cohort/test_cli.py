"""``lesionary cohort``, as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from lesionary.cli.cohort import app
from lesionary.cohort import read_cohort
from lesionary.errors import CohortError


def lesionary_cohort(*words: object) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def cohort_csv(table: pd.DataFrame, scans: Path) -> Path:
    table.assign(coordZ=-20.0, label=[0, 1, 0]).to_csv(scans / "cohort.csv", index=False)
    return scans / "cohort.csv"


def test_check_a_good_table(cohort_csv: Path) -> None:
    result = lesionary_cohort("check", cohort_csv, "--label", "label")
    assert result.exit_code == 0
    assert "0 errors, 0 warnings." in result.output


def test_check_a_bad_table(cohort_csv: Path, tmp_path: Path) -> None:
    (cohort_csv.parent / "b.nii.gz").unlink()
    report = tmp_path / "report.csv"
    result = lesionary_cohort("check", cohort_csv, "--out", report)
    assert result.exit_code == 1
    assert "1 errors, 0 warnings." in result.output
    assert "image_path" in result.output
    table = pd.read_csv(report)
    assert table[["level", "row", "column"]].to_numpy().tolist() == [["error", 4, "image_path"]]
    assert lesionary_cohort("check", cohort_csv, "--no-files").exit_code == 0


def test_check_shows_some_and_writes_all(tmp_path: Path) -> None:
    table = pd.DataFrame({"lesion_id": [f"L{i}" for i in range(50)], "patient_id": None})
    table.assign(image_path="[a].nii", mask_path="m").to_csv(tmp_path / "t.csv", index=False)
    result = lesionary_cohort(
        "check", tmp_path / "t.csv", "--no-files", "--out", tmp_path / "r.csv"
    )
    assert "... and 40 more; --out writes all of them." in result.output
    assert len(pd.read_csv(tmp_path / "r.csv")) == 50


def test_check_several_tables(cohort_csv: Path) -> None:
    result = lesionary_cohort("check", f"train={cohort_csv}", f"test={cohort_csv}")
    assert result.exit_code == 1
    assert "share 2 patients (2 scans)" in " ".join(result.output.split())
    with pytest.raises(CohortError, match="Say which split"):
        lesionary_cohort("check", cohort_csv, cohort_csv)


def test_split_folds_subsets(tmp_path: Path) -> None:
    patients = [f"{i:03d}" for i in range(40)]
    table = pd.DataFrame({"lesion_id": patients, "patient_id": patients, "label": [0, 1] * 20})
    table["image_path"] = table["mask_path"] = table["patient_id"] + ".nii"
    table.to_csv(tmp_path / "c.csv", index=False)
    split, fold, part = (tmp_path / name for name in ("s.parquet", "f.csv", "p.csv"))
    by = ("--stratify", "label", "--seed", 1, "--out")
    result = lesionary_cohort("split", tmp_path / "c.csv", *by, split)
    assert f"Wrote {split}." in result.output
    assert "0: 50.0 %, 1: 50.0 %" in result.output
    assert read_cohort(split).table["split"].value_counts().to_dict() == {
        "train": 28,
        "test": 8,
        "tune": 4,
    }
    result = lesionary_cohort("folds", split, "-k", 4, "--of", "train", "--of", "tune", *by, fold)
    table = pd.read_csv(fold, dtype={"lesion_id": str})
    assert table["repeat_1"].value_counts().to_dict() == dict.fromkeys(range(1, 5), 8)
    result = lesionary_cohort("subsets", split, "--fraction", 0.5, *by, part)
    assert read_cohort(part).table["train_50"].sum() == 14
    halves = tmp_path / "h.csv"
    lesionary_cohort(
        "split", tmp_path / "c.csv", "--train", 0.5, "--tune", 0, "--test", 0.5, "--out", halves
    )
    assert read_cohort(halves).table["split"].value_counts().to_dict() == {"train": 20, "test": 20}
    with pytest.raises(CohortError, match="already has a split"):
        lesionary_cohort("split", split, "--out", tmp_path / "again.csv")


def test_help_has_examples_and_loads_no_pandas() -> None:
    for command in ("check", "split", "folds", "subsets"):
        assert f"lesionary cohort {command} " in lesionary_cohort(command, "--help").output
    code = "import sys, lesionary.cli.cohort; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.real_data
def test_published_splits_are_reported_with_their_leakage(real_data: Path) -> None:
    folder = real_data / "tables" / "fmcib_annotations"
    parts = [f"{name}={folder}/luna16_task2_{name}.csv" for name in ("train", "val", "test")]
    result = lesionary_cohort("check", *parts, "--no-files", "--label", "malignancy")
    assert result.exit_code == 0
    text = " ".join(result.output.split())
    for count in (53, 61, 37):
        assert f"{count} patients ({count} scans)" in text
