"""DeepLesion as annotated for FMCIB: pre-training and task 1 (lesion site)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from lesionary.cohort.columns import SEED
from lesionary.cohort.published.kind import (
    Kind,
    has_columns,
    keep_published,
    put_first,
    shorten_image_path,
)
from lesionary.scan import Geometry

_VOLUME = r"^(?P<patient>\d{6})_\d+_\d+_(?P<first>\d+)-(?P<last>\d+)\.nii\.gz$"


def _recognise(table: pd.DataFrame) -> bool:
    centroid = (f"{what}_{axis}" for what in ("centroid", "spacing") for axis in "xyz")
    return has_columns(table, "Volume_fn", "image_path", *centroid, *SEED) and bool(
        table["Volume_fn"].astype(str).str.match(_VOLUME).all()
    )


def _adapt(table: pd.DataFrame, _root: Path, handle: bool) -> tuple[pd.DataFrame, list[str]]:
    volume = table["Volume_fn"].astype(str)
    notes = shorten_image_path(table, volume)
    if "Unnamed: 0" in table:
        # The index is the lesion's row in DeepLesion's own DL_info.csv.
        number = table["Unnamed: 0"].map("DeepLesion-{:05d}".format)
        table = put_first(table, lesion_id=number, patient_id=volume.str[:6])
    if handle:
        notes += _swap_back(table) + _turn_slices(table)
    return table, notes


def _swap_back(table: pd.DataFrame) -> list[str]:
    """Exchange X and Y in every row where they carry the other axis' centroid."""
    swapped = np.isclose(
        table["coordX"], table["centroid_y"].astype(int) * table["spacing_y"]
    ) & np.isclose(table["coordY"], table["centroid_x"].astype(int) * table["spacing_x"])
    if (table["coordX"] == table["coordY"])[swapped].all():
        return []
    keep_published(table, "coordX", "coordY")
    x, y = table["coordX"].copy(), table["coordY"].copy()
    table["coordX"] = x.where(~swapped, y)
    table["coordY"] = y.where(~swapped, x)
    return [
        f"coordX and coordY of {swapped.sum():,} rows were exchanged (coordX was "
        "centroid_y x spacing); put right, and kept as published_coordX and published_coordY."
    ]


def _turn_slices(table: pd.DataFrame) -> list[str]:
    """Count slices from the volume's first, as the file does, not from its last."""
    published_z = -table["centroid_z"] * table["spacing_z"]
    index = slice_count(table["Volume_fn"]) - table["centroid_z"]
    right_z = -index * table["spacing_z"]
    turned = np.isclose(table["coordZ"], published_z)
    if np.isclose(published_z, right_z)[turned].all():
        return []
    keep_published(table, "coordZ")
    table["coordZ"] = table["coordZ"].where(~turned, right_z)
    moved = (right_z - published_z)[turned].abs()
    return [
        f"coordZ of {turned.sum():,} rows counted slices from the volume's end; now from its "
        f"start, as process_deeplesion.py writes the file ({(moved > 25).sum():,} rows were more "
        "than 25 mm off). The published values are in published_coordZ. If you did not make "
        "the files with that script, look at a few lesions before using these seeds."
    ]


def slice_count(volume: pd.Series[str]) -> pd.Series[int]:
    """Return how many slices a volume has, from its name (``..._004-028.nii.gz``: 25)."""
    ends = volume.str.extract(_VOLUME)
    return ends["last"].astype(int) - ends["first"].astype(int) + 1


def _check_scan(row: pd.Series, geometry: Geometry) -> str | None:
    """Confirm the grid that the seeds assume: first slice at z = 0, the others below it."""
    slices = int(slice_count(pd.Series([row["Volume_fn"]])).iloc[0])
    spacing = [float(row[f"spacing_{axis}"]) for axis in "xyz"]
    corner = geometry.to_mm([geometry.shape[0] - 1, 0, 0])
    expected = [0.0, 0.0, -(slices - 1) * spacing[2]]
    if geometry.shape[0] == slices and np.allclose(corner, expected, atol=0.5 * min(spacing)):
        return None
    return (
        f"The seed assumes {slices} slices from z = 0 down to {expected[2]:g} mm, as "
        f"process_deeplesion.py writes them, but the file has {geometry.shape[0]} that end at "
        f"({corner[0]:g}, {corner[1]:g}, {corner[2]:g}) mm. Convert the volume with that script, "
        "or correct the seeds."
    )


KIND = Kind("DeepLesion (FMCIB)", _recognise, _adapt, check_scan=_check_scan)
