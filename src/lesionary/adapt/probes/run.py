"""From two tables to a folder with a model and its predictions: what ``lesionary fit`` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesionary.adapt.probes.fitted import score_columns
from lesionary.adapt.probes.probe import OUT_OF_FOLD, TARGET, Probe
from lesionary.adapt.saving.folder import FitFolder, check_free, write_fit
from lesionary.adapt.table import FittingTable, join_table
from lesionary.cohort.columns import PATIENT, SPLIT
from lesionary.evaluate.metrics.judge import judge
from lesionary.evaluate.result import Result


@dataclass(frozen=True)
class Fit(FitFolder):
    """What came of fitting a probe to tables, beside what was written.

    Attributes
    ----------
    score : Result
        The metric of the tune rows, or of training rows out-of-fold.
    probe : Probe
    table : FittingTable
    """

    score: Result
    probe: Probe
    table: FittingTable


def run_fit(
    features: str | Path,
    lesions: str | Path,
    label: str,
    probe: Probe,
    out: str | Path,
    *,
    columns: Sequence[str] | None = None,
    overwrite: bool = False,
) -> Fit:
    """Fit a probe to a feature table and a lesion table, and write what came of it.

    Parameters
    ----------
    features, lesions
        Tables, joined by ``lesion_id``; see :func:`~lesionary.adapt.table.join_table`.
    label
        Column of the lesion table that is learnt.
    probe
        Not fitted yet.
    out
        Folder; gets ``model.zip``, ``predictions.csv`` and, if there is reason, ``errors.csv``.
    columns
        Features to use, by name or pattern.
    overwrite
        Replace a model that is there.
    """
    out = Path(out)
    check_free(out, overwrite=overwrite)
    table = join_table(features, lesions, columns=columns)
    target = table.label(label)
    probe.fit(table.features, target, split=table.split, patients=table.patients)
    nested = probe.out_of_fold_ is not None
    predictions = probe.predictions_table(table.lesions, table.features, target, out_of_fold=nested)
    score = _score(predictions, probe)
    about = {
        "features": table.origin,
        "label": label,
        "metric": probe.metric,
        "score": score.as_dict(),
        "search": _search(probe),
        "train": _counts(table, target),
        "notes": [*table.notes, *probe.notes_],
    }
    wrote = write_fit(out, probe.model_, about, predictions, table.set_aside)
    return Fit(wrote.model, wrote.predictions, wrote.errors, score, probe, table)


def _score(predictions: pd.DataFrame, probe: Probe) -> Result:
    split = OUT_OF_FOLD if probe.out_of_fold_ is not None else "tune"
    rows = predictions[(predictions[SPLIT] == split) & predictions[TARGET].notna()]
    scores = rows[score_columns(probe.classes_)]
    found = judge(
        probe.metric,
        rows[TARGET].to_numpy(dtype=object),
        scores.to_numpy(),
        rows[PATIENT].to_numpy(dtype=object) if PATIENT in rows else None,
        classes=probe.classes_,
        seed=probe.seed,
    )
    note = (
        "Settings were chosen on these rows, so it is somewhat too good; the test split tells."
        if split == "tune"
        else "Of training rows, by models that did not see their patients."
    )
    return replace(found, metric=f"{split} {found.metric}", notes=(*found.notes, note))


def _search(probe: Probe) -> dict[str, Any]:
    return {
        "method": probe.search,
        "chosen": probe.method_,
        "setting": probe.found_.setting,
        "score": probe.found_.score,
        "fits": len(probe.found_.tried),
        "folds": probe.folds,
        "seed": probe.seed,
        "class_weight": probe.class_weight,
        "selection": probe.selection,
    }


def _counts(table: FittingTable, target: pd.Series) -> dict[str, Any]:
    train = np.full(len(table), True) if table.split is None else table.split == "train"
    counts = target[train].value_counts()
    told: dict[str, Any] = {"classes": {str(name): int(count) for name, count in counts.items()}}
    if table.patients is not None:
        told["patients"] = len(set(table.patients[train].tolist()))
    return told
