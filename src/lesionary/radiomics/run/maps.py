"""Feature maps: a feature of the neighbourhood of every voxel of a region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import RadiomicsError
from lesionary.radiomics.catalogue import feature_catalogue
from lesionary.radiomics.inputs import bounding_box, outlined
from lesionary.radiomics.preparation import prepare
from lesionary.radiomics.profile import is_pyradiomics
from lesionary.radiomics.run.neighbourhoods import Neighbourhoods
from lesionary.radiomics.settings import Settings, load_settings
from lesionary.radiomics.texture import FAMILIES as TEXTURE
from lesionary.radiomics.threads import one_core
from lesionary.scan.masks import Mask
from lesionary.scan.scan import Scan
from lesionary.spelling import nearest

Floats = NDArray[np.float64]


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
    check_features(features)
    wanted = [_wanted(name) for name in features]
    if not isinstance(radius, int | np.integer) or radius < 1:
        raise RadiomicsError(
            f"The radius of a neighbourhood is a whole number of voxels, at least 1, not {radius}."
        )
    given = outlined(image, mask, spacing_mm=spacing_mm, label=label)
    region = prepare(image, mask, how, spacing_mm=spacing_mm, label=label)
    around = Neighbourhoods.of(region, how, radius)
    maps = {name: np.full(given.mask.shape, np.nan) for name in features}
    # Features of one family come of the same matrices.
    for family, aggregation in dict.fromkeys((each.family, each.aggregation) for each in wanted):
        of_names = {
            name: each.key
            for name, each in zip(features, wanted, strict=True)
            if (each.family, each.aggregation) == (family, aggregation)
        }
        with one_core():
            found = around.measured(family, aggregation, of_names.values(), how)
        for name, key in of_names.items():
            maps[name][bounding_box(given.mask)][region.intensity] = found[key]
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
    if not features:
        raise RadiomicsError("Name a feature to map, such as stat_mean.")
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
        close = nearest(name, table.index)
        meant = f" (did you mean {close!r}?)" if close else ""
        raise RadiomicsError(
            f"There is no feature {name!r} that a map can show{meant}. Maps are of statistics, "
            "histogram and texture, by the names that lesionary.radiomics.feature_catalogue() "
            "lists."
        )
    row = table.loc[name]
    key = str(row["key"]).split("__")[0]
    return _Wanted(key, str(row["family"]), str(row["aggregation"]))
