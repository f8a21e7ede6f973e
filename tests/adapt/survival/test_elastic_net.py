"""The elastic net against scikit-survival's, its optimality, and how its penalty is chosen."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from sksurv.linear_model import CoxnetSurvivalAnalysis
from sksurv.util import Surv

from lesionary.adapt.survival import SurvivalWarning, fit_cox, fit_elastic_net_cox
from lesionary.adapt.survival.elastic_net import path, penalties
from lesionary.adapt.survival.outcome import Outcome, read_outcome
from lesionary.adapt.survival.partial_likelihood import risk_sets, value_and_slope
from lesionary.adapt.survival.penalised import patient_folds
from lesionary.errors import ModelError

TWENTY = [f"x{i}" for i in range(20)]


def standard(table: pd.DataFrame) -> np.ndarray:
    x = table[TWENTY].to_numpy()
    return (x - x.mean(0)) / x.std(0)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.1])
def test_path_is_scikit_survivals(made: pd.DataFrame, l1_ratio: float) -> None:
    x, outcome = standard(made), read_outcome(made, "time", "event")
    along = penalties(x, outcome, l1_ratio, count=20)
    ours = path(x, outcome, l1_ratio, along)
    theirs = CoxnetSurvivalAnalysis(alphas=along, l1_ratio=l1_ratio, tol=1e-9, max_iter=100_000)
    theirs.fit(x, Surv.from_arrays(outcome.event, outcome.time))
    np.testing.assert_allclose(ours.T, theirs.coef_, atol=5e-3)
    assert not ours[0].any()
    assert np.count_nonzero(ours[-1]) > 10


@pytest.mark.parametrize("p", [20, 600])
def test_every_slope_is_where_it_should_be(p: int) -> None:
    """At the minimum a coefficient's slope is its penalty's, and at most that where it is 0."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, p))
    time = np.ceil(3 * rng.exponential(np.exp(-x[:, 0])))
    outcome = Outcome(time, rng.random(150) < 0.7, np.arange(150), False)
    along = penalties(x, outcome, 0.7)
    sets = risk_sets(outcome.time, outcome.event)
    for penalty, beta in zip(along, path(x, outcome, 0.7, along), strict=True):
        slope = x.T @ value_and_slope(sets, x @ beta)[1] / 150 - 0.3 * penalty * beta
        free = beta != 0
        np.testing.assert_allclose(slope[free], 0.7 * penalty * np.sign(beta[free]), rtol=2e-3)
        assert (np.abs(slope[~free]) <= 0.7 * penalty * 1.001).all()


def test_a_given_penalty_is_lifelines(made: pd.DataFrame) -> None:
    ours = fit_elastic_net_cox(made, TWENTY, l1_ratio=0.5, penalty=0.05)
    theirs = CoxPHFitter(penalizer=0.05, l1_ratio=0.5).fit(
        made[[*TWENTY, "time", "event"]], "time", "event"
    )
    np.testing.assert_allclose(ours.coefficients, theirs.params_, atol=5e-3)


def test_ridge_is_that_of_newtons_method(made: pd.DataFrame) -> None:
    by_path = fit_elastic_net_cox(made, TWENTY, l1_ratio=0, penalty=0.1)
    by_newton = fit_cox(made, TWENTY, l2=0.1)
    np.testing.assert_allclose(by_path.beta, by_newton.beta, atol=1e-4)


def test_the_chosen_penalty_keeps_what_matters(made: pd.DataFrame) -> None:
    model = fit_elastic_net_cox(made, TWENTY, l1_ratio=1)
    kept = set(model.coefficients[model.beta != 0].index)
    assert {"x0", "x1"} <= kept
    assert model.coefficients["x0"] > 0.5 > -0.2 > model.coefficients["x1"]
    assert model.covariance is None
    assert "p" not in model.summary()
    assert model.predict_survival(made, [0.5]).shape == (200, 1)


def test_tune_decides_where_it_is_given(made: pd.DataFrame) -> None:
    train, tune = made.iloc[:120], made.iloc[120:]
    model = fit_elastic_net_cox(train, TWENTY, tune=tune)
    x, outcome = model.design.matrix(train), read_outcome(train, "time", "event")
    along = penalties(x, outcome, 0.5)
    sets = risk_sets(tune["time"].to_numpy(), tune["event"].to_numpy() == 1)
    gain = [
        value_and_slope(sets, model.design.matrix(tune) @ beta)[0]
        for beta in path(x, outcome, 0.5, along)
    ]
    assert model.penalty == pytest.approx(along[int(np.argmax(gain))])


def test_noise_leaves_nothing() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(150, 20)), columns=TWENTY)
    table = table.assign(time=rng.exponential(size=150), event=1)
    with pytest.warns(SurvivalWarning, match="No column helps"):
        model = fit_elastic_net_cox(table, TWENTY, l1_ratio=1)
    assert np.ptp(model.predict_risk(table)) == 0


def test_more_columns_than_rows(made: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(200, 400)), columns=[f"noise{i}" for i in range(400)])
    wide = pd.concat([made, wide], axis=1)
    columns = [*TWENTY, *(f"noise{i}" for i in range(400))]
    model = fit_elastic_net_cox(wide, columns, l1_ratio=1, folds=2)
    assert model.coefficients.abs().idxmax() == "x0"


def test_the_same_seed_gives_the_same_model(made: pd.DataFrame) -> None:
    one, other = (fit_elastic_net_cox(made, TWENTY[:4], seed=7) for _ in range(2))
    pd.testing.assert_series_equal(one.coefficients, other.coefficients)


def test_folds_keep_patients_together_and_spread_events() -> None:
    rng = np.random.default_rng(0)
    patient = np.sort(rng.integers(0, 40, 100))
    patient = np.unique(patient, return_inverse=True)[1]
    event = np.isin(patient, np.arange(12))
    outcome = Outcome(np.ones(100), event, patient, True)
    fold = patient_folds(outcome, 4, seed=0)
    assert pd.Series(fold).groupby(patient).nunique().max() == 1
    assert pd.Series(patient[event]).groupby(fold[event]).nunique().tolist() == [3, 3, 3, 3]


def test_a_rare_level_may_be_absent_from_a_fold(made: pd.DataFrame) -> None:
    rare = made.assign(site=["rare"] + ["a"] * 99 + ["b"] * 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit_elastic_net_cox(rare, [*TWENTY, "site"])
    assert "site=rare" in model.design.terms


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"l1_ratio": 2}, "share of L1 is 2"),
        ({"penalty": 0}, "penalty is 0"),
        ({"folds": 1}, "there must be two folds"),
        ({"folds": 190}, "fold"),
    ],
)
def test_bad_options(made: pd.DataFrame, options: dict, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        fit_elastic_net_cox(made, TWENTY, **options)


def test_a_fold_without_events_is_refused(made: pd.DataFrame) -> None:
    few = made.assign(event=[1, 1, 1, *[0] * 197])
    with pytest.raises(ModelError, match="3 patients have an event, and there are 5 folds"):
        fit_elastic_net_cox(few, TWENTY)
