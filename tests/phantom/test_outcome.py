"""The stated rules, against simulation and closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from lesionary.phantom import PhantomError, ideal_performance, outcome, population_performance
from lesionary.phantom.config import SITES
from lesionary.phantom.population import draw_lesions


@pytest.mark.parametrize("signal", [0.0, 0.5, 1.0])
def test_population_auc_is_what_a_simulation_finds(signal: float) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(200_000, 3))
    score = signal * z @ np.array([outcome.MALIGNANCY[name] for name in outcome.ATTRIBUTES])
    p = expit(outcome.MALIGNANCY_INTERCEPT + score)
    auc = roc_auc_score(rng.random(len(p)) < p, p)
    assert population_performance(signal).auc == pytest.approx(auc, abs=0.004)


def test_population_c_index_is_what_a_simulation_finds() -> None:
    rng = np.random.default_rng(1)
    sd = np.sqrt(sum(w**2 for w in outcome.HAZARD.values()))
    hazard = rng.normal(0, sd, 40_000)
    death = np.array([outcome.draw_survival(h, rng)[0] for h in hazard])
    first, second = slice(0, 20_000), slice(20_000, None)
    ordered = (death[first] < death[second]) == (hazard[first] > hazard[second])
    assert population_performance().c_index == pytest.approx(ordered.mean(), abs=0.01)


def test_ideal_auc_of_a_table_is_the_mean_over_labels() -> None:
    rng = np.random.default_rng(2)
    p = np.append(rng.uniform(0.05, 0.95, 60), [0.3, 0.3])  # a tie
    truth = _truth(p, np.zeros(len(p)), rng)
    won = (p[:, None] > p[None, :]) + (p[:, None] == p[None, :]) / 2
    malignant = rng.random((4000, len(p))) < p
    wins = np.einsum("ki,ij,kj->k", malignant, won, ~malignant, optimize=True)
    auc = wins / (malignant.sum(axis=1) * (~malignant).sum(axis=1))
    assert ideal_performance(truth).auc == pytest.approx(auc.mean(), abs=0.004)


def test_ideal_concordance_counts_patients_once() -> None:
    rng = np.random.default_rng(3)
    truth = _truth(np.array([0.2, 0.6, 0.7]), np.array([0.0, 0.0, 2.0]), rng)
    truth["patient_id"] = ["A", "A", "B"]
    ideal = ideal_performance(truth)
    assert (ideal.lesions, ideal.patients) == (3, 2)
    assert ideal.c_index == pytest.approx(expit(2.0))


def test_realised_concordance_leaves_out_pairs_that_censoring_hides() -> None:
    truth = pd.DataFrame(
        {
            "patient_id": list("ABC"),
            "malignancy_probability": 0.5,
            "malignant": 1,
            "log_hazard": [1.0, 2.0, 0.0],
            "time": [10.0, 20.0, 30.0],
            "event": [1, 0, 1],
        }
    )
    ideal = ideal_performance(truth)
    # A died before B and C: wrong, right. B was censored, and nobody came after C.
    assert ideal.c_index_realised == 0.5
    assert np.isnan(ideal.auc_realised)  # all malignant


def test_realised_auc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(6)
    truth = _truth(rng.integers(1, 9, 50) / 10, np.zeros(50), rng)
    expected = roc_auc_score(truth["malignant"], truth["malignancy_probability"])
    assert ideal_performance(truth).auc_realised == pytest.approx(expected)


def test_no_lesion_is_an_error() -> None:
    with pytest.raises(PhantomError, match="no rows"):
        ideal_performance(pd.DataFrame({"patient_id": []}))


def test_survival_follows_the_stated_hazard() -> None:
    rng = np.random.default_rng(4)
    hazard = rng.normal(0, 1, 5000)
    death, censoring = np.array([outcome.draw_survival(h, rng) for h in hazard]).T
    spent = outcome.cumulative_hazard(death, hazard)
    assert spent.mean() == pytest.approx(1, abs=0.05)  # Exp(1) has mean 1 ...
    assert np.median(spent) == pytest.approx(np.log(2), abs=0.04)  # ... and median ln 2
    assert abs(np.corrcoef(spent, hazard)[0, 1]) < 0.05
    # Under independent censoring events number, on average, the hazard that was run through.
    time, event = np.minimum(death, censoring), death <= censoring
    at_risk = outcome.cumulative_hazard(time, hazard).sum()
    assert event.sum() / at_risk == pytest.approx(1, abs=0.05)
    assert 0.2 < 1 - event.mean() < 0.6


def test_attributes_are_standard_normal_and_shared_within_patients() -> None:
    rng = np.random.default_rng(5)
    patients = [draw_lesions(SITES, rng) for _ in range(1500)]
    first = np.array([[p[0][1][name] for name in outcome.ATTRIBUTES] for p in patients])
    assert np.abs(first.mean(axis=0)).max() < 0.06
    assert first.std(axis=0) == pytest.approx(np.ones(3), abs=0.05)
    pairs = np.array([[p[0][1]["size"], p[1][1]["size"]] for p in patients if len(p) > 1])
    assert np.corrcoef(pairs.T)[0, 1] == pytest.approx(outcome.SHARED_VARIANCE, abs=0.08)
    assert {lesion.site for p in patients for lesion, _ in p} == set(SITES)


def _truth(p: np.ndarray, hazard: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": np.arange(len(p)),
            "malignancy_probability": p,
            "malignant": rng.random(len(p)) < p,
            "log_hazard": hazard,
            "time": rng.exponential(1, len(p)),
            "event": 1,
        }
    )
