"""Harmonisers in files, and tables through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from scipy.stats import ks_2samp
from typer.testing import CliRunner

from lesionary.adapt.harmonise import (
    Centring,
    ComBat,
    MComBat,
    NestedComBat,
    load_harmoniser,
    save_harmoniser,
)
from lesionary.adapt.harmonise.table import harmonise_table
from lesionary.adapt.saving.origin import features_origin, same_origin
from lesionary.cli.harmonise import harmonise
from lesionary.encode.features import read_features, write_with_provenance
from lesionary.errors import LesionaryError, ModelError


@pytest.mark.parametrize(
    "harmoniser",
    [
        ComBat(outcome="died"),
        ComBat(parametric=False, reference_batch="A", outcome="died"),
        MComBat("B", outcome="died"),
        Centring(outcome="died"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_read_does_what_was_written(made, tmp_path, harmoniser):
    fitted = harmoniser.fit(made.features, made.batch, made.covariates)
    read = load_harmoniser(save_harmoniser(fitted, tmp_path / "harmoniser.json"))
    assert type(read) is type(fitted)
    assert read.get_params() == fitted.get_params()
    pd.testing.assert_frame_equal(
        read.transform(made.features, made.batch, made.covariates),
        fitted.transform(made.features, made.batch, made.covariates),
        check_exact=True,
    )


def test_nested_is_read_as_it_was_written(made, tmp_path):
    effects = pd.DataFrame({"scanner": made.batch, "sex": made.covariates["sex"]})
    fitted = NestedComBat().fit(made.features, effects)
    read = load_harmoniser(save_harmoniser(fitted, tmp_path / "h.json"))
    assert list(read.steps_) == list(fitted.steps_)
    pd.testing.assert_frame_equal(
        read.transform(made.features, effects), fitted.transform(made.features, effects)
    )


def test_unchanged_features_stay_so_in_a_file(made, tmp_path):
    values = made.features.assign(constant=3.0)
    with pytest.warns(UserWarning, match="cannot be harmonised"):
        fitted = ComBat().fit(values, made.batch)
    read = load_harmoniser(save_harmoniser(fitted, tmp_path / "h.json"))
    assert (read.transform(values, made.batch)["constant"] == 3.0).all()


def test_some_features_are_kept_as_they_were_learnt(made):
    fitted = ComBat().fit(made.features, made.batch)
    found = fitted.keep(["f5", "f2"]).transform(made.features, made.batch)
    pd.testing.assert_frame_equal(found, fitted.transform(made.features, made.batch)[["f5", "f2"]])
    with pytest.raises(ModelError, match="no feature 'f77'"):
        fitted.keep(["f77"])


def test_no_patient_is_in_the_file(made, tmp_path):
    path = save_harmoniser(ComBat().fit(made.features, made.batch), tmp_path / "h.json")
    assert "lesion" not in path.read_text().replace('"lesionary"', "")


@pytest.mark.parametrize("harm", ["text", "cut", "shape", "format", "absent"])
def test_a_damaged_file_is_refused(made, tmp_path, harm):
    path = save_harmoniser(ComBat().fit(made.features, made.batch), tmp_path / "h.json")
    about = json.loads(path.read_text())
    if harm == "text":
        path.write_text("no json")
    elif harm == "cut":
        del about["variance"]
    elif harm == "shape":
        about["mean"] = about["mean"][1:]
    elif harm == "format":
        about["format"] = 99
    if harm != "text":
        path.write_text(json.dumps(about))
    if harm == "absent":
        path.unlink()
    with pytest.raises(ModelError, match=r"harmoniser|format"):
        load_harmoniser(path)


@pytest.fixture
def tables(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.chdir(tmp_path)
    made.features.rename_axis("lesion_id").reset_index().to_csv("features.csv", index=False)
    lesions = made.covariates.assign(scanner=made.batch).rename_axis("lesion_id").reset_index()
    lesions["kernel"] = np.where(np.arange(90) % 2, "soft", "sharp")
    lesions["split"] = np.where(np.arange(90) % 3 == 0, "test", "train")
    lesions.to_csv("cohort.csv", index=False)
    return lesions


def run(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(harmonise)
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, LesionaryError):
        raise result.exception
    return result.exit_code, result.output


RUN = ("features.csv", "--table", "cohort.csv", "--batch", "scanner", "--out", "out/h.csv")


def test_parameters_are_learnt_on_train_and_applied_to_all(made, tables):
    code, told = run(*RUN, "--covariates", "age")
    assert code == 0
    assert "90 lesions, 12 features" in told
    train = (tables["split"] == "train").to_numpy()
    fitted = ComBat(outcome="died").fit(
        made.features[train], made.batch[train], made.covariates.loc[train, ["age"]]
    )
    wanted = fitted.transform(made.features, made.batch, made.covariates[["age"]])
    found = pd.read_csv("out/h.csv", index_col="lesion_id")
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    code, _ = run(
        *RUN[:-1], "again.csv", "--covariates", "age", "--parameters", "out/harmoniser.json"
    )
    assert code == 0
    pd.testing.assert_frame_equal(pd.read_csv("again.csv", index_col="lesion_id"), found)


def test_lesions_that_cannot_be_harmonised_are_set_aside(made, tables):
    tables.loc[0, "scanner"] = np.nan
    tables.loc[1, "split"] = "test"
    tables.loc[1, "scanner"] = "D"
    tables.to_csv("cohort.csv", index=False)
    code, _ = run(*RUN)
    assert code == 3
    errors = pd.read_csv("out/errors.csv").set_index("lesion_id")["reason"]
    assert errors["lesion0"] == "The lesion table lacks its scanner."
    assert "'D' was not in training, or too small there, and has 1 lesions" in errors["lesion1"]
    assert len(pd.read_csv("out/h.csv")) == 88


def test_a_lesion_alone_with_its_scanner_does_not_stop_the_others(made, tables):
    tables.loc[1, "scanner"] = "rare"  # in train
    tables.to_csv("cohort.csv", index=False)
    code, told = run(*RUN)
    assert code == 3
    assert pd.read_csv("out/errors.csv")["lesion_id"].tolist() == ["lesion1"]
    train = (tables["split"] == "train").to_numpy() & (tables["scanner"] != "rare").to_numpy()
    fitted = ComBat().fit(made.features[train], made.batch[train])
    rest = np.arange(90) != 1
    wanted = fitted.transform(made.features[rest], made.batch[rest])
    found = pd.read_csv("out/h.csv", index_col="lesion_id")
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    assert "Other effects than scanner stay" in told


def test_the_estimate_of_a_new_scanner_is_written_for_those_who_come_later(tables):
    assert run(*RUN)[0] == 0
    tables["scanner"] = np.where(tables["scanner"] == "C", "D", tables["scanner"])
    tables.to_csv("cohort.csv", index=False)
    apply = [*RUN[:-1], "out/later.csv", "--parameters"]
    code, told = run(*apply, "out/harmoniser.json")
    assert code == 0
    assert "estimated from the lesions given here: scanner D." in told
    assert load_harmoniser("out/harmoniser.json").batches_ == ["A", "B", "C"]
    assert load_harmoniser("out/harmoniser-extended.json").batches_ == ["A", "B", "C", "D"]
    first = pd.read_csv("out/later.csv", index_col="lesion_id")
    tables[tables["scanner"] == "D"][:1].to_csv("cohort.csv", index=False)  # too few to estimate
    code, told = run(*apply, "out/harmoniser-extended.json")
    assert code == 0
    assert "estimated from" not in told
    one = pd.read_csv("out/later.csv", index_col="lesion_id")
    pd.testing.assert_frame_equal(one, first.loc[one.index])


def test_it_tells_how_many_features_differ_before_and_after(made, tables):
    found = harmonise_table("features.csv", "cohort.csv", ComBat(), batch=["scanner"]).different
    assert found["rows"].tolist() == ["train", "other"]
    assert found["lesions"].tolist() == [60, 30]
    other = (tables["split"] == "test").to_numpy()
    p_values = [
        min(
            ks_2samp(
                *(made.features.loc[other & (made.batch == one).to_numpy(), name] for one in pair),
                method="asymp",
            ).pvalue
            for pair in ("AB", "AC", "BC")
        )
        for name in made.features
    ]
    assert found["before"][1] == sum(3 * p < 0.05 for p in p_values)
    assert found["after"].max() < found["before"].min()


def test_patients_without_an_outcome_are_harmonised_later(tables):
    tables.assign(died=0).to_csv("cohort.csv", index=False)
    assert run(*RUN, "--outcome", "died")[0] == 0
    tables.to_csv("cohort.csv", index=False)
    assert run(*RUN, "--parameters", "out/harmoniser.json")[0] == 0


@pytest.mark.parametrize("method", ["nested", "m-combat", "centring"])
def test_every_method_runs(tables, method):
    words = list(RUN)
    if method == "nested":
        words[words.index("scanner")] = "scanner,kernel"
    if method == "m-combat":
        words += ["--reference", "A"]
    assert run(*words, "--method", method)[0] == 0
    assert json.loads(Path("out/harmoniser.json").read_text())["kind"] == method


def test_wrong_words_are_refused(tables):
    with pytest.raises(ModelError, match=r"no column 'scaner' \(did you mean 'scanner'"):
        run("features.csv", "--table", "cohort.csv", "--batch", "scaner")
    with pytest.raises(ModelError, match="one effect is removed at a time"):
        run("features.csv", "--table", "cohort.csv", "--batch", "scanner,kernel")
    with pytest.raises(ModelError, match="needs --reference"):
        run(*RUN, "--method", "m-combat")
    with pytest.raises(ModelError, match="'age' is an outcome"):
        run(*RUN, "--covariates", "age", "--outcome", "age")
    with pytest.raises(ModelError, match="are of ComBat"):
        run(*RUN, "--method", "centring", "--mean-only")
    with pytest.raises(ModelError, match=r"no column 'sexx' \(did you mean 'sex'"):
        run(*RUN, "--outcome", "sexx")
    with pytest.raises(ModelError, match="--mean-only are for learning"):
        run(*RUN, "--parameters", "h.json", "--mean-only")
    with pytest.raises(ModelError, match="neither"):
        run(*RUN[:-1], "table.txt")


def test_a_table_says_that_it_was_harmonised(made, tables):
    made_by = {"encoders": [{"name": "f", "dimension": 12}], "precropped": False}
    about = {**made_by, "column_style": "lesionary", "inputs": {"sha256": "0"}, "lesions": 90}
    raw = made.features.rename_axis("lesion_id").reset_index()
    write_with_provenance(raw, Path("raw.parquet"), about)
    known = tables["scanner"] != "C"
    tables[known].to_csv("known.csv", index=False)
    words = ("raw.parquet", "--batch", "scanner", "--out")
    assert run(*words, "h.parquet", "--table", "known.csv")[0] == 0
    parameters = ("--parameters", "harmoniser.json")
    assert run(*words, "later.parquet", "--table", "cohort.csv", *parameters)[0] == 0

    harmonised, later = read_features("h.parquet"), read_features("later.parquet")
    one = harmonised.attrs["provenance"]["encoders"][0]
    assert one["harmonised"]["method"] == "combat"
    assert harmonised.attrs["provenance"]["lesions"] == 70
    # A scanner that came later changes nothing of what a model was fitted to.
    same_origin(features_origin(harmonised), later)
    with pytest.raises(ModelError, match="harmonised"):
        same_origin(features_origin(harmonised), read_features("raw.parquet"))


def test_a_table_does_not_take_over_what_another_was_made_by(tables):
    Path("out").mkdir()
    Path("out/h.provenance.json").write_text("{}")
    assert run(*RUN)[0] == 0
    assert not Path("out/h.provenance.json").exists()
