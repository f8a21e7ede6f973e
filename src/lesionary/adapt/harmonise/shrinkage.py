"""Empirical Bayes: what a batch does to one feature, in the light of what it does to all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import ModelError

Values = NDArray[np.float64]

CHANGE = 1e-4
"""Relative change below which the parametric estimates stand, as in all published ones."""
_MOST_STEPS = 10_000
_CELLS = 1 << 22
"""Pairs of features that are weighed at once: 32 MB."""


@dataclass(frozen=True)
class Moments:
    """A batch's standardised features: number of values, mean, squares about it; each (p,).

    The variance (of ``n - 1``) is 1, that of all batches together, where the batch does not
    tell: of one value, or of equal ones.
    """

    count: Values
    mean: Values
    squares: Values
    variance: Values


def moments(z: Values) -> Moments:
    """Describe a batch (n, p), cells that are missing (NaN) left out."""
    seen = ~np.isnan(z)
    count = seen.sum(axis=0).astype(np.float64)
    mean = np.where(seen, z, 0.0).sum(axis=0) / np.maximum(count, 1.0)
    squares = (np.where(seen, z - mean, 0.0) ** 2).sum(axis=0)
    variance = squares / np.maximum(count - 1.0, 1.0)
    # Rounding leaves equal values a variance of about 1e-32 of their square.
    told = variance > 1e-20 * np.maximum(mean**2, 1.0)
    return Moments(count, mean, squares, np.where(told, variance, 1.0))


def parametric(batch: Moments) -> tuple[Values, Values]:
    """Shrink by a normal prior of the means and an inverse gamma prior of the variances.

    Johnson, Li & Rabinovic, Biostatistics 8:118 (2007): priors by the method of moments over
    features, posterior means found in turns.

    Returns
    -------
    location, variance : ndarray (p,)
    """
    _need_features(batch)
    n, spread = batch.count, batch.mean.var(ddof=1)
    middle = batch.mean.mean()
    size, scatter = batch.variance.mean(), batch.variance.var(ddof=1)
    location, variance = batch.mean, batch.variance
    for _ in range(_MOST_STEPS):
        found = (spread * n * batch.mean + variance * middle) / (spread * n + variance)
        total = batch.squares + n * (batch.mean - found) ** 2
        # The posterior mean, times the prior's scatter above and below: it may be 0.
        above = scatter * (total / 2.0 + size) + size**3
        updated = above / (scatter * (n / 2.0 + 1.0) + size**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            # Relative to the signed location, as published: of negative ones nothing is asked.
            change = np.nanmax([(abs(found - location) / location), abs(updated / variance - 1.0)])
        location, variance = found, updated
        if change <= CHANGE:
            return location, variance
    raise ModelError("Shrinkage did not settle: look for features with extreme values.")


def parametric_mean(batch: Moments) -> Values:
    """Shrink the means alone, each with the weight of one value of variance 1, as published."""
    _need_features(batch)
    spread = batch.mean.var(ddof=1)
    location: Values = (spread * batch.mean + batch.mean.mean()) / (spread + 1.0)
    return location


def nonparametric(batch: Moments) -> tuple[Values, Values]:
    """Shrink without a form for the prior: each feature's prior are the others' estimates.

    Returns
    -------
    location, variance : ndarray (p,)
        Of each feature, means over all others weighted by how likely its values are with theirs.
    """
    _need_features(batch)
    p = len(batch.mean)
    location, variance = np.empty(p), np.empty(p)
    rows = max(1, _CELLS // p)
    for start in range(0, p, rows):
        these = slice(start, min(start + rows, p))
        n = batch.count[these, None]
        away = batch.squares[these, None] + n * (batch.mean[these, None] - batch.mean) ** 2
        # Weights relative to the largest: likelihoods of many rows are too small for a number.
        likelihood = -0.5 * (n * np.log(batch.variance) + away / batch.variance)
        likelihood[np.arange(likelihood.shape[0]), np.arange(start, these.stop)] = -np.inf
        weight = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        location[these], variance[these] = weight @ batch.mean, weight @ batch.variance
    return location, variance


def _need_features(batch: Moments) -> None:
    if len(batch.mean) < 2:
        raise ModelError(
            "There is one feature, and shrinkage borrows from others: give more, or shrink=False."
        )
