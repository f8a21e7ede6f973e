"""Statistics: how intensities are distributed, wherever they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.radiomics.catalogue import FAMILIES
from lesionary.radiomics.value import Values

Floats = NDArray[np.float64]

_PERCENT = (10, 25, 50, 75, 90)
_FLAT = "all intensities are the same: division by zero"
_UNDEFINED = {
    "skewness": _FLAT,
    "kurtosis": _FLAT,
    "coefficient_of_variation": "the mean is zero: division by zero",
    "quartile_coefficient_of_dispersion": "the quartiles add up to zero",
}


def statistics(values: Floats) -> Values:
    """Describe the intensities of a region; its features by key, or why one is undefined."""
    return of_one(statistics_of_each(values[None]), "statistics")


def statistics_of_each(values: Floats) -> dict[str, Floats]:
    """Describe the intensities of regions of one size, ``(region, voxel)``; NaN if undefined."""
    energy = np.einsum("ij,ij->i", values, values)
    size = {"N8CA": energy, "5ZWQ": np.sqrt(energy / values.shape[1])}
    return {**moments_and_ranks(values, "statistics"), **size}


def of_one(found: dict[str, Floats], family: str) -> Values:
    """Return the features of the first region, with a reason for what is undefined."""
    return {
        key: _UNDEFINED.get(FAMILIES[family][key][0], _FLAT) if np.isnan(value[0]) else value[0]
        for key, value in ((key, value.tolist()) for key, value in found.items())
    }


def moments_and_ranks(values: Floats, family: str) -> dict[str, Floats]:
    """Return what statistics and histogram have in common, by the key that a family gives it."""
    ranked = np.sort(values, axis=1)
    count = ranked.shape[1]
    low, q1, median, q3, high = (percentile(ranked, each) for each in _PERCENT)
    inner = (ranked >= low[:, None]) & (ranked <= high[:, None])
    inside = inner.sum(axis=1)
    inner_mean = np.where(inner, ranked, 0).sum(axis=1) / inside
    mean = ranked.mean(axis=1)
    apart = ranked - mean[:, None]
    square = apart * apart
    variance = square.mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        third = np.einsum("ij,ij->i", square, apart) / count / variance**1.5
        fourth = np.einsum("ij,ij->i", square, square) / count / variance**2
        varies = np.sqrt(variance) / mean
        disperses = (q3 - q1) / (q3 + q1)
    named = {
        "mean": mean,
        "variance": variance,
        "skewness": np.where(variance > 0, third, np.nan),
        "kurtosis": np.where(variance > 0, fourth - 3, np.nan),
        "median": median,
        "minimum": ranked[:, 0],
        "percentile_10": low,
        "percentile_90": high,
        "maximum": ranked[:, -1],
        "interquartile_range": q3 - q1,
        "range": ranked[:, -1] - ranked[:, 0],
        "mean_absolute_deviation": np.abs(apart).mean(axis=1),
        "robust_mean_absolute_deviation": np.where(
            inner, np.abs(ranked - inner_mean[:, None]), 0
        ).sum(axis=1)
        / inside,
        "median_absolute_deviation": np.abs(ranked - median[:, None]).mean(axis=1),
        "coefficient_of_variation": np.where(mean != 0, varies, np.nan),
        "quartile_coefficient_of_dispersion": np.where(q3 + q1 != 0, disperses, np.nan),
    }
    return {key: named[word] for key, (word, _) in FAMILIES[family].items() if word in named}


def percentile(ranked: Floats, percent: float) -> Floats:
    """Return a percentile of values that are sorted, between two of them in proportion.

    Examples
    --------
    >>> percentile(np.array([[1.0, 2, 4, 8], [0, 0, 2, 2]]), 50)
    array([3., 1.])
    """
    whole, part = divmod(percent / 100 * (ranked.shape[-1] - 1), 1)
    below = int(whole)
    above = min(below + 1, ranked.shape[-1] - 1)
    return np.asarray(ranked[..., below] + part * (ranked[..., above] - ranked[..., below]))
