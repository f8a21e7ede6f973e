"""How a training file is read.

A file is YAML. A key that there is not is an error that names the nearest one there is, and
every value can be overridden: ``optimizer.lr=0.1``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from lesionary.errors import TrainingError
from lesionary.spelling import hint
from lesionary.train.config import RunConfig

C = TypeVar("C", bound=RunConfig)


def load_config(
    kind: type[C],
    source: str | Path | Mapping[str, Any] | C,
    overrides: Sequence[str] = (),
    *,
    ready: Path,
) -> C:
    """Read a training file and check it.

    Parameters
    ----------
    kind : type
        The :class:`RunConfig` that the file is to be.
    source : str, Path, mapping or RunConfig
        Path of a ``.yaml`` file, name of a ready one, its content, or a config.
    overrides : sequence of str
        ``key=value``, where the key may lead into a part (``optimizer.lr``) and the value is
        YAML.
    ready : Path
        Folder of the ready files.

    Raises
    ------
    TrainingError
        With everything that is wrong with the file.
    """
    if isinstance(source, kind) and not overrides:
        return source
    values, place = _values(source, ready)
    for override in overrides:
        _set(values, override)
    problems = list(_unknown_keys(kind, values))
    if not problems:
        try:
            return kind.model_validate(values)
        except ValidationError as error:
            problems = [_said(each) for each in error.errors()]
    raise TrainingError(f"{place} is not a valid training file: {'; '.join(problems)}.")


def ready_names(ready: Path) -> list[str]:
    """Return the names of the ready files in a folder."""
    return sorted(file.stem for file in ready.glob("*.yaml"))


def _values(source: Any, ready: Path) -> tuple[dict[str, Any], str]:
    if isinstance(source, RunConfig):
        return source.model_dump(), "The config"
    if isinstance(source, Mapping):
        return {str(key): value for key, value in source.items()}, "The config"
    if str(source) in ready_names(ready):
        text = (ready / f"{source}.yaml").read_text(encoding="utf-8")
    elif Path(source).suffix in (".yaml", ".yml"):
        try:
            text = Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TrainingError(f"The training file {source} cannot be read: {error}") from error
    else:
        raise TrainingError(
            f"There is no ready file {str(source)!r}{hint(str(source), ready_names(ready))}. "
            f"There are {', '.join(ready_names(ready))}; or give the path of a .yaml file."
        )
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TrainingError(f"The training file {source} is not YAML: {error}") from error
    if not isinstance(values, dict):
        raise TrainingError(f"The training file {source} is empty or no table of names and values.")
    return values, str(source)


def _set(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise TrainingError(
            f"Give a value to set as key=value, such as optimizer.lr=0.1, not {override!r}."
        )
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TrainingError(f"The value of {override!r} is not YAML: {error}") from error
    *parts, last = key.split(".")
    for part in parts:
        inner = values.get(part)
        values[part] = dict(inner) if isinstance(inner, Mapping) else {}
        values = values[part]
    values[last] = value


def _said(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{place} is missing: write it in the file, or give --set {place}=..."
    return f"{place}: {error['msg']}"


def _unknown_keys(kind: type[BaseModel], values: Mapping[str, Any], at: str = "") -> Iterator[str]:
    if kind.model_config.get("extra") == "allow":
        return
    for key, value in values.items():
        field = kind.model_fields.get(key)
        if field is None:
            yield f"there is no key {at}{key}{hint(str(key), kind.model_fields)}"
        elif isinstance(value, Mapping) and (part := _part_of(field.annotation)):
            yield from _unknown_keys(part, value, f"{at}{key}.")


def _part_of(annotation: Any) -> type[BaseModel] | None:
    """Return the part that a field holds (``Part`` or ``Part | None``), if it holds one."""
    for one in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None
