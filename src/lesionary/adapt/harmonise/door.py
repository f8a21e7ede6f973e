"""Harmonisers as JSON: numbers and names, readable by a person, and nothing that runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesionary import __version__
from lesionary.adapt.harmonise.combat import ComBat
from lesionary.adapt.harmonise.controls import Centring, MComBat
from lesionary.adapt.harmonise.covariates import Covariate
from lesionary.adapt.harmonise.harmoniser import Harmoniser
from lesionary.adapt.harmonise.nested import NestedComBat
from lesionary.adapt.saving.parts import plain
from lesionary.errors import ModelError
from lesionary.files import atomic_path

_FORMAT = 1
_BROUGHT_TO = ("kind", "settings", "covariates", "names_in", "mean", "sd", "effects")
_KINDS: dict[str, Any] = {kind.name: kind for kind in (ComBat, MComBat, Centring)}


def save_harmoniser(harmoniser: Harmoniser | NestedComBat, path: str | Path) -> Path:
    """Write a fitted harmoniser, to be applied to later patients.

    Parameters
    ----------
    harmoniser
        ComBat, M-ComBat, centring or nested ComBat, fitted.
    path
        A ``.json`` file. It holds names of features, batches and levels of covariates, and means
        over patients; no row of a patient.
    """
    path = Path(path)
    about = {"format": _FORMAT, "lesionary": __version__, **_told(harmoniser)}
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(plain(about), indent=1, allow_nan=False), "utf-8")
    return path


def load_harmoniser(path: str | Path) -> Harmoniser | NestedComBat:
    """Read a harmoniser that :func:`save_harmoniser` wrote.

    Raises
    ------
    ModelError
        If there is no such file, or it is damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"There is no harmoniser {path}: 'lesionary harmonise' writes one.")
    try:
        about = json.loads(path.read_text("utf-8"))
        if about["format"] != _FORMAT:
            raise ModelError(f"{path} is of another format: use a newer version of Lesionary.")
        return _made(about)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path} is no harmoniser of Lesionary, or damaged ({error!r})."
        ) from error


def fingerprint(harmoniser: Harmoniser | NestedComBat) -> str:
    """Return the hash of what features are brought to, which batches that come later leave.

    Features that were harmonised alike have the same, and others another.
    """
    steps = [harmoniser]
    if isinstance(harmoniser, NestedComBat):
        steps = list(harmoniser.steps_.values())
    told = [{name: _told(one)[name] for name in _BROUGHT_TO} for one in steps]
    return sha256(json.dumps(plain(told), sort_keys=True).encode()).hexdigest()


def _told(harmoniser: Harmoniser | NestedComBat) -> dict[str, Any]:
    if isinstance(harmoniser, NestedComBat):
        harmoniser._need_fit()
        steps = [{"effect": name, **_told(one)} for name, one in harmoniser.steps_.items()]
        search = harmoniser.search_.to_dict("records")
        return {"kind": harmoniser.name, "steps": steps, "search": search}
    harmoniser._need_fit()
    names = ("names_in_", "batches_", "rows_", "mean_", "sd_", "effects_", "location_", "variance_")
    return {
        "kind": harmoniser.name,
        "settings": harmoniser.get_params(deep=False),
        "covariates": [asdict(one) for one in harmoniser.covariates_],
        "unchanged": harmoniser.unchanged_.to_dict("records"),
        "notes": harmoniser.notes_,
        **{name.rstrip("_"): getattr(harmoniser, name) for name in names},
    }


def _made(about: dict[str, Any]) -> Harmoniser | NestedComBat:
    if about["kind"] == NestedComBat.name:
        nested = NestedComBat()
        nested.steps_ = {one["effect"]: _made(one) for one in about["steps"]}
        nested.search_ = pd.DataFrame(about["search"])
        first = next(iter(nested.steps_.values()))
        nested.names_in_, nested.n_features_in_ = first.names_in_, first.n_features_in_
        return nested
    made: Harmoniser = _KINDS[about["kind"]](**about["settings"])
    made.names_in_ = [str(name) for name in about["names_in"]]
    made.batches_, made.rows_ = list(about["batches"]), list(about["rows"])
    made.covariates_ = tuple(
        Covariate(one["name"], float(one["centre"]), tuple(one["levels"]))
        for one in about["covariates"]
    )
    p, b = len(made.names_in_), len(made.batches_)
    columns = sum(max(len(one.levels) - 1, 1) for one in made.covariates_)
    made.mean_, made.sd_ = _array(about["mean"], (p,)), _array(about["sd"], (p,))
    made.effects_ = _array(about["effects"], (columns, p))
    made.location_ = _array(about["location"], (b, p))
    made.variance_ = _array(about["variance"], (b, p))
    made.n_features_in_ = p
    made.unchanged_ = pd.DataFrame(about["unchanged"], columns=["feature", "reason"])
    made._used = ~np.isin(made.names_in_, made.unchanged_["feature"].tolist())
    made.notes_ = list(about["notes"])
    return made


def _array(values: Any, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    array = np.asarray(values, dtype=np.float64).reshape(shape)
    if not np.isfinite(array).all():
        raise ValueError("a number is missing")
    return array
