"""NSCLC-Radiomics (LUNG1) as annotated for FMCIB: task 3 (two-year survival)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lesionary.cohort.columns import IMAGE, SEED
from lesionary.cohort.published.kind import (
    Kind,
    add_survival,
    has_columns,
    keep_published,
    put_first,
    shorten_image_path,
    two_year_survival,
)


def _recognise(table: pd.DataFrame) -> bool:
    clinical = ("PatientID", "Overall.Stage", "Survival.time", "deadstatus.event", "survival")
    return has_columns(table, *clinical, IMAGE, *SEED)


def _adapt(table: pd.DataFrame, _root: Path, handle: bool) -> tuple[pd.DataFrame, list[str]]:
    patient = table["PatientID"].astype(str)
    notes = shorten_image_path(table, patient + "/CT.nrrd")
    table = put_first(table, lesion_id=patient, patient_id=patient)
    add_survival(table)
    if handle:
        notes += _mark_censored(table)
    return table, notes


def _mark_censored(table: pd.DataFrame) -> list[str]:
    censored = two_year_survival(table).isna() & table["survival"].notna()
    if not censored.any():
        return []
    keep_published(table, "survival")
    table["survival"] = table["survival"].where(~censored)
    who = ", ".join(table.loc[censored, "PatientID"])
    return [
        f"survival of {censored.sum()} patient ({who}) was 0 although follow-up ended before two "
        f"years with the patient alive: now missing, which leaves {table['survival'].count()} "
        "labels. The published values are in published_survival."
    ]


KIND = Kind("LUNG1 (FMCIB)", _recognise, _adapt)
