"""From many columns to few: against lifelines, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy.stats import false_discovery_control

from lesionary.adapt.survival import backward_elimination, univariate_screen
from lesionary.errors import ModelError

OF_GBSG2 = ["horTh", "age", "menostat", "tsize", "tgrade", "pnodes", "progrec", "estrec"]


def test_screen_is_a_model_of_each_column(rossi: pd.DataFrame, rossi_columns: list[str]) -> None:
    screen = univariate_screen(rossi, rossi_columns)
    for name in rossi_columns:
        alone = CoxPHFitter().fit(rossi[[name, "time", "event"]], "time", "event")
        assert screen.table.loc[name, "p"] == pytest.approx(alone.summary["p"].iloc[0], rel=1e-5)
        ratio = np.exp(alone.params_.iloc[0] * rossi[name].std(ddof=0))
        assert screen.table.loc[name, "hazard_ratio"] == pytest.approx(ratio, rel=1e-6)
    assert screen.kept == ("fin", "age", "wexp", "mar", "prio")
    assert screen.table["p"].is_monotonic_increasing
    np.testing.assert_allclose(screen.table["q"], false_discovery_control(screen.table["p"]))
    assert "5 of 7 columns have p <= 0.2" in str(screen)


def test_screen_tests_the_levels_of_a_column_together(gbsg2: pd.DataFrame) -> None:
    screen = univariate_screen(gbsg2, OF_GBSG2)
    wide = pd.get_dummies(gbsg2[["tgrade", "time", "event"]], columns=["tgrade"], dtype=float)
    alone = CoxPHFitter().fit(wide.drop(columns="tgrade_II"), "time", "event")
    beta = alone.params_.to_numpy()
    wald = beta @ np.linalg.solve(alone.variance_matrix_.to_numpy(), beta)
    assert screen.table.loc["tgrade", "p"] == pytest.approx(np.exp(-wald / 2), rel=1e-5)
    assert screen.table.loc["tgrade", "note"] == "2 levels together"
    assert "tgrade" in screen.kept


def test_screen_names_a_column_that_separates(made: pd.DataFrame) -> None:
    rows = made.assign(oracle=made["time"].rank(), group=np.where(made["event"] == 1, "a", "b"))
    rows.loc[0, "group"] = "c"
    screen = univariate_screen(rows, ["x0", "oracle", "group"])
    assert "separation" in screen.table.loc["oracle", "note"]
    assert "grows without end" in screen.table.loc["group", "note"]
    assert screen.kept == ("x0",)


def test_elimination_by_p_takes_the_steps_of_hand_made_refits(gbsg2: pd.DataFrame) -> None:
    numbers = ["age", "tsize", "pnodes", "progrec", "estrec"]
    found = backward_elimination(gbsg2, numbers, alpha=0.05)
    left = list(numbers)
    removed = []
    while True:
        fit = CoxPHFitter().fit(gbsg2[[*left, "time", "event"]], "time", "event")
        if fit.summary["p"].max() <= 0.05:
            break
        removed.append(fit.summary["p"].idxmax())
        left.remove(removed[-1])
    assert found.steps["removed"].tolist() == removed
    assert len(removed) >= 1
    assert list(found.model.columns) == left
    np.testing.assert_allclose(found.model.coefficients, fit.params_, rtol=1e-5)


def test_elimination_by_aic_ends_where_no_removal_helps(gbsg2: pd.DataFrame) -> None:
    numbers = ["age", "tsize", "pnodes", "progrec", "estrec"]
    found = backward_elimination(gbsg2, numbers, by="aic")

    def aic(names: list[str]) -> float:
        fit = CoxPHFitter().fit(gbsg2[[*names, "time", "event"]], "time", "event")
        return float(fit.AIC_partial_)

    left = list(found.model.columns)
    assert found.model.aic == pytest.approx(aic(left), abs=1e-6)
    assert all(aic([one for one in left if one != name]) >= found.model.aic for name in left)
    assert found.steps["aic"].is_monotonic_decreasing
    assert found.model.aic < aic(numbers)


def test_levels_of_a_column_stay_or_go_together(gbsg2: pd.DataFrame) -> None:
    found = backward_elimination(gbsg2, OF_GBSG2)
    assert set(found.model.columns) | set(found.steps["removed"]) == set(OF_GBSG2)
    assert {"tgrade=I", "tgrade=III"} <= set(found.model.design.terms)


@pytest.mark.parametrize("by", ["p", "aic"])
def test_nothing_left_is_told(by: str) -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"noise": rng.normal(size=80), "time": rng.exponential(size=80)})
    with pytest.raises(ModelError, match="No column is left"):
        backward_elimination(table.assign(event=1), ["noise"], by=by)


def test_bad_options(rossi: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="by 'p' or by 'aic'"):
        backward_elimination(rossi, ["age"], by="bic")
    with pytest.raises(ModelError, match="`alpha`"):
        backward_elimination(rossi, ["age"], alpha=0)
    with pytest.raises(ModelError, match="`keep`"):
        univariate_screen(rossi, ["age"], keep=2)
