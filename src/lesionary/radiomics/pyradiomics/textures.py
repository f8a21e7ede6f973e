"""Textures by PyRadiomics' names, of the matrices that all textures are counted in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lesionary.radiomics.pyradiomics.images import Spacing
from lesionary.radiomics.pyradiomics.names import GLCM, GLDM, GLRLM, GLSZM, NGTDM
from lesionary.radiomics.pyradiomics.parameters import Setting
from lesionary.radiomics.texture import Region, glcm, glrlm, glszm, ngldm, ngtdm
from lesionary.radiomics.texture.aggregation import AGGREGATIONS
from lesionary.radiomics.texture.emphasis import emphases
from lesionary.radiomics.texture.matrices import Floats, Matrices, counted, stacked
from lesionary.radiomics.texture.region import Step, directions
from lesionary.radiomics.texture.zones import find_zones

_EACH_DIRECTION = AGGREGATIONS["2.5D_d_mrg"]
_ALL_DIRECTIONS = AGGREGATIONS["2.5D_mrg"]

Values = Mapping[str, Floats]


def textures(
    levels: np.ndarray, spacing_mm: Spacing, how: Setting, classes: list[str]
) -> dict[str, dict[str, float]]:
    """Measure the texture of a region.

    Parameters
    ----------
    levels : ndarray of int, (z, y, x)
        Grey levels, 0 outside the region.
    spacing_mm : tuple of float
        Along the array's axes.
    how : Setting
    classes : list of str
        Some of ``glcm, glrlm, glszm, gldm, ngtdm``.

    Returns
    -------
    dict
        By class and name; NaN where a feature is not defined.
    """
    if how.force2D:  # the axis across the slices comes first
        levels = np.moveaxis(levels, how.force2Ddimension, 0)
        across = list(spacing_mm)
        across.insert(0, across.pop(how.force2Ddimension))
        spacing_mm = (across[0], across[1], across[2])
    region = Region.of(levels, margin=max(how.distances))
    return {name: _MEASURED[name](region, spacing_mm, how) for name in classes}


def _glcm(region: Region, spacing_mm: Spacing, how: Setting) -> dict[str, float]:
    flat = how.force2D
    near = sorted(set(how.distances))
    parts = [glcm.matrices(region, in_plane=flat, distance=each) for each in near]
    steps = [step for each in near for step in directions(flat, each)]
    found = _put_together(_joined(parts), steps, spacing_mm, how)
    values = glcm.features(found, region.n_levels)
    named = _named(values, {name: code for name, code in GLCM.items() if code})
    return {**named, "MCC": _mean(_maximal_correlation(found, region))}


def _glrlm(region: Region, spacing_mm: Spacing, how: Setting) -> dict[str, float]:
    found = glrlm.matrices(region, in_plane=how.force2D)
    found = _put_together(found, directions(how.force2D), spacing_mm, how)
    return _named(emphases("glrlm", found), GLRLM)


def _glszm(region: Region, spacing_mm: Spacing, how: Setting) -> dict[str, float]:  # noqa: ARG001
    found = glszm.matrices(find_zones(region, in_plane=how.force2D)).merged(_ALL_DIRECTIONS)
    return _named(emphases("glszm", found), GLSZM)


def _gldm(region: Region, spacing_mm: Spacing, how: Setting) -> dict[str, float]:  # noqa: ARG001
    found = ngldm.matrices(
        region, in_plane=how.force2D, distance=max(how.distances), coarseness=how.gldm_a
    )
    return _named(emphases("ngldm", found.merged(_ALL_DIRECTIONS)), GLDM)


def _ngtdm(region: Region, spacing_mm: Spacing, how: Setting) -> dict[str, float]:  # noqa: ARG001
    found = ngtdm.matrices(region, in_plane=how.force2D, distance=max(how.distances))
    named = _named(ngtdm.features(found.merged(_ALL_DIRECTIONS)), NGTDM)
    # Where busyness divides by zero, PyRadiomics has it 0.
    if np.isnan(named["Busyness"]) and not np.isnan(named["Coarseness"]):
        named["Busyness"] = 0.0
    return named


_MEASURED: dict[str, Callable[[Region, Spacing, Setting], dict[str, float]]] = {
    "glcm": _glcm,
    "glrlm": _glrlm,
    "glszm": _glszm,
    "gldm": _gldm,
    "ngtdm": _ngtdm,
}


def _joined(parts: list[Matrices]) -> Matrices:
    """Put the directions of several distances side by side."""
    if len(parts) == 1:
        return parts[0]
    singles = [single for part in parts for single in _directions_apart(part)]
    return stacked(singles)


def _directions_apart(part: Matrices) -> list[Matrices]:
    n = part.n_directions
    return [
        counted(
            part.n_slices,
            1,
            part.which[here] // n,
            part.row[here],
            part.column[here],
            part.voxels.reshape(-1, n)[:, number],
            part.count[here],
        )
        for number in range(n)
        for here in [part.which % n == number]
    ]


def _put_together(
    found: Matrices, steps: list[Step], spacing_mm: Spacing, how: Setting
) -> Matrices:
    """Add up slices, and with a norm the directions, weighted by how far the step is."""
    if how.weightingNorm is None:
        return found.merged(_EACH_DIRECTION)
    length = np.abs(steps) * np.array(spacing_mm)
    weight = {
        "no_weighting": np.ones(len(steps)),
        "manhattan": np.exp(-(length.sum(axis=1) ** 2)),
        "euclidean": np.exp(-(length**2).sum(axis=1)),
        "infinity": np.exp(-(length.max(axis=1) ** 2)),
    }[how.weightingNorm]
    weighted = Matrices(
        found.n_slices,
        found.n_directions,
        found.which,
        found.row,
        found.column,
        found.count * weight[found.which % found.n_directions],
        found.voxels,
    )
    return weighted.merged(_ALL_DIRECTIONS)


def _maximal_correlation(found: Matrices, region: Region) -> Floats:
    """Return the maximal correlation coefficient of each matrix; NaN without pairs.

    It is the second largest singular value of the probabilities, each divided by the root of the
    product of its margins.
    """
    there = np.flatnonzero(np.bincount(region.levels))
    if there.size == 1:
        return np.ones(len(found))
    place = np.zeros(region.n_levels + 1, dtype=np.intp)
    place[there] = np.arange(there.size)
    joint = np.zeros((len(found), there.size, there.size))
    joint[found.which, place[found.row], place[found.column]] = found.count
    total = joint.sum(axis=(1, 2))
    margin = joint.sum(axis=2)
    root = np.sqrt(np.where(margin > 0, margin, 1.0))
    scaled = np.linalg.eigvalsh(joint / root[:, :, None] / root[:, None, :])
    second = np.sort(np.abs(scaled), axis=1)[:, -2]
    return np.where(total > 0, second, np.nan)


def _named(values: Values, names: Mapping[str, str]) -> dict[str, float]:
    return {name: _mean(values[code]) for name, code in names.items()}


def _mean(values: Floats) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) + 0.0 if defined.size else float("nan")
