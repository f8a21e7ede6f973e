"""Cox models against lifelines, and what they refuse."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from lesionary.adapt.saving.parts import Parts
from lesionary.adapt.survival import CoxModel, SurvivalWarning, fit_cox
from lesionary.errors import ModelError


@pytest.fixture(scope="module")
def both(rossi: pd.DataFrame, rossi_columns: list[str]) -> tuple[CoxModel, CoxPHFitter]:
    return fit_cox(rossi, rossi_columns), CoxPHFitter().fit(rossi, "time", "event")


def test_coefficients_errors_and_likelihood_are_lifelines(both) -> None:
    ours, theirs = both
    table = ours.summary()
    np.testing.assert_allclose(table["beta"], theirs.params_, atol=1e-7)
    np.testing.assert_allclose(table["p"], theirs.summary["p"], rtol=1e-6)
    bounds = np.exp(theirs.confidence_intervals_).to_numpy()
    np.testing.assert_allclose(table[["low", "high"]], bounds, rtol=1e-6)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-9)
    assert ours.aic == pytest.approx(theirs.AIC_partial_, abs=1e-8)


def test_published_hazard_ratios_of_rossi(both) -> None:
    """Fox and Weisberg, Cox regression for survival data in R (2011), with Efron's ties."""
    found = both[0].coefficients[["fin", "age", "prio"]]
    np.testing.assert_allclose(found, [-0.37942, -0.05744, 0.09150], atol=5e-6)


def test_survival_and_risk_are_lifelines(both, rossi: pd.DataFrame) -> None:
    ours, theirs = both
    rows = rossi.iloc[:5]
    times = [1, 10, 52]
    np.testing.assert_allclose(
        ours.predict_survival(rows, times).T, theirs.predict_survival_function(rows, times), 1e-6
    )
    np.testing.assert_allclose(
        ours.predict_risk(rows), theirs.predict_log_partial_hazard(rows), atol=1e-6
    )


def test_the_index_is_zero_on_average_and_a_sum_of_coefficients(both, rossi) -> None:
    risk = both[0].predict_risk(rossi)
    assert risk.mean() == pytest.approx(0, abs=1e-12)
    by_hand = rossi[list(both[0].columns)] @ both[0].coefficients
    np.testing.assert_allclose(risk, by_hand - by_hand.mean(), atol=1e-12)


def test_text_is_dummies_with_the_commonest_level_as_reference(gbsg2: pd.DataFrame) -> None:
    columns = [name for name in gbsg2 if name not in ("time", "event")]
    ours = fit_cox(gbsg2, columns)
    wide = pd.get_dummies(gbsg2, columns=["horTh", "menostat", "tgrade"], prefix_sep="=")
    wide = wide.drop(columns=["horTh=no", "menostat=Post", "tgrade=II"]).astype(float)
    theirs = CoxPHFitter().fit(wide, "time", "event")
    pd.testing.assert_series_equal(
        ours.coefficients.sort_index(),
        theirs.params_.sort_index(),
        check_names=False,
        check_index=True,
        rtol=1e-5,
    )


def test_clustered_errors_are_lifelines_where_nothing_is_tied(rossi, rossi_columns) -> None:
    rng = np.random.default_rng(1)
    rows = rossi.assign(patient_id=np.arange(len(rossi)) // 3)
    rows["time"] = rows["time"] + rng.uniform(-0.3, 0.3, len(rows))
    ours = fit_cox(rows, rossi_columns)
    theirs = CoxPHFitter().fit(rows, "time", "event", cluster_col="patient_id")
    assert ours.robust
    assert "clustered by patient" in str(ours)
    np.testing.assert_allclose(ours.summary()["p"], theirs.summary["p"], rtol=1e-5)


def test_every_row_twice_leaves_clustered_errors_as_robust_ones(made: pd.DataFrame) -> None:
    """Doubling every patient adds nothing: naive errors would shrink by the square root of 2."""
    columns = ["x0", "x1"]
    once = made.assign(patient_id=range(len(made)))
    twice = pd.concat([once, once], ignore_index=True)
    naive, clustered = fit_cox(once, columns), fit_cox(twice, columns)
    np.testing.assert_allclose(clustered.coefficients, naive.coefficients, atol=0.02)
    ratio = np.sqrt(np.diag(clustered.covariance) / np.diag(naive.covariance))
    assert ((ratio > 0.85) & (ratio < 1.2)).all()


def test_ridge_is_lifelines(rossi: pd.DataFrame, rossi_columns: list[str]) -> None:
    ours = fit_cox(rossi, rossi_columns, l2=0.1)
    # lifelines scales by n - 1.
    theirs = CoxPHFitter(penalizer=0.1 * 431 / 432).fit(rossi, "time", "event")
    np.testing.assert_allclose(ours.coefficients, theirs.params_, atol=2e-5)
    unpenalised = fit_cox(rossi, rossi_columns)
    assert np.linalg.norm(ours.beta) < np.linalg.norm(unpenalised.beta)


def test_it_comes_apart_and_together(both, rossi: pd.DataFrame) -> None:
    parts = both[0].parts()
    again = CoxModel.of_parts(parts)
    pd.testing.assert_series_equal(again.predict_risk(rossi), both[0].predict_risk(rossi))
    pd.testing.assert_frame_equal(again.summary(), both[0].summary())
    with pytest.raises(ValueError, match="as many coefficients"):
        CoxModel.of_parts(Parts({**parts.facts, "beta": [1.0]}, parts.arrays))


def test_nothing_of_the_test_rows_is_used(lung: pd.DataFrame) -> None:
    """Imputation and scaling come from the training rows: others' values change nothing."""
    columns = ["age", "ph.karno", "meal.cal", "wt.loss"]
    train, test = lung.iloc[:150], lung.iloc[150:]
    model = fit_cox(train, columns)
    alone = pd.concat([model.predict_risk(test.iloc[[i]]) for i in range(len(test))])
    pd.testing.assert_series_equal(model.predict_risk(test), alone)
    filled = test.iloc[[0]].assign(**{"meal.cal": train["meal.cal"].median()})
    missing = filled.assign(**{"meal.cal": np.nan})
    assert model.predict_risk(filled).iloc[0] == model.predict_risk(missing).iloc[0]
    known = train.fillna(train.median())[columns]
    np.testing.assert_allclose(model.design.mean, known.mean(), rtol=1e-12)


def test_an_ordinal_column_is_its_rank(gbsg2: pd.DataFrame) -> None:
    model = fit_cox(gbsg2, ["tgrade"], ordinal={"tgrade": ["I", "II", "III"]})
    ranks = gbsg2.assign(rank=gbsg2["tgrade"].map({"I": 0, "II": 1, "III": 2}))
    assert model.coefficients["tgrade"] == pytest.approx(
        fit_cox(ranks, ["rank"]).coefficients["rank"]
    )


def test_column_tests_join_levels(gbsg2: pd.DataFrame) -> None:
    model = fit_cox(gbsg2, ["age", "tgrade"])
    terms = [name.startswith("tgrade") for name in model.design.terms]
    beta = model.beta[terms]
    wald = beta @ np.linalg.inv(model.covariance[np.ix_(terms, terms)]) @ beta
    assert model.column_tests()["tgrade"] == pytest.approx(np.exp(-wald / 2))  # 2 df
    assert model.column_tests()["age"] == pytest.approx(model.summary().loc["age", "p"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"event": 0}, "All 200 rows are censored"),
        ({"time": 0}, "'time' is zero or below in 200 of 200 rows"),
        ({"time": np.nan}, "'time' is missing or no number"),
        ({"event": 2}, "'event' is neither 0 nor 1"),
        ({"event": None}, "'event' is neither 0 nor 1"),
        ({"patient_id": None}, "'patient_id' is missing"),
        ({"x1": np.inf}, "'x1' has infinities"),
        ({"x1": np.nan}, "'x1' is empty"),
        ({"x0": 1.0, "x1": 2.0}, "Every column is constant"),
    ],
)
def test_bad_tables_are_told(made: pd.DataFrame, change: dict, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        fit_cox(made.assign(**change), ["x0", "x1"])


def test_no_rows(made: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="no rows"):
        fit_cox(made.iloc[:0], ["x0"])


def test_columns_that_are_not_there_or_cannot_be(made: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="not in the table: zzz"):
        fit_cox(made, ["x0", "zzz"])
    with pytest.raises(ModelError, match="'time' is the outcome"):
        fit_cox(made, ["x0", "time"])
    with pytest.raises(ModelError, match="named twice"):
        fit_cox(made, ["x0", "x0"])
    with pytest.raises(ModelError, match="no columns to learn"):
        fit_cox(made, [])
    with pytest.raises(ModelError, match="no column 'days'"):
        fit_cox(made, ["x0"], time="days")


def test_a_constant_column_is_left_out_aloud(made: pd.DataFrame) -> None:
    with pytest.warns(SurvivalWarning, match="1 columns are constant.*scanner"):
        model = fit_cox(made.assign(scanner=0.1), ["x0", "scanner"])
    assert model.columns == ("x0",)


def test_collinear_columns_are_named(made: pd.DataFrame) -> None:
    rows = made.assign(double=2 * made["x0"] - made["x1"])
    with pytest.raises(ModelError, match="follows from the other columns"):
        fit_cox(rows, ["x0", "x1", "double"])
    assert np.isfinite(fit_cox(rows, ["x0", "x1", "double"], l2=0.1).beta).all()


def test_a_monotone_likelihood_names_its_column(made: pd.DataFrame) -> None:
    """Nobody with the level has an event: the hazard ratio is zero, its log minus infinity."""
    rows = made.assign(treated=(made["event"] == 0) & (made["x5"] > 0))
    with pytest.raises(ModelError, match="treated: the likelihood grows without end"):
        fit_cox(rows, ["x0", "treated"])
    ordered = made.assign(oracle=made["time"].rank())
    with pytest.raises(ModelError, match="oracle: the likelihood grows without end"):
        fit_cox(ordered, ["oracle"])


def test_more_terms_than_events_and_few_events(made: pd.DataFrame) -> None:
    columns = [f"x{i}" for i in range(20)]
    with pytest.raises(ModelError, match="without a penalty needs fewer terms than events"):
        fit_cox(made.iloc[:25], columns)
    with pytest.warns(SurvivalWarning, match="below 10 events a term"):
        fit_cox(made, columns)


def test_other_tables_at_prediction(gbsg2: pd.DataFrame) -> None:
    model = fit_cox(gbsg2, ["age", "tgrade"])
    with pytest.raises(ModelError, match="The level 'IV' of 'tgrade' was not among the training"):
        model.predict_risk(gbsg2.assign(tgrade="IV"))
    with pytest.raises(ModelError, match="now hold text: could not convert string to float: 'old'"):
        model.predict_risk(gbsg2.assign(age="old"))
    with pytest.raises(ModelError, match="not in the table: tgrade"):
        model.predict_risk(gbsg2[["age"]])
    with pytest.raises(ModelError, match="Survival at 99999 is unknown"):
        model.predict_survival(gbsg2, [99999])
    missing = model.predict_risk(gbsg2.assign(tgrade=None, age=None))
    assert np.ptp(missing) == 0


def test_units_and_order_of_rows_do_not_matter(made: pd.DataFrame) -> None:
    model = fit_cox(made, ["x0", "x1"])
    other = made.sample(frac=1, random_state=1).assign(
        x0=lambda rows: 7 - 1000 * rows["x0"], time=lambda rows: rows["time"] * 30.4
    )
    risk = fit_cox(other, ["x0", "x1"]).predict_risk(other)
    np.testing.assert_allclose(risk.sort_index(), model.predict_risk(made), atol=1e-7)


def test_nullable_numbers_are_numbers(made: pd.DataFrame) -> None:
    count = pd.array(np.arange(200) % 7, dtype="Int64")
    count[3] = pd.NA
    model = fit_cox(made.assign(count=count), ["x0", "count"])
    floats = made.assign(count=count.to_numpy(float, na_value=np.nan))
    np.testing.assert_allclose(model.beta, fit_cox(floats, ["x0", "count"]).beta)


def test_intervals_cover_the_truth() -> None:
    """Nineteen times in twenty, give or take three standard errors of 200 tries."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        x = rng.normal(size=(150, 2))
        time, until = rng.exponential(np.exp(-0.5 * x[:, 0])), rng.exponential(2, 150)
        table = pd.DataFrame(x, columns=["a", "b"]).assign(
            time=np.minimum(time, until), event=time <= until
        )
        low, high = np.log(fit_cox(table, ["a", "b"]).summary().loc["a", ["low", "high"]])
        covered += low <= 0.5 <= high
    assert abs(covered / 200 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 200)


def test_large_values_do_not_overflow(made: pd.DataFrame) -> None:
    shifted = made.assign(x0=made["x0"] * 1e-3 + 1e4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit_cox(shifted, ["x0"])
    assert model.coefficients["x0"] * 1e-3 == pytest.approx(
        fit_cox(made, ["x0"]).coefficients["x0"], rel=1e-6
    )
