"""Limited data: the same probe on nested parts of the training patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lesionary.adapt.probes.probe import Probe
from lesionary.adapt.table import FittingTable
from lesionary.cohort.columns import IMAGE, PATIENT, SPLIT
from lesionary.cohort.model import Cohort
from lesionary.cohort.splits import training_subsets
from lesionary.errors import ModelError

FRACTIONS = (1.0, 0.5, 0.2, 0.1)


def fit_fractions(
    table: FittingTable,
    label: str,
    probe: Callable[[], Probe],
    *,
    fractions: Sequence[float] = FRACTIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Fit a probe to parts of the training patients, and predict tune and test with each.

    Parameters
    ----------
    table : FittingTable
        With ``patient_id`` and ``split``.
    label : str
        Column that is learnt.
    probe : callable
        Makes a new, unfitted probe: ``LinearProbe``, or a lambda.
    fractions : sequence of float
        Of the training patients. Each part lies inside the next larger one, and has the classes
        as frequent as all. The tune split stays whole.
    seed : int
        Of the parts.

    Returns
    -------
    DataFrame
        Tables of predictions of the tune and test rows one below the other, with the columns
        ``fraction`` and ``train_patients``.
    """
    for column in (PATIENT, SPLIT):
        if column not in table.lesions:
            raise ModelError(f"Parts of the training patients need the column {column!r}.")
    labels = table.label(label)
    known = table.take(labels.notna().to_numpy())
    lesions = known.lesions.copy()
    lesions[label], lesions[IMAGE] = known.label(label), ""
    parts = [one for one in fractions if one != 1]
    cohort = Cohort(lesions, Path())
    subsets = training_subsets(cohort, parts, stratify=label, seed=seed).table if parts else lesions
    train = (lesions[SPLIT] == "train").to_numpy()
    tables = []
    for fraction in sorted(fractions, reverse=True):
        inside = train if fraction == 1 else subsets[f"train_{100 * fraction:g}"].to_numpy(bool)
        part = known.take(inside | ~train)
        fitted = probe().fit(
            part.features, part.label(label), split=part.split, patients=part.patients
        )
        judged = part.take((part.lesions[SPLIT] != "train").to_numpy())
        predicted = fitted.predictions_table(judged.lesions, judged.features, judged.label(label))
        patients = lesions.loc[np.asarray(inside), PATIENT].nunique()
        tables.append(predicted.assign(fraction=fraction, train_patients=patients))
    return pd.concat(tables, ignore_index=True)
