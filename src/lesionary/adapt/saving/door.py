"""Every model is saved and read through here: one file, whole or absent."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from lesionary import __version__
from lesionary.adapt.saving.estimator import estimator_bytes, read_estimator
from lesionary.adapt.saving.kinds import class_of
from lesionary.adapt.saving.origin import chosen_columns, same_origin
from lesionary.adapt.saving.parts import Parts, Savable, plain
from lesionary.errors import ModelError
from lesionary.files import atomic_path

MODEL_FILE = "model.zip"
"""Its name in a folder."""

_FORMAT = 1
_JSON, _ARRAYS, _ESTIMATOR = "model.json", "arrays.safetensors", "estimator.skops"
_PACKAGES = ("numpy", "scikit-learn", "skops")


@dataclass(frozen=True)
class SavedModel:
    """A model as it was read, with what is known about it.

    Parameters
    ----------
    model
    about : mapping
        ``kind``, ``columns``, ``features`` (see :func:`~lesionary.adapt.saving.features_origin`),
        ``versions``, ``created``, and what the fit said of itself.
    """

    model: Savable
    about: Mapping[str, Any]

    def scores(self, features: pd.DataFrame) -> pd.DataFrame:
        """Apply the model to a feature table.

        Parameters
        ----------
        features : DataFrame
            As :func:`lesionary.encode.read_features` gives it; columns are found by name.

        Returns
        -------
        DataFrame
            ``score_<class>`` or ``score_risk``, with the index of ``features``.

        Raises
        ------
        ModelError
            If the features were made differently from those that the model was fitted to, or
            a column is missing.
        """
        same_origin(self.about["features"], features)
        return self.model.scores(chosen_columns(self.model.columns, features))


def save_model(model: Savable, path: str | Path, about: Mapping[str, Any] | None = None) -> Path:
    """Write a model: JSON, plain arrays, and at need a scikit-learn estimator by skops.

    Parameters
    ----------
    model
        Any :class:`~lesionary.adapt.saving.Savable`.
    path
        A folder, which gets ``model.zip``, or a file ending in ``.zip``.
    about : mapping, optional
        What JSON can hold and a later reader should know: metric, search, counts. Its
        ``features`` is :func:`~lesionary.adapt.saving.features_origin` of the table that the
        model was fitted to; a table made differently is refused later.

    Returns
    -------
    Path
        The file.
    """
    path = _file(Path(path))
    parts = model.parts()
    told = {
        "features": None,
        **(about or {}),
        "format": _FORMAT,
        "kind": model.kind,
        "columns": model.columns,
        "facts": parts.facts,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {"lesionary": __version__, **{name: version(name) for name in _PACKAGES}},
    }
    with (
        atomic_path(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr(_JSON, json.dumps(plain(told), indent=1, allow_nan=False))
        if parts.arrays:
            from safetensors.numpy import save

            archive.writestr(_ARRAYS, save({k: v.copy(order="C") for k, v in parts.arrays.items()}))
        if parts.estimator is not None:
            archive.writestr(_ESTIMATOR, estimator_bytes(parts.estimator))
    return path


def load_model(path: str | Path) -> SavedModel:
    """Read a model. Nothing in the file is executed.

    Parameters
    ----------
    path
        The file, or the folder that has ``model.zip``.

    Raises
    ------
    ModelError
        If it is no model, is damaged, or holds a type that no model of Lesionary needs.
    """
    path = _file(Path(path))
    if not path.is_file():
        raise ModelError(f"There is no model {path}: 'lesionary fit' writes one.")
    about, parts = _read(path)
    try:
        model = class_of(about["kind"]).of_parts(parts)
        if list(model.columns) != about["columns"]:
            raise ValueError("columns differ")
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise ModelError(f"{path} is a damaged model: its parts do not fit ({error}).") from error
    return SavedModel(model, about)


def _read(path: Path) -> tuple[dict[str, Any], Parts]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        about = json.loads(members.pop(_JSON))
        arrays = load(members.pop(_ARRAYS)) if _ARRAYS in members else {}
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, RuntimeError),  # RuntimeError: encrypted
        *(KeyError, ValueError, SafetensorError),
    ) as error:
        raise ModelError(
            f"{path} is no model of Lesionary, or damaged ({error}). Models of scikit-learn that "
            "others have published are read by lesionary.adapt.published."
        ) from error
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise ModelError(
            f"{path} is of a format that this version of Lesionary does not know: use a newer one."
        )
    estimator = members.pop(_ESTIMATOR, None)
    if members:
        raise ModelError(f"{path} holds {', '.join(sorted(members))}, which no model has.")
    loaded = None if estimator is None else read_estimator(estimator, path)
    return about, Parts(about.get("facts", {}), arrays, loaded)


def _file(path: Path) -> Path:
    return path if path.suffix == ".zip" else path / MODEL_FILE
