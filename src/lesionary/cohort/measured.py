"""Make a lesion table from measurements: clicked points, RECIST diameters, bounding boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesionary.cohort.build import BuiltCohort, SetAside, built_cohort, plain
from lesionary.cohort.table import read_table
from lesionary.errors import CohortError, LesionaryError
from lesionary.progress import track
from lesionary.scan.masks import look_into
from lesionary.scan.read import read_scan
from lesionary.scan.scan import Scan

MEASURES = {
    "point": ("coordX", "coordY", "coordZ"),
    "RECIST diameter": ("x1", "y1", "z1", "x2", "y2", "z2"),
    "bounding box": ("xmin", "ymin", "zmin", "xmax", "ymax", "zmax"),
}
"""Columns of each kind of measurement, LPS mm; the seed is the middle."""


def build_cohort_from_table(
    measurements: str | Path,
    folder: str | Path,
    *,
    table_folder: str | Path | None = None,
) -> BuiltCohort:
    """Make a lesion table from a table of measurements.

    Parameters
    ----------
    measurements
        CSV (or Parquet), one row a lesion, with ``patient_id`` (the name of the patient's
        folder) and, all in LPS mm, one of:

        - a clicked point: ``coordX, coordY, coordZ``
        - the two ends of a RECIST diameter: ``x1, y1, z1, x2, y2, z2``
        - the corners of a bounding box: ``xmin, ymin, zmin, xmax, ymax, zmax``

        Rows may differ in which they have. Optional: ``lesion_id``, ``roi`` (what the lesion
        is called) and ``image_path``, relative to ``folder``; without it the patient's folder
        has to hold exactly one scan.
    folder
        Holds one folder a patient.
    table_folder : path, optional
        Where the table will be written: its paths are relative to it. Default: ``folder``.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CohortError(f"There is no folder {folder}.")
    table = read_table(measurements)
    _check_columns(table, str(measurements))
    rows: list[dict[str, Any]] = []
    problems: list[SetAside] = []
    scans: dict[str, Scan] = {}
    for number, row in track(list(table.iterrows()), "Reading scans"):
        patient = str(row["patient_id"])
        try:
            seed = _seed(row)
            image = _image(row, folder)
            if image not in scans:
                scans[image] = read_scan(image)
            _check_inside(seed, scans[image])
        except LesionaryError as error:
            problems.append(
                SetAside(patient, f"{Path(measurements).name}, row {number}", str(error))
            )
            continue
        name = _text(row, "roi")
        x, y, z = seed.tolist()
        rows.append(
            {
                "lesion_id": _text(row, "lesion_id")
                or f"{plain(patient)}_{plain(name) or 'lesion'}",
                "patient_id": patient,
                "image_path": image,
                "coordX": x,
                "coordY": y,
                "coordZ": z,
                "mask_path": "",
                "roi": name,
                "volume_ml": np.nan,
            }
        )
    return built_cohort(rows, problems, Path(table_folder or folder))


def _check_columns(table: pd.DataFrame, source: str) -> None:
    if "patient_id" not in table:
        raise CohortError(f"{source} has no column patient_id (the name of the patient's folder).")
    if not any(set(columns) <= set(table) for columns in MEASURES.values()):
        kinds = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in MEASURES.items())
        raise CohortError(f"{source} has no measurement. It needs, in LPS mm, one of: {kinds}.")


def _seed(row: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the middle of the one measurement in the row."""
    found = {}
    for kind, names in MEASURES.items():
        values = pd.to_numeric(row.reindex(list(names)), errors="coerce").to_numpy(dtype=float)
        if np.isfinite(values).all():
            found[kind] = values.reshape(-1, 3).mean(axis=0)
        elif any(_text(row, name) for name in names):
            raise CohortError(f"Its {kind} is not complete, or not in numbers: {', '.join(names)}.")
    if len(found) != 1:
        raise CohortError(
            f"It has {len(found)} measurements ({', '.join(found) or 'none'}), not one."
        )
    return next(iter(found.values()))


def _image(row: pd.Series[Any], folder: Path) -> str:
    path = _text(row, "image_path")
    if path:
        return str(folder / path)
    patient = folder / str(row["patient_id"])
    if not patient.is_dir():
        raise CohortError(f"There is no folder {patient}, and no image_path.")
    return look_into(patient).only_scan()


def _check_inside(seed: np.ndarray[Any, np.dtype[np.float64]], scan: Scan) -> None:
    if not scan.geometry.contains(seed):
        raise CohortError(
            f"Its middle {np.round(seed, 1).tolist()} lies outside the scan {scan.source} "
            f"({scan.geometry}). Are the numbers LPS mm, not voxels or RAS?"
        )


def _text(row: pd.Series[Any], column: str) -> str:
    value = row.get(column)
    return "" if value is None or pd.isna(value) else str(value).strip()
