"""From two tables to a folder with a survival model and its predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.saving.folder import FitFolder, check_free, write_fit
from lesionary.adapt.survival.cox import CoxModel
from lesionary.adapt.survival.fit import SurvivalKind, fit_survival
from lesionary.adapt.survival.forest import RandomSurvivalForest
from lesionary.adapt.survival.outcome import read_outcome
from lesionary.adapt.table import FittingTable, join_table
from lesionary.cohort.columns import LESION, PATIENT, SPLIT
from lesionary.errors import ModelError
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival import c_index
from lesionary.spelling import hint


@dataclass(frozen=True)
class SurvivalFit(FitFolder):
    """What came of fitting a survival model to tables, beside what was written.

    Attributes
    ----------
    score : Result
        C-index of the tune rows, or where there are none, of the training rows.
    fitted : CoxModel or RandomSurvivalForest
    table : FittingTable
    """

    score: Result
    fitted: CoxModel | RandomSurvivalForest
    table: FittingTable


def run_survival_fit(
    features: str | Path,
    lesions: str | Path,
    out: str | Path,
    *,
    model: SurvivalKind = "cox_elastic_net",
    time: str = "time",
    event: str = "event",
    columns: Sequence[str] | None = None,
    clinical: Sequence[str] = (),
    ordinal: Mapping[str, Sequence[str]] | None = None,
    overwrite: bool = False,
    seed: int = 0,
    **options: Any,
) -> SurvivalFit:
    """Fit a survival model to a feature table and a lesion table, and write what came of it.

    Parameters
    ----------
    features, lesions
        Tables, joined by ``lesion_id``; see :func:`~lesionary.adapt.table.join_table`.
    out
        Folder; gets ``model.zip``, ``predictions.csv`` (every split) and, if there is reason,
        ``errors.csv``.
    model, time, event, ordinal, seed, **options
        As for :func:`~lesionary.adapt.survival.fit_survival`.
    columns
        Features to use, by name or pattern. Default: all.
    clinical
        Columns of the lesion table to use, too; they may be text.
    overwrite
        Replace a model that is there.
    """
    out = Path(out)
    check_free(out, overwrite=overwrite)
    table = join_table(features, lesions, columns=columns)
    absent = [name for name in clinical if name not in table.lesions]
    if absent:
        raise ModelError(f"The lesion table has no column {absent[0]!r}.")
    used = [*table.features.columns, *clinical]
    known = [name for name in (PATIENT, SPLIT, time, event) if name in table.lesions]
    rows = pd.concat([table.features, table.lesions[[*known, *clinical]]], axis=1)
    table, followed = _followed(table, rows, time, event)
    fitted = fit_survival(
        rows[followed],
        used,
        time=time,
        event=event,
        model=model,
        ordinal=ordinal,
        seed=seed,
        **options,
    )
    risk = fitted.predict_risk(rows)
    predictions = table.lesions[[LESION, *known]].rename(columns={time: "time", event: "event"})
    score = _score(rows[followed], risk[followed], time, event, model, seed)
    about = {
        "features": table.origin,
        "model": model,
        "score": score.as_dict(),
        "train": {"rows": fitted.n, "events": fitted.events, "patients": fitted.patients},
        "notes": table.notes,
    }
    predictions = predictions.assign(model=model, score_risk=risk)
    wrote = write_fit(out, fitted, about, predictions, table.set_aside)
    return SurvivalFit(wrote.model, wrote.predictions, wrote.errors, score, fitted, table)


def _followed(
    table: FittingTable, rows: pd.DataFrame, time: str, event: str
) -> tuple[FittingTable, NDArray[np.bool_]]:
    """Set aside what has no follow-up: it gets a risk, and is neither learnt from nor judged."""
    for name in (time, event):
        if name not in rows:
            raise ModelError(
                f"The lesion table has no column {name!r}{hint(name, map(str, table.lesions))}."
            )
    known = (pd.to_numeric(rows[time], errors="coerce") > 0).to_numpy()
    known &= pd.to_numeric(rows[event], errors="coerce").isin((0, 1)).to_numpy()
    if known.all():
        return table, known
    reason = f"{time!r} is not above zero, or {event!r} is neither 0 nor 1: it was not learnt from."
    lost = pd.DataFrame({LESION: table.lesions.loc[~known, LESION], "reason": reason})
    aside = pd.concat([table.set_aside, lost], ignore_index=True)
    return replace(table, set_aside=aside), known


def _score(
    rows: pd.DataFrame, risk: pd.Series[float], time: str, event: str, model: str, seed: int
) -> Result:
    split = rows[SPLIT].to_numpy() if SPLIT in rows else np.full(len(rows), "train")
    where = "tune" if (split == "tune").any() else "train"
    mine = split == where
    outcome = read_outcome(rows[mine], time, event)
    groups = outcome.patient if outcome.clustered else None
    found = c_index(outcome.time, outcome.event, risk[mine].to_numpy(), groups, seed=seed)
    notes = found.notes
    if where == "train":
        notes += ("Of the rows that it was fitted to, so too good; the test split tells.",)
    elif model == "cox_elastic_net":
        notes += ("The penalty was chosen on these rows, so it is somewhat too good.",)
    return replace(found, metric=f"{where} {found.metric}", notes=notes)
