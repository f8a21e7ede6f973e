"""A saved model applied to a feature table: what ``lesionary predict`` does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from lesionary.adapt.saving.door import SavedModel
from lesionary.adapt.saving.origin import chosen_columns
from lesionary.cohort.columns import EVENT, LESION, PATIENT, SPLIT, TIME
from lesionary.cohort.load import load
from lesionary.errors import ModelError


def predict_table(
    saved: SavedModel, features: pd.DataFrame, lesions: str | Path | pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predict every lesion of a feature table.

    Parameters
    ----------
    saved : SavedModel
    features : DataFrame
        As :func:`lesionary.encode.read_features` gives it.
    lesions : optional
        A lesion table: its ``patient_id``, ``split``, ``time``, ``event`` and the model's label
        (as ``target``) go into the predictions. Only lesions of both are predicted.

    Returns
    -------
    predictions : DataFrame
        ``lesion_id``, what the lesion table has, and the scores.
    set_aside : DataFrame
        ``lesion_id`` and ``reason``.
    """
    told = features[[LESION]].reset_index(drop=True)
    scores_of = chosen_columns(saved.model.columns, features).reset_index(drop=True)
    scores_of.attrs = dict(features.attrs)
    reason = _reasons(scores_of)
    if lesions is not None:
        told, unknown = _with_lesions(told, lesions, saved)
        reason = reason.mask(unknown & (reason == ""), "The lesion is not in the lesion table.")
    used = (reason == "").to_numpy()
    if not used.any():
        raise ModelError(f"No lesion can be predicted; the first: {reason.iloc[0]}")
    scores = saved.scores(scores_of[used])
    predictions = pd.concat([told[used], scores], axis=1).reset_index(drop=True)
    aside = pd.DataFrame({LESION: told[LESION], "reason": reason})[~used]
    return predictions, aside.reset_index(drop=True)


def _reasons(features: pd.DataFrame) -> pd.Series[str]:
    """Say of each lesion why it cannot be predicted; empty where it can."""
    text = [name for name in features if not pd.api.types.is_numeric_dtype(features[name])]
    # Columns of text may be known to a model: of those nothing is asked here.
    numbers = features.drop(columns=text).to_numpy(dtype=np.float64, na_value=np.nan)
    reason = pd.Series("", index=features.index)
    reason[np.isinf(numbers).sum(axis=1) > 0] = "A feature is infinite."
    reason[features.isna().to_numpy().sum(axis=1) == features.shape[1]] = (
        "All features are missing."
    )
    return reason


def _with_lesions(
    told: pd.DataFrame, lesions: str | Path | pd.DataFrame, saved: SavedModel
) -> tuple[pd.DataFrame, pd.Series[bool]]:
    table = load(lesions).table
    if LESION not in table or table[LESION].duplicated().any():
        raise ModelError("The lesion table needs the column 'lesion_id', each value once.")
    label = saved.about.get("label")
    kept = [name for name in (PATIENT, SPLIT, TIME, EVENT) if name in table]
    chosen = table[[LESION, *kept]]
    if label in table:
        chosen = chosen.assign(target=table[label].convert_dtypes())
    joined = told.merge(chosen, on=LESION, how="left", validate="one_to_one")
    return joined, ~joined[LESION].isin(table[LESION])
