"""Apply: filter an image where a region needs it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lesionary.errors import RadiomicsError
from lesionary.radiomics.filters.filter import Filter, Spacing
from lesionary.radiomics.filters.region import Box, Floats, Region
from lesionary.radiomics.filters.spec import read_filter


def apply(
    spec: Mapping[str, Any] | Filter,
    image: ArrayLike,
    box: Box | None = None,
    *,
    spacing_mm: Sequence[float],
) -> Floats:
    """Filter an image, in the box around a region only.

    The response in the box is that of the whole image: the filter looks around the box as far as
    it reaches, and its boundary condition holds at the edges of the image, not of the box.

    Parameters
    ----------
    spec : mapping or Filter
        Such as ``{"log": {"sigma_mm": 2}}``.
    image : array_like, (z, y, x)
    box : tuple of slice, optional
        Where the response is wanted. Default: everywhere.
    spacing_mm : sequence of float
        Along the array's axes: ``(z, y, x)``.

    Returns
    -------
    ndarray of float64, (z, y, x)
        The response, of the box's shape.

    Examples
    --------
    >>> image = np.zeros((5, 5, 5)); image[2, 2, 2] = 27
    >>> spec = {"mean": {"size_vox": 3}}
    >>> apply(spec, image, (slice(2, 3), slice(2, 3), slice(0, 5)), spacing_mm=(1, 1, 1))
    array([[[0., 1., 1., 1., 0.]]])
    """
    found = np.asarray(image)
    if found.ndim != 3 or 0 in found.shape or found.dtype.kind not in "biuf":
        raise RadiomicsError(
            f"An image is a (z, y, x) array of numbers, not of shape {found.shape} and type "
            f"{found.dtype}."
        )
    region = Region.whole(found)
    wanted = region.box if box is None else _inside(box, region.shape)
    return read_filter(spec).respond(region, wanted, _spacing(spacing_mm))


def margin_mm(specs: Iterable[Mapping[str, Any] | Filter], spacing_mm: Sequence[float]) -> float:
    """Return how much of the image around a region its filters need, on each side, in mm.

    Infinite if one of them needs the whole image: filters that are defined by frequencies, and
    those with a periodic boundary.

    Parameters
    ----------
    specs : iterable of mapping or Filter
    spacing_mm : sequence of float
        Along the array's axes: ``(z, y, x)``.

    Examples
    --------
    >>> margin_mm([{"log": {"sigma_mm": 2}}, {"mean": {"size_vox": 5}}], (3, 1, 1))
    9.0
    """
    spacing = _spacing(spacing_mm)
    margin = 0.0
    for spec in specs:
        each = read_filter(spec)
        reach = None if each.boundary == "periodic" else each.reach_vox(spacing)
        if reach is None:
            return math.inf
        margin = max(margin, *(vox * mm for vox, mm in zip(reach, spacing, strict=True)))
    return margin


def _spacing(spacing_mm: Sequence[float]) -> Spacing:
    spacing = tuple(float(each) for each in spacing_mm)
    if len(spacing) != 3 or not all(0 < each < math.inf for each in spacing):
        raise RadiomicsError(f"Spacing is three positive numbers (z, y, x) in mm, not {spacing}.")
    z, y, x = spacing
    return z, y, x


def _inside(box: Box, shape: tuple[int, int, int]) -> Box:
    z, y, x = (slice(*each.indices(length)[:2]) for each, length in zip(box, shape, strict=True))
    if any(each.stop <= each.start for each in (z, y, x)):
        raise RadiomicsError(f"The box {box} has no voxel of the image, whose shape is {shape}.")
    return z, y, x
