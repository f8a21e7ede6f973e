"""Whose definitions: the standard's, by our settings, or PyRadiomics', by its parameter file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import yaml

from lesionary.errors import RadiomicsError
from lesionary.radiomics.pyradiomics.parameters import Parameters, read_params
from lesionary.radiomics.settings import Settings, load_settings, settings_names
from lesionary.spelling import hint

Profile = Literal["names", "ibsi", "pyradiomics"]
Source: TypeAlias = str | Path | Mapping[str, Any] | Settings | Parameters | None
"""Settings by name, file, content or as read; a parameter file of PyRadiomics likewise."""

DEFAULT = "ct"
_OF_PARAMETERS = frozenset({"setting", "imageType", "featureClass", "voxelSetting"})


def load_method(source: Source, profile: Profile = "names") -> Settings | Parameters:
    """Return settings, or PyRadiomics' parameters where these are given or asked for.

    Parameters
    ----------
    source : str, Path, mapping, Settings or Parameters, optional
        A parameter file of PyRadiomics, or its content, is known by its keys (``setting``,
        ``imageType``, ``featureClass``). Default: ``ct``, or PyRadiomics' own defaults.
    profile : {"names", "ibsi", "pyradiomics"}

    Raises
    ------
    RadiomicsError
        If the two do not go together.

    Examples
    --------
    >>> load_method(None).name, load_method(None, "pyradiomics").setting.binWidth
    ('ct', 25.0)
    """
    profiles = get_args(Profile)
    if profile not in profiles:
        raise RadiomicsError(f"There is no profile {profile!r}{hint(profile, profiles)}.")
    if is_pyradiomics(source):
        if profile == "ibsi":
            raise RadiomicsError(
                "A parameter file of PyRadiomics is measured by PyRadiomics' definitions, which "
                "have no IBSI codes: leave profile ibsi out, or give settings such as ct."
            )
        return _parameters(source)
    if profile == "pyradiomics":
        if _is_ours(source):
            given = source if isinstance(source, str | Path) else "What was given"
            raise RadiomicsError(
                f"{given} holds settings of Lesionary. The profile pyradiomics takes a parameter "
                "file of PyRadiomics (setting, imageType, featureClass), or no settings: "
                "PyRadiomics' own defaults."
            )
        return _parameters(source)
    assert not isinstance(source, Parameters)
    return load_settings(DEFAULT if source is None else source)


def is_pyradiomics(source: Source) -> bool:
    """Tell whether this is a parameter file of PyRadiomics, or its content."""
    return isinstance(source, Parameters) or bool(_OF_PARAMETERS & _keys(source))


def _is_ours(source: Source) -> bool:
    if isinstance(source, Settings) or (isinstance(source, str) and source in settings_names()):
        return True
    return bool(Settings.model_fields.keys() & _keys(source))


def _parameters(source: Source) -> Parameters:
    if isinstance(source, Parameters):
        return source
    assert not isinstance(source, Settings)
    return read_params({} if source is None else source)


def _keys(source: Source) -> set[str]:
    """Return the first keys of a file or mapping; what cannot be read is for its reader to say."""
    if isinstance(source, str | Path):
        path = Path(source)
        if path.suffix.lower() not in (".yaml", ".yml", ".json") or not path.is_file():
            return set()
        try:
            source = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError, UnicodeDecodeError):
            return set()
    return {str(key) for key in source} if isinstance(source, Mapping) else set()
