"""The table of predictions: ``lesion_id, split, target`` and a column a score."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import EVENT, LESION, SPLIT, TIME
from lesionary.train.finetuning.labels import NO_LABEL, Labelled

TARGET = "target"


def predictions_table(
    lesions: pd.DataFrame,
    labelled: Labelled,
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> pd.DataFrame:
    """Return one row a lesion of any split, also of those without a target.

    Parameters
    ----------
    lesions : DataFrame
        With ``lesion_id`` and ``split``.
    labelled : Labelled
    rows : ndarray of int64 (n,)
        Of ``lesions``.
    scores : ndarray (n, outputs)

    Returns
    -------
    DataFrame
        ``target`` is the label as it was given (of survival alone, the event), missing where it
        is; ``time`` and ``event`` follow where survival was learnt; then the scores:
        probabilities as ``score_<class>``, the log hazard as ``score_risk``.
    """
    labels, outputs = labelled.labels.take(rows), labelled.outputs
    if outputs.kind is not None:
        values = [None if code == NO_LABEL else outputs.classes[code] for code in labels.code]
    else:
        values = [None if np.isnan(event) else int(event) for event in labels.event]
    table = pd.DataFrame(
        {
            LESION: lesions[LESION].to_numpy()[rows],
            SPLIT: lesions[SPLIT].to_numpy()[rows],
            TARGET: pd.Series(values, dtype=object).convert_dtypes(),
        }
    )
    if outputs.survival:
        table[TIME], table[EVENT] = labels.time, labels.event
    return pd.concat([table, pd.DataFrame(scores, columns=outputs.columns)], axis=1)
