"""PyRadiomics' filtered images, each around the outline only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionary.radiomics.filters import apply
from lesionary.radiomics.inputs import bounding_box
from lesionary.radiomics.pyradiomics.images import Prepared
from lesionary.radiomics.pyradiomics.parameters import Setting

Image = NDArray[Any]


def filtered_names(image_type: str, how: Setting) -> list[str]:
    """Name the images of an image type.

    Examples
    --------
    >>> filtered_names("LoG", Setting(sigma=(1, 2.0)))
    ['log-sigma-1-mm-3D', 'log-sigma-2-0-mm-3D']
    """
    if image_type == "LoG":
        return [f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D" for sigma in how.sigma]
    if image_type == "Wavelet":
        return [f"wavelet-{bands}" for bands in _bands(how)]
    return [image_type.lower()]


def filtered_images(image_type: str, found: Prepared, how: Setting) -> Iterator[tuple[str, Image]]:
    """Yield each image of an image type by name, in the box around the outline."""
    box = bounding_box(found.outline)
    names = filtered_names(image_type, how)
    if image_type == "LoG":
        specs = [{"log": {"sigma_mm": each, "convention": "pyradiomics"}} for each in how.sigma]
    elif image_type == "Wavelet":
        specs = [
            {
                "wavelet": {
                    "family": how.wavelet,
                    "bands": bands,
                    "dimension": len(bands),
                    "convention": "pyradiomics",
                }
            }
            for bands in _bands(how)
        ]
    else:
        image = found.image
        if image_type == "Gradient":
            image = _gradient(found, how)
        elif image_type != "Original":
            image = _POINTWISE[image_type](image.astype(np.float64))
        yield names[0], image[box]
        return
    for name, spec in zip(names, specs, strict=True):
        yield name, apply(spec, found.image, box, spacing_mm=found.spacing_mm)


def _bands(how: Setting) -> list[str]:
    """List the bands along x, y and (unless slices are filtered one by one) z, the lowest last."""
    every = ["".join(each) for each in product("LH", repeat=2 if how.force2D else 3)]
    return [*every[1:], every[0]]


def _gradient(found: Prepared, how: Setting) -> Image:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(found.image)
    image.SetSpacing(found.spacing_mm[::-1])
    return np.asarray(sitk.GetArrayFromImage(sitk.GradientMagnitude(image, how.gradientUseSpacing)))


def _square(image: Image) -> Image:
    return np.asarray(image**2 / _largest(image))


def _square_root(image: Image) -> Image:
    return np.asarray(np.sign(image) * np.sqrt(np.abs(image) * _largest(image)))


def _logarithm(image: Image) -> Image:
    found = np.sign(image) * np.log1p(np.abs(image))
    return np.asarray(found * (_largest(image) / _largest(found)))


def _exponential(image: Image) -> Image:
    largest = _largest(image)
    return np.asarray(np.exp(np.log(largest) / largest * image))


def _largest(image: Image) -> float:
    # An image of zeros stays as it is.
    return float(np.abs(image).max()) or 1.0


_POINTWISE: dict[str, Callable[[Image], Image]] = {
    "Square": _square,
    "SquareRoot": _square_root,
    "Logarithm": _logarithm,
    "Exponential": _exponential,
}
