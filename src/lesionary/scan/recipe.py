"""Recipes: what a patch is, as data. A new one is a YAML file, not code."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lesionary.errors import RecipeError

Positive = Annotated[float, Field(gt=0)]
Axis = Annotated[int, Field(ge=1, le=1024)]


class Intensity(BaseModel):
    """A linear map of intensities: ``low`` becomes ``to[0]``, ``high`` becomes ``to[1]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float
    high: float
    to: tuple[float, float] = (0.0, 1.0)
    clip: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Intensity:
        if self.high <= self.low:
            raise ValueError("intensity: high must be above low")
        return self


class Recipe(BaseModel):
    """How a patch is cut from a scan around a seed.

    Attributes
    ----------
    name, description : str
    size_vox : tuple of int
        Size of the patch, in the order of its axes.
    spacing_mm : tuple of float or None
        Spacing ``(x, y, z)`` along left-right, front-back, foot-head. ``None`` keeps the
        scan's own (then ``axes`` is ``scan``).
    orientation : str
        A letter an array axis, each the side it runs towards: ``SPL`` is ``(z, y, x)`` with
        z to the head (Superior), y to the back (Posterior), x to the Left.
    axes : {"patient", "scan"}
        Whether the patch is aligned with the patient or, flipped and permuted only, with
        the scan; these differ in an oblique scan.
    grid : {"seed", "monai", "itk"}
        Where the grid lies. ``seed``: around the seed, which is exactly at ``seed_vox``.
        ``monai`` and ``itk``: a crop of the grid that resampling the *whole* scan with
        MONAI's ``Spacingd(diagonal=True)`` or SimpleITK's ``Resample`` would give, the seed
        rounded down to a voxel, and a crop that hits the border shrunk and padded on both
        sides, which moves the lesion off the centre. For reproducing published features.
    seed_vox : tuple of float or None
        Index of the seed in the patch (``grid: seed`` only); ``None`` is the exact centre.
    interpolation : {"linear", "nearest", "bspline"}
    padding : float
        Value outside the scan, in the scan's unit.
    round_to_integer : bool
        Cut interpolated values back to whole numbers, as a resampler does that keeps the
        file's integer type.
    intensity : Intensity or None
        Map from the scan's unit to what the network expects; ``None`` leaves the values.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str = ""
    size_vox: tuple[Axis, Axis, Axis] = (50, 50, 50)
    spacing_mm: tuple[Positive, Positive, Positive] | None = (1.0, 1.0, 1.0)
    orientation: str = "SPL"
    axes: Literal["patient", "scan"] = "patient"
    grid: Literal["seed", "monai", "itk"] = "seed"
    seed_vox: tuple[float, float, float] | None = None
    interpolation: Literal["linear", "nearest", "bspline"] = "linear"
    padding: float = -1024.0
    round_to_integer: bool = False
    intensity: Intensity | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Recipe:
        if sorted(_side_axis(letter) for letter in self.orientation) != [0, 1, 2]:
            raise ValueError(
                f"orientation {self.orientation!r} must name each axis once, as SPL or RAS do"
            )
        if self.spacing_mm is None and (self.axes != "scan" or self.grid != "seed"):
            raise ValueError("spacing_mm: null (the scan's own) needs axes: scan and grid: seed")
        if self.grid == "monai" and self.axes != "patient":
            raise ValueError("grid: monai needs axes: patient")
        if self.grid == "itk" and self.axes != "scan":
            raise ValueError("grid: itk needs axes: scan")
        if self.grid != "seed" and self.seed_vox is not None:
            raise ValueError("seed_vox goes with grid: seed only")
        if self.grid == "monai" and self.interpolation != "linear":
            raise ValueError("grid: monai needs interpolation: linear")
        return self

    @property
    def seed_index_vox(self) -> tuple[float, float, float]:
        """Index of the seed in the patch, in the order of its axes."""
        if self.seed_vox is not None:
            return self.seed_vox
        a, b, c = ((n - 1) / 2 for n in self.size_vox)
        return a, b, c


def load_recipe(recipe: str | Path | Recipe) -> Recipe:
    """Return a recipe by name (``lesion``, ``fmcib``, ...), from a YAML file, or as it is.

    Examples
    --------
    >>> load_recipe("fmcib").size_vox
    (50, 50, 50)
    """
    if isinstance(recipe, Recipe):
        return recipe
    if str(recipe) in recipe_names():
        text = _PACKAGED.joinpath(f"{recipe}.yaml").read_text(encoding="utf-8")
    elif Path(recipe).suffix in (".yaml", ".yml"):
        try:
            text = Path(recipe).read_text(encoding="utf-8")
        except OSError as error:
            raise RecipeError(f"The recipe {recipe} cannot be read: {error}") from error
    else:
        raise RecipeError(
            f"There is no recipe {str(recipe)!r}. There are {', '.join(recipe_names())}; "
            "or give the path of a .yaml file."
        )
    try:
        return Recipe.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as error:
        raise RecipeError(f"The recipe {recipe} is not valid: {error}") from error


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the package."""
    return sorted(item.name[:-5] for item in _PACKAGED.iterdir() if item.name.endswith(".yaml"))


_PACKAGED = files("lesionary.scan") / "recipes"


def _side_axis(letter: str) -> int:
    return next((axis for axis, sides in enumerate(("LR", "PA", "SI")) if letter in sides), -1)
