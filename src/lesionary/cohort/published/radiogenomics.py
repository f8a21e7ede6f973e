"""NSCLC-Radiogenomics (RADIO) as annotated for FMCIB: task 3 (two-year survival)."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pandas as pd

from lesionary.cohort.columns import IMAGE, MASK, SEED
from lesionary.cohort.published.kind import (
    Kind,
    add_survival,
    has_columns,
    keep_published,
    put_first,
    shorten_image_path,
    two_year_survival,
)

_ODD_MASKS = {"Heart.nrrd", "Tissue.nrrd", "Segmentation.nrrd"}


def _recognise(table: pd.DataFrame) -> bool:
    clinical = ("Case ID", "Survival Status", "Survival.time", "deadstatus.event", "survival")
    return has_columns(table, *clinical, IMAGE, *SEED)


def _adapt(table: pd.DataFrame, _root: Path, handle: bool) -> tuple[pd.DataFrame, list[str]]:
    case = table["Case ID"].astype(str)
    notes = shorten_image_path(table, case + ".nrrd")
    table = put_first(table, lesion_id=case, patient_id=case)
    add_survival(table)
    if handle:
        notes += _derive_survival(table)
        table, mask_notes = _set_masks_aside(table)
        notes += mask_notes
    return table, notes


def _derive_survival(table: pd.DataFrame) -> list[str]:
    vital_status = (table["deadstatus.event"] == 0).astype(float)
    if not (table["survival"].astype(float) == vital_status).all():
        return []
    survival = two_year_survival(table)
    if survival.equals(vital_status):
        return []
    keep_published(table, "survival")
    table["survival"] = survival
    return [
        f"survival was vital status at last contact ({int(vital_status.sum())} alive, "
        f"{int((1 - vital_status).sum())} dead), not two-year survival: now derived from "
        f"Survival.time, {int((survival == 1).sum())} alive and {int((survival == 0).sum())} dead "
        f"at two years; {survival.isna().sum()} censored before are missing. The published values "
        "are in published_survival."
    ]


def _set_masks_aside(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Rename mask_path: the files are called Heart and Tissue, and nobody has seen them."""
    if MASK not in table:
        return table, []
    names = {PurePosixPath(path).name for path in table[MASK].dropna()}
    if not names <= _ODD_MASKS:
        return table, []
    note = (
        f"mask_path names {', '.join(sorted(names))}, which may not be the tumour: it is now "
        "published_mask_path, and the seeds are used. Look at the masks before using them."
    )
    return table.rename(columns={MASK: f"published_{MASK}"}), [note]


KIND = Kind("RADIO (FMCIB)", _recognise, _adapt)
