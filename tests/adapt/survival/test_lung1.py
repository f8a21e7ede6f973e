"""The whole path on a published cohort: clinical columns, radiomics features, held-out patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.utils import concordance_index

from lesionary.adapt.survival import (
    backward_elimination,
    fit_cox,
    fit_survival,
    predicted_curves_figure,
    proportional_hazards,
    stack_indices,
    univariate_screen,
    validate_index,
)
from lesionary.evaluate.survival import c_index

pytestmark = pytest.mark.real_data

CLINICAL = ["age", "T", "N", "stage", "histology", "gender"]


@pytest.fixture(scope="module")
def clinical(real_data: Path) -> pd.DataFrame:
    table = pd.read_csv(
        real_data / "tables/lung1/NSCLC Radiomics Lung1.clinical-version3-Oct 2019.csv"
    )
    return table.rename(
        columns={
            "PatientID": "patient_id",
            "clinical.T.Stage": "T",
            "Clinical.N.Stage": "N",
            "Overall.Stage": "stage",
            "Histology": "histology",
            "Survival.time": "time",
            "deadstatus.event": "event",
        }
    )


@pytest.fixture(scope="module")
def radiomics(real_data: Path, clinical: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    table = pd.read_excel(real_data / "tables/lung1/extracted_features_full.xlsx")
    names = [name for name in table if str(name).startswith(("original", "log-sigma", "wavelet"))]
    table["patient_id"] = table["Patient"].str.extract(r"(LUNG1-\d+)")[0]
    # Two patients' tumours were measured twice, and two have a second tumour.
    table = table.drop_duplicates("patient_id")
    return clinical.merge(table[["patient_id", *names]], on="patient_id", validate="1:1"), names


def test_clinical_columns_have_lifelines_numbers(clinical: pd.DataFrame) -> None:
    """Age missing in 22 patients, histology in 42, and overall stage and T in one each."""
    order = {"stage": ["I", "II", "IIIa", "IIIb"]}
    model = fit_cox(clinical, CLINICAL, ordinal=order)
    assert (model.n, model.events) == (422, 373)
    by_hand = clinical[["time", "event"]].astype(float)
    for name in ("age", "T", "N"):
        by_hand[name] = clinical[name].fillna(clinical[name].median())
    stage = clinical["stage"].fillna(clinical["stage"].mode()[0])
    by_hand["stage"] = stage.map({name: i for i, name in enumerate(order["stage"])})
    histology = clinical["histology"].fillna(clinical["histology"].mode()[0])
    common = histology.mode()[0]
    for level in sorted(set(histology) - {common}):
        by_hand[f"histology={level}"] = (histology == level).astype(float)
    by_hand["gender=female"] = (clinical["gender"] == "female").astype(float)
    theirs = CoxPHFitter().fit(by_hand, "time", "event")
    assert model.design.terms == tuple(theirs.params_.index)
    np.testing.assert_allclose(model.coefficients, theirs.params_, atol=1e-6)
    np.testing.assert_allclose(model.summary()["p"], theirs.summary["p"], rtol=1e-4)
    risk = model.predict_risk(clinical)
    assert c_index(clinical["time"], clinical["event"], risk, interval=None).value == pytest.approx(
        theirs.concordance_index_
    )


@pytest.mark.filterwarnings("ignore:.*below 10 events a term", "ignore:.*constant in the training")
def test_radiomics_from_screen_to_held_out_patients(radiomics, tmp_path) -> None:
    table, names = radiomics
    assert len(names) == 1218
    train, test = table.iloc[:100], table.iloc[100:]
    screen = univariate_screen(train, names, keep=0.05)
    assert 20 < len(screen.kept) < 900
    best = screen.table.index[:200]
    correlated = train[best].corr("spearman").abs().to_numpy()
    kept: list[int] = []
    for index in range(len(best)):
        if not (correlated[index, kept] > 0.85).any():
            kept.append(index)
    chosen = [str(best[index]) for index in kept][:15]
    found = backward_elimination(train, chosen)
    model = found.model
    assert 1 <= len(model.columns) < len(chosen)
    rows = train[[*model.columns]].assign(time=train["time"], event=train["event"])
    rows[[*model.columns]] = model.design.matrix(train)
    theirs = CoxPHFitter().fit(rows, "time", "event", fit_options={"precision": 1e-12})
    np.testing.assert_allclose(model.beta, theirs.params_, atol=1e-6)
    risk = model.predict_risk(test)
    judged = c_index(test["time"], test["event"], risk, resamples=200)
    assert judged.value == pytest.approx(concordance_index(test["time"], -risk, test["event"]))
    assert judged.low < judged.value < judged.high
    assert np.isfinite(validate_index(model, test).slope.value)
    assert np.isfinite(proportional_hazards(model, train).table["p"]).all()
    stacks = stack_indices(
        {"radiomics": model, "clinical": fit_cox(train, ["age", "T", "N", "gender"])}, train
    )
    assert list(stacks.judge(test, resamples=50).index) == ["M1", "M2", "M3"]
    cut = stacks["M3"].predict_risk(train).quantile(0.75)
    groups = np.where(stacks["M3"].predict_risk(test) > cut, "high risk", "low risk")
    predicted_curves_figure(stacks["M3"], test, groups).savefig(tmp_path / "curves.png")


@pytest.mark.filterwarnings("ignore:.*constant in the training")
def test_the_elastic_net_takes_every_feature(radiomics) -> None:
    table, names = radiomics
    rows = table.assign(split=["train"] * 80 + ["tune"] * 35 + ["test"] * (len(table) - 115))
    model = fit_survival(rows, names, model="cox_elastic_net")
    assert len(model.design.terms) > 1000
    assert 0 < np.count_nonzero(model.beta) < 80
    assert np.isfinite(model.predict_risk(rows)).all()
