"""Gabor: waves of a length and direction, under a Gaussian."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Annotated, ClassVar

import numpy as np
import scipy.fft
from pydantic import Field, model_validator

from lesionary.radiomics.filters.filter import Filter, Pooling, Spacing
from lesionary.radiomics.filters.region import Box, Floats, Region

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

# What is left of the Gaussian where the kernel ends: 4e-6.
_TRUNCATE = 5.0
# Voxels transformed at a time, so that memory does not grow with the image.
_AT_ONCE = 2**21


class Gabor(Filter):
    """The modulus of the response to a Gabor kernel, slice by slice (IBSI ``Q88H``).

    Attributes
    ----------
    sigma_mm : float
        Standard deviation of the Gaussian along the wave.
    wavelength_mm : float
    gamma : float
        Standard deviation along the wave over that across it.
    theta_deg : float
        The wave's direction from x, clockwise (towards y).
    theta_step_deg : float or None
        Pool all directions that are so far apart: rotation invariance.
    pooling : {"mean", "max"}
    dimension : {3, 2}
        3 averages over slices in all three orthogonal planes; 2 filters axial slices only.
    """

    kind: ClassVar[str] = "gabor"
    sigma_mm: Positive
    wavelength_mm: Positive
    gamma: Positive = 1.0
    theta_deg: Annotated[float, Field(ge=-360, le=360)] = 0.0
    theta_step_deg: Annotated[float, Field(gt=0, le=180)] | None = None
    pooling: Pooling = "mean"

    @model_validator(mode="after")
    def _round(self) -> Gabor:
        step = self.theta_step_deg
        if step is not None and abs(360 / step - round(360 / step)) > 1e-9:
            raise ValueError(
                f"theta_step_deg: 360 degrees are no whole number of steps of {step:g}"
            )
        return self

    def _name(self) -> str:
        turned = f"_t{self.theta_deg:g}" if self.theta_deg else ""
        if self.theta_step_deg is not None:
            turned += f"_step{self.theta_step_deg:g}_{self.pooling}"
        what = f"{self.sigma_mm:g}mm_{self.wavelength_mm:g}mm_{self.gamma:g}"
        return f"gabor_{what}{turned}{self._flat()}"

    def _reach(self, spacing_mm: Spacing) -> tuple[int, int, int]:
        z, y, x = (
            int(np.ceil(_TRUNCATE * self.sigma_mm * max(1, 1 / self.gamma) / each))
            for each in spacing_mm
        )
        return (z if self.dimension == 3 else 0, y, x)

    def _respond(self, region: Region, box: Box, spacing_mm: Spacing) -> Floats:
        normals = range(3) if self.dimension == 3 else range(1)
        found = np.zeros([each.stop - each.start for each in box])
        for normal in normals:
            found += self._in_planes(region, box, spacing_mm, normal)
        return found / len(normals)

    def _directions(self) -> list[float]:
        if self.theta_step_deg is None:
            return [self.theta_deg]
        # Opposite waves have the same modulus: a half turn will do where it is made of whole steps.
        steps = round(360 / self.theta_step_deg)
        steps = steps // 2 if steps % 2 == 0 else steps
        return [self.theta_deg + step * self.theta_step_deg for step in range(steps)]

    def _in_planes(self, region: Region, box: Box, spacing_mm: Spacing, normal: int) -> Floats:
        reach = self._reach(spacing_mm)
        margins = [0 if axis == normal else reach[axis] for axis in range(3)]
        rows, columns = (axis for axis in range(3) if axis != normal)
        lengths = [
            scipy.fft.next_fast_len(box[axis].stop - box[axis].start + 2 * margins[axis])
            for axis in (rows, columns)
        ]
        gains = [
            self._gain(
                np.deg2rad(each),
                lengths,
                (margins[rows], margins[columns]),
                (spacing_mm[rows], spacing_mm[columns]),
            )
            for each in self._directions()
        ]
        inside = (slice(None), *(_after(margins[axis], box[axis]) for axis in (rows, columns)))
        at_once = max(1, _AT_ONCE // (lengths[0] * lengths[1]))
        parts = []
        for first in range(box[normal].start, box[normal].stop, at_once):
            part = list(box)
            part[normal] = slice(first, min(first + at_once, box[normal].stop))
            values = region.surrounded(
                (part[0], part[1], part[2]), (margins[0], margins[1], margins[2]), self.boundary
            )
            planes = np.moveaxis(values, normal, 0).astype(np.float64)
            spectrum = scipy.fft.fft2(planes, s=lengths, workers=-1)
            parts.append(
                self._pooled(
                    np.abs(scipy.fft.ifft2(spectrum * gain, workers=-1)[inside]) for gain in gains
                )
            )
        return np.moveaxis(np.concatenate(parts), 0, normal)

    def _pooled(self, moduli: Iterable[Floats]) -> Floats:
        if self.pooling == "max":
            return reduce(np.maximum, moduli)
        return reduce(np.add, moduli) / len(self._directions())

    def _gain(
        self,
        theta: float,
        lengths: list[int],
        reach: tuple[int, int],
        spacing_mm: tuple[float, float],
    ) -> Floats:
        """Return the kernel's Fourier transform, which is real: the kernel is Hermitian."""
        at = [np.arange(-each, each + 1) for each in reach]
        y, x = np.ix_(at[0] * spacing_mm[0], at[1] * spacing_mm[1])
        along = x * np.cos(theta) + y * np.sin(theta)
        across = y * np.cos(theta) - x * np.sin(theta)
        kernel = np.exp(
            -(along**2 + (self.gamma * across) ** 2) / (2 * self.sigma_mm**2)
            + 2j * np.pi * along / self.wavelength_mm
        )
        placed = np.zeros(lengths, dtype=complex)
        placed[np.ix_(at[0], at[1])] = kernel
        return np.asarray(scipy.fft.fft2(placed).real)


def _after(margin: int, wanted: slice) -> slice:
    return slice(margin, margin + wanted.stop - wanted.start)
