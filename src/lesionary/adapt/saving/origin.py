"""Where a model's features came from, and whether others came from the same place."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lesionary.encode.provenance import differences
from lesionary.errors import ModelError

_MOST_TOLD = 3


class ModelWarning(UserWarning):
    """A model can be used, but something about it has to be known."""


def features_origin(features: pd.DataFrame) -> dict[str, Any] | None:
    """Return what a feature table's numbers mean: its encoders, weights and patches.

    Parameters
    ----------
    features : DataFrame
        As :func:`lesionary.encode.read_features` gives it.

    Returns
    -------
    dict or None
        ``encoders`` (name, dimension, card's and weights' hash, recipe of the patch) and
        ``precropped``; None where the table does not say how it was made.
    """
    about = features.attrs.get("provenance")
    if about is None:
        return None
    return {"encoders": about["encoders"], "precropped": about["precropped"]}


def same_origin(fitted: Mapping[str, Any] | None, features: pd.DataFrame) -> None:
    """Refuse features that were made differently from those a model was fitted to.

    Parameters
    ----------
    fitted
        Of the model's features, as :func:`features_origin` gave it.
    features : DataFrame

    Warns
    -----
    ModelWarning
        If either does not say how it was made, so that only names of columns can be compared.
    """
    given = features_origin(features)
    if fitted is None and given is None:
        return
    if fitted is None or given is None:
        silent = "The model's features do" if fitted is None else "These features do"
        warnings.warn(
            f"{silent} not say how they were made, so nothing but their names can be compared.",
            ModelWarning,
            stacklevel=3,
        )
        return
    unlike = differences(fitted, given)
    if unlike:
        raise ModelError(
            f"These features are not the model's: {_first(unlike, '; ')}. Extract them as the "
            "model's were, or fit a model to these."
        )


def chosen_columns(columns: Sequence[str], features: pd.DataFrame) -> pd.DataFrame:
    """Return a model's columns, in its order; others are left out, missing ones refused."""
    given = set(features.columns)
    missing = [name for name in columns if name not in given]
    if missing:
        raise ModelError(
            f"The features lack {len(missing):,} of the {len(columns):,} columns that the model "
            f"was fitted to: {_first(missing, ', ')}. Extract them as the model's were."
        )
    return features.loc[:, list(columns)]


def _first(words: Sequence[str], separator: str) -> str:
    more = f"{separator}and {len(words) - _MOST_TOLD:,} more" if len(words) > _MOST_TOLD else ""
    return separator.join(words[:_MOST_TOLD]) + more
