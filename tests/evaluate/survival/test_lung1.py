"""The whole path on the published tables of LUNG1: clinical data and radiomics of its CTs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test
from lifelines.utils import concordance_index

from lesionary.evaluate.survival import (
    c_index,
    cox_univariate,
    cut_at,
    draw_forest,
    draw_kaplan_meier,
    hazard_ratio,
    kaplan_meier,
    log_rank,
)

pytestmark = pytest.mark.real_data

PRECISE = {"precision": 1e-12}
VOLUME, DIAMETER = "original_shape_MeshVolume", "original_shape_Maximum2DDiameterSlice"


@pytest.fixture(scope="module")
def clinical(real_data: Path) -> pd.DataFrame:
    folder = real_data / "tables" / "lung1"
    if not folder.is_dir():
        pytest.skip("no tables of LUNG1")
    table = pd.read_csv(folder / "NSCLC Radiomics Lung1.clinical-version3-Oct 2019.csv")
    table = table.rename(columns={"Survival.time": "time", "deadstatus.event": "event"})
    return table.set_index("PatientID")


@pytest.fixture(scope="module")
def tumours(real_data: Path, clinical: pd.DataFrame) -> pd.DataFrame:
    """All 149 outlined tumours, of 145 patients, with their survival."""
    features = pd.read_excel(real_data / "tables" / "lung1" / "extracted_features_full.xlsx")
    names = [
        name
        for name in features.select_dtypes("number")
        if not name.startswith(("Unnamed", "diagnostics"))
    ]
    assert len(names) == 1218
    features["patient_id"] = features["Patient"].str.extract(r"^(LUNG1-\d{3})_", expand=False)
    table = features[["patient_id", *names]].join(clinical, on="patient_id", how="inner")
    assert len(table) == 149
    return table.astype(dict.fromkeys(names, float))


@pytest.fixture(scope="module")
def largest(tumours: pd.DataFrame) -> pd.DataFrame:
    """The largest tumour of each patient."""
    return tumours.sort_values(VOLUME).drop_duplicates("patient_id", keep="last").sort_index()


def test_the_clinical_table(clinical):
    curve = kaplan_meier(clinical.time, clinical.event, clinical.index)
    assert (curve.n, curve.total_events, curve.patients) == (422, 373, 422)
    wanted = KaplanMeierFitter().fit(clinical.time, clinical.event)
    assert curve.median().value == wanted.median_survival_time_
    stage = clinical["Overall.Stage"].dropna()
    known = clinical.loc[stage.index]
    test = log_rank(known.time, known.event, stage)
    assert (test.n, test.df) == (421, 3)


@pytest.mark.parametrize(("name", "chi_squared"), [(VOLUME, 7.65), (DIAMETER, 6.12)])
def test_size_through_the_whole_path(largest, name, chi_squared, tmp_path):
    time, event, size, patient = (largest[key] for key in ("time", "event", name, "patient_id"))
    group = cut_at(size).groups(size)
    high = np.asarray(group == "high")
    assert (len(high), high.sum(), event.sum()) == (145, 72, 129)

    test = log_rank(time, event, group, patient)
    wanted = logrank_test(time[high], time[~high], event[high], event[~high])
    assert test.statistic == pytest.approx(wanted.test_statistic, rel=1e-9)
    assert test.p == pytest.approx(wanted.p_value, rel=1e-9)
    assert test.statistic == pytest.approx(chi_squared, abs=0.005)

    for which in (high, ~high):
        median = kaplan_meier(time[which], event[which]).median().value
        assert median == KaplanMeierFitter().fit(time[which], event[which]).median_survival_time_

    for covariate in (high.astype(float), np.log(size)):
        table = pd.DataFrame({"time": time, "event": event, "x": covariate})
        cox = CoxPHFitter().fit(table, "time", "event", fit_options=PRECISE).summary.loc["x"]
        ratio = hazard_ratio(time, event, pd.Series(covariate, time.index), patient)
        bounds = ["exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%"]
        got = (ratio.value, ratio.low, ratio.high)
        assert got == pytest.approx(cox[bounds].tolist(), abs=1e-6)
        assert f"p = {cox['p']:.3g}" in ratio.method

    found = c_index(time, event, size, patient)
    assert found.value == pytest.approx(concordance_index(time, -size, event), abs=1e-12)
    assert found.low < found.value < found.high
    assert (found.n, found.events, found.patients) == (145, 129, 145)
    draw_kaplan_meier(time / 365.25, event, group, tmp_path / "size.png", until=5, every=1)


def test_tumours_of_one_patient_are_not_independent(tumours):
    time, event, patient = tumours["time"], tumours["event"], tumours["patient_id"]
    found = c_index(time, event, tumours[VOLUME], patient)
    assert (found.n, found.patients) == (149, 145)
    ratio = hazard_ratio(time, event, tumours[VOLUME], patient)
    assert "robust to clusters" in ratio.method
    assert "too small" in log_rank(time, event, tumours[VOLUME] > 50_000, patient).notes[0]


def test_all_radiomics_are_screened_as_lifelines_would(largest, tmp_path):
    features = largest.loc[:, "original_shape_Elongation":].iloc[:, :1218]
    table = cox_univariate(largest["time"], largest["event"], features, standardise=True)
    assert len(table) == 1218
    assert (table["note"] == "").all()
    assert np.isfinite(table.drop(columns="note")).all(axis=None)
    for name in [*table.index[::250], VOLUME, DIAMETER]:
        x = features[name] / features[name].std()
        rows = pd.DataFrame({"time": largest["time"], "event": largest["event"], "x": x})
        wanted = CoxPHFitter().fit(rows, "time", "event", fit_options=PRECISE)
        got, summary = table.loc[name], wanted.summary.loc["x"]
        assert got["coef"] == pytest.approx(summary["coef"], abs=1e-6), name
        assert got["se"] == pytest.approx(summary["se(coef)"], abs=1e-6), name
        assert got["p"] == pytest.approx(summary["p"], abs=1e-6), name
        assert got["c_index"] == pytest.approx(wanted.concordance_index_, abs=1e-9), name
    draw_forest(table.nsmallest(10, "p"), tmp_path / "best.png")
