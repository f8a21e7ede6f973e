"""Objectives by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from lesionary.errors import TrainingError
from lesionary.spelling import hint
from lesionary.train.objectives.objective import Objective


def objective_names() -> list[str]:
    """Return the names that `build_objective` takes."""
    return sorted(Objective.named)


def build_objective(
    name: str, dimension: int, size_vox: Sequence[int] | None = None, /, **settings: Any
) -> Objective:
    """Return an objective with fresh heads.

    Parameters
    ----------
    name
        One of `objective_names`.
    dimension
        Length of the encoder's feature vector.
    size_vox
        Size of a view in voxels (z, y, x); only objectives that rebuild the view use it.
    **settings
        Of the objective, by name; the published ones where left out.
    """
    if name not in Objective.named:
        raise TrainingError(f"There is no objective {name!r}{hint(name, objective_names())}.")
    build = Objective.named[name]
    takes = set(signature(build).parameters) - {"dimension"}
    known = sorted(takes - {"size_vox"})
    for key in settings:
        if key not in known:
            raise TrainingError(f"The objective {name!r} has no setting {key!r}{hint(key, known)}.")
    if "size_vox" in takes:
        if size_vox is None:
            raise TrainingError(f"The objective {name!r} needs size_vox, the size of a view.")
        settings["size_vox"] = size_vox
    return build(dimension, **_checked(name, build, settings))


def _checked(name: str, build: type[Objective], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings as the objective declares them, or raise for the first that is not."""
    kinds = get_type_hints(build.__init__, include_extras=True)
    checked = {}
    for key, value in settings.items():
        try:
            checked[key] = TypeAdapter(kinds.get(key, Any)).validate_python(value)
        except ValidationError as error:
            raise TrainingError(
                f"The setting {key!r} of the objective {name!r} cannot be {value!r}: "
                f"{error.errors()[0]['msg']}."
            ) from None
    return checked
