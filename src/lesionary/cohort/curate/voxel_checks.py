"""Checks of a series that its voxels answer: cut-off intensities, metal, motion, noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lesionary.cohort.curate.flag import Flag, impossible, judged
from lesionary.cohort.curate.rules import Rules
from lesionary.scan.geometry import FloatArray, Geometry

Voxels = NDArray[Any]

_TISSUE_HU = -200
"""Above this is tissue, below it fat-poor lung, and air."""
_SOFT_HU = (0.0, 100.0)
_WINDOW_VOX = 7
_NOISE_SLICES = 24
_FEWEST_WINDOWS = 500
_BINS = 200
_AROUND = 5
_FEWEST_SLICES = 2 * _AROUND + 2
_BLOCK_VOX = 4
_SHOWN = 3


def voxel_flags(voxels: Voxels, geometry: Geometry, unit: str, rules: Rules) -> list[Flag]:
    """Make the checks that are asked for and need voxels, ``(z, y, x)``."""
    return [
        check(voxels, geometry, unit, rules)
        for name, check in CHECKS.items()
        if getattr(rules, name) is not None
    ]


def no_voxel_flags(reason: str, rules: Rules) -> list[Flag]:
    """Say of every check that is asked for that there are no voxels to make it on."""
    return [impossible(name, reason) for name in CHECKS if getattr(rules, name) is not None]


def _truncation(voxels: Voxels, _geometry: Geometry, unit: str, rules: Rules) -> Flag:
    assert rules.truncation is not None
    if unit != "HU":
        return impossible("truncation", f"Values are {unit}, not Hounsfield units.")
    lowest, highest = float(voxels.min()), float(voxels.max())
    if lowest > rules.truncation.lowest_hu:
        said = (
            f"The lowest value is {lowest:g} HU, and air is below {rules.truncation.lowest_hu:g}: "
            "cut off, or no HU."
        )
        return judged("truncation", False, said, lowest)
    tissue = int(np.count_nonzero(voxels > _TISSUE_HU))
    if not tissue:
        return impossible("truncation", f"There is no tissue: nothing is above {_TISSUE_HU} HU.")
    share = int(np.count_nonzero(voxels == highest)) / tissue
    if share > rules.truncation.share_at_top:
        said = f"{share:.2%} of tissue has the highest value, {highest:g} HU: cut off there."
        return judged("truncation", False, said, share)
    return judged("truncation", True, f"Values from {lowest:g} to {highest:g} HU.", share)


def _metal(voxels: Voxels, geometry: Geometry, unit: str, rules: Rules) -> Flag:
    assert rules.metal is not None
    if unit != "HU":
        return impossible("metal", f"Values are {unit}, not Hounsfield units.")
    count = int(np.count_nonzero(voxels > rules.metal.above_hu))
    volume = count * geometry.voxel_volume_mm3 / 1000
    said = f"{volume:.3g} ml above {rules.metal.above_hu:g} HU; at most {rules.metal.max_ml:g}."
    return judged("metal", volume <= rules.metal.max_ml, said, volume)


def _motion(voxels: Voxels, geometry: Geometry, _unit: str, rules: Rules) -> Flag:
    """Compare each step between slices with the median of the ten around it."""
    assert rules.motion is not None
    if len(voxels) < _FEWEST_SLICES:
        return impossible("motion", f"{len(voxels)} slices; it takes {_FEWEST_SLICES}.")
    steps = _steps(voxels)
    reach = np.ones(2 * _AROUND + 1, dtype=bool)
    reach[_AROUND] = False
    around = ndimage.median_filter(steps, footprint=reach, mode="nearest")
    if not (around > 0).any():
        return impossible("motion", "All slices are the same.")
    jumps = steps / np.maximum(around, around[around > 0].min())
    worst = float(jumps.max())
    if worst <= rules.motion.max_jump:
        said = f"No slice differs from the next by more than {worst:.2g} times the usual."
        return judged("motion", True, said, worst)
    at = np.argsort(-jumps)[:_SHOWN]
    places = [
        f"{jumps[k]:.2g} times between slices {k + 1} and {k + 2} "
        f"(z = {geometry.to_mm((k + 0.5, 0, 0))[2]:.5g} mm)"
        for k in at
        if jumps[k] > rules.motion.max_jump
    ]
    said = f"Jumps between slices, as motion or swapped slices make: {', '.join(places)}."
    return judged("motion", False, said, worst)


def _steps(voxels: Voxels) -> FloatArray:
    """Mean absolute difference from each slice to the next, of means of 4 x 4 voxels."""
    block = max(1, min(_BLOCK_VOX, *voxels.shape[1:]))
    rows, columns = (n // block * block for n in voxels.shape[1:])
    small = np.stack(
        [
            one[:rows, :columns]
            .reshape(rows // block, block, columns // block, block)
            .mean(axis=(1, 3), dtype=np.float64)
            for one in voxels
        ]
    )
    return np.asarray(np.abs(np.diff(small, axis=0)).mean(axis=(1, 2)))


def _snr(voxels: Voxels, _geometry: Geometry, unit: str, rules: Rules) -> Flag:
    """Signal over noise; noise is the commonest standard deviation of a small window.

    Over most of a homogeneous tissue the window holds noise alone, so the mode of its standard
    deviation is the noise, whatever edges and vessels add elsewhere. For CT, windows of
    soft tissue count and the signal is HU + 1000, which is proportional to attenuation; for
    others, windows brighter than the scan's mean.
    """
    assert rules.snr is not None
    if min(voxels.shape[1:]) < 2 * _WINDOW_VOX:
        return impossible("snr", f"Slices have fewer than {2 * _WINDOW_VOX} rows or columns.")
    means, spreads = _windows(voxels)
    if unit == "HU":
        low, high, offset, tissue = *_SOFT_HU, 1000.0, "soft tissue (0 to 100 HU)"
    else:
        low, high, offset, tissue = max(float(voxels.mean()), 0.0), np.inf, 0.0, "what is bright"
    inside = (means > low) & (means < high) & (spreads > 0)
    if np.count_nonzero(inside) < _FEWEST_WINDOWS:
        return impossible("snr", f"There is hardly any {tissue} with noise to measure it in.")
    signal, spread = means[inside] + offset, spreads[inside]
    noise = signal.mean() * _mode(spread / signal)
    value = float(signal.mean() / noise)
    said = f"{value:.3g} (noise {noise:.3g} {unit} in {tissue}); asked: {rules.snr}."
    return judged("snr", rules.snr.holds(value), said, value)


def _windows(voxels: Voxels) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of in-plane windows of some slices, not overlapping."""
    chosen = np.unique(np.linspace(0, len(voxels) - 1, _NOISE_SLICES).round().astype(int))
    some = voxels[chosen].astype(np.float64)
    rows, columns = (n // _WINDOW_VOX * _WINDOW_VOX for n in some.shape[1:])
    tiles = some[:, :rows, :columns].reshape(
        len(some), rows // _WINDOW_VOX, _WINDOW_VOX, columns // _WINDOW_VOX, _WINDOW_VOX
    )
    return tiles.mean(axis=(2, 4)).ravel(), tiles.std(axis=(2, 4), ddof=1).ravel()


def _mode(values: FloatArray) -> float:
    """Return the commonest value: the top of a smoothed histogram of the lower nine tenths."""
    counts, edges = np.histogram(values, _BINS, (0, np.quantile(values, 0.9)))
    smooth = ndimage.gaussian_filter1d(counts.astype(np.float64), _BINS / 50)
    top = int(smooth.argmax())
    return float((edges[top] + edges[top + 1]) / 2)


CHECKS: dict[str, Callable[[Voxels, Geometry, str, Rules], Flag]] = {
    "truncation": _truncation,
    "metal": _metal,
    "motion": _motion,
    "snr": _snr,
}
