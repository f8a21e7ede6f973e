"""Measure a region: every family that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from lesionary.errors import RadiomicsError
from lesionary.radiomics import filters
from lesionary.radiomics.catalogue import FAMILIES, column_of, ibsi_key
from lesionary.radiomics.discretise import Levels, discretise
from lesionary.radiomics.histogram import histogram
from lesionary.radiomics.ivh import intensity_volume_histogram
from lesionary.radiomics.local_intensity import RADIUS_MM, local_intensity
from lesionary.radiomics.morphology import morphology
from lesionary.radiomics.preparation import Prepared, prepare
from lesionary.radiomics.profile import Profile, Source, load_method
from lesionary.radiomics.pyradiomics.parameters import Parameters
from lesionary.radiomics.settings import Settings
from lesionary.radiomics.statistics import statistics
from lesionary.radiomics.texture import FAMILIES as TEXTURE
from lesionary.radiomics.texture import texture_features
from lesionary.radiomics.threads import one_core
from lesionary.radiomics.value import Values
from lesionary.scan.masks import Mask
from lesionary.scan.scan import Scan
from lesionary.spelling import hint

if TYPE_CHECKING:
    import pandas as pd

Measured = tuple[str, str, str, float | str]
"""Family, key, aggregation, and a value or why there is none."""
_NAMERS: dict[str, Callable[[str, str, str], str]] = {
    "names": column_of,
    "ibsi": lambda _, key, aggregation: ibsi_key(key, aggregation),
}


def measure(
    image: Scan | ArrayLike,
    mask: Mask | ArrayLike,
    settings: Source = None,
    *,
    spacing_mm: Sequence[float] | None = None,
    label: int | None = None,
    profile: Profile = "names",
) -> pd.Series[float]:
    """Measure the handcrafted features of a region.

    Parameters
    ----------
    image : Scan or array, (z, y, x)
    mask : Mask or array, (z, y, x)
        The region, on the image's grid. An array holds one label besides 0, or ``label`` says
        which one is meant.
    settings : str, Path, mapping, Settings or Parameters, optional
        A name (``ct``, ``ibsi-a``, ...), a YAML file, its content, or settings. Default: ``ct``.
        A parameter file of PyRadiomics, or its content, is known by its keys (``setting``,
        ``imageType``, ``featureClass``) and measured as with the profile ``pyradiomics``.
    spacing_mm : sequence of float, optional
        Voxel spacing ``(x, y, z)`` in mm, for an image that is an array.
    label : int, optional
        Which label of the mask's array is the region.
    profile : {"names", "ibsi", "pyradiomics"}
        What values are called. ``names``: columns such as ``morph_volume`` and
        ``glcm_joint_entropy_3d_avg``. ``ibsi``: the code, and for texture two underscores and the
        aggregation: ``RNU0``, ``TU9B__3D_avg``, ``5QRC__2.5D``. Where one code has several values,
        the percentages follow it: ``BC2M_10``, ``BC2M_90``, ``GBPN_10``, ``GBPN_90``,
        ``DDTU_10_90``, ``CNV2_10_90``. Before values of a filtered image stands the filter:
        ``log_2mm_stat_mean``, ``log_2mm_Q4LE``. ``pyradiomics``: PyRadiomics' names, definitions
        and, without settings, defaults (:func:`lesionary.radiomics.measure_pyradiomics`).

    Returns
    -------
    Series of float
        The same index for every region with the same settings. A value that is not defined for
        this region is NaN, and ``.attrs["reasons"]`` says why, by name.

    Examples
    --------
    >>> import numpy as np
    >>> z, y, x = np.ogrid[-10:11, -10:11, -10:11]
    >>> distance = np.sqrt(z**2 + y**2 + x**2)
    >>> values = measure(100 - 5 * distance, distance <= 8, "ct", spacing_mm=(1, 1, 1))
    >>> values["morph_sphericity"].round(2), values["stat_maximum"].round(2)
    (np.float64(0.92), np.float64(100.0))
    >>> values.attrs["reasons"]
    {}
    >>> theirs = measure(
    ...     100 - 5 * distance, distance <= 8, spacing_mm=(1, 1, 1), profile="pyradiomics"
    ... )
    >>> theirs["original_shape_Sphericity"].round(2), len(theirs)
    (np.float64(0.92), 107)
    """
    how = load_method(settings, profile)
    if isinstance(how, Parameters):
        from lesionary.radiomics.pyradiomics import measure_pyradiomics

        return measure_pyradiomics(image, mask, how, spacing_mm=spacing_mm, label=label)
    assert profile != "pyradiomics"
    margin = RADIUS_MM if "local_intensity" in how.families else 0.0
    region = prepare(image, mask, how, spacing_mm=spacing_mm, label=label, margin_mm=margin)
    return measure_prepared(region, how, profile=profile)


def measure_prepared(
    region: Prepared, settings: Settings, *, profile: Literal["names", "ibsi"] = "names"
) -> pd.Series[float]:
    """Measure a region that is already prepared, for example of a filtered image.

    Parameters and values are those of :func:`measure`.
    """
    import pandas as pd

    if profile not in _NAMERS:
        raise RadiomicsError(
            f"A prepared region has no profile {profile!r}{hint(profile, _NAMERS)}: name its "
            "values by names or ibsi."
        )
    named, reasons = {}, {}
    of_image = (("", each) for each in _values(region, settings))
    of_all = chain(of_image, _filtered(region, settings))
    with one_core():
        for prefix, (family, key, aggregation, value) in of_all:
            name = prefix + _NAMERS[profile](family, key, aggregation)
            if isinstance(value, str):
                named[name], reasons[name] = float("nan"), value
            else:
                named[name] = value
    series = pd.Series(named, dtype=np.float64)
    series.attrs["reasons"] = reasons
    return series


def _filtered(region: Prepared, settings: Settings) -> Iterator[tuple[str, Measured]]:
    """Measure the same voxels in each filtered image; its name goes before those of the values."""
    for each in filters.read_filters(settings.filters):
        image = np.zeros(region.image.shape)
        image[region.box] = filters.apply(
            each, region.image, region.box, spacing_mm=region.spacing_mm
        )
        for value in _values(replace(region, image=image), settings.of_filtered):
            yield f"{each.name}_", value


def _values(region: Prepared, settings: Settings) -> Iterator[Measured]:
    @cache
    def levels() -> Levels:
        return discretise(region.values, settings.discretisation, settings.resegmentation)

    scalar: dict[str, Callable[[], Values]] = {
        "morphology": lambda: morphology(region),
        "local_intensity": lambda: local_intensity(region),
        "statistics": lambda: statistics(region.values),
        "histogram": lambda: histogram(levels()),
        "ivh": lambda: intensity_volume_histogram(
            region.values, settings.ivh_discretisation, settings.resegmentation
        ),
    }
    for family, of in scalar.items():
        if family in settings.families:
            found = of()
            for key in FAMILIES[family]:
                yield family, key, "", found[key]
    textures = [family for family in TEXTURE if family in settings.families]
    if textures:
        yield from _textures(region, levels(), settings, textures)


def _textures(
    region: Prepared, levels: Levels, settings: Settings, families: Sequence[str]
) -> Iterator[Measured]:
    grey = np.zeros(region.intensity.shape, dtype=np.int32)
    grey[region.intensity] = levels.of
    table = texture_features(
        grey[region.box],
        families=families,
        aggregations=settings.aggregations,
        mask=region.morphological[region.box],
        n_levels=levels.count,
        distance=settings.distance,
        coarseness=settings.coarseness,
    )
    rows = zip(table.index, table["family"], table["value"], table["reason"], strict=True)
    for (code, aggregation), family, value, reason in rows:
        yield family, code, aggregation, reason or float(value)
