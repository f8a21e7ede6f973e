"""A list of steps, as a YAML file has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from lesionary.scan.intensity.bias import N4
from lesionary.scan.intensity.binning import Binning
from lesionary.scan.intensity.fat import FatReference
from lesionary.scan.intensity.histogram import Equalise, HistogramMatch
from lesionary.scan.intensity.resampling import Resample
from lesionary.scan.intensity.scaling import MinMax, Percentile, ZScore
from lesionary.scan.intensity.step import Step
from lesionary.scan.intensity.volume import IntensityError
from lesionary.scan.intensity.white_stripe import WhiteStripe
from lesionary.scan.intensity.windowing import Window
from lesionary.spelling import hint

_STEPS: dict[str, type[Step]] = {
    kind.name: kind
    for kind in (
        N4,
        Window,
        Resample,
        ZScore,
        MinMax,
        Percentile,
        HistogramMatch,
        WhiteStripe,
        FatReference,
        Equalise,
        Binning,
    )
}


def step_names() -> list[str]:
    """Return the names of all steps."""
    return list(_STEPS)


def read_steps(source: str | Path | Sequence[Any]) -> tuple[Step, ...]:
    """Read an ordered list of steps.

    Parameters
    ----------
    source : str, Path or sequence
        A YAML file, or its content: names, and names with settings.

    Raises
    ------
    IntensityError
        With everything that is wrong with the list.

    Examples
    --------
    >>> read_steps([{"window": {"level": 40, "width": 400}}, "z_score"])[1].learns_from
    'image'
    """
    place, items = _items(source)
    steps, problems = [], []
    for number, item in enumerate(items, start=1):
        try:
            steps.append(_step(item))
        except ValueError as error:
            problems.append(f"step {number}: {error}")
    if problems:
        raise IntensityError(f"{place} is no list of steps: {'; '.join(problems)}.")
    return tuple(steps)


def _items(source: str | Path | Sequence[Any]) -> tuple[str, Sequence[Any]]:
    place, items = "The list", cast(Any, source)
    if isinstance(source, str | Path):
        place = str(source)
        try:
            items = yaml.safe_load(Path(source).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise IntensityError(f"The steps {source} cannot be read: {error}") from error
        except yaml.YAMLError as error:
            raise IntensityError(f"{source} is not YAML: {error}") from error
    if isinstance(items, Mapping) and set(items) == {"steps"}:
        items = items["steps"]
    if not isinstance(items, Sequence) or isinstance(items, str) or not items:
        raise IntensityError(
            f"{place} should be a list of steps, one a line: '- z_score', or "
            "'- window: {level: 40, width: 400}'."
        )
    return place, items


def _step(item: Any) -> Step:
    """Make one step; a ValueError says what is wrong with it."""
    if isinstance(item, Step):
        return item
    name, settings = item, None
    if isinstance(item, Mapping):
        if len(item) != 1:
            raise ValueError(f"one name with its settings, not {sorted(map(str, item))}")
        [(name, settings)] = item.items()
    kind = _STEPS.get(str(name))
    if kind is None:
        raise ValueError(f"there is no step {str(name)!r}{hint(str(name), _STEPS)}")
    settings = {} if settings is None else settings
    if not isinstance(settings, Mapping):
        raise ValueError(f"the settings of {name} should be names and values, not {settings!r}")
    unknown = [
        f"{name} has no setting {str(key)!r}{hint(str(key), kind.model_fields)}"
        for key in settings
        if key not in kind.model_fields
    ]
    if unknown:
        raise ValueError("; ".join(unknown))
    try:
        return kind.model_validate(dict(settings))
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, one['loc']))} {one['msg'].removeprefix('Value error, ')}".strip()
            for one in error.errors()
        ]
        raise ValueError(f"{name}: {'; '.join(said)}") from error
