"""Linear scales: z-score, min-max, percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lesionary.scan.intensity.step import Fit, Parameters, Step, number
from lesionary.scan.intensity.volume import (
    FloatArray,
    IntensityError,
    Volume,
    Within,
    refuse_constant,
)


def z_score(voxels: NDArray[Any], mean: float, std: float) -> FloatArray:
    """Centre and scale: ``x' = (x - mean) / std``.

    Examples
    --------
    >>> z_score(np.array([8.0, 10.0, 14.0]), mean=10, std=2).tolist()
    [-1.0, 0.0, 2.0]
    """
    _refuse_no_scale(std, "The standard deviation")
    return ((np.asarray(voxels, dtype=np.float64) - mean) / std).astype(np.float32)


def scale_range(
    voxels: NDArray[Any],
    minimum: float,
    maximum: float,
    to: tuple[float, float] = (0.0, 1.0),
    *,
    clip: bool = False,
) -> FloatArray:
    """Map a range to another: ``x' = (x - minimum) / (maximum - minimum) (b - a) + a``.

    Parameters
    ----------
    voxels : ndarray
    minimum, maximum : float
        What becomes ``a`` and ``b``.
    to : tuple of float
        ``(a, b)``.
    clip : bool
        Whether values beyond the range become ``a`` and ``b``, too.

    Examples
    --------
    >>> scale_range(np.array([0, 50, 200]), 0, 100).tolist()
    [0.0, 0.5, 2.0]
    """
    _refuse_no_scale(maximum - minimum, "The range (maximum - minimum)")
    low, high = to
    scaled = (np.asarray(voxels, dtype=np.float64) - minimum) / (maximum - minimum)
    scaled = scaled * (high - low) + low
    if clip:
        scaled = np.clip(scaled, min(to), max(to))
    return np.asarray(scaled, dtype=np.float32)


def percentile_scale(
    voxels: NDArray[Any], low: float, high: float, *, clip: bool = False
) -> FloatArray:
    """Map one percentile to 0 and another to 1: ``x' = (x - P_low) / (P_high - P_low)``.

    Parameters
    ----------
    voxels : ndarray
    low, high : float
        Values of the percentiles; ``low=0`` divides by the upper one alone.
    clip : bool
        Whether values beyond become 0 and 1.
    """
    return scale_range(voxels, low, high, clip=clip)


class ZScore(Step):
    """``z_score: {within: foreground, fit: image}``, or with ``mean`` and ``std`` as given.

    With ``fit: train``, mean and standard deviation are those of all voxels of all training
    images put together.
    """

    name: ClassVar[str] = "z_score"
    within: Within = "image"
    fit: Fit = "image"
    mean: float | None = None
    std: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _both_or_none(self) -> ZScore:
        if (self.mean is None) != (self.std is None):
            raise ValueError("give mean and std, or neither")
        if self.mean is not None and self.fit == "train":
            raise ValueError("mean and std are given, so there is nothing to fit")
        return self

    def measure(self, volume: Volume) -> Parameters:
        """Return count, mean and sum of squared deviations."""
        if self.mean is not None and self.std is not None:
            return {"n": 1.0, "mean": self.mean, "squares": self.std**2}
        values = volume.values(self.within)
        refuse_constant(values, volume.source)
        mean = values.mean()
        return {
            "n": float(values.size),
            "mean": float(mean),
            "squares": float(((values - mean) ** 2).sum()),
        }

    def pool(self, measured: Sequence[Parameters]) -> Parameters:
        """Return mean and standard deviation (over n) of all voxels together."""
        n = np.array([number(one, "n") for one in measured])
        means = np.array([number(one, "mean") for one in measured])
        squares = sum(number(one, "squares") for one in measured)
        mean = float((n * means).sum() / n.sum())
        squares += float((n * (means - mean) ** 2).sum())
        return {"mean": mean, "std": float(np.sqrt(squares / n.sum()))}

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:
        """Centre and scale."""
        mean, std = number(learnt, "mean"), number(learnt, "std")
        return volume.with_voxels(z_score(volume.voxels, mean, std))


class MinMax(Step):
    """``min_max: {to: [0, 1], clip: false, within: image, fit: image}``.

    With ``fit: train``, the lowest and the highest value of any training image.
    """

    name: ClassVar[str] = "min_max"
    to: tuple[float, float] = (0.0, 1.0)
    clip: bool = False
    within: Within = "image"
    fit: Fit = "image"

    @model_validator(mode="after")
    def _ends_differ(self) -> MinMax:
        if self.to[0] == self.to[1]:
            raise ValueError("to: its two ends are the same")
        return self

    def measure(self, volume: Volume) -> Parameters:
        """Return the lowest and the highest value."""
        values = volume.values(self.within)
        refuse_constant(values, volume.source)
        return {"minimum": float(values.min()), "maximum": float(values.max())}

    def pool(self, measured: Sequence[Parameters]) -> Parameters:
        """Return the lowest and the highest of all."""
        return lowest_and_highest(measured)

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:
        """Map the range."""
        low, high = number(learnt, "minimum"), number(learnt, "maximum")
        return volume.with_voxels(
            scale_range(volume.voxels, low, high, self.to, clip=self.clip),
        )


class Percentile(Step):
    """``percentile: {low: 1, high: 99, clip: true, within: image, fit: image}``.

    ``low: null`` leaves 0 where it is: ``x' = x / P_high``. With ``fit: train``, the mean of the
    training images' percentiles.
    """

    name: ClassVar[str] = "percentile"
    low: float | None = Field(default=1.0, ge=0, lt=100)
    high: float = Field(default=99.0, gt=0, le=100)
    clip: bool = False
    within: Within = "image"
    fit: Fit = "image"

    @model_validator(mode="after")
    def _in_order(self) -> Percentile:
        if self.low is not None and self.low >= self.high:
            raise ValueError("low must be less than high")
        return self

    def measure(self, volume: Volume) -> Parameters:
        """Return the values of both percentiles."""
        values = volume.values(self.within)
        refuse_constant(values, volume.source)
        low = 0.0 if self.low is None else float(np.percentile(values, self.low))
        return {"low": low, "high": float(np.percentile(values, self.high))}

    def pool(self, measured: Sequence[Parameters]) -> Parameters:
        """Return the mean of each."""
        return {
            name: float(np.mean([number(one, name) for one in measured]))
            for name in ("low", "high")
        }

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:
        """Map the percentiles."""
        low, high = number(learnt, "low"), number(learnt, "high")
        if high <= low:
            raise IntensityError(
                f"{volume.source or 'The image'}: its percentiles {self.low or 0:g} and "
                f"{self.high:g} are {low:g} and {high:g}, which makes no scale. Choose others, or "
                "within: foreground."
            )
        return volume.with_voxels(percentile_scale(volume.voxels, low, high, clip=self.clip))


def lowest_and_highest(measured: Sequence[Parameters]) -> Parameters:
    """Pool minima and maxima."""
    return {
        "minimum": min(number(one, "minimum") for one in measured),
        "maximum": max(number(one, "maximum") for one in measured),
    }


def _refuse_no_scale(width: float, what: str) -> None:
    if not width > 0:
        raise IntensityError(f"{what} must be positive to divide by, but is {width:g}.")
