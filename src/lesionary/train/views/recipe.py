"""View recipes: what happens to a patch on its way to a view, as a list in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from lesionary.errors import TrainingError
from lesionary.settings_file import SettingsFiles
from lesionary.spelling import hint
from lesionary.train.views.grey import (
    Contrast,
    CutOut,
    GaussianNoise,
    HistogramShift,
    Normalise,
    Threshold,
)
from lesionary.train.views.smooth import GaussianSmooth
from lesionary.train.views.spatial import Flip, RandomResizedCrop, Rotate, Rotate90, Shift
from lesionary.train.views.step import Step

STEPS: dict[str, type[Step]] = {
    "random_resized_crop": RandomResizedCrop,
    "flip": Flip,
    "rotate_90": Rotate90,
    "rotate": Rotate,
    "shift": Shift,
    "histogram_shift": HistogramShift,
    "contrast": Contrast,
    "gaussian_smooth": GaussianSmooth,
    "gaussian_noise": GaussianNoise,
    "cut_out": CutOut,
    "threshold": Threshold,
    "normalise": Normalise,
}
"""The steps by the name that they have in a list."""

_NAME_OF = {kind: name for name, kind in STEPS.items()}


def _read_step(item: Any) -> Step:
    if isinstance(item, Step):
        return item
    if isinstance(item, str):
        item = {item: None}
    if not (isinstance(item, Mapping) and len(item) == 1):
        raise ValueError(f"a step is a name, or name: {{argument: value}}, so not {item!r}")
    ((name, arguments),) = item.items()
    if name not in STEPS:
        raise ValueError(f"there is no step {str(name)!r}{hint(str(name), STEPS)}")
    kind = STEPS[name]
    try:
        return kind.model_validate(arguments or {})
    except ValidationError as error:
        raise ValueError(f"{name}: {_explain(error, kind)}") from None


def _write_step(step: Step) -> str | dict[str, Any]:
    arguments = step.model_dump(mode="json")
    return {step_name(step): arguments} if arguments else step_name(step)


def step_name(step: Step) -> str:
    """Return the name that a step has in a list."""
    return _NAME_OF[type(step)]


ReadableStep = Annotated[Step, BeforeValidator(_read_step), PlainSerializer(_write_step)]


class ViewRecipe(BaseModel):
    """How views are made of a patch.

    Attributes
    ----------
    name, description : str
    view : tuple of Step
        The steps, in their order; see the list of steps in the reference.
    small_view : tuple of Step or None
        Those of the small views that multi-crop objectives add; ``None`` if there are none.
    small_size : float
        Side of a small view, as a share of a view's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "views"
    description: str = ""
    view: tuple[ReadableStep, ...]
    small_view: tuple[ReadableStep, ...] | None = None
    small_size: Annotated[float, Field(gt=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _normalised_once(self) -> ViewRecipe:
        for steps in (self.view, self.small_view or ()):
            if sum(isinstance(step, Normalise) for step in steps) > 1:
                raise ValueError("normalise may stand in a list once only")
        return self


def load_views(views: str | Path | Mapping[str, Any] | ViewRecipe) -> ViewRecipe:
    """Return a view recipe by name, from a YAML file or a mapping, or as it is.

    Parameters
    ----------
    views : str, path, mapping or ViewRecipe
        A name (``fmcib``, ``swav``, ``ct_fm``, ``finetune``, ``none``), the path of a ``.yaml``
        file, or the content of one.

    Examples
    --------
    >>> [type(step).__name__ for step in load_views("fmcib").view][:2]
    ['RandomResizedCrop', 'Flip']
    """
    if isinstance(views, ViewRecipe):
        return views
    if isinstance(views, Mapping):
        return _validate(views, "The views")
    return _validate(_FILES.read(views), f"The views {views}")


def view_names() -> list[str]:
    """Return the names of the view recipes that come with the package."""
    return _FILES.names()


_FILES = SettingsFiles("views file", files("lesionary.train.views") / "presets", TrainingError)


def _validate(content: Any, which: str) -> ViewRecipe:
    try:
        return ViewRecipe.model_validate(content)
    except ValidationError as error:
        raise TrainingError(f"{which} are not valid: {_explain(error, ViewRecipe)}") from error


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Say in a line what is wrong, with the nearest spelling of what is unknown."""
    reasons = []
    for problem in error.errors():
        place = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            reasons.append(f"there is no {place!r}{hint(place, model.model_fields)}")
        else:
            reason = problem["msg"].removeprefix("Value error, ")
            reasons.append(f"{place}: {reason}" if place else reason)
    return "; ".join(reasons)
