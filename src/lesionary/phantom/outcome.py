"""The stated rules: which lesions are malignant, and how long patients live.

Three attributes carry signal. Each lesion has them as standard normal numbers
(``z_size``, ``z_spiculation``, ``z_heterogeneity``), painted monotonically. Half of their
variance is shared by the lesions of a patient.

- A lesion is malignant with probability ``expit(-0.2 + score)``, where ``score`` is
  :data:`MALIGNANCY` times the attributes. No model can know more than this probability.
- A patient's time follows a Weibull proportional hazards model: the hazard is
  ``k / s (t / s)^(k - 1) exp(log_hazard)`` with ``k`` = :data:`WEIBULL_SHAPE`, ``s`` =
  :data:`WEIBULL_SCALE_DAYS`, and ``log_hazard`` = :data:`HAZARD` times the attributes of
  the patient's first lesion. Censoring is exponential, independent of all else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit

from lesionary.phantom.config import PhantomError
from lesionary.scan.geometry import FloatArray

ATTRIBUTES = ("size", "spiculation", "heterogeneity")
MALIGNANCY: Mapping[str, float] = {"size": 1.0, "spiculation": 1.0, "heterogeneity": 0.8}
MALIGNANCY_INTERCEPT = -0.2
HAZARD: Mapping[str, float] = {"size": 0.7, "heterogeneity": 0.6}
WEIBULL_SHAPE = 1.3
WEIBULL_SCALE_DAYS = 900.0
CENSORING_MEAN_DAYS = 1600.0
SHARED_VARIANCE = 0.5
"""Correlation of an attribute between two lesions of a patient."""


def malignancy_probability(z: Mapping[str, float], signal: float = 1.0) -> float:
    """Return the probability that a lesion with standardised attributes ``z`` is malignant."""
    score = sum(weight * z[name] for name, weight in MALIGNANCY.items())
    return float(expit(MALIGNANCY_INTERCEPT + signal * score))


def log_hazard(z: Mapping[str, float], signal: float = 1.0) -> float:
    """Return the log hazard ratio of a patient whose first lesion has attributes ``z``."""
    return float(signal * sum(weight * z[name] for name, weight in HAZARD.items()))


def draw_survival(log_hazard: float, rng: np.random.Generator) -> tuple[float, float]:
    """Return (time to death, time to censoring) in days."""
    death = WEIBULL_SCALE_DAYS * (rng.exponential() * np.exp(-log_hazard)) ** (1 / WEIBULL_SHAPE)
    return round(float(death), 2), round(float(rng.exponential(CENSORING_MEAN_DAYS)), 2)


def cumulative_hazard(time_days: ArrayLike, log_hazard: ArrayLike) -> FloatArray:
    """Return the cumulative hazard at ``time_days``; at the time of death it is Exp(1)."""
    years = np.asarray(time_days, dtype=np.float64) / WEIBULL_SCALE_DAYS
    return np.asarray(years**WEIBULL_SHAPE * np.exp(log_hazard))


@dataclass(frozen=True)
class Ideal:
    """What a model that knew the rule could reach.

    Attributes
    ----------
    auc : float
        Expected area under the ROC curve of the true malignancy probability.
    c_index : float
        Expected concordance of the true hazard with uncensored times.
    auc_realised, c_index_realised : float
        The same of the labels, and of the (censored) times, that were in fact drawn; NaN
        where there is nothing to compare.
    lesions, patients : int
        How many there are.
    """

    auc: float
    c_index: float
    auc_realised: float = float("nan")
    c_index_realised: float = float("nan")
    lesions: int = 0
    patients: int = 0


def ideal_performance(truth: pd.DataFrame) -> Ideal:
    """Return what an ideal model reaches on the lesions of a truth table.

    Malignancy is judged by lesion, survival by patient.

    Examples
    --------
    >>> import pandas as pd
    >>> truth = pd.DataFrame(
    ...     {
    ...         "patient_id": ["P1", "P2"],
    ...         "malignancy_probability": [0.9, 0.1],
    ...         "malignant": [1, 0],
    ...         "log_hazard": [1.0, -1.0],
    ...         "time": [100.0, 800.0],
    ...         "event": [1, 1],
    ...     }
    ... )
    >>> ideal = ideal_performance(truth)
    >>> round(ideal.auc, 3), round(ideal.c_index, 3), ideal.auc_realised
    (0.988, 0.881, 1.0)
    """
    if truth.empty:
        raise PhantomError("The truth table has no rows.")
    patients = truth.drop_duplicates("patient_id")
    p = truth["malignancy_probability"].to_numpy(dtype=np.float64)
    hazard = patients["log_hazard"].to_numpy(dtype=np.float64)
    return Ideal(
        auc=_auc(p, p),
        c_index=_expected_concordance(hazard),
        auc_realised=_auc(p, truth["malignant"].to_numpy(dtype=np.float64)),
        c_index_realised=_concordance(
            hazard, patients["time"].to_numpy(), patients["event"].to_numpy()
        ),
        lesions=len(truth),
        patients=len(patients),
    )


def population_performance(signal: float = 1.0) -> Ideal:
    """Return what an ideal model reaches in the population, by numerical integration.

    Examples
    --------
    >>> ideal = population_performance()
    >>> round(ideal.auc, 3), round(ideal.c_index, 3)
    (0.827, 0.713)
    """
    grid = np.linspace(-8, 8, 4001)
    weight = np.exp(-(grid**2) / 2)
    weight /= weight.sum()
    sd = signal * np.sqrt(sum(w**2 for w in MALIGNANCY.values()))
    p = expit(MALIGNANCY_INTERCEPT + sd * grid)
    ill, well = weight * p / (weight @ p), weight * (1 - p) / (weight @ (1 - p))
    auc = ill @ (np.cumsum(well) - well / 2)
    # Under proportional hazards the one with the higher hazard dies first with expit(difference).
    spread = signal * np.sqrt(2 * sum(w**2 for w in HAZARD.values()))
    return Ideal(auc=float(auc), c_index=float(weight @ expit(spread * np.abs(grid))))


def _auc(score: FloatArray, ill: FloatArray) -> float:
    """AUC of a score; ``ill`` is 0, 1, or the probability of 1 (then: expected AUC).

    The expectation of a ratio is taken as the ratio of expectations, of pairs won and of
    pairs, which is exact to the third decimal from some fifty lesions on.
    """
    _, rank = np.unique(score, return_inverse=True)
    well = np.bincount(rank, 1 - ill)
    below = np.cumsum(well) - well
    itself = ill * (1 - ill)
    won = (ill * (below + well / 2)[rank] - itself / 2).sum()
    pairs = ill.sum() * (1 - ill).sum() - itself.sum()
    return float(won / pairs) if pairs > 0 else float("nan")


def _expected_concordance(hazard: FloatArray) -> float:
    i, j = np.triu_indices(len(hazard), 1)
    return float(expit(np.abs(hazard[i] - hazard[j])).mean()) if len(i) else float("nan")


def _concordance(hazard: FloatArray, time: FloatArray, event: FloatArray) -> float:
    """Harrell's C: share of pairs, of which one surely died first, that the hazard orders."""
    first = (time[:, None] < time[None, :]) & (event[:, None] == 1)
    won = np.sign(hazard[:, None] - hazard[None, :]) / 2 + 0.5
    return float(won[first].mean()) if first.any() else float("nan")
