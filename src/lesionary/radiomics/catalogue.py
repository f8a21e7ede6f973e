"""Codes, names and columns of every feature.

A key is the feature's IBSI code; where one code has several values, the percentages follow it
(``BC2M_10``). The last word of a column says the aggregation of a texture feature.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lesionary.radiomics.texture.aggregation import aggregations_of
from lesionary.radiomics.texture.catalogue import FAMILIES as TEXTURE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_MORPHOLOGY = {
    "RNU0": ("volume", "Volume (mesh)"),
    "YEKZ": ("volume_voxels", "Volume (voxel counting)"),
    "C0JK": ("surface_area", "Surface area (mesh)"),
    "2PR5": ("surface_to_volume", "Surface to volume ratio"),
    "SKGS": ("compactness_1", "Compactness 1"),
    "BQWJ": ("compactness_2", "Compactness 2"),
    "KRCK": ("spherical_disproportion", "Spherical disproportion"),
    "QCFX": ("sphericity", "Sphericity"),
    "25C7": ("asphericity", "Asphericity"),
    "KLMA": ("centre_of_mass_shift", "Centre of mass shift"),
    "L0JK": ("maximum_3d_diameter", "Maximum 3D diameter"),
    "TDIC": ("major_axis_length", "Major axis length"),
    "P9VJ": ("minor_axis_length", "Minor axis length"),
    "7J51": ("least_axis_length", "Least axis length"),
    "Q3CK": ("elongation", "Elongation"),
    "N17B": ("flatness", "Flatness"),
    "PBX1": ("volume_density_aabb", "Volume density (axis-aligned bounding box)"),
    "R59B": ("area_density_aabb", "Area density (axis-aligned bounding box)"),
    "ZH1A": ("volume_density_ombb", "Volume density (oriented minimum bounding box)"),
    "IQYR": ("area_density_ombb", "Area density (oriented minimum bounding box)"),
    "6BDE": ("volume_density_aee", "Volume density (approximate enclosing ellipsoid)"),
    "RDD2": ("area_density_aee", "Area density (approximate enclosing ellipsoid)"),
    "SWZ1": ("volume_density_mvee", "Volume density (minimum volume enclosing ellipsoid)"),
    "BRI8": ("area_density_mvee", "Area density (minimum volume enclosing ellipsoid)"),
    "R3ER": ("volume_density_convex_hull", "Volume density (convex hull)"),
    "7T7F": ("area_density_convex_hull", "Area density (convex hull)"),
    "99N0": ("integrated_intensity", "Integrated intensity"),
    "N365": ("morans_i", "Moran's I index"),
    "NPT7": ("gearys_c", "Geary's C measure"),
}

_LOCAL = {
    "VJGA": ("local_peak", "Local intensity peak"),
    "0F91": ("global_peak", "Global intensity peak"),
}

_STATISTICS = {
    "Q4LE": ("mean", "Mean intensity"),
    "ECT3": ("variance", "Intensity variance"),
    "KE2A": ("skewness", "Intensity skewness"),
    "IPH6": ("kurtosis", "(Excess) intensity kurtosis"),
    "Y12H": ("median", "Median intensity"),
    "1GSF": ("minimum", "Minimum intensity"),
    "QG58": ("percentile_10", "10th intensity percentile"),
    "8DWT": ("percentile_90", "90th intensity percentile"),
    "84IY": ("maximum", "Maximum intensity"),
    "SALO": ("interquartile_range", "Intensity interquartile range"),
    "2OJQ": ("range", "Intensity range"),
    "4FUA": ("mean_absolute_deviation", "Intensity-based mean absolute deviation"),
    "1128": ("robust_mean_absolute_deviation", "Intensity-based robust mean absolute deviation"),
    "N72L": ("median_absolute_deviation", "Intensity-based median absolute deviation"),
    "7TET": ("coefficient_of_variation", "Intensity-based coefficient of variation"),
    "9S40": (
        "quartile_coefficient_of_dispersion",
        "Intensity-based quartile coefficient of dispersion",
    ),
    "N8CA": ("energy", "Intensity-based energy"),
    "5ZWQ": ("root_mean_square", "Root mean square intensity"),
}

_HISTOGRAM = {
    "X6K6": ("mean", "Mean discretised intensity"),
    "CH89": ("variance", "Discretised intensity variance"),
    "88K1": ("skewness", "Discretised intensity skewness"),
    "C3I7": ("kurtosis", "(Excess) discretised intensity kurtosis"),
    "WIFQ": ("median", "Median discretised intensity"),
    "1PR8": ("minimum", "Minimum discretised intensity"),
    "GPMT": ("percentile_10", "10th discretised intensity percentile"),
    "OZ0C": ("percentile_90", "90th discretised intensity percentile"),
    "3NCY": ("maximum", "Maximum discretised intensity"),
    "AMMC": ("mode", "Intensity histogram mode"),
    "WR0O": ("interquartile_range", "Discretised intensity interquartile range"),
    "5Z3W": ("range", "Discretised intensity range"),
    "D2ZX": ("mean_absolute_deviation", "Intensity histogram mean absolute deviation"),
    "WRZB": (
        "robust_mean_absolute_deviation",
        "Intensity histogram robust mean absolute deviation",
    ),
    "4RNL": ("median_absolute_deviation", "Intensity histogram median absolute deviation"),
    "CWYJ": ("coefficient_of_variation", "Intensity histogram coefficient of variation"),
    "SLWD": (
        "quartile_coefficient_of_dispersion",
        "Intensity histogram quartile coefficient of dispersion",
    ),
    "TLU2": ("entropy", "Discretised intensity entropy"),
    "BJ5W": ("uniformity", "Discretised intensity uniformity"),
    "12CE": ("maximum_gradient", "Maximum histogram gradient"),
    "8E6O": ("maximum_gradient_level", "Maximum histogram gradient intensity"),
    "VQB3": ("minimum_gradient", "Minimum histogram gradient"),
    "RHQZ": ("minimum_gradient_level", "Minimum histogram gradient intensity"),
}

_IVH = {
    "BC2M_10": ("volume_at_intensity_10", "Volume at intensity fraction 10 %"),
    "BC2M_90": ("volume_at_intensity_90", "Volume at intensity fraction 90 %"),
    "GBPN_10": ("intensity_at_volume_10", "Intensity at volume fraction 10 %"),
    "GBPN_90": ("intensity_at_volume_90", "Intensity at volume fraction 90 %"),
    "DDTU_10_90": (
        "volume_difference_10_90",
        "Volume fraction difference between intensity fractions 10 % and 90 %",
    ),
    "CNV2_10_90": (
        "intensity_difference_10_90",
        "Intensity fraction difference between volume fractions 10 % and 90 %",
    ),
    "9CMM": ("area_under_curve", "Area under the IVH curve"),
}


def _textures(family: str) -> dict[str, tuple[str, str]]:
    return {
        code: (re.sub(r"\W+", "_", name.lower()), name) for code, name in TEXTURE[family].items()
    }


# Each family's features by key: the word in the column, and the manual's name.
FAMILIES: dict[str, dict[str, tuple[str, str]]] = {
    "morphology": _MORPHOLOGY,
    "local_intensity": _LOCAL,
    "statistics": _STATISTICS,
    "histogram": _HISTOGRAM,
    "ivh": _IVH,
    **{family: _textures(family) for family in TEXTURE},
}

_PREFIX = {
    "morphology": "morph",
    "local_intensity": "loc",
    "statistics": "stat",
    "histogram": "hist",
}


def column_of(family: str, key: str, aggregation: str = "") -> str:
    """Name the column of a feature.

    Examples
    --------
    >>> column_of("morphology", "RNU0"), column_of("glcm", "TU9B", "2.5D_mrg")
    ('morph_volume', 'glcm_joint_entropy_25d_mrg')
    """
    name = f"{_PREFIX.get(family, family)}_{FAMILIES[family][key][0]}"
    return f"{name}_{aggregation.lower().replace('.', '')}" if aggregation else name


def ibsi_key(key: str, aggregation: str = "") -> str:
    """Name a value by its IBSI code and, for texture, its aggregation.

    Examples
    --------
    >>> ibsi_key("RNU0"), ibsi_key("BC2M_10"), ibsi_key("TU9B", "3D_avg")
    ('RNU0', 'BC2M_10', 'TU9B__3D_avg')
    """
    return f"{key}__{aggregation}" if aggregation else key


def feature_catalogue(
    families: Iterable[str] | None = None, aggregations: Iterable[str] | None = None
) -> pd.DataFrame:
    """List every feature, one row a value, in the order in which they are measured.

    Parameters
    ----------
    families, aggregations : iterable of str, optional
        As in :class:`Settings`. Default: all.

    Returns
    -------
    DataFrame
        Index ``column`` (the name in a feature table); columns ``code`` (IBSI), ``name``,
        ``family``, ``aggregation`` (empty but for texture) and ``key`` (of the profile ``ibsi``).

    Examples
    --------
    >>> table = feature_catalogue()
    >>> len(table), table.loc["glcm_contrast_3d_avg", "key"]
    (487, 'ACUI__3D_avg')
    """
    import pandas as pd

    chosen = None if aggregations is None else list(aggregations)
    rows = []
    named = set(FAMILIES if families is None else families)
    for family in (family for family in FAMILIES if family in named):
        kinds = aggregations_of(family, chosen) if family in TEXTURE else ("",)
        for aggregation in kinds:
            for key, (_, name) in FAMILIES[family].items():
                column, code = column_of(family, key, aggregation), key.split("_")[0]
                rows.append((column, code, name, family, aggregation, ibsi_key(key, aggregation)))
    columns = ["column", "code", "name", "family", "aggregation", "key"]
    return pd.DataFrame(rows, columns=columns).set_index("column")
