"""``lesionary curate describe`` and ``check``: what they print, write and exit with."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from pydicom import dcmread
from typer.testing import CliRunner

from lesionary.cli.curate import app
from lesionary.cli.exits import FINDINGS, SET_ASIDE
from lesionary.cohort.curate import load_rules
from lesionary.errors import CohortError
from lesionary.phantom import PhantomConfig, make_cohort


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("practice") / "made"
    make_cohort(folder, 1, seed=1, config=PhantomConfig(size="tiny"), form="dicom")
    return folder / "scans"


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_describe_writes_table_reasons_histograms_and_key(practice: Path, tmp_path: Path):
    out, key = tmp_path / "out" / "series.csv", tmp_path / "secret" / "key.csv"
    words = ("--keyword", "SoftwareVersions", "--dates", "keep")
    result = run("describe", practice, "--out", out, "--key", key, *words)
    assert result.exit_code == 0, result.output
    assert "3 series of 1 patient(s)" in result.output
    table = pd.read_csv(out)
    assert sorted(table["modality"]) == ["CT", "RTSTRUCT", "SEG"]
    assert table["SoftwareVersions"].notna().any()
    assert set(table["study_date"]) == {"2000-01-01"}
    assert (out.parent / "series.png").read_bytes().startswith(b"\x89PNG")
    assert (out.parent / "series.pdf").read_bytes().startswith(b"%PDF")
    # What the phantom leaves beside its scans is no DICOM, and no fault.
    assert list(pd.read_csv(out.parent / "errors.csv")["damaged"]) == [False]
    assert list(pd.read_csv(key)["patient_id"]) == ["P0001"]
    run("describe", practice, "--key", key)
    assert list(pd.read_csv(key)["days_shifted"]) == [0]


def test_damage_is_said_by_the_exit_status(practice: Path, tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number, file in enumerate(sorted(practice.rglob("ct/*.dcm"))[:3]):
        content = file.read_bytes()
        (folder / file.name).write_bytes(content if number else content[:-50])
    result = run("describe", folder)
    assert result.exit_code == SET_ASIDE
    assert "1 file(s) set aside" in result.output


def test_check_writes_a_page_and_tables(practice: Path, tmp_path: Path):
    out = tmp_path / "checked"
    result = run("check", practice, "--out", out)
    assert result.exit_code == 0, result.output
    assert "0 failed" in result.output
    page = (out / "page.html").read_text()
    # The series, and two lesions as SEG and as RTSTRUCT.
    assert len(re.findall(r"data:image/png;base64", page)) == 5
    flags = pd.read_csv(out / "flags.csv")
    table = pd.read_csv(out / "checks.csv")
    assert len(table) == 1
    assert {check: table[check].iloc[0] for check in flags["check"]} == dict(
        zip(flags["check"], flags["outcome"], strict=True)
    )
    assert load_rules(out / "rules.yaml") == load_rules("default")


def test_findings_are_said_by_the_exit_status(practice: Path, tmp_path: Path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump({"slices": {"min": 1000}}))
    result = run("check", practice, "--rules", rules, "--out", tmp_path / "checked")
    assert result.exit_code == FINDINGS
    assert "asked: at least 1000" in " ".join(result.output.split())
    assert "at least 1000" in (tmp_path / "checked" / "page.html").read_text()
    assert "1 failed" in result.output


def test_what_a_user_gets_wrong(practice: Path, tmp_path: Path):
    result = run("describe", practice, "--keyword", "PatientName", "--out", tmp_path / "a.csv")
    assert isinstance(result.exception, CohortError)
    assert not (tmp_path / "a.csv").exists()
    assert run("describe", practice, "--dates", "maybe").exit_code == 2
    assert "chest-ct" in str(run("check", practice, "--rules", "chest").exception)
    assert isinstance(run("check", tmp_path).exception, CohortError)


@pytest.mark.real_data
def test_lung1_from_the_command_line(real_data: Path, tmp_path: Path):
    out = tmp_path / "series.csv"
    result = run("describe", real_data / "lung1", "--out", out)
    assert result.exit_code == 0, result.output
    text = out.read_text() + (tmp_path / "errors.csv").read_text() + result.output
    some = dcmread(next((real_data / "lung1").rglob("1.dcm")), stop_before_pixels=True)
    assert str(some.PatientID) not in text
    assert str(some.StudyDate) not in text
