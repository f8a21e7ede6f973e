"""``lesionary evaluate``, as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

from lesionary.cli.evaluate import evaluate
from lesionary.errors import EvaluationError

APP = typer.Typer(rich_markup_mode="rich")
APP.command()(evaluate)


def lesionary_evaluate(*words: object) -> Result:
    result = CliRunner().invoke(APP, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """Two models, 160 lesions of 80 patients, and the cohort that they are of."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 160)
    lesions = pd.DataFrame({"lesion_id": [f"{i:03d}" for i in range(160)]})
    tables = []
    for model, good in (("ours", 2.5), ("theirs", 0.8)):
        score = (1 / (1 + np.exp(-(y - 0.5) * good - rng.normal(size=160)))).round(4)
        table = lesions.assign(model=model, split=np.where(np.arange(160) < 60, "tune", "test"))
        tables.append(table.assign(target=y, score_0=1 - score, score_1=score))
    pd.concat(tables).to_csv(tmp_path / "predictions.csv", index=False)
    cohort = lesions.assign(
        patient_id=[f"p{i // 2}" for i in range(160)],
        sex=rng.choice(["f", "m"], 160),
        age=rng.integers(30, 90, 160),
    )
    cohort.to_csv(tmp_path / "cohort.csv", index=False)
    return tmp_path / "predictions.csv"


def test_models_with_subgroups(predictions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = lesionary_evaluate(
        predictions, "--by", "model", "--table", tmp_path / "cohort.csv", "--subgroups", "sex,age",
        "--edges", "age=50,65", "--metric", "auc,f1", "--resamples", 60, "--out", out,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    for words in (
        "split test, 95 % CI",
        "Youden",
        "ours - theirs",
        "age: 50 to 65",
        "Wrote results",
    ):
        assert words in result.output
    told = json.loads((out / "results.json").read_text())
    assert told["file"] == "predictions.csv"
    assert str(tmp_path) not in json.dumps(told)
    auc = told["results"][0]["result"]
    assert (auc["n"], auc["patients"], auc["metric"]) == (100, 50, "AUC")
    table = pd.read_csv(out / "subgroups.csv")
    assert table.groupby(["model", "column"])["n"].sum().eq(100).all()
    assert pd.read_csv(out / "comparisons.csv")["metric"].tolist() == ["AUC", "F1"]
    drawn = {path.stem for path in out.glob("*.png")}
    assert drawn == {path.stem for path in out.glob("*.pdf")}
    assert drawn == {
        "roc", "precision_recall", "calibration", "decision_curve", "p_values_auc", "p_values_f1",
        "subgroups_ours", "subgroups_theirs",
    }  # fmt: skip


def test_a_file_a_model(predictions: Path, tmp_path: Path) -> None:
    files = []
    for model, rows in pd.read_csv(predictions, dtype={"lesion_id": str}).groupby("model"):
        files.append(tmp_path / str(model) / "predictions.csv")
        files[-1].parent.mkdir()
        rows.assign(model="linear").to_csv(files[-1], index=False)
    quick = ("--no-figures", "--resamples", 20)
    apart = lesionary_evaluate(*files, *quick, "--out", tmp_path / "apart")
    assert apart.exit_code == 0, apart.output
    told = json.loads((tmp_path / "apart" / "results.json").read_text())
    assert list(told["files"]) == ["ours", "theirs"]
    assert str(tmp_path) not in json.dumps(told)
    lesionary_evaluate(predictions, "--by", "model", *quick, "--out", tmp_path / "together")
    for name in ("results.csv", "comparisons.csv"):
        one, other = (pd.read_csv(tmp_path / each / name) for each in ("apart", "together"))
        pd.testing.assert_frame_equal(one, other)


def test_the_same_file_twice_is_refused(predictions: Path) -> None:
    with pytest.raises(EvaluationError, match="given twice"):
        lesionary_evaluate(predictions, predictions)


def test_rows_set_aside_and_patients_in_two_splits(predictions: Path, tmp_path: Path) -> None:
    table = pd.read_csv(predictions, dtype={"lesion_id": str})
    table.loc[100, "score_1"] = np.nan
    table.to_csv(predictions, index=False)
    out = ("--no-figures", "--resamples", 20, "--out", tmp_path / "out")
    result = lesionary_evaluate(predictions, "--by", "model", *out)
    assert result.exit_code == 3
    assert "1 rows were set aside: score is missing" in result.output
    errors = pd.read_csv(tmp_path / "out" / "errors.csv", dtype=str)
    assert errors[["row", "lesion_id", "model"]].to_numpy().tolist() == [["102", "100", "ours"]]
    cohort = pd.read_csv(tmp_path / "cohort.csv", dtype=str)
    cohort.loc[80, "patient_id"] = "p1"
    cohort.to_csv(tmp_path / "cohort.csv", index=False)
    result = lesionary_evaluate(
        predictions, "--by", "model", "--table", tmp_path / "cohort.csv", *out
    )
    assert result.exit_code == 1
    assert "Warning: 1 patients are in more than one split, such as p1" in result.output


def test_several_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = np.array(["bone", "liver", "lung"])
    y = rng.integers(0, 3, 90)
    score = np.eye(3)[y] + rng.random((90, 3))
    table = pd.DataFrame(score / score.sum(axis=1)[:, None], columns=[f"score_{n}" for n in names])
    table.insert(0, "lesion_id", [f"l{i}" for i in range(90)])
    table.assign(target=names[y]).to_parquet(tmp_path / "probe.parquet")
    result = lesionary_evaluate(
        tmp_path / "probe.parquet", "--resamples", 30, "--out", tmp_path / "out"
    )
    assert result.exit_code == 0
    assert "the class of the highest score" in result.output
    results = pd.read_csv(tmp_path / "out" / "results.csv", keep_default_na=False)
    assert set(results.loc[results["metric"] == "auc", "class"]) == {"", *names}


def test_survival(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hazard = rng.normal(size=80)
    known = pd.DataFrame({"lesion_id": [f"l{i}" for i in range(80)], "sex": ["f", "m"] * 40})
    known["time"], known["event"] = 365 * rng.exponential(np.exp(-hazard)), 1
    known.loc[0, "time"] = -1
    table = pd.concat(
        [
            known.assign(model="ours", score_risk=hazard),
            known.assign(model="theirs", score_risk=hazard + 3 * rng.normal(size=80)),
        ]
    )
    table.to_csv(tmp_path / "s.csv", index=False)
    out = tmp_path / "out"
    result = lesionary_evaluate(
        tmp_path / "s.csv", "--by", "model", "--times", "200,400", "--subgroups", "sex",
        "--resamples", 60, "--out", out,
    )  # fmt: skip
    assert result.exit_code == 3
    for words in ("no time above 0 (2)", "C-index", "AUC at 200", "ours - theirs", "sex: f"):
        assert words in result.output
    compared = pd.read_csv(out / "comparisons.csv")
    assert compared["metric"].tolist() == ["C-index (Harrell)"]
    assert compared["p"][0] < 0.05
    metrics = pd.read_csv(out / "results.csv")["metric"]
    assert {"auc_at_200", "auc_at_400", "mean_auc", "c_index_uno"} < set(metrics)
    assert pd.read_csv(out / "subgroups.csv")["n"].tolist() == [39, 40, 39, 40]
    assert {path.stem for path in out.glob("*.png")} == {
        "kaplan_meier_ours", "kaplan_meier_theirs", "hazard_ratios", "p_values_c_index",
        "subgroups_ours", "subgroups_theirs",
    }  # fmt: skip


def test_what_cannot_run(predictions: Path, tmp_path: Path) -> None:
    for words, message in (
        (("--by", "net"), "no column 'net'"),
        (("--by", "model", "--edges", "age:50"), "Edges are a column and its numbers"),
        (("--by", "model", "--threshold", "best"), "threshold is a number"),
        (("--by", "model", "--times", "a year"), "Times are numbers"),
        ((), "which column tells them apart"),
    ):
        with pytest.raises(EvaluationError, match=message):
            lesionary_evaluate(predictions, *words, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_help_has_examples_and_loads_no_pandas() -> None:
    assert "lesionary evaluate predictions.csv --by model" in lesionary_evaluate("--help").output
    code = "import sys, lesionary.cli.evaluate; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.real_data
def test_published_table_of_head_cts(real_data: Path, tmp_path: Path) -> None:
    table = real_data / "tables" / "ctfm_predictions" / "CQ500_combined_predictions.csv"
    models = ["ct_fm_100pct", "baseline_100pct", "suprem_unetencoder_100pct"]
    result = lesionary_evaluate(
        table, "--target", "label", "--scores", ",".join(models), "--out", tmp_path, "--no-figures"
    )
    assert result.exit_code == 0
    results = pd.read_csv(tmp_path / "results.csv").set_index(["metric", "model"])["value"]
    assert results["auc"][models].round(3).tolist() == [0.794, 0.767, 0.793]
    assert results["f1"][models].round(3).tolist() == [0.754, 0.728, 0.745]
    assert "0.754–0.834" in result.output


def test_many_models_print_the_smallest_p_and_write_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    table = pd.DataFrame({"lesion_id": [f"l{i}" for i in range(60)], "target": y})
    names = [f"m{number}" for number in range(6)]
    for name in names[:-1]:
        table[name] = y + rng.normal(size=60)
    table["m5"] = table["m4"]  # the same model twice: a difference without an interval
    table.to_csv(tmp_path / "w.csv", index=False)
    words = ("--scores", ",".join(names), "--resamples", 50, "--no-figures", "--out", tmp_path)
    result = lesionary_evaluate(tmp_path / "w.csv", *words)
    assert result.exit_code == 0
    assert "comparisons.csv has 5 more" in " ".join(result.output.split())
    assert "no corrected p can be below" in result.output
    assert len(pd.read_csv(tmp_path / "comparisons.csv")) == 15
