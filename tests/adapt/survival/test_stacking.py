"""Stacks of prognostic indices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from lesionary.adapt.survival import CoxModel, Stacks, fit_cox, fit_elastic_net_cox, stack_indices
from lesionary.errors import ModelError
from lesionary.evaluate.survival import c_index

PARTS = {"clinical": ["age", "race", "mar"], "work": ["fin", "wexp"], "crime": ["prio", "paro"]}


@pytest.fixture(scope="module")
def components(rossi: pd.DataFrame) -> dict[str, CoxModel]:
    return {name: fit_cox(rossi.iloc[::2], columns) for name, columns in PARTS.items()}


@pytest.fixture(scope="module")
def stacks(components, rossi: pd.DataFrame) -> Stacks:
    return stack_indices(components, rossi.iloc[::2])


def test_seven_models_of_three_components(stacks: Stacks) -> None:
    """The order of the published study: V, R, C, V+R, V+C, R+C, all."""
    assert [" + ".join(one.components) for one in stacks.models.values()] == [
        "clinical",
        "work",
        "crime",
        "clinical + work",
        "clinical + crime",
        "work + crime",
        "clinical + work + crime",
    ]
    assert str(stacks).startswith("M1  clinical\nM2  work")


def test_the_index_of_one_component_has_the_coefficient_one(stacks: Stacks) -> None:
    """Fitted to the rows that gave it, an index cannot be scaled to do better."""
    for name in ("M1", "M2", "M3"):
        assert stacks[name].top.coefficients.iloc[0] == pytest.approx(1, abs=1e-5)


def test_the_stack_of_all_is_a_cox_model_of_the_indices(stacks, components, rossi) -> None:
    train, test = rossi.iloc[::2], rossi.iloc[1::2]
    rows = pd.DataFrame({name: one.predict_risk(train) for name, one in components.items()})
    by_hand = CoxPHFitter().fit(rows.join(train[["time", "event"]]), "time", "event")
    np.testing.assert_allclose(stacks["M7"].top.coefficients, by_hand.params_, rtol=1e-5)
    there = pd.DataFrame({name: one.predict_risk(test) for name, one in components.items()})
    np.testing.assert_allclose(
        stacks["M7"].predict_risk(test), by_hand.predict_log_partial_hazard(there), atol=1e-5
    )
    np.testing.assert_allclose(
        stacks["M7"].predict_survival(test, [20]).T,
        by_hand.predict_survival_function(there, [20]),
        atol=1e-6,
    )


def test_all_are_judged_at_once(stacks: Stacks, rossi: pd.DataFrame) -> None:
    test = rossi.iloc[1::2]
    table = stacks.judge(test, resamples=50)
    direct = c_index(test["time"], test["event"], stacks["M7"].predict_risk(test), resamples=50)
    assert table.loc["M7", "c_index"] == direct.value
    assert table.loc["M7", ["low", "high"]].tolist() == [direct.low, direct.high]
    assert (table["events"] == test["event"].sum()).all()


@pytest.mark.filterwarnings("ignore:No column helps")
def test_what_cannot_be_stacked(components, rossi: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="0 components"):
        stack_indices({}, rossi)
    with pytest.raises(ModelError, match="cannot be called 'time'"):
        stack_indices({"time": components["work"]}, rossi)
    empty = fit_elastic_net_cox(rossi, ["paro", "race"], l1_ratio=1, penalty=10)
    with pytest.raises(ModelError, match="'none' gives every row the same risk"):
        stack_indices({"none": empty}, rossi)
