"""Settings: how an image is prepared and what is measured in it, as data."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lesionary.errors import RadiomicsError
from lesionary.radiomics.catalogue import FAMILIES
from lesionary.radiomics.filters import read_filters
from lesionary.radiomics.texture import AGGREGATIONS
from lesionary.radiomics.texture import FAMILIES as TEXTURE
from lesionary.radiomics.texture.aggregation import aggregations_of
from lesionary.settings_file import SettingsFiles
from lesionary.spelling import hint

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Interpolation(_Part):
    """The grid on which everything is measured.

    Attributes
    ----------
    spacing_mm : tuple of float or None
        New spacing ``(x, y, z)``; ``null`` for an axis keeps the scan's own, so that
        ``[2, 2, null]`` interpolates slice by slice.
    image : {"linear", "cubic", "nearest"}
        ``cubic`` is the standard's tricubic spline.
    mask : {"linear", "nearest"}
        With ``linear``, a voxel is in the region where at least ``partial_volume`` of it is; where
        the region is too small for that, those that have most of it are.
    round_to_integer : bool
        Round interpolated intensities, as is right for HU.
    """

    spacing_mm: tuple[Positive | None, Positive | None, Positive | None]
    image: Literal["linear", "cubic", "nearest"] = "linear"
    mask: Literal["linear", "nearest"] = "linear"
    partial_volume: Annotated[float, Field(gt=0, le=1)] = 0.5
    round_to_integer: bool = True


class Resegmentation(_Part):
    """Which intensities of the outlined region count.

    Attributes
    ----------
    range : tuple of float or None
        Lowest and highest intensity, both included; ``null`` for an end that is open.
    outliers_sd : float or None
        Leave out what is further than this many standard deviations from the mean of the
        voxels in the range.
    """

    range: tuple[float | None, float | None] = (None, None)
    outliers_sd: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Resegmentation:
        low, high = self.range
        if low is not None and high is not None and low >= high:
            raise ValueError(f"range: the highest intensity must be above the lowest, {low:g}")
        return self


class Discretisation(_Part):
    """Bins of a fixed width, or a fixed number of them.

    Attributes
    ----------
    bin_width : float
        In the scan's unit (HU, SUV, ...).
    bin_number : int
        From the lowest to the highest intensity of the region.
    origin : float or None
        Where the first bin of a fixed width begins. Default: the lowest intensity that
        re-segmentation allows; without it, the region's lowest.
    """

    bin_width: Positive | None = None
    bin_number: Count | None = None
    origin: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Discretisation:
        if (self.bin_width is None) == (self.bin_number is None):
            raise ValueError("give either bin_width or bin_number")
        if self.origin is not None and self.bin_width is None:
            raise ValueError("origin goes with bin_width")
        return self


class Settings(_Part):
    """How an image is prepared and what is measured in it.

    Attributes
    ----------
    name, description : str
    interpolation : Interpolation or None
        ``null``: measure on the scan's own grid.
    resegmentation : Resegmentation
    discretisation : Discretisation
        For histogram and texture.
    ivh_discretisation : Discretisation or None
        For the intensity-volume histogram; ``null`` takes the intensities as they are.
    families : tuple of str
        Which families are measured.
    aggregations : tuple of str
        How texture matrices of slices and directions are put together; each family takes those
        it has.
    distance : int
        Chebyshev distance in voxels of pairs (GLCM) and neighbours (NGTDM, NGLDM).
    coarseness : int
        Levels that differ by no more are alike (NGLDM).
    filters : tuple of mapping
        Such as ``{log: {sigma_mm: 2}}``: images in which statistics, histogram and texture are
        measured as well, of the same voxels. See :mod:`lesionary.radiomics.filters`.
    filtered_discretisation : Discretisation
        For histogram and texture of these; their values have no unit that a width could be in.
    """

    name: str = ""
    description: str = ""
    interpolation: Interpolation | None = None
    resegmentation: Resegmentation = Resegmentation()
    discretisation: Discretisation = Discretisation(bin_width=25.0)
    ivh_discretisation: Discretisation | None = None
    families: tuple[str, ...] = tuple(FAMILIES)
    aggregations: tuple[str, ...] = ("3D_avg", "3D_mrg", "3D")
    distance: Count = 1
    coarseness: Annotated[int, Field(ge=0)] = 0
    filters: tuple[dict[str, Any], ...] = ()
    filtered_discretisation: Discretisation = Discretisation(bin_number=32)

    @model_validator(mode="after")
    def _known(self) -> Settings:
        for what, named, known in (
            ("family", self.families, FAMILIES),
            ("aggregation", self.aggregations, AGGREGATIONS),
        ):
            for name in named:
                if name not in known:
                    raise ValueError(f"there is no {what} {name!r}{hint(name, known)}")
        if not self.families:
            raise ValueError("families: name at least one")
        for family in TEXTURE.keys() & set(self.families):
            aggregations_of(family, self.aggregations)
        if read_filters(self.filters) and not self.of_filtered.families:
            raise ValueError(f"filters: name a family to measure in them: {', '.join(_FILTERED)}")
        return self

    @property
    def of_filtered(self) -> Settings:
        """What is measured in a filtered image."""
        return self.model_copy(
            update={
                "families": tuple(name for name in self.families if name in _FILTERED),
                "resegmentation": Resegmentation(),
                "discretisation": self.filtered_discretisation,
                "filters": (),
            }
        )


_FILTERED = ("statistics", "histogram", *TEXTURE)


def load_settings(source: str | Path | Mapping[str, Any] | Settings) -> Settings:
    """Return settings by name (``ct``, ``ibsi-a``, ...), from a YAML file or a mapping, or as is.

    Raises
    ------
    RadiomicsError
        With everything that is wrong; an unknown key with the nearest one there is.

    Examples
    --------
    >>> load_settings("ibsi-b").discretisation.bin_number
    32
    >>> load_settings({"discretisation": {"bin_width": 10}}).discretisation.bin_width
    10.0
    """
    if isinstance(source, Settings):
        return source
    if isinstance(source, Mapping):
        return _FILES.checked(Settings, source, "The mapping")
    return _FILES.checked(Settings, _FILES.read(source), str(source))


def settings_names() -> list[str]:
    """Return the names of the settings that come with the package."""
    return _FILES.names()


_FILES = SettingsFiles("settings file", files("lesionary.radiomics") / "ready", RadiomicsError)
