"""Measure a region as PyRadiomics does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.radiomics.inputs import bounding_box, outlined
from lesionary.radiomics.pyradiomics.filtered import filtered_images, filtered_names
from lesionary.radiomics.pyradiomics.images import Prepared, prepare, resegmented
from lesionary.radiomics.pyradiomics.intensities import first_order, grey_levels
from lesionary.radiomics.pyradiomics.names import CLASSES, ON_REQUEST
from lesionary.radiomics.pyradiomics.parameters import Parameters, Setting, read_params
from lesionary.radiomics.pyradiomics.shape import shape
from lesionary.radiomics.pyradiomics.shape2d import shape_2d
from lesionary.radiomics.pyradiomics.textures import textures
from lesionary.radiomics.threads import one_core
from lesionary.scan.masks import Mask
from lesionary.scan.scan import Scan

if TYPE_CHECKING:
    import pandas as pd

_SHAPES = ("shape", "shape2D")


def feature_names(params: Parameters) -> list[str]:
    """Name what is measured, in PyRadiomics' order: shape, then the classes image by image.

    Examples
    --------
    >>> feature_names(read_params({"featureClass": {"firstorder": ["Mean", "10Percentile"]}}))
    ['original_firstorder_10Percentile', 'original_firstorder_Mean']
    """
    classes = params.featureClass
    images = [
        name
        for image_type in params.imageType
        for name in filtered_names(image_type, params.of_image(image_type))
    ]
    on_images = [name for name in classes if name not in _SHAPES]
    pairs = [("original", name) for name in _SHAPES if name in classes]
    pairs += [(image, name) for image in images for name in on_images]
    return [
        f"{image}_{name}_{feature}" for image, name in pairs for feature in sorted(classes[name])
    ]


def measure_pyradiomics(
    image: Scan | ArrayLike,
    mask: Mask | ArrayLike,
    params: str | Path | Mapping[str, Any] | Parameters,
    *,
    spacing_mm: Sequence[float] | None = None,
    label: int | None = None,
) -> pd.Series[float]:
    """Measure the features of a region as PyRadiomics does, under its names.

    Parameters
    ----------
    image, mask, spacing_mm, label
        As for :func:`lesionary.radiomics.measure`. Without ``label``, that of the parameters
        holds for a mask that is an array.
    params : str, Path, mapping or Parameters
        A parameter file of PyRadiomics, its content, or what :func:`read_params` made of it.

    Returns
    -------
    Series of float
        The same index for every region with the same parameters. A value that is not defined for
        this region is NaN, and ``.attrs["reasons"]`` says why, by name.

    Examples
    --------
    >>> image = np.arange(27.0).reshape(3, 3, 3)
    >>> params = {"featureClass": {"firstorder": ["Mean"], "shape": ["VoxelVolume"]}}
    >>> measure_pyradiomics(image, image >= 3, params, spacing_mm=(1, 1, 2)).to_dict()
    {'original_shape_VoxelVolume': 48.0, 'original_firstorder_Mean': 14.5}
    """
    import pandas as pd

    how = params if isinstance(params, Parameters) else read_params(params)
    if label is None and "label" in how.setting.model_fields_set and not isinstance(mask, Mask):
        label = how.setting.label
    given = outlined(image, mask, spacing_mm=spacing_mm, label=label)
    found = prepare(given, how.setting, filtered=set(how.imageType) != {"Original"})
    counted = resegmented(found, how.setting)
    values, reasons = {}, {}
    with one_core():
        for name, value in _values(found, counted, how):
            values[name] = float("nan") if isinstance(value, str) else value
            if isinstance(value, str):
                reasons[name] = value
    series = pd.Series(values, dtype=np.float64).reindex(feature_names(how))
    series.attrs["reasons"] = {name: reasons[name] for name in series.index if name in reasons}
    return series


def _values(
    found: Prepared, counted: NDArray[np.bool_], how: Parameters
) -> Iterator[tuple[str, float | str]]:
    outline = counted if how.setting.resegmentShape else found.outline
    for name in _SHAPES:
        if name in how.featureClass:
            for feature, value in _shapes(name, outline, found, how.setting).items():
                yield f"original_{name}_{feature}", value
    classes = [name for name in how.featureClass if name not in _SHAPES]
    if not classes:
        return
    inside = counted[bounding_box(found.outline)]
    for image_type in how.imageType:
        setting = how.of_image(image_type)
        for image, voxels in filtered_images(image_type, found, setting):
            measured = _of_image(voxels, inside, found, setting, classes)
            for name, features in measured.items():
                for feature, value in features.items():
                    why = "no voxel of the region has a neighbour at these distances"
                    yield f"{image}_{name}_{feature}", why if np.isnan(value) else value


def _shapes(
    name: str, outline: NDArray[np.bool_], found: Prepared, how: Setting
) -> dict[str, float | str]:
    inside = outline[bounding_box(outline)]
    if name == "shape":
        measured = shape(inside, found.spacing_mm)
    else:
        across = how.force2Ddimension
        if inside.shape[across] > 1:
            slices = f"the region has {inside.shape[across]} slices: shape2D is of one"
            return dict.fromkeys((*CLASSES["shape2D"], *ON_REQUEST["shape2D"]), slices)
        plane = [mm for axis, mm in enumerate(found.spacing_mm) if axis != across]
        measured = shape_2d(np.take(inside, 0, axis=across), (plane[0], plane[1]))
    one = "the region is one voxel, which has no axes"
    return {name: one if np.isnan(value) else value for name, value in measured.items()}


def _of_image(
    voxels: NDArray[Any],
    inside: NDArray[np.bool_],
    found: Prepared,
    how: Setting,
    classes: list[str],
) -> dict[str, dict[str, float]]:
    where = np.flatnonzero(inside)
    values = voxels.ravel()[where].astype(np.float64, copy=False)
    binned = grey_levels(values, how)
    measured = {}
    if "firstorder" in classes:
        voxel = float(np.prod(found.spacing_mm))
        measured["firstorder"] = first_order(values, binned, how, voxel)
    kinds = [name for name in classes if name != "firstorder"]
    if kinds:
        levels = np.zeros(inside.size, dtype=np.min_scalar_type(-int(binned.max()) - 1))
        levels[where] = binned
        levels = levels.reshape(inside.shape)
        measured.update(textures(levels, found.spacing_mm, how, kinds))
    return measured
