"""Histogram: how grey levels are distributed."""

from __future__ import annotations

import numpy as np

from lesionary.radiomics.discretise import Levels
from lesionary.radiomics.statistics import moments_and_ranks
from lesionary.radiomics.value import Values


def histogram(levels: Levels) -> Values:
    """Describe the grey levels of a region; its features by key, or why one is undefined."""
    count = np.bincount(levels.of, minlength=levels.count + 1)[1:]
    p = count[count > 0] / levels.of.size
    modes = np.flatnonzero(count == count.max()) + 1
    found: Values = {
        **moments_and_ranks(levels.of.astype(np.float64), "histogram"),
        # Of several, the one nearest to the mean.
        "AMMC": float(modes[np.abs(modes - levels.of.mean()).argmin()]),
        "TLU2": float(-(p @ np.log2(p))) + 0.0,
        "BJ5W": float(p @ p),
    }
    if levels.count == 1:
        one = "there is one grey level: a gradient needs two"
        return {**found, "12CE": one, "8E6O": one, "VQB3": one, "RHQZ": one}
    slope = np.gradient(count.astype(np.float64))
    steepest, deepest = int(slope.argmax()), int(slope.argmin())
    return {
        **found,
        "12CE": float(slope[steepest]),
        "8E6O": steepest + 1.0,
        "VQB3": float(slope[deepest]),
        "RHQZ": deepest + 1.0,
    }
