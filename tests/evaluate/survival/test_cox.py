from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.datasets import load_lung, load_rossi
from statsmodels.duration.hazard_regression import PHReg

from lesionary.errors import EvaluationError
from lesionary.evaluate.survival import cox_univariate, hazard_ratio


def lifelines_fit(time, event, covariate, **more):
    table = pd.DataFrame({"time": time, "event": event, "x": covariate, **more})
    cluster = "cluster" if more else None
    # Its default stops within 2e-6 of the maximum.
    precise = {"precision": 1e-12}
    return CoxPHFitter().fit(table, "time", "event", cluster_col=cluster, fit_options=precise)


def test_ratio_of_r_documented_lung():
    # coxph(Surv(time, status) ~ sex, lung): coef -0.5310, HR 0.588, se 0.1672, p 0.00149.
    lung = load_lung()
    row = cox_univariate(lung.time, lung.status, lung[["sex"]]).loc["sex"]
    assert row[["coef", "hazard_ratio", "se", "p"]].astype(float).tolist() == pytest.approx(
        [-0.5310, 0.588, 0.1672, 0.00149], abs=5e-5
    )
    assert row["c_index"] == pytest.approx(0.579, abs=5e-4)
    ratio = hazard_ratio(lung.time, lung.status, lung.sex)
    assert (ratio.n, ratio.events) == (228, 165)
    assert (ratio.value, ratio.low, ratio.high) == tuple(row[["hazard_ratio", "low", "high"]])


def test_each_covariate_with_heavy_ties_is_that_of_lifelines():
    rossi = load_rossi()
    time = np.ceil(rossi.week / 8)
    x = rossi.drop(columns=["week", "arrest"]).astype(float)
    table = cox_univariate(time, rossi.arrest, x)
    for name in x:
        wanted = lifelines_fit(time, rossi.arrest, x[name])
        summary = wanted.summary.loc["x"]
        got = table.loc[name]
        assert got["coef"] == pytest.approx(summary["coef"], abs=1e-6)
        assert got["se"] == pytest.approx(summary["se(coef)"], abs=1e-6)
        assert got["p"] == pytest.approx(summary["p"], abs=1e-6)
        assert got["low"] == pytest.approx(summary["exp(coef) lower 95%"], abs=1e-6)
        assert got["high"] == pytest.approx(summary["exp(coef) upper 95%"], abs=1e-5)
        assert got["c_index"] == pytest.approx(wanted.concordance_index_, abs=1e-9)


def test_scale_and_offset_of_a_covariate_do_not_matter():
    rng = np.random.default_rng(0)
    x = rng.normal(size=120)
    time = rng.exponential(np.exp(-x))
    table = cox_univariate(time, np.ones(120), np.c_[x, 1e9 * x, x + 1e4, 1e-9 * x])
    np.testing.assert_allclose(table["coef"] * [1, 1e9, 1, 1e-9], table["coef"][0], rtol=1e-7)
    assert table["note"].tolist() == [
        "",
        "",
        "",
        "the ratio of one unit is out of range: standardise",
    ]
    each = cox_univariate(time, np.ones(120), np.c_[x, 1e9 * x], standardise=True)
    np.testing.assert_allclose(each["coef"], table["coef"][0] * x.std(ddof=1), rtol=1e-9)


def clustered(ties: bool):
    rng = np.random.default_rng(5)
    patient = np.repeat(np.arange(60), rng.integers(1, 5, 60))
    x = rng.normal(size=60)[patient] + 0.3 * rng.normal(size=len(patient))
    time = rng.exponential(np.exp(-x - rng.normal(size=60)[patient])) + 0.01
    if ties:
        time = np.ceil(time * 3) / 3
    return time, rng.random(len(patient)) < 0.8, x, patient


def test_robust_errors_of_patients_with_several_rows_are_those_of_lifelines():
    time, event, x, patient = clustered(ties=False)
    wanted = lifelines_fit(time, event, x, cluster=patient).summary.loc["x"]
    got = cox_univariate(time, event, x[:, None], patient).iloc[0]
    assert got["coef"] == pytest.approx(wanted["coef"], abs=1e-6)
    assert got["se"] == pytest.approx(wanted["se(coef)"], abs=1e-6)
    assert got["se"] > 1.1 * cox_univariate(time, event, x[:, None]).iloc[0]["se"]
    ratio = hazard_ratio(time, event, x, patient)
    assert ratio.patients == 60
    assert "robust to clusters" in ratio.method


def test_robust_errors_with_ties_are_those_of_the_textbook():
    # Therneau & Grambsch (2000), section 7.2: of d tied events the l-th sees each of them with
    # weight 1 - l / d. Looped plainly here; lifelines takes no account of ties in these.
    time, event, x, patient = clustered(ties=True)
    got = cox_univariate(time, event, x[:, None], patient).iloc[0]
    fit = PHReg(time, x[:, None], status=event.astype(int), ties="efron").fit()
    assert got["coef"] == pytest.approx(fit.params[0], abs=1e-6)
    hazard = np.exp(got["coef"] * x)
    residual = np.zeros(len(x))
    for t in np.unique(time[event]):
        dead, at_risk = event & (time == t), time >= t
        for past in range(dead.sum()):
            weight = np.where(dead, 1 - past / dead.sum(), 1) * at_risk * hazard
            mean = (weight * x).sum() / weight.sum()
            residual[dead] += (x[dead] - mean) / dead.sum()
            residual -= weight * (x - mean) / weight.sum()
    assert residual.sum() == pytest.approx(0, abs=1e-6)
    by_patient = np.bincount(patient, residual)
    wanted = np.sqrt((by_patient**2).sum()) * fit.cov_params()[0, 0]
    assert got["se"] == pytest.approx(wanted, rel=1e-6)


def test_patients_of_one_row_have_the_usual_errors():
    time, event, x, _ = clustered(ties=True)
    alone = cox_univariate(time, event, x[:, None])
    named = cox_univariate(time, event, x[:, None], np.arange(len(x)))
    pd.testing.assert_frame_equal(alone, named)


def test_what_has_no_ratio_says_why():
    time, event = np.arange(1.0, 9), np.array([1, 1, 1, 1, 1, 0, 0, 0])
    x = pd.DataFrame({
        "constant": 3.0,
        "separates": -time,
        "opposite": time,
        "fine": [3, 1, 4, 1, 5, 9, 2, 6],
        "no events in one": (time > 5).astype(float),
    })  # fmt: skip
    table = cox_univariate(time, event, x)
    assert table.loc["constant", "note"] == "all values are the same"
    for name in ("separates", "opposite", "no events in one"):
        assert "perfect separation" in table.loc[name, "note"], name
        assert np.isnan(table.loc[name, ["coef", "se", "p"]].astype(float)).all()
    assert table.loc[["separates", "opposite"], "c_index"].tolist() == [1, 1]
    assert table.loc["fine", "note"] == ""
    assert np.isfinite(table.loc["fine", ["coef", "low", "high", "p"]].astype(float)).all()
    with pytest.raises(EvaluationError, match="perfect separation"):
        hazard_ratio(time, event, x["separates"])
    with pytest.raises(EvaluationError, match="all values are the same"):
        hazard_ratio(time, event, x["constant"])


def test_what_is_almost_separated_still_converges():
    rng = np.random.default_rng(0)
    time = np.sort(rng.exponential(size=60))
    x = -np.arange(60.0)
    x[[0, 1]] = x[[1, 0]]
    wanted = PHReg(time, x[:, None] / 10, status=np.ones(60, dtype=int)).fit(maxiter=200)
    got = cox_univariate(time, np.ones(60), x[:, None] / 10).iloc[0]
    assert got["note"] == ""
    assert got["coef"] == pytest.approx(wanted.params[0], rel=1e-5)


def test_more_covariates_than_rows_and_bad_ones():
    rng = np.random.default_rng(0)
    time, event = rng.exponential(size=20), np.ones(20)
    table = cox_univariate(time, event, rng.normal(size=(20, 500)))
    assert len(table) == 500
    assert (table["p"] < 0.05).mean() == pytest.approx(0.05, abs=0.04)
    x = pd.DataFrame(rng.normal(size=(20, 2)), columns=["a", "b"])
    x.loc[3, "b"] = np.nan
    with pytest.raises(EvaluationError, match="Covariate 'b' is missing or infinite in 1 of 20"):
        cox_univariate(time, event, x)
    with pytest.raises(EvaluationError, match="a column each"):
        cox_univariate(time, event, time)
    with pytest.raises(EvaluationError, match="A covariate is not a number"):
        cox_univariate(time, event, x.assign(b="left"))
    with pytest.raises(EvaluationError, match="All 20 rows are censored"):
        cox_univariate(time, 0 * event, x[["a"]])


def test_few_patients_with_several_rows():
    rng = np.random.default_rng(0)
    time, x = rng.exponential(size=40), rng.normal(size=40)
    ratio = hazard_ratio(time, np.ones(40), x, np.arange(40) // 4)
    assert "fewer than 20 patients" in ratio.notes[0]
    with pytest.raises(EvaluationError, match="All 40 rows are of one patient"):
        hazard_ratio(time, np.ones(40), x, np.zeros(40))


def test_few_events_are_told():
    assert hazard_ratio([4, 3, 6, 7], [1, 1, 1, 0], [0, 1, 0, 1]).notes == ("fewer than 10 events",)
