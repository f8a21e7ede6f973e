"""The table of predictions: ``lesion_id, split, target`` and a column a score."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lesionary.cohort.columns import EVENT, LESION, SPLIT, TIME
from lesionary.cohort.table import write_table
from lesionary.encode.features import METADATA_KEY, write_provenance
from lesionary.files import atomic_path
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


def write_predictions(table: pd.DataFrame, path: Path, about: Mapping[str, Any]) -> None:
    """Write a table of predictions, and in it (CSV: beside it) how it was made."""
    if path.suffix != ".parquet":
        write_table(table, path)
        write_provenance(path, about)
        return
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    metadata = {**arrow.schema.metadata, METADATA_KEY: json.dumps(about).encode()}
    with atomic_path(path) as temporary:
        pq.write_table(arrow.replace_schema_metadata(metadata), temporary)
