"""``lesionary fit-survival``: from two tables to a model, and what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lesionary.cli import app
from lesionary.errors import ModelError


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(120, 3)), columns=["f_0", "f_1", "f_2"])
    names = [f"l{number}" for number in range(120)]
    time = rng.exponential(np.exp(-features["f_0"])) * 100 + 1
    pd.concat([pd.Series(names, name="lesion_id"), features], axis=1).to_csv(
        tmp_path / "features.csv", index=False
    )
    pd.DataFrame(
        {
            "lesion_id": names,
            "patient_id": names,
            "split": ["train"] * 70 + ["tune"] * 20 + ["test"] * 30,
            "time": time,
            "event": rng.integers(0, 2, 120),
            "age": rng.normal(60, 8, 120),
        }
    ).to_csv(tmp_path / "cohort.csv", index=False)
    return tmp_path


def run(folder: Path, *more: str) -> tuple[int, str]:
    words = ["fit-survival", str(folder / "features.csv"), "--table", str(folder / "cohort.csv")]
    done = CliRunner().invoke(app, [*words, "--out", str(folder / "model"), *more])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_a_model_and_its_risks_are_written_and_can_be_applied_again(tables):
    status, told = run(tables, "--model", "cox", "--columns", "f_*", "--clinical", "age")
    assert status == 0
    assert "tune C-index" in told
    written = pd.read_csv(tables / "model" / "predictions.csv")
    assert len(written) == 120
    test = written[written["split"] == "test"]
    assert np.corrcoef(test["score_risk"], -np.log(test["time"]))[0, 1] > 0.4


def test_features_alone_are_applied_by_predict(tables):
    assert run(tables, "--model", "cox")[0] == 0
    out = tables / "again.csv"
    words = ["predict", str(tables / "model"), str(tables / "features.csv"), "--out", str(out)]
    assert CliRunner().invoke(app, words).exit_code == 0
    first, again = pd.read_csv(tables / "model" / "predictions.csv"), pd.read_csv(out)
    np.testing.assert_allclose(again["score_risk"], first["score_risk"], rtol=1e-12)


def test_lesions_without_follow_up_are_set_aside_and_predicted(tables):
    cohort = pd.read_csv(tables / "cohort.csv")
    cohort.loc[[0, 80], "time"] = [np.nan, 0.0]
    cohort.loc[100, "event"] = 2
    cohort.to_csv(tables / "cohort.csv", index=False)
    status, told = run(tables)
    assert status == 3
    assert "Set aside 3 lesions" in told
    errors = pd.read_csv(tables / "model" / "errors.csv")
    assert errors["lesion_id"].tolist() == ["l0", "l80", "l100"]
    written = pd.read_csv(tables / "model" / "predictions.csv")
    assert written["score_risk"].notna().all()
    assert len(written) == 120


def test_a_column_that_is_not_there_is_named(tables):
    with pytest.raises(ModelError, match="did you mean 'time'"):
        run(tables, "--time", "tiem")
