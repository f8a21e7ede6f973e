"""Statistics: how intensities are distributed, wherever they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.radiomics.catalogue import FAMILIES
from lesionary.radiomics.value import Values

Floats = NDArray[np.float64]

_PERCENT = (10, 25, 50, 75, 90)


def statistics(values: Floats) -> Values:
    """Describe the intensities of a region; its features by key, or why one is undefined."""
    return {**moments_and_ranks(values, "statistics"), **_sizes(values)}


def moments_and_ranks(values: Floats, family: str) -> Values:
    """Return what statistics and histogram have in common, by the key that a family gives it."""
    ranked = np.sort(values)
    low, q1, median, q3, high = (percentile(ranked, each) for each in _PERCENT)
    inner = ranked[np.searchsorted(ranked, low) : np.searchsorted(ranked, high, side="right")]
    mean = float(ranked.mean())
    apart = ranked - mean
    square = apart * apart
    variance = float(square.mean())
    flat = "all intensities are the same: division by zero"
    named: Values = {
        "mean": mean,
        "variance": variance,
        "skewness": float(square @ apart) / values.size / variance**1.5 if variance > 0 else flat,
        "kurtosis": float(square @ square) / values.size / variance**2 - 3
        if variance > 0
        else flat,
        "median": median,
        "minimum": float(ranked[0]),
        "percentile_10": low,
        "percentile_90": high,
        "maximum": float(ranked[-1]),
        "interquartile_range": q3 - q1,
        "range": float(ranked[-1] - ranked[0]),
        "mean_absolute_deviation": float(np.abs(apart).mean()),
        "robust_mean_absolute_deviation": float(np.abs(inner - inner.mean()).mean()),
        "median_absolute_deviation": float(np.abs(ranked - median).mean()),
        "coefficient_of_variation": (
            variance**0.5 / mean if mean != 0 else "the mean is zero: division by zero"
        ),
        "quartile_coefficient_of_dispersion": (
            (q3 - q1) / (q3 + q1) if q3 + q1 != 0 else "the quartiles add up to zero"
        ),
    }
    return {key: named[word] for key, (word, _) in FAMILIES[family].items() if word in named}


def percentile(ranked: Floats, percent: float) -> float:
    """Return a percentile of values that are sorted, between two of them in proportion.

    Examples
    --------
    >>> percentile(np.array([1.0, 2, 4, 8]), 50)
    3.0
    """
    whole, part = divmod(percent / 100 * (ranked.size - 1), 1)
    below = int(whole)
    above = min(below + 1, ranked.size - 1)
    return float(ranked[below] + part * (ranked[above] - ranked[below]))


def _sizes(values: Floats) -> Values:
    energy = float(values @ values)
    return {"N8CA": energy, "5ZWQ": (energy / values.size) ** 0.5}
