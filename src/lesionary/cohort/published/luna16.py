"""LUNA16 as annotated for FMCIB: task 2 (malignancy), and the readings behind it."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pandas as pd

from lesionary.cohort.columns import IMAGE, SEED
from lesionary.cohort.published.kind import (
    Kind,
    has_columns,
    is_new,
    put_first,
    shorten_image_path,
)
from lesionary.scan import read_scan

_SERIES = r"(1\.3\.6\.1\.4\.1\.14519\.5\.2\.1\.6279\.6001\.\d+)\.mhd$"

_PATIENT_NOTE = (
    "only the scan is known, not the patient: patient_id is the series UID "
    "(LIDC-IDRI has a few patients with two scans, which cannot be told apart here)."
)


def _recognise_nodules(table: pd.DataFrame) -> bool:
    return has_columns(table, "malignancy", IMAGE, *SEED) and bool(
        table[IMAGE].astype(str).str.extract(_SERIES, expand=False).notna().all()
    )


def _adapt_nodules(
    table: pd.DataFrame, _root: Path, _handle: bool
) -> tuple[pd.DataFrame, list[str]]:
    series = table[IMAGE].str.extract(_SERIES, expand=False)
    notes = shorten_image_path(table, series + ".mhd")
    if is_new(table) and "Unnamed: 0" in table:
        table = put_first(table, lesion_id=_lesion_id(table), patient_id=series)
        notes.append(_PATIENT_NOTE)
    return table, notes


def _recognise_readings(table: pd.DataFrame) -> bool:
    return has_columns(table, "malignancy", "spiculation", "subtlety", "bbox", "centroid", "scan")


def _adapt_readings(
    table: pd.DataFrame, root: Path, _handle: bool
) -> tuple[pd.DataFrame, list[str]]:
    notes: list[str] = []
    if is_new(table):
        scan = table["scan"].astype(str)
        table = put_first(
            table, lesion_id=_lesion_id(table), patient_id=scan, image_path=scan + ".mhd"
        )
        notes.append(_PATIENT_NOTE)
    if not has_columns(table, *SEED) or table[list(SEED)].isna().to_numpy().any():
        notes.append(_seeds_from_scans(table, root))
    return table, notes


def _lesion_id(table: pd.DataFrame) -> pd.Series[str]:
    """Name nodules by their row in luna16_annotations.csv, which all these tables carry."""
    return table["Unnamed: 0"].map("LUNA16-{:04d}".format)


def _seeds_from_scans(table: pd.DataFrame, root: Path) -> str:
    """Turn centroids (row, column, slice) into LPS mm wherever the scan is at hand."""
    index = np.array([ast.literal_eval(text) for text in table["centroid"]], dtype=float)
    seeds = np.full((len(table), 3), np.nan)
    for name, rows in table.groupby(IMAGE).indices.items():
        path = root / str(name)
        if path.is_file():
            row, column, plane = index[rows].T
            seeds[rows] = read_scan(path).geometry.to_mm(np.column_stack([plane, row, column]))
    table[list(SEED)] = seeds
    missing = int(np.isnan(seeds[:, 0]).sum())
    return (
        "this table gives centroids as voxel indices (row, column, slice), which only the scan's "
        f"geometry turns into millimetres; {len(table) - missing:,} seeds were computed, "
        f"{missing:,} wait for their scan under root. The task 2 tables hold 677 of these "
        "nodules in millimetres, under the same lesion_id."
    )


NODULES = Kind("LUNA16 (FMCIB)", _recognise_nodules, _adapt_nodules)
READINGS = Kind(
    "LUNA16 readings (FMCIB)", _recognise_readings, _adapt_readings, seeds_need_scans=True
)
