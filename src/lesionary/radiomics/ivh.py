"""Intensity-volume histogram: how much of the region is at least as bright as a level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.radiomics.discretise import bin_origin, discretise
from lesionary.radiomics.settings import Discretisation, Resegmentation
from lesionary.radiomics.value import Values

Floats = NDArray[np.float64]


def intensity_volume_histogram(
    values: Floats, how: Discretisation | None, range_: Resegmentation
) -> Values:
    """Describe the intensity-volume histogram of a region; its features by key."""
    grey, volume = _curve(values, how, range_)
    bright, dark = (_intensity_at(fraction, grey, volume) for fraction in (0.1, 0.9))
    found: Values = {"GBPN_10": bright, "GBPN_90": dark, "CNV2_10_90": bright - dark}
    span = grey[-1] - grey[0]
    if span == 0:
        one = "there is one grey level: fractions of the range of intensities need two"
        return {**found, "BC2M_10": one, "BC2M_90": one, "DDTU_10_90": one, "9CMM": 0.0}
    share = (grey - grey[0]) / span
    at_10, at_90 = (_volume_at(fraction, share, volume) for fraction in (0.1, 0.9))
    return {
        **found,
        "BC2M_10": at_10,
        "BC2M_90": at_90,
        "DDTU_10_90": at_10 - at_90,
        "9CMM": float(np.sum((volume[1:] + volume[:-1]) / 2 * np.diff(share))),
    }


def _curve(
    values: Floats, how: Discretisation | None, range_: Resegmentation
) -> tuple[Floats, Floats]:
    """Return grey levels, ascending, and which share of the region is at least that bright."""
    ends = (values.min(), values.max())
    low, high = (
        float(found if given is None else given)
        for found, given in zip(ends, range_.range, strict=True)
    )
    grey: NDArray[np.floating]
    if how is not None and how.bin_number is not None:
        values = discretise(values, how, range_).of.astype(np.float64)
        grey = np.arange(1.0, how.bin_number + 1)
    elif how is not None and how.bin_width is not None:
        # Levels are the centres of the bins that the range has.
        levels, origin = discretise(values, how, range_), bin_origin(values, how, range_)
        bins = max(int(np.ceil((high - origin) / how.bin_width)), levels.count)
        grey = origin + (np.arange(bins) + 0.5) * how.bin_width
        values = np.asarray(origin + (levels.of - 0.5) * how.bin_width)
    else:
        values = np.sort(values)
        grey = values[np.diff(values, prepend=-np.inf) > 0]
        if np.array_equal(grey, np.rint(grey)):
            # Whole numbers, such as HU, are levels as they are. The curve is flat from behind one
            # that occurs to the next: those between need not be listed.
            low, high = np.ceil(low), np.floor(high)
            grey = np.append(grey, grey + 1)
            grey = grey[grey <= high]
        grey = np.unique(np.append(grey, [low, high]))
    darker = np.searchsorted(np.sort(values), grey, side="left")
    return grey.astype(np.float64), 1 - darker / values.size


def _volume_at(fraction: float, share: Floats, volume: Floats) -> float:
    """Return the largest volume that has at least this share of the intensities' range."""
    there = np.flatnonzero(share >= fraction - 1e-12)
    return float(volume[there[0]]) if there.size else 0.0


def _intensity_at(fraction: float, grey: Floats, volume: Floats) -> float:
    """Return the lowest level that at most this share of the volume reaches."""
    there = np.flatnonzero(volume <= fraction + 1e-12)
    return float(grey[there[0] if there.size else -1])
