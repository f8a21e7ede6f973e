"""Feature maps: a feature of the neighbourhood of every voxel of a region."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import RadiomicsError
from lesionary.radiomics.catalogue import feature_catalogue
from lesionary.radiomics.discretise import Levels, discretise
from lesionary.radiomics.histogram import histogram
from lesionary.radiomics.inputs import bounding_box, outlined
from lesionary.radiomics.preparation import prepare
from lesionary.radiomics.profile import is_pyradiomics
from lesionary.radiomics.settings import Settings, load_settings
from lesionary.radiomics.statistics import statistics
from lesionary.radiomics.texture import FAMILIES as TEXTURE
from lesionary.radiomics.texture import glcm, texture_features
from lesionary.radiomics.texture.aggregation import AGGREGATIONS
from lesionary.radiomics.texture.matrices import Matrices, counted, stacked
from lesionary.radiomics.texture.region import Step, directions
from lesionary.scan.masks import Mask
from lesionary.scan.scan import Scan
from lesionary.spelling import hint

Floats = NDArray[np.float64]

_AT_ONCE = 1 << 20
"""Voxels of neighbourhoods that are looked at together."""


def voxel_map(
    image: Scan | ArrayLike,
    mask: Mask | ArrayLike,
    feature: str,
    radius: int = 1,
    settings: str | Path | Mapping[str, Any] | Settings | None = None,
    *,
    spacing_mm: Sequence[float] | None = None,
    label: int | None = None,
) -> Floats:
    """Measure a feature around every voxel of a region.

    A voxel's neighbourhood is the cube around it, as far as it lies in the region. Grey levels are
    those of the whole region, so that all neighbourhoods share their bins.

    Parameters
    ----------
    image, mask, spacing_mm, label
        As for :func:`lesionary.radiomics.measure`.
    feature : str
        Name of a feature of statistics, histogram or texture: ``stat_mean``,
        ``glcm_joint_entropy_3d_avg``, ...
    radius : int
        Voxels from the centre of the cube to its side: 1 is 3 x 3 x 3 voxels.
    settings : str, Path, mapping or Settings, optional
        As for :func:`lesionary.radiomics.measure`, without interpolation: a map is on the image's
        own grid. Default: bins of 25.

    Returns
    -------
    ndarray of float64, (z, y, x)
        Of the image's shape; NaN outside the region, and where the feature is not defined.

    Examples
    --------
    >>> image = np.arange(27.0).reshape(3, 3, 3)
    >>> voxel_map(image, image > 0, "stat_maximum", spacing_mm=(1, 1, 1))[0]
    array([[nan, 14., 14.],
           [16., 17., 17.],
           [16., 17., 17.]])
    """
    return voxel_maps(image, mask, [feature], radius, settings, spacing_mm=spacing_mm, label=label)[
        feature
    ]


def voxel_maps(
    image: Scan | ArrayLike,
    mask: Mask | ArrayLike,
    features: Sequence[str],
    radius: int = 1,
    settings: str | Path | Mapping[str, Any] | Settings | None = None,
    *,
    spacing_mm: Sequence[float] | None = None,
    label: int | None = None,
) -> dict[str, Floats]:
    """Measure several features around every voxel of a region; see :func:`voxel_map`."""
    how = map_settings(settings)
    wanted = [_wanted(name) for name in features]
    if radius < 1:
        raise RadiomicsError(f"The radius of a neighbourhood is at least 1 voxel, not {radius}.")
    given = outlined(image, mask, spacing_mm=spacing_mm, label=label)
    region = prepare(image, mask, how, spacing_mm=spacing_mm, label=label)
    around = _Neighbourhoods.of(region.image, region.intensity, how, radius)
    maps = {}
    for name, each in zip(features, wanted, strict=True):
        found = np.full(given.mask.shape, np.nan)
        found[bounding_box(given.mask)][region.intensity] = _measured(each, around, how)
        maps[name] = found
    return maps


def map_settings(settings: str | Path | Mapping[str, Any] | Settings | None) -> Settings:
    """Return settings that maps can be made with: those without interpolation."""
    if is_pyradiomics(settings):
        raise RadiomicsError(
            "Maps are measured by settings of Lesionary, not by a parameter file of PyRadiomics."
        )
    how = load_settings({} if settings is None else settings)
    if how.interpolation is not None:
        raise RadiomicsError(
            "Feature maps are on the image's own grid: give settings with interpolation: null, and "
            "resample the image first where voxels are to be larger or smaller."
        )
    # What is mapped is the image; a margin for filters would only be in the way.
    return how.model_copy(update={"filters": ()})


def check_features(features: Sequence[str]) -> None:
    """Raise what is wrong with the names of features, before anything is read."""
    for name in features:
        _wanted(name)


@dataclass(frozen=True)
class _Wanted:
    key: str
    family: str
    aggregation: str


def _wanted(name: str) -> _Wanted:
    table = feature_catalogue(["statistics", "histogram", *TEXTURE])
    if name not in table.index:
        raise RadiomicsError(
            f"There is no feature {name!r} that a map can show{hint(name, table.index)}. Maps are "
            "of statistics, histogram and texture."
        )
    row = table.loc[name]
    key = str(row["key"]).split("__")[0]
    return _Wanted(key, str(row["family"]), str(row["aggregation"]))


@dataclass(frozen=True)
class _Neighbourhoods:
    """The cube around each voxel of a region.

    Attributes
    ----------
    values, grey : ndarray, (z, y, x)
        Intensities and grey levels, with a margin of the radius; levels are 0 outside.
    centres : ndarray of int, (n, 3)
        Corner of each cube in these.
    side : int
    levels : int
        Grey levels of the whole region.
    """

    values: Floats
    grey: NDArray[np.intp]
    centres: NDArray[np.intp]
    side: int
    levels: int

    @classmethod
    def of(
        cls, image: NDArray[Any], inside: NDArray[np.bool_], how: Settings, radius: int
    ) -> _Neighbourhoods:
        found = discretise(image[inside].astype(np.float64), how.discretisation, how.resegmentation)
        grey = np.zeros(inside.shape, dtype=np.intp)
        grey[inside] = found.of
        return cls(
            np.pad(image.astype(np.float64), radius),
            np.pad(grey, radius),
            np.argwhere(inside),
            2 * radius + 1,
            found.count,
        )

    def blocks(self) -> Iterator[tuple[Floats, NDArray[np.intp]]]:
        """Yield values and levels of some of the cubes, each ``(n, side, side, side)``."""
        shape = (self.side,) * 3
        values = sliding_window_view(self.values, shape)
        grey = sliding_window_view(self.grey, shape)
        count = max(1, _AT_ONCE // self.side**3)
        for start in range(0, len(self.centres), count):
            at = tuple(self.centres[start : start + count].T)
            yield values[at], grey[at]


def _measured(wanted: _Wanted, around: _Neighbourhoods, how: Settings) -> Floats:
    directional = wanted.aggregation in ("3D_avg", "3D_mrg")
    if wanted.family == "glcm" and directional and how.distance < around.side:
        parts = [_co_occurrence(grey, wanted, around, how) for _, grey in around.blocks()]
        return np.concatenate(parts)
    one = _one_by_one(wanted, around, how)
    return np.array(
        [
            one(values, grey)
            for block in around.blocks()
            for values, grey in zip(*block, strict=True)
        ]
    )


def _one_by_one(
    wanted: _Wanted, around: _Neighbourhoods, how: Settings
) -> Callable[[Floats, NDArray[np.intp]], float]:
    codes = list(TEXTURE.get(wanted.family, ()))

    def texture(_: Floats, grey: NDArray[np.intp]) -> float:
        table = texture_features(
            grey,
            families=[wanted.family],
            aggregations=[wanted.aggregation],
            n_levels=around.levels,
            distance=how.distance,
            coarseness=how.coarseness,
        )
        return float(table["value"].to_numpy(np.float64)[codes.index(wanted.key)])

    def of_intensities(values: Floats, grey: NDArray[np.intp]) -> float:
        inside = grey > 0
        if wanted.family == "statistics":
            found = statistics(values[inside])[wanted.key]
        else:
            found = histogram(Levels(grey[inside], around.levels))[wanted.key]
        return float("nan") if isinstance(found, str) else found

    return texture if wanted.family in TEXTURE else of_intensities


def _co_occurrence(
    grey: NDArray[np.intp], wanted: _Wanted, around: _Neighbourhoods, how: Settings
) -> Floats:
    """Measure the co-occurrence of all cubes of a block at once."""
    steps = directions(in_plane=False, distance=how.distance)
    found = stacked([_pairs(grey, step) for step in steps])
    if wanted.aggregation == "3D_mrg":
        found = found.merged(AGGREGATIONS["2D_s_mrg"])  # what it merges are the directions
    values = glcm.features(found, around.levels)[wanted.key].reshape(len(grey), -1)
    defined = ~np.isnan(values)
    count = defined.sum(axis=1)
    total = np.where(defined, values, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _pairs(grey: NDArray[np.intp], step: Step) -> Matrices:
    """Count pairs of levels a step apart, both ways round, a matrix a cube."""
    ends = [
        (slice(max(0, -each), min(side, side - each)), slice(max(0, each), min(side, side + each)))
        for each, side in zip(step, grey.shape[1:], strict=True)
    ]
    one = grey[:, ends[0][0], ends[1][0], ends[2][0]]
    other = grey[:, ends[0][1], ends[1][1], ends[2][1]]
    both = (one > 0) & (other > 0)
    which = np.nonzero(both)[0]
    rows, columns = one[both], other[both]
    return counted(
        len(grey),
        1,
        np.concatenate([which, which]),
        np.concatenate([rows, columns]),
        np.concatenate([columns, rows]),
        np.count_nonzero(grey, axis=(1, 2, 3)),
    )
