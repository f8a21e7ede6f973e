"""The partial likelihood's derivatives against differences, and residuals against their sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from lesionary.adapt.survival.partial_likelihood import (
    information,
    log_likelihood,
    risk_sets,
    schoenfeld,
    score_residuals,
    value_and_slope,
)


@pytest.fixture(params=["ties", "none", "all at once"])
def rows(request) -> tuple:
    rng = np.random.default_rng(3)
    time = rng.exponential(5, 40) + 0.1
    if request.param == "ties":
        time = np.ceil(time / 2)
    elif request.param == "all at once":
        time = np.ones(40)
    event = rng.random(40) < 0.6
    return risk_sets(time, event), rng.normal(size=(40, 3)), rng.normal(size=3) * 0.5, time, event


def test_likelihood_is_efrons_product(rows) -> None:
    sets, x, beta, time, event = rows
    hazard = np.exp(x @ beta)
    total = 0.0
    for instant in np.unique(time[event]):
        died = event & (time == instant)
        at_risk = hazard[time >= instant].sum()
        for step in range(died.sum()):
            total -= np.log(at_risk - step / died.sum() * hazard[died].sum())
        total += (x[died] @ beta).sum()
    assert log_likelihood(sets, x @ beta) == pytest.approx(total)
    assert value_and_slope(sets, x @ beta)[0] == pytest.approx(total)


def test_slope_and_information_are_derivatives(rows) -> None:
    sets, x, beta, _, _ = rows
    score = x @ beta
    slope = value_and_slope(sets, score)[1]
    differences = approx_fprime(score, lambda given: log_likelihood(sets, given), 1e-6)
    np.testing.assert_allclose(slope, differences, atol=1e-4)
    turned = approx_fprime(beta, lambda b: x.T @ value_and_slope(sets, x @ b)[1], 1e-7)
    np.testing.assert_allclose(information(sets, x, score), -turned, atol=1e-4)


def test_residuals_add_up_to_the_slope(rows) -> None:
    sets, x, beta, _, _ = rows
    slope = x.T @ value_and_slope(sets, x @ beta)[1]
    np.testing.assert_allclose(score_residuals(sets, x, x @ beta).sum(axis=0), slope, atol=1e-10)
    np.testing.assert_allclose(schoenfeld(sets, x, x @ beta).sum(axis=0), slope, atol=1e-10)
    assert value_and_slope(sets, x @ beta)[1].sum() == pytest.approx(0, abs=1e-10)
