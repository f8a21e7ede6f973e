"""How a training file is read.

A file is YAML. A key that there is not is an error that names the nearest one there is, and
every value can be overridden: ``optimizer.lr=0.1``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from lesionary.errors import TrainingError
from lesionary.settings_file import SettingsFiles
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
    files = _files(ready)
    place = "The config"
    if isinstance(source, RunConfig):
        values = source.model_dump()
    elif isinstance(source, Mapping):
        values = {str(key): value for key, value in source.items()}
    else:
        values, place = files.read(source), str(source)
    for override in overrides:
        _set(values, override)
    return files.checked(kind, values, place, missing="write it in the file, or give --set {}=...")


def ready_names(ready: Path) -> list[str]:
    """Return the names of the ready files in a folder."""
    return _files(ready).names()


def _files(ready: Path) -> SettingsFiles:
    return SettingsFiles("training file", ready, TrainingError)


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
