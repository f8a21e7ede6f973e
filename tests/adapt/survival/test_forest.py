"""Forests against scikit-survival's own predictions, and damaged ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sksurv.ensemble import RandomSurvivalForest as TheirForest
from sksurv.util import Surv

from lesionary.adapt.saving.parts import Parts
from lesionary.adapt.survival import RandomSurvivalForest, SurvivalWarning, fit_survival_forest
from lesionary.adapt.survival import forest as forest_module
from lesionary.errors import ModelError
from lesionary.evaluate.survival import c_index

COLUMNS = ["horTh", "age", "menostat", "tsize", "tgrade", "pnodes", "progrec", "estrec"]


@pytest.fixture(scope="module")
def grown(gbsg2: pd.DataFrame) -> RandomSurvivalForest:
    return fit_survival_forest(gbsg2, COLUMNS, trees=20)


def test_predictions_are_scikit_survivals(grown, gbsg2: pd.DataFrame) -> None:
    x = grown.design.matrix(gbsg2)
    outcome = Surv.from_arrays(gbsg2["event"] == 1, gbsg2["time"])
    theirs = TheirForest(20, min_samples_leaf=15, random_state=0).fit(x, outcome)
    np.testing.assert_allclose(grown.predict_risk(gbsg2), theirs.predict(x), rtol=1e-12)
    hazard = theirs.predict_cumulative_hazard_function(x[:30], return_array=True)
    times = theirs.unique_times_
    survival = grown.predict_survival(gbsg2.iloc[:30], times)
    np.testing.assert_allclose(survival, np.exp(-hazard), rtol=1e-10)


def test_it_learns(gbsg2: pd.DataFrame) -> None:
    train, test = gbsg2.iloc[::2], gbsg2.iloc[1::2]
    risk = fit_survival_forest(train, COLUMNS, trees=50).predict_risk(test)
    found = c_index(test["time"], test["event"], risk, interval=None)
    assert 0.62 < found.value < 0.75


def test_it_comes_apart_and_together(grown, gbsg2: pd.DataFrame) -> None:
    again = RandomSurvivalForest.of_parts(grown.parts())
    pd.testing.assert_series_equal(again.predict_risk(gbsg2), grown.predict_risk(gbsg2))
    assert str(again) == str(grown)


@pytest.mark.parametrize(
    ("name", "value"),
    [("left", 0), ("left", 10**6), ("term", 99), ("root", -1), ("right", -5)],
)
def test_damaged_trees_are_refused(grown, name: str, value: int) -> None:
    """A branch that leads back would go round for ever; one outside, read what is not there."""
    parts = grown.parts()
    broken = parts.arrays[name].copy()
    broken[0] = value
    with pytest.raises(ValueError, match="must"):
        RandomSurvivalForest.of_parts(Parts(parts.facts, {**parts.arrays, name: broken}))


def test_arrays_of_another_kind_are_refused(grown) -> None:
    parts = grown.parts()
    for name in ("left", "term", "threshold"):
        broken = {**parts.arrays, name: parts.arrays[name][:-1]}
        with pytest.raises(ValueError, match=r"must|could not be broadcast"):
            RandomSurvivalForest.of_parts(Parts(parts.facts, broken))
    broken = {**parts.arrays, "left": parts.arrays["left"].astype(float)}
    with pytest.raises(ValueError, match="numbered"):
        RandomSurvivalForest.of_parts(Parts(parts.facts, broken))


def test_several_rows_a_patient_are_told(made: pd.DataFrame) -> None:
    rows = made.assign(patient_id=np.arange(200) // 2)
    with pytest.warns(SurvivalWarning, match="200 rows are of 100 patients"):
        fit_survival_forest(rows, ["x0", "x1"], trees=2)


def test_a_missing_extra_names_its_licence(made: pd.DataFrame, monkeypatch) -> None:
    monkeypatch.setattr(forest_module, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install 'lesionary\[forest\]'.*General Public"):
        fit_survival_forest(made, ["x0"])
