"""What is asked of a series: a YAML file, in which a check that is left out is not made."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lesionary.errors import CohortError
from lesionary.settings_file import SettingsFiles

Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Phase = Literal["native", "arterial", "portal venous", "delayed"]


class Part(BaseModel):
    """A part of the rules; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Range(Part):
    """Limits, both included; either may be left out."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both; leave the check out to switch it off")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is above max ({self.max:g})")
        return self

    def holds(self, value: float) -> bool:
        """Whether a value lies within the limits."""
        above = self.min is None or value >= self.min
        return above and (self.max is None or value <= self.max)

    def __str__(self) -> str:
        if self.min is None:
            return f"at most {self.max:g}"
        if self.max is None:
            return f"at least {self.min:g}"
        return f"{self.min:g} to {self.max:g}"


class Tolerance(Part):
    """How far a value may be off, in mm."""

    mm: NotNegative


class Degrees(Part):
    """How far a direction may be off."""

    degrees: NotNegative


class Kernel(Part):
    """The reconstruction kernel: named at all and, with ``accepted``, one of these patterns."""

    accepted: tuple[str, ...] | None = None


class Truncation(Part):
    """Intensities cut off: no air below ``lowest_hu``, or a pile of voxels at the highest value.

    Attributes
    ----------
    lowest_hu : float
        Every CT holds air: its lowest value is at most this.
    share_at_top : float
        Of the voxels of tissue (above -200 HU), how many may have the highest value of all.
    """

    lowest_hu: float = -900
    share_at_top: Share = 1e-4


class Metal(Part):
    """Metal: volume of voxels above ``above_hu``."""

    above_hu: float = 3000
    max_ml: NotNegative = 0.1


class Motion(Part):
    """Jumps between slices: the difference to the next slice, against that of those around."""

    max_jump: Annotated[float, Field(gt=1)] = 2.5


class Contrast(Part):
    """Contrast agent, as the header tells: given or not, and which phase."""

    given: bool | None = None
    phases: tuple[Phase, ...] | None = None


class Inside(Part):
    """Share of an ROI's contour points that may lie outside the image."""

    max_share: Share = 0.0


class Rules(Part):
    """The checks that are made, each with its limits; None is not made.

    Attributes
    ----------
    modality : tuple of str
        DICOM's codes that are accepted.
    projection : tuple of str
        Of ``axial``, ``coronal``, ``sagittal``: the plane nearest to the slices.
    orientation : Degrees
        Slices are parallel, and their axes turned from the patient's by at most this.
    gaps, overlaps : Tolerance
        Distances between slices above, or below, the median by more than this.
    slices, thickness, spacing : Range
        Number; SliceThickness in mm; PixelSpacing in mm.
    thickness_constant, square_pixels : Tolerance
        Largest difference among the slices, and between rows and columns.
    kernel : Kernel
    matrix : tuple of (int, int)
        Accepted rows and columns.
    rescale : bool
        Rescale Slope and Intercept are there.
    truncation, metal, motion, snr, contrast
        See the parts.
    duplicates : bool
        No other series has the same voxels.
    contours_inside : Inside
    rois : bool
        No ROI is empty.

    Examples
    --------
    >>> Rules(slices=Range(min=20)).slices.holds(7)
    False
    """

    modality: tuple[str, ...] | None = None
    projection: tuple[Literal["axial", "coronal", "sagittal"], ...] | None = None
    orientation: Degrees | None = None
    gaps: Tolerance | None = None
    overlaps: Tolerance | None = None
    slices: Range | None = None
    thickness: Range | None = None
    thickness_constant: Tolerance | None = None
    spacing: Range | None = None
    square_pixels: Tolerance | None = None
    kernel: Kernel | None = None
    matrix: tuple[tuple[int, int], ...] | None = None
    rescale: bool = False
    truncation: Truncation | None = None
    metal: Metal | None = None
    motion: Motion | None = None
    snr: Range | None = None
    contrast: Contrast | None = None
    duplicates: bool = False
    contours_inside: Inside | None = None
    rois: bool = False


_FILES = SettingsFiles("rules file", files("lesionary.cohort.curate") / "ready", CohortError)


def load_rules(source: str | Path | Rules = "default") -> Rules:
    """Return rules by name (``default``), from a YAML file, or as they are.

    Raises
    ------
    CohortError
        With everything that is wrong with the file; an unknown key with the nearest there is.

    Examples
    --------
    >>> load_rules("default").modality
    ('CT', 'MR', 'PT')
    """
    if isinstance(source, Rules):
        return source
    return _FILES.checked(Rules, _FILES.read(source), str(source))


def rules_names() -> list[str]:
    """Return the names of the rules that come with the package."""
    return _FILES.names()
