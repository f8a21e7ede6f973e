"""Proportional hazards, external validation and predicted curves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import proportional_hazard_test
from scipy.stats import chi2
from statsmodels.duration.hazard_regression import PHReg

from lesionary.adapt.survival import (
    fit_cox,
    fit_elastic_net_cox,
    group_survival,
    predicted_curves_figure,
    proportional_hazards,
    stack_indices,
    validate_index,
)
from lesionary.adapt.survival.residuals_figure import smooth
from lesionary.errors import ModelError

OVARIAN = """59 1 72.3315 1;115 1 74.4932 1;156 1 66.4658 2;421 0 53.3644 1;431 1 50.3397 1
448 0 56.4301 2;464 1 56.9370 2;475 1 59.8548 2;477 0 64.1753 1;563 1 55.1781 2
638 1 56.7562 2;744 0 50.1096 1;769 0 59.6301 2;770 0 57.0521 1;803 0 39.2712 1
855 0 43.1233 2;1040 0 38.8932 2;1106 0 44.6000 1;1129 0 53.9068 1;1206 0 44.2055 1
1227 0 59.5890 2;268 1 74.5041 2;329 1 43.1370 1;353 1 63.2192 2;365 1 64.4247 1
377 0 58.3096 1"""
"""Days, event, age and ECOG status of R's example data ``ovarian``."""


@pytest.mark.filterwarnings("ignore:12 events")
def test_published_values_of_rs_example() -> None:
    """R's ``cox.zph(coxph(Surv(futime, fustat) ~ age + ecog.ps, ovarian))``, survival 2.x."""
    rows = [line.split() for line in OVARIAN.replace("\n", ";").split(";")]
    table = pd.DataFrame(rows, columns=["time", "event", "age", "ecog"]).astype(float)
    test = proportional_hazards(fit_cox(table, ["age", "ecog"]), table).table
    np.testing.assert_allclose(test["statistic"], [0.856, 2.545, 3.195], atol=6e-4)
    np.testing.assert_allclose(test["p"], [0.355, 0.111, 0.202], atol=6e-4)


@pytest.mark.parametrize("clock", ["identity", "log"])
def test_statistics_are_lifelines(rossi, rossi_columns, clock: str) -> None:
    ours = proportional_hazards(fit_cox(rossi, rossi_columns), rossi, clock=clock)
    theirs = proportional_hazard_test(CoxPHFitter().fit(rossi, "time", "event"), rossi, clock)
    found = ours.table.drop("all terms")
    np.testing.assert_allclose(found["statistic"], theirs.test_statistic, rtol=1e-5)
    assert found.loc["age", "verdict"] == "log hazard ratio falls with time"
    assert found.loc["fin", "verdict"] == "no sign of a change"
    assert "stratify" in found.loc["age", "advice"]


def test_ranks_are_lifelines_where_nothing_is_tied(rossi, rossi_columns) -> None:
    rows = rossi.assign(time=rossi["time"] + np.linspace(0, 0.4, len(rossi)))
    ours = proportional_hazards(fit_cox(rows, rossi_columns), rows, clock="rank")
    order = rows.sort_values("time")
    theirs = proportional_hazard_test(CoxPHFitter().fit(order, "time", "event"), order, "rank")
    np.testing.assert_allclose(ours.table["statistic"][:-1], theirs.test_statistic, rtol=1e-5)


def test_residuals_average_to_the_coefficient(rossi, rossi_columns) -> None:
    model = fit_cox(rossi, rossi_columns)
    residuals = proportional_hazards(model, rossi).residuals
    np.testing.assert_allclose(residuals[rossi_columns].mean(), model.coefficients, atol=1e-6)
    assert residuals["time"].is_monotonic_increasing


def test_a_smooth_keeps_a_line(rossi) -> None:
    line = np.linspace(-1, 3, 40)
    np.testing.assert_allclose(smooth(line), line, atol=1e-9)
    np.testing.assert_allclose(smooth(np.array([1.0, 2.0])), [1, 2], atol=1e-9)


def test_residuals_are_drawn(rossi, rossi_columns, tmp_path) -> None:
    test = proportional_hazards(fit_cox(rossi, rossi_columns), rossi)
    figure = test.figure()
    assert len(figure.axes) == 7
    assert figure.axes[0].get_title(loc="left").startswith("age, p = ")
    figure.savefig(tmp_path / "residuals.pdf")
    with pytest.raises(ModelError, match="no term 'height'"):
        test.figure(["height"])


def test_rows_of_another_table_are_refused(rossi, rossi_columns) -> None:
    with pytest.raises(ModelError, match="give the rows that it was fitted to"):
        proportional_hazards(fit_cox(rossi, rossi_columns), rossi.iloc[1:])
    lasso = fit_elastic_net_cox(rossi, rossi_columns, penalty=0.01)
    with pytest.raises(ModelError, match="After an L1 penalty"):
        proportional_hazards(lasso, rossi)


@pytest.fixture
def halves(rossi: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return rossi.iloc[::2], rossi.iloc[1::2]


def test_external_slope_and_joint_test_are_statsmodels(halves) -> None:
    train, test = halves
    columns = ["fin", "age", "wexp", "prio"]
    model = fit_cox(train, columns)
    found = validate_index(model, test)
    index = model.predict_risk(test).to_numpy()

    def ph(x: np.ndarray, offset: np.ndarray | None = None) -> PHReg:
        return PHReg(test["time"], x, test["event"], ties="efron", offset=offset)

    slope = ph(index[:, None])
    fitted = slope.fit(disp=0)
    assert found.slope.value == pytest.approx(fitted.params[0], rel=1e-5)
    np.testing.assert_allclose([found.slope.low, found.slope.high], fitted.conf_int()[0], rtol=1e-4)
    statistic = 2 * (fitted.llf - slope.loglike(np.ones(1)))
    assert found.slope_is_one.statistic == pytest.approx(statistic, abs=1e-6)
    assert found.slope_is_one.p == pytest.approx(chi2.sf(statistic, 1), abs=1e-6)
    joint = ph(test[columns].to_numpy(float), index)
    statistic = 2 * (joint.fit(disp=0).llf - joint.loglike(np.zeros(4)))
    assert found.terms_hold.statistic == pytest.approx(statistic, abs=1e-5)
    assert found.terms_hold.df == 4


def test_an_index_holds_on_its_own_rows(halves) -> None:
    model = fit_cox(halves[0], ["fin", "age", "wexp", "prio"])
    found = validate_index(model, halves[0])
    assert found.slope.value == pytest.approx(1, abs=1e-6)
    assert found.slope_is_one.p == pytest.approx(1, abs=1e-3)
    assert found.terms_hold.statistic == pytest.approx(0, abs=1e-6)


def test_a_stack_is_validated_by_its_top(halves) -> None:
    train, test = halves
    stack = stack_indices({"a": fit_cox(train, ["age"]), "b": fit_cox(train, ["prio"])}, train)[
        "M3"
    ]
    found = validate_index(stack.top, stack.indices(test))
    assert found.terms_hold.df == 2
    assert "calibration slope" in str(found)
    assert found.slope.events == test["event"].sum()


def test_patients_with_several_rows_and_constant_terms(halves) -> None:
    train, test = halves
    model = fit_cox(train, ["age", "prio"])
    several = test.assign(patient_id=np.arange(len(test)) // 2)
    found = validate_index(model, several)
    assert found.slope.patients == 108
    assert "independent" in found.slope.notes[0]
    with pytest.raises(ModelError, match="prio: follows from"):
        validate_index(model, test.assign(prio=2))
    with pytest.raises(ModelError, match="same prognostic index"):
        validate_index(model, test.assign(prio=2, age=30))


def test_predicted_curves_average_the_group(halves, tmp_path) -> None:
    train, test = halves
    model = fit_cox(train, ["fin", "age", "prio"])
    high = np.where(model.predict_risk(test) > 0.3, "high", "low")
    curves = group_survival(model, test, high, [10, 50])
    by_hand = model.predict_survival(test[high == "high"], [10, 50]).mean()
    np.testing.assert_allclose(curves["high"], by_hand)
    assert (curves["high"] < curves["low"]).all()
    figure = predicted_curves_figure(model, test, high)
    observed, predicted = figure.axes[0].get_lines()[:2]
    assert predicted.get_linestyle() == "--"
    rows = test[high == "high"]
    known = KaplanMeierFitter().fit(rows["time"], rows["event"]).predict(observed.get_xdata())
    np.testing.assert_allclose(observed.get_ydata(), known)
    figure.savefig(tmp_path / "curves.pdf")
    with pytest.raises(ModelError, match="give each its group"):
        group_survival(model, test, ["a"], [10])
