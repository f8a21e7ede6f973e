"""The one door: splits, models by name, and saving."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lesionary.adapt.saving import kinds, load_model, save_model
from lesionary.adapt.survival import (
    SURVIVAL_MODELS,
    CoxModel,
    RandomSurvivalForest,
    StackedCox,
    fit_cox,
    fit_elastic_net_cox,
    fit_survival,
    run_survival_fit,
    stack_indices,
)
from lesionary.errors import ModelError

COLUMNS = ["x0", "x1", "x2"]


@pytest.fixture(autouse=True)
def known_kinds(monkeypatch) -> None:
    for kind, module in (
        (CoxModel, "cox"),
        (StackedCox, "stacking"),
        (RandomSurvivalForest, "forest"),
    ):
        place = (f"lesionary.adapt.survival.{module}", kind.__name__)
        monkeypatch.setitem(kinds.KINDS, kind.kind, place)


@pytest.fixture
def split(made: pd.DataFrame) -> pd.DataFrame:
    return made.assign(split=["train"] * 120 + ["tune"] * 40 + ["test"] * 40)


def test_only_training_rows_are_fitted(split: pd.DataFrame) -> None:
    found = fit_survival(split, COLUMNS)
    pd.testing.assert_frame_equal(found.summary(), fit_cox(split.iloc[:120], COLUMNS).summary())
    ruined = split.copy()
    ruined.loc[120:, COLUMNS] = 1e6
    pd.testing.assert_frame_equal(fit_survival(ruined, COLUMNS).summary(), found.summary())


def test_the_elastic_net_is_tuned_on_tune(split: pd.DataFrame) -> None:
    found = fit_survival(split, COLUMNS, model="cox_elastic_net", l1_ratio=1)
    direct = fit_elastic_net_cox(split.iloc[:120], COLUMNS, l1_ratio=1, tune=split.iloc[120:160])
    assert found.penalty == direct.penalty
    ruined = split.copy()
    ruined.loc[160:, [*COLUMNS, "time"]] = 1e6
    again = fit_survival(ruined, COLUMNS, model="cox_elastic_net", l1_ratio=1)
    pd.testing.assert_series_equal(again.coefficients, found.coefficients)


def test_a_patient_in_two_splits_is_refused(split: pd.DataFrame) -> None:
    leaking = split.assign(patient_id=np.arange(200) % 150)
    with pytest.raises(ModelError, match="50 patients have rows in more than one split"):
        fit_survival(leaking, COLUMNS)
    with pytest.raises(ModelError, match="No row has the split 'train'"):
        fit_survival(split.assign(split="test"), COLUMNS)


def test_tune_rows_without_events_are_told(split: pd.DataFrame) -> None:
    split.loc[120:159, "event"] = 0
    with pytest.raises(ModelError, match=r"on the tune rows\. All 40 rows are censored"):
        fit_survival(split, COLUMNS, model="cox_elastic_net")


def test_a_model_that_is_not_known(made: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="no survival model 'coxx'"):
        fit_survival(made, COLUMNS, model="coxx")


@pytest.mark.parametrize("name", SURVIVAL_MODELS)
def test_models_are_saved_and_read(split: pd.DataFrame, name, tmp_path) -> None:
    model = fit_survival(split, COLUMNS, model=name, **({"trees": 5} if name == "forest" else {}))
    saved = load_model(save_model(model, tmp_path))
    pd.testing.assert_frame_equal(saved.scores(split), model.scores(split))
    times = [0.1, 1.0]
    pd.testing.assert_frame_equal(
        saved.model.predict_survival(split, times), model.predict_survival(split, times)
    )
    with pytest.raises(ModelError, match="x1"):
        saved.scores(split.drop(columns="x1"))


def test_a_stack_is_saved_and_read(made: pd.DataFrame, tmp_path) -> None:
    parts = {"deep": fit_cox(made, ["x0"]), "clinical": fit_cox(made, ["x1", "x2"])}
    stack = stack_indices(parts, made)["M3"]
    saved = load_model(save_model(stack, tmp_path))
    pd.testing.assert_frame_equal(saved.scores(made), stack.scores(made))
    assert str(saved.model) == str(stack)


def test_tables_in_and_a_folder_out(split: pd.DataFrame, tmp_path) -> None:
    lesions = split[["time", "event", "split"]].assign(
        lesion_id=[f"l{i}" for i in range(200)],
        patient_id=[f"p{i}" for i in range(200)],
        stage=np.where(split["x1"] > 0, "I", "II"),
    )
    features = split[COLUMNS].assign(lesion_id=lesions["lesion_id"]).iloc[::-1].iloc[:-1]
    features.to_csv(tmp_path / "features.csv", index=False)
    lesions.to_csv(tmp_path / "lesions.csv", index=False)
    tables = (tmp_path / "features.csv", tmp_path / "lesions.csv", tmp_path / "out")
    done = run_survival_fit(*tables, clinical=["stage"], model="cox")
    assert done.fitted.columns == (*COLUMNS, "stage")
    assert done.fitted.n == 119
    assert done.errors is not None
    predictions = pd.read_csv(done.predictions)
    assert predictions["lesion_id"].tolist() == lesions["lesion_id"].tolist()[1:]
    rows = split.assign(stage=lesions["stage"]).iloc[1:]
    again = load_model(done.model).scores(rows)["score_risk"]
    np.testing.assert_allclose(predictions["score_risk"], again, rtol=1e-9)
    assert done.score.metric == "tune C-index (Harrell)"
    assert done.score.n == 40
    with pytest.raises(ModelError, match="There is a model"):
        run_survival_fit(*tables)
    with pytest.raises(ModelError, match="no column 'grade'"):
        run_survival_fit(*tables, clinical=["grade"], overwrite=True)
