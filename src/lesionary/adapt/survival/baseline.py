"""The cumulative hazard of the average patient, kept with a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.adapt.survival.outcome import Outcome
from lesionary.adapt.survival.partial_likelihood import risk_sets
from lesionary.errors import ModelError


@dataclass(frozen=True)
class Baseline:
    """Breslow's cumulative hazard where the log hazard is zero.

    Parameters
    ----------
    time : ndarray of float64 (instants,)
        Event times of the training rows, rising.
    hazard : ndarray of float64 (instants,)
        Cumulative hazard from each of them on.
    followed
        Longest follow-up of a training row; beyond it nothing is known.
    """

    time: NDArray[np.float64]
    hazard: NDArray[np.float64]
    followed: float

    def survival(self, score: pd.Series[float], times: ArrayLike) -> pd.DataFrame:
        """Return the probability to be free of the event, a row a score and a column a time."""
        wanted = known_times(times, self.followed)
        cumulative = np.concatenate([[0.0], self.hazard])
        at = cumulative[np.searchsorted(self.time, wanted, side="right")]
        survival = np.exp(-np.exp(score.to_numpy(np.float64))[:, None] * at)
        return pd.DataFrame(survival, index=score.index, columns=wanted)


def breslow(outcome: Outcome, score: NDArray[np.float64]) -> Baseline:
    """Estimate the baseline from training rows and their log hazards (n,)."""
    sets = risk_sets(outcome.time, outcome.event)
    total = np.cumsum(np.exp(score)[sets.order])[sets.at_risk - 1]
    rising = slice(None, None, -1)
    hazard = np.cumsum((sets.deaths / total)[rising])
    return Baseline(sets.time[rising], hazard, float(outcome.time.max()))


def known_times(times: ArrayLike, followed: float) -> NDArray[np.float64]:
    """Return times as an array, if training rows were followed as long as that."""
    wanted = np.atleast_1d(np.asarray(times, dtype=np.float64))
    bad = ~((wanted >= 0) & (wanted <= followed))
    if bad.any():
        raise ModelError(
            f"Survival at {wanted[bad][0]:g} is unknown: the training rows were followed from 0 "
            f"to {followed:g}."
        )
    return wanted
