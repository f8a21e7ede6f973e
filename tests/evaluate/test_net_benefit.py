"""Net benefit, by its closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from lesionary.errors import EvaluationError
from lesionary.evaluate.net_benefit import TREAT_ALL, TREAT_NONE, decision_curve, net_benefit


def made(n: int = 200, seed: int = 0):
    rng = np.random.default_rng(seed)
    p = rng.random(n)
    return (rng.random(n) < p).astype(int), p


def of(table: pd.DataFrame, model: str) -> pd.DataFrame:
    return table[table["model"] == model].reset_index(drop=True)


def test_closed_form() -> None:
    y, p = made()
    curve = decision_curve(y, {"a": p, "b": 1 - p}, resamples=20)
    prevalence = y.mean()
    for name, score in (("a", p), ("b", 1 - p)):
        for _, row in of(curve.table, name).iterrows():
            t = row["threshold"]
            true, false = ((score >= t) & (y == 1)).sum(), ((score >= t) & (y == 0)).sum()
            assert row["net_benefit"] == pytest.approx(true / 200 - false / 200 * t / (1 - t))
    everybody, nobody = of(curve.table, TREAT_ALL), of(curve.table, TREAT_NONE)
    t = everybody["threshold"]
    assert_allclose(everybody["net_benefit"], prevalence - (1 - prevalence) * t / (1 - t))
    assert (nobody[["net_benefit", "low", "high"]] == 0).all(axis=None)
    assert len(t) == 99


def test_perfect_model_gains_the_prevalence() -> None:
    y, _ = made()
    curve = decision_curve(y, {"a": y}, resamples=0)
    assert_allclose(of(curve.table, "a")["net_benefit"], y.mean())
    assert "low" not in curve.table


def test_interval_of_treat_all_is_that_of_the_prevalence() -> None:
    y, p = made(1000)
    row = of(decision_curve(y, {"a": p}, thresholds=[0.5]).table, TREAT_ALL).iloc[0]
    # At 0.5 the net benefit is 2 · prevalence − 1, whose standard error is known.
    reach = 2 * 1.96 * np.sqrt(y.mean() * (1 - y.mean()) / 1000)
    assert row["high"] - row["low"] == pytest.approx(2 * reach, rel=0.08)


def test_patients_are_drawn_whole() -> None:
    y, p = made(50)
    y, p, patient = np.repeat(y, 4), np.repeat(p, 4), np.repeat(np.arange(50), 4)
    clustered, alone = net_benefit(y, p, 0.3, patient), net_benefit(y, p, 0.3)
    assert clustered.value == alone.value
    assert clustered.high - clustered.low > 1.6 * (alone.high - alone.low)
    assert clustered.patients == 50
    assert net_benefit(y, p, 0.3, patient) == clustered


@pytest.mark.parametrize(
    ("probabilities", "thresholds", "message"),
    [
        ({}, None, "There is no model"),
        ({"a": [0.1, 0.2, 3.0]}, None, "of probabilities"),
        ({"a": [0.1, 0.2, 0.3]}, [0.0, 0.5], "above 0 and below 1"),
        ({"a": [0.1, 0.2]}, None, "numbers of rows"),
    ],
)
def test_bad_input(probabilities, thresholds, message) -> None:
    with pytest.raises(EvaluationError, match=message):
        decision_curve([0, 1, 1], probabilities, thresholds=thresholds)
