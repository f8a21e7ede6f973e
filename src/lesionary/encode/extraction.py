"""Extract features: the function that a researcher calls."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lesionary.cohort import Cohort
from lesionary.cohort.load import CohortSource
from lesionary.encode.choice import EncoderSource
from lesionary.encode.features import read_features
from lesionary.encode.run import run_extraction


class ExtractionWarning(UserWarning):
    """Features were extracted, but not of every row, or not as precisely as they should be."""


def extract(
    cohort: CohortSource | Cohort,
    encoder: EncoderSource | Sequence[EncoderSource] = "fmcib",
    out: str | Path | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Extract features of every lesion of a cohort.

    Parameters
    ----------
    cohort
        As for :func:`lesionary.read_cohort`; here ``patient_id`` is not needed, and a bad row
        does not stop the others.
    encoder : str, Path, ModelCard, Encoder or sequence of these
        Name of an encoder, path of a model card, or an encoder that is loaded. Several share
        one pass over the scans.
    out : path, optional
        Table to write, ``.parquet`` or ``.csv``. Called again after an interruption, the run
        goes on where it stopped.
    **options
        As for :func:`lesionary.encode.run_extraction`: ``weights``, ``recipe``, ``root``,
        ``device``, ``precision``, ...

    Returns
    -------
    DataFrame
        ``lesion_id`` and float32 columns ``<encoder>_<i>``, in the cohort's order. How it was
        made is in ``.attrs["provenance"]``.

    Warns
    -----
    ExtractionWarning
        If rows were set aside: a scan is missing or damaged, a seed lies outside. With ``out``
        they are listed in ``errors.csv`` beside it. With ``precision="bf16"`` also where that
        costs an encoder much, or an unknown amount, and with a ``recipe`` that scales
        intensities otherwise than an encoder's card.

    Examples
    --------
    >>> from lesionary.phantom import PhantomConfig, make_cohort
    >>> _ = make_cohort("practice", patients=2, config=PhantomConfig(size="tiny"))
    >>> features = extract("practice/cohort.csv", encoder="phantom_tiny")
    >>> features.columns[:3].tolist()
    ['lesion_id', 'phantom_tiny_0', 'phantom_tiny_1']
    """
    with tempfile.TemporaryDirectory(prefix="lesionary-") as folder:
        path = Path(folder) / "features.parquet" if out is None else Path(out)
        done = run_extraction(cohort, encoder, path, **options)
        features = read_features(path)
    for warning in done.warnings:
        warnings.warn(warning, ExtractionWarning, stacklevel=2)
    if done.set_aside:
        first = done.set_aside[0]
        listed = "" if out is None else f" {done.errors} lists them."
        warnings.warn(
            f"{len(done.set_aside)} of {len(done.set_aside) + done.lesions} rows were set aside."
            f"{listed} The first, row {first.row}: {first.reason}",
            ExtractionWarning,
            stacklevel=2,
        )
    return features
