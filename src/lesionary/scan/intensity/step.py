"""What a step is: settings, what it measures in an image, and what it does to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from lesionary.scan.intensity.volume import Volume

Parameters = dict[str, float | list[float]]
"""Numbers that a step takes from images."""

Fit = Literal["image", "train"]
"""Where a step's numbers come from: each image itself, or the training images."""


class Step(BaseModel):
    """One line of a list of steps.

    A step's numbers come from one image or from many in the same way: measured in each, then
    pooled. A step that needs none measures nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: ClassVar[str]

    @property
    def learns_from(self) -> str:
        """``image``, ``train``, or the path of a reference image."""
        return str(getattr(self, "fit", "image"))

    def measure(self, volume: Volume) -> Parameters:  # noqa: ARG002
        """Return what one image says."""
        return {}

    def pool(self, measured: Sequence[Parameters]) -> Parameters:
        """Return what several images say together."""
        return measured[0]

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:
        """Return the image that the step makes."""
        raise NotImplementedError


def number(parameters: Parameters, name: str) -> float:
    """Return a parameter that is one number."""
    value = parameters[name]
    assert isinstance(value, float | int)
    return float(value)


def numbers(parameters: Parameters, name: str) -> list[float]:
    """Return a parameter that is several numbers."""
    value = parameters[name]
    assert isinstance(value, list)
    return value
