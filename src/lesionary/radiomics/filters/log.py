"""Laplacian of Gaussian: edges and blobs of a size."""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from lesionary.radiomics.filters import recursive
from lesionary.radiomics.filters.filter import Filter, Spacing
from lesionary.radiomics.filters.fourier import extended, riesz, through
from lesionary.radiomics.filters.region import Box, Floats, Region
from lesionary.radiomics.filters.separable import Chains, Kernel, total


class LaplacianOfGaussian(Filter):
    """The Laplacian of the image, smoothed by a Gaussian (IBSI ``L6PA``).

    Attributes
    ----------
    sigma_mm : float
        Standard deviation of the Gaussian.
    truncate : float
        The kernel ends after so many standard deviations.
    riesz : tuple of int or None
        Order of a Riesz transform of the response, along x, y (and z).
    convention : {"ibsi", "pyradiomics"}
        ``pyradiomics`` multiplies by sigma squared in mm and computes the Gaussian recursively, as
        PyRadiomics does; ``truncate`` and ``boundary`` are not for it to choose.
    """

    kind: ClassVar[str] = "log"
    sigma_mm: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    truncate: Annotated[float, Field(gt=0, le=20)] = 4.0
    riesz: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    convention: Literal["ibsi", "pyradiomics"] = "ibsi"

    @model_validator(mode="after")
    def _possible(self) -> LaplacianOfGaussian:
        if self.riesz is not None and (len(self.riesz) != self.dimension or not any(self.riesz)):
            raise ValueError(
                f"riesz is {self.dimension} orders, one an axis, and not all zero; "
                f"not {list(self.riesz)}"
            )
        if self.convention == "pyradiomics":
            for given in ("truncate", "boundary", "riesz", "dimension"):
                if getattr(self, given) != type(self).model_fields[given].default:
                    raise ValueError(f"PyRadiomics' filter has no {given}: leave it out")
        return self

    def _name(self) -> str:
        if self.convention == "pyradiomics":
            return f"log-sigma-{str(self.sigma_mm).replace('.', '-')}-mm-3D"
        order = "_riesz" + "".join(str(each) for each in self.riesz) if self.riesz else ""
        return f"log_{self.sigma_mm:g}mm{order}{self._flat()}"

    def _reach(self, spacing_mm: Spacing) -> tuple[int, int, int] | None:
        return None if self.riesz is not None else self._radii(spacing_mm)

    def _radii(self, spacing_mm: Spacing) -> tuple[int, int, int]:
        z, y, x = (
            recursive.radius(self.sigma_mm / each)
            if self.convention == "pyradiomics"
            else _radius(self.sigma_mm / each, self.truncate)
            for each in spacing_mm
        )
        return (z if self.dimension == 3 else 0, y, x)

    def _respond(self, region: Region, box: Box, spacing_mm: Spacing) -> Floats:
        terms = self._terms(spacing_mm)
        if self.convention == "pyradiomics":
            return total(region, terms, box, "nearest")
        if self.riesz is None:
            return total(region, terms, box, self.boundary)
        half = max(region.shape[3 - self.dimension :]) // 2
        extent = half + max(_radius(self.sigma_mm / each, self.truncate) for each in spacing_mm)
        values, inside = extended(region, box, self.dimension, self.boundary, extent)
        whole = Region.whole(values)
        smoothed = total(whole, terms, whole.box, "periodic")
        found = through(smoothed, None, self.dimension, partial(riesz, self.riesz))
        return found[inside].astype(np.float64)

    def _terms(self, spacing_mm: Spacing) -> list[Chains]:
        """Return second derivatives along each axis, of which the Laplacian is the sum."""
        smooth, curved = zip(*(self._kernels(each) for each in spacing_mm), strict=True)
        terms: list[Chains] = []
        for along in range(3 - self.dimension, 3):
            z, y, x = (
                (curved[axis] if axis == along else smooth[axis],)
                if axis >= 3 - self.dimension
                else ()
                for axis in range(3)
            )
            terms.append((z, y, x))
        return terms

    def _kernels(self, spacing_mm: float) -> tuple[Kernel, Kernel]:
        """Return the Gaussian and its second derivative along an axis."""
        sigma = self.sigma_mm / spacing_mm
        if self.convention == "pyradiomics":
            return recursive.gaussian(sigma)
        return _gaussian(sigma, self.truncate)


def _radius(sigma: float, truncate: float) -> int:
    return int(truncate * sigma + 0.5)


def _gaussian(sigma: float, truncate: float) -> tuple[Kernel, Kernel]:
    """Return a sampled Gaussian and its second derivative, in units of voxels."""
    radius = _radius(sigma, truncate)
    at = np.arange(-radius, radius + 1)
    smooth = np.exp(-(at**2) / (2 * sigma**2)) / (np.sqrt(2 * np.pi) * sigma)
    return Kernel.of(smooth), Kernel.of(smooth * (at**2 / sigma**4 - 1 / sigma**2))
