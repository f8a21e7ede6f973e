"""``lesionary fit`` and ``lesionary predict``: from tables to a folder, and to predictions."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from lesionary.cli.fit import fit
from lesionary.cli.predict import predict
from lesionary.errors import ModelError
from lesionary.evaluate.metrics.judge import judge

N = 120


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """features.csv and cohort.csv of 120 lesions of 60 patients, in the current folder."""
    rng = np.random.default_rng(1)
    malignant = rng.integers(0, 2, N)
    names = [f"{i:03d}" for i in range(N)]
    features = pd.DataFrame(rng.normal(size=(N, 8)), columns=[f"x_{i}" for i in range(8)])
    features["x_0"] += 2 * malignant
    features.insert(0, "lesion_id", names)
    cohort = pd.DataFrame(
        {
            "lesion_id": names,
            "patient_id": [f"p{i // 2}" for i in range(N)],
            "split": np.repeat(["train", "tune", "test"], 40),
            "malignant": malignant,
        }
    )
    monkeypatch.chdir(tmp_path)
    features.to_csv("features.csv", index=False)
    cohort.to_csv("cohort.csv", index=False)
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(fit)
    app.command()(predict)
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, ModelError):
        raise result.exception
    return result.exit_code, result.output


FIT = ("fit", "features.csv", "--table", "cohort.csv", "--label", "malignant")


def test_a_model_and_predictions_of_every_split_are_written(tables: Path):
    code, told = run(*FIT)
    assert code == 0, told
    predictions = pd.read_csv("model/predictions.csv", dtype={"lesion_id": str})
    assert list(predictions) == [
        *("lesion_id", "patient_id", "split", "target", "model"),
        *("score_0", "score_1"),
    ]
    assert predictions["split"].value_counts().to_dict() == {"train": 40, "tune": 40, "test": 40}
    tune = predictions[predictions["split"] == "tune"]
    result = judge("auc", tune["target"], tune["score_1"], tune["patient_id"])
    assert f"tune {result}".splitlines()[0] in told
    assert "Wrote model/model.zip and model/predictions.csv: 120 lesions" in told
    assert not Path("model/errors.csv").exists()
    with zipfile.ZipFile("model/model.zip") as archive:
        about = json.loads(archive.read("model.json"))
    assert about["label"] == "malignant"
    assert about["score"]["value"] == pytest.approx(result.value)
    assert about["train"]["patients"] == 20


def test_predictions_of_the_saved_model_are_those_of_the_fit(tables: Path):
    run(*FIT)
    code, told = run("predict", "model", "features.csv", "--table", "cohort.csv", "--out", "p.csv")
    assert code == 0, told
    assert "Wrote p.csv: 120 lesions." in told
    fitted = pd.read_csv("model/predictions.csv").drop(columns="model")
    pd.testing.assert_frame_equal(pd.read_csv("p.csv")[list(fitted)], fitted, rtol=1e-12)


def test_without_a_tune_split_scores_are_out_of_fold(tables: Path):
    cohort = pd.read_csv("cohort.csv", dtype={"lesion_id": str}).replace(
        {"split": {"tune": "train"}}
    )
    cohort.to_csv("cohort.csv", index=False)
    code, told = run(*FIT, "--folds", "3")
    assert code == 0, told
    assert "nested cross-validation, 3 folds by patient" in told
    assert "out-of-fold AUC 0." in told
    predictions = pd.read_csv("model/predictions.csv")
    assert predictions["split"].value_counts().to_dict() == {"out-of-fold": 80, "test": 40}


def test_what_is_set_aside_is_listed_and_the_status_is_3(tables: Path):
    features = pd.read_csv("features.csv", dtype={"lesion_id": str}).drop(index=7)
    features.to_csv("features.csv", index=False)
    code, told = run(*FIT)
    assert code == 3
    assert "Set aside 1 lesions; model/errors.csv says why." in told
    errors = pd.read_csv("model/errors.csv", dtype=str)
    assert errors.to_numpy().tolist() == [["007", "The lesion has no features."]]
    features["x_1"] = features["x_1"].astype(object)
    features.loc[3, "x_1"] = "inf"
    features.to_csv("features.csv", index=False)
    code, told = run("predict", "model", "features.csv", "--out", "out/p.csv")
    assert code == 3
    assert len(pd.read_csv("out/errors.csv")) == 1


def test_a_model_is_not_replaced_unasked(tables: Path):
    run(*FIT)
    with pytest.raises(ModelError, match="--overwrite"):
        run(*FIT)
    assert run(*FIT, "--overwrite", "--class-weights", "0=1,1=3")[0] == 0


def test_mistakes_are_told(tables: Path):
    with pytest.raises(ModelError, match="did you mean 'knn'"):
        run(*FIT, "--model", "kn")
    with pytest.raises(ModelError, match="0=1,1=3"):
        run(*FIT, "--class-weights", "0=x")
    cohort = pd.read_csv("cohort.csv", dtype={"lesion_id": str})
    cohort.loc[40:43, "patient_id"] = "p0"
    cohort.to_csv("cohort.csv", index=False)
    with pytest.raises(ModelError, match="1 patients have lesions both in train and in tune"):
        run(*FIT)


def test_the_same_seed_gives_the_same_files(tables: Path):
    run(*FIT, "--model", "svm", "--trials", "2", "--seed", "3", "--out", "one")
    run(*FIT, "--model", "svm", "--trials", "2", "--seed", "3", "--out", "two")
    assert Path("one/predictions.csv").read_bytes() == Path("two/predictions.csv").read_bytes()
