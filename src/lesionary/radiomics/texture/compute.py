"""Every texture feature of a region, with every aggregation."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from lesionary.errors import RadiomicsError
from lesionary.radiomics.texture import glcm, gldzm, glrlm, glszm, ngldm, ngtdm
from lesionary.radiomics.texture.aggregation import Aggregation, aggregations_of
from lesionary.radiomics.texture.catalogue import FAMILIES
from lesionary.radiomics.texture.emphasis import emphases
from lesionary.radiomics.texture.matrices import Floats, Matrices
from lesionary.radiomics.texture.ngtdm import Tones
from lesionary.radiomics.texture.region import Region
from lesionary.radiomics.texture.zones import Zones, find_zones

if TYPE_CHECKING:
    import pandas as pd


def texture_features(
    levels: ArrayLike,
    *,
    families: Iterable[str] | None = None,
    aggregations: Iterable[str] | None = None,
    mask: ArrayLike | None = None,
    n_levels: int | None = None,
    distance: int = 1,
    coarseness: int = 0,
) -> pd.DataFrame:
    """Measure the texture of a discretised region.

    Parameters
    ----------
    levels : array of int, (z, y, x)
        Grey levels, from 1, and 0 outside the region. The spacing plays no part: neighbours
        are counted in voxels, as the standard has it.
    families : iterable of str, optional
        Some of ``glcm, glrlm, glszm, gldzm, ngtdm, ngldm``. Default: all.
    aggregations : iterable of str, optional
        Some of ``2D_avg, 2D_s_mrg, 2.5D_d_mrg, 2.5D_mrg, 3D_avg, 3D_mrg`` for GLCM and GLRLM
        and ``2D, 2.5D, 3D`` for the others. Default: all.
    mask : array of bool, (z, y, x), optional
        The morphological mask, where re-segmentation has taken voxels off the region: GLDZM
        measures the distance to its border. Default: where there is a level.
    n_levels : int, optional
        Number of grey levels that the discretisation has. Default: the highest level.
    distance : int
        Chebyshev distance in voxels of pairs (GLCM), and up to which voxels are neighbours
        (NGTDM, NGLDM).
    coarseness : int
        Levels that differ by no more are alike (NGLDM).

    Returns
    -------
    DataFrame
        Index ``(code, aggregation)``; columns ``family``, ``name``, ``value`` and ``reason``: why
        the value is NaN, otherwise empty. An averaged value is the mean over the slices and
        directions for which the feature is defined.

    Examples
    --------
    >>> import numpy as np
    >>> levels = np.array([[[1, 2, 2], [1, 1, 2]]])
    >>> texture_features(levels, families=["glcm"]).loc[("ACUI", "3D_mrg"), "value"].round(3)
    np.float64(0.455)
    """
    import pandas as pd

    chosen = list(FAMILIES if families is None else dict.fromkeys(families))
    unknown = [family for family in chosen if family not in FAMILIES]
    if unknown:
        raise RadiomicsError(
            f"Unknown texture family {', '.join(map(repr, unknown))}: choose from "
            f"{', '.join(FAMILIES)}."
        )
    if coarseness < 0:
        raise RadiomicsError(f"The coarseness is at least 0 levels, not {coarseness}.")
    aggregations = None if aggregations is None else list(aggregations)
    region = Region.of(levels, mask=mask, n_levels=n_levels, margin=distance)
    computed = Computed(region, distance, coarseness)
    rows = []
    for family in chosen:
        for aggregation, how in aggregations_of(family, aggregations).items():
            values = computed.features(family, how)
            for code, name in FAMILIES[family].items():
                value = _average(values[code])
                why = _reason(values, how, distance) if math.isnan(value) else ""
                rows.append((code, aggregation, family, name, value, why))
    columns = ["code", "aggregation", "family", "name", "value", "reason"]
    return pd.DataFrame(rows, columns=columns).set_index(["code", "aggregation"])


class Computed:
    """Matrices of a region, each made when first asked for and kept for the next aggregation."""

    def __init__(self, region: Region, distance: int, coarseness: int) -> None:
        self.region, self.distance, self.coarseness = region, distance, coarseness
        self._matrices: dict[tuple[str, bool], Matrices | Tones] = {}
        self._zones: dict[bool, Zones] = {}

    def features(self, family: str, how: Aggregation) -> dict[str, Floats]:
        """Measure a family, by code: a value for each matrix that the aggregation leaves."""
        key = family, how.in_plane
        if key not in self._matrices:
            self._matrices[key] = self._make(family, how.in_plane)
        merged = self._matrices[key].merged(how)
        if isinstance(merged, Tones):
            return ngtdm.features(merged)
        if family == "glcm":
            return glcm.features(merged, self.region.n_levels)
        return emphases(family, merged)

    def _make(self, family: str, in_plane: bool) -> Matrices | Tones:
        region = self.region
        if family == "glcm":
            return glcm.matrices(region, in_plane=in_plane, distance=self.distance)
        if family == "glrlm":
            return glrlm.matrices(region, in_plane=in_plane)
        if family == "ngtdm":
            return ngtdm.matrices(region, in_plane=in_plane, distance=self.distance)
        if family == "ngldm":
            return ngldm.matrices(
                region, in_plane=in_plane, distance=self.distance, coarseness=self.coarseness
            )
        if in_plane not in self._zones:
            self._zones[in_plane] = find_zones(region, in_plane=in_plane)
        if family == "glszm":
            return glszm.matrices(self._zones[in_plane])
        distances = gldzm.border_distances(region, in_plane=in_plane)
        return gldzm.matrices(self._zones[in_plane], distances)


def _average(values: Floats) -> float:
    defined = values[~np.isnan(values)]
    # Adding zero makes a zero of a negative zero.
    return float(defined.mean()) + 0.0 if defined.size else float("nan")


def _reason(values: dict[str, Floats], how: Aggregation, distance: int) -> str:
    if any(not np.isnan(value).all() for value in values.values()):
        # Some features of the family are defined: it is busyness that is not.
        return "the product of grey level and count is the same for all levels: division by zero"
    slices = " in its slice" if how.in_plane else ""
    return f"no voxel of the region has a neighbour{slices} at a distance of {distance}"
