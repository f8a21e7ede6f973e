"""``lesionary extract`` and ``lesionary features``, as a person types them."""

from __future__ import annotations

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from lesionary.cli import extract as extract_command
from lesionary.cli import features as features_command
from lesionary.encode import extract, feature_columns, read_features
from lesionary.errors import LesionaryError

app = typer.Typer()
app.command()(extract_command.extract)
app.add_typer(features_command.app)


def lesionary(*words: object, exits: int = 0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exits, result.output
    return result


def test_extract_then_look(cohort_csv, tmp_path):
    out = tmp_path / "f.parquet"
    words = ("extract", cohort_csv, "--encoder", "phantom_tiny", "--out", out, "--workers", 0)
    result = lesionary(*words)
    assert f"Wrote {out}: 11 lesions, 128 features each (phantom_tiny), in " in result.output
    assert "lesions/s" in result.output
    assert len(read_features(out)) == 11
    assert "nothing was left to compute" in lesionary(*words).output
    with pytest.raises(LesionaryError, match="made otherwise: precision was fp32, is bf16"):
        lesionary(*words, "--precision", "bf16")

    info = lesionary("features", "info", out).output
    for expected in (
        "11 (0 rows set aside)",
        "phantom_tiny",
        "fp32",
        "torch",
        "4 scans",
        "weights",
    ):
        assert expected in info
    for name in ("map.html", "map.png"):
        words = ("--table", cohort_csv, "--color", "label", "--out", tmp_path / name)
        assert "11 lesions" in lesionary("features", "plot", out, *words).output
    assert "<title>Feature map</title>" in (tmp_path / "map.html").read_text()
    for words in (("--color", "label"), ("--out", "map.svg")):
        with pytest.raises(LesionaryError, match=r"no column 'label'|neither in"):
            lesionary("features", "plot", out, *words)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="lesion_id"), "has no column 'lesion_id'"),
        (lambda table: pd.concat([table, table]), "more than one row of lesion"),
        (lambda table: table.assign(lesion_id="x").head(1), "none of the lesions"),
        (lambda table: table.rename(columns={"label": "labels"}), "did you mean 'labels'"),
    ],
)
def test_a_table_that_does_not_fit_the_features_is_said(
    cohort_csv, tiny, tmp_path, change, message
):
    extract(cohort_csv, tiny(), out=tmp_path / "f.parquet", workers=0)
    change(pd.read_csv(cohort_csv)).to_csv(tmp_path / "other.csv", index=False)
    words = ("--table", tmp_path / "other.csv", "--color", "label", "--out", tmp_path / "m.png")
    with pytest.raises(LesionaryError, match=message):
        lesionary("features", "plot", tmp_path / "f.parquet", *words)


def test_only_features_are_drawn_of_a_table_as_published(cohort_csv, tiny, tmp_path, monkeypatch):
    out = tmp_path / "f.csv"
    pd.read_csv(cohort_csv).drop(columns="lesion_id").to_csv(tmp_path / "plain.csv", index=False)
    extract(tmp_path / "plain.csv", tiny(), out=out, column_style="pred", workers=0)
    drawn = []
    monkeypatch.setattr(
        "lesionary.encode.projection.feature_columns",
        lambda table: drawn.extend(feature_columns(table)) or feature_columns(table),
    )
    lesionary("features", "plot", out, "--color", "label", "--out", tmp_path / "m.png")
    assert drawn == [f"pred_{i}" for i in range(6)]


def test_rows_set_aside_are_said_and_exit_3(cohort_csv, tmp_path):
    table = pd.read_csv(cohort_csv)
    table.loc[2, "image_path"] = "gone.nii.gz"
    table.to_csv(tmp_path / "bad.csv", index=False)
    out = tmp_path / "out" / "f.csv"
    words = ("--encoder", "phantom_tiny", "--out", out, "--column-style", "pred", "--workers", 0)
    result = lesionary("extract", tmp_path / "bad.csv", *words, exits=3)
    assert "Set aside 1 row;" in result.output
    assert "row 4: There is no file or folder" in result.output
    assert pd.read_csv(out.parent / "errors.csv")["row"].tolist() == [4]
    written = pd.read_csv(out)
    assert written.columns.tolist() == [*table.columns, *(f"pred_{i}" for i in range(128))]
    assert len(written) == 10


def test_a_lesion_that_is_there_twice_was_not_finished_earlier(cohort_csv, tmp_path):
    table = pd.read_csv(cohort_csv)
    pd.concat([table, table.head(1)]).to_csv(tmp_path / "twice.csv", index=False)
    words = ("--encoder", "phantom_tiny", "--out", tmp_path / "f.parquet", "--workers", 0)
    result = lesionary("extract", tmp_path / "twice.csv", *words, exits=3)
    assert "11 lesions" in result.output
    assert "earlier run" not in result.output


def test_the_format_and_the_name_of_the_table_agree(cohort_csv, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("extract", cohort_csv, "--encoder", "phantom_tiny", "--workers", 0, "--format", "csv")
    assert "Wrote features.csv" in lesionary(*words, "--column-style", "pred").output
    assert len(pd.read_csv("features.csv")) == 11
    with pytest.raises(LesionaryError, match=r"call it f\.csv"):
        lesionary(*words, "--out", "f.parquet")


def test_lesions_without_a_name_are_noted(cohort_csv, tmp_path):
    pd.read_csv(cohort_csv).drop(columns="lesion_id").to_csv(tmp_path / "plain.csv", index=False)
    words = ("--encoder", "phantom_tiny", "--out", tmp_path / "f.parquet", "--workers", 0)
    result = lesionary("extract", tmp_path / "plain.csv", *words)
    assert "no column 'lesion_id': lesions are called by their row" in result.output


def test_what_has_no_provenance_is_said(tmp_path):
    pd.DataFrame({"lesion_id": ["a"]}).to_csv(tmp_path / "f.csv", index=False)
    with pytest.raises(LesionaryError, match="does not say how it was made"):
        lesionary("features", "info", tmp_path / "f.csv")


def test_weights_by_name():
    weights = extract_command._weights
    assert weights([], ["a"]) is None
    assert weights(["w.pt"], ["a"]) == "w.pt"
    assert weights(["a=w.pt", "b=v.pt"], ["a", "b"]) == {"a": "w.pt", "b": "v.pt"}
    with pytest.raises(LesionaryError, match="NAME=FILE"):
        weights(["w.pt", "b=v.pt"], ["a", "b"])


def test_help_has_examples():
    for words in (("extract",), ("features", "info"), ("features", "plot")):
        assert f"lesionary {' '.join(words)} " in lesionary(*words, "--help").output
