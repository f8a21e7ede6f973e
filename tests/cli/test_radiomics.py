"""``lesionary radiomics``, as a person types it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from lesionary.cli import features as features_command
from lesionary.cli import radiomics as radiomics_command
from lesionary.errors import LesionaryError
from lesionary.phantom import PhantomConfig, make_cohort

app = typer.Typer()
app.command()(radiomics_command.radiomics)
app.add_typer(features_command.app)

SETTINGS = """
interpolation: {spacing_mm: [2, 2, 2]}
discretisation: {bin_width: 50}
families: [morphology, statistics]
"""


def lesionary(*words: object, exits: int = 0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exits, result.output
    return result


@pytest.fixture(scope="module")
def practice(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("practice")
    make_cohort(folder, patients=2, config=PhantomConfig(size="tiny"))
    (folder / "ct.yaml").write_text(SETTINGS)
    return folder


def test_measure_then_look(practice, tmp_path):
    out = tmp_path / "r.parquet"
    words = ("radiomics", practice / "cohort.csv", "--settings", practice / "ct.yaml", "--out", out)
    lesions = len(pd.read_csv(practice / "cohort.csv"))
    said = lesionary(*words, "--workers", 0).output
    assert f"Wrote {out}: {lesions} lesions, 47 features each, in " in said
    assert pd.read_parquet(out).shape == (lesions, 48)
    assert "nothing was left to measure" in lesionary(*words).output
    with pytest.raises(LesionaryError, match="profile was names, is ibsi"):
        lesionary(*words, "--profile", "ibsi")
    info = lesionary("features", "info", out).output
    for word in (f"{lesions} (0 rows", "47 features", "bin_width", "SimpleITK", "masks"):
        assert word in info


def test_the_format_names_the_table(practice, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("radiomics", practice / "cohort.csv", "--settings", practice / "ct.yaml")
    lesionary(*words, "--format", "csv", "--workers", 0)
    assert pd.read_csv("radiomics.csv").shape[0] == len(pd.read_csv(practice / "cohort.csv"))


def test_rows_set_aside_are_said_and_exit_3(practice, tmp_path):
    table = pd.read_csv(practice / "cohort.csv")
    table.loc[0, "mask_path"] = "gone.nii.gz"
    table.to_csv(practice / "bad.csv", index=False)
    out = tmp_path / "r.csv"
    words = ("--settings", practice / "ct.yaml", "--out", out, "--workers", 0)
    said = lesionary("radiomics", practice / "bad.csv", *words, exits=3).output
    assert "Set aside 1 rows" in said
    assert "Set aside: row 2: There is no file or folder" in said
    assert len(pd.read_csv(out)) == len(table) - 1


def test_the_profile_of_pyradiomics_needs_no_settings(practice, tmp_path):
    out = tmp_path / "r.parquet"
    words = ("radiomics", practice / "cohort.csv", "--profile", "pyradiomics", "--out", out)
    assert "107 features each" in lesionary(*words, "--workers", 0).output
    assert "original_glcm_Contrast" in pd.read_parquet(out)
    with pytest.raises(LesionaryError, match="ct holds settings of Lesionary"):
        lesionary(*words, "--settings", "ct")


def test_maps_are_written_and_asked_for_by_name(practice, tmp_path):
    words = ("radiomics", practice / "cohort.csv", "--workers", 0, "--out", tmp_path / "maps")
    said = lesionary(*words, "--maps", "stat_mean, glcm_contrast_3d_mrg").output
    assert "Wrote maps of stat_mean, glcm_contrast_3d_mrg" in said
    lesions = len(pd.read_csv(practice / "cohort.csv"))
    assert len(list((tmp_path / "maps").glob("*.nii.gz"))) == 2 * lesions
    with pytest.raises(LesionaryError, match="Name a feature to map"):
        lesionary(*words, "--maps", ",")
    with pytest.raises(LesionaryError, match="leave --profile ibsi out"):
        lesionary(*words, "--maps", "stat_mean", "--profile", "ibsi")


def test_help_has_examples():
    assert "lesionary radiomics cohort.csv " in lesionary("radiomics", "--help").output
