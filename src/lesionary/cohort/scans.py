"""Checks that open the scans: files that are there and readable, seeds inside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary import progress
from lesionary.cohort.checks import numbers
from lesionary.cohort.columns import IMAGE, MASK, SEED
from lesionary.cohort.load import Loaded
from lesionary.cohort.problem import Findings
from lesionary.errors import LesionaryError
from lesionary.scan import Geometry, read_scan
from lesionary.scan.read import split_series

_RAS = np.array([-1.0, -1.0, 1.0])


def check_scans(loaded: Loaded, findings: Findings) -> None:
    """Add every problem that needs the files; each scan's header is read once."""
    table = loaded.table
    if IMAGE in table:
        seeds = _seeds(table)
        groups = {
            str(name): np.asarray(rows)
            for name, rows in table.groupby(IMAGE, sort=False).indices.items()
        }
        like_indices = 0
        for name, rows in progress.track(groups.items(), "Opening scans", total=len(groups)):
            geometry = _open(loaded, name, rows, findings)
            if geometry is not None:
                like_indices += _check_inside(seeds[rows], rows, geometry, findings)
                _check_assumption(loaded, rows, geometry, findings)
        if like_indices:
            findings.add(
                "warning",
                SEED[0],
                f"{like_indices:,} seeds are outside their scan as millimetres but inside it as "
                "voxel indices: coordX, coordY, coordZ look like voxel coordinates.",
            )
    _check_masks(loaded, findings)


def _seeds(table: pd.DataFrame) -> NDArray[np.float64]:
    if not set(SEED) <= set(table.columns):
        return np.full((len(table), 3), np.nan)
    return np.column_stack([numbers(table, name) for name in SEED])


def _open(loaded: Loaded, name: str, rows: NDArray[np.intp], findings: Findings) -> Geometry | None:
    path = loaded.root / name
    if not split_series(path)[0].exists():
        findings.add_at(
            "error",
            rows,
            IMAGE,
            f"There is no file or folder {path}: correct the path, or say with root (--root) "
            "where the scans are.",
        )
        return None
    try:
        return read_scan(path).geometry
    except (LesionaryError, OSError) as error:
        findings.add_at("error", rows, IMAGE, str(error))
        return None


def _check_inside(
    seeds: NDArray[np.float64], rows: NDArray[np.intp], geometry: Geometry, findings: Findings
) -> int:
    """Note seeds outside the scan; return how many of them would be valid voxel indices."""
    outside = np.isfinite(seeds).all(axis=1) & ~geometry.contains(seeds)
    sizes = np.array(geometry.shape[::-1])
    as_index = outside & (seeds >= 0).all(axis=1) & (seeds <= sizes - 1).all(axis=1)
    corners = geometry.to_mm(np.array(np.meshgrid(*[(0, n - 1) for n in geometry.shape])).T)
    low, high = corners.reshape(-1, 3).min(axis=0), corners.reshape(-1, 3).max(axis=0)
    extent = ", ".join(
        f"{axis} {a:.1f} to {b:.1f}" for axis, a, b in zip("xyz", low, high, strict=True)
    )
    for k in np.flatnonzero(outside):
        seed = seeds[k]
        message = f"The seed ({_point(seed)}) mm lies outside its scan, which spans {extent} mm."
        if as_index[k]:
            message += (
                " As a voxel index it would be valid: if it is one, the seed is "
                f"({_point(geometry.to_mm(seed[::-1]))}) mm."
            )
        elif geometry.contains(seed * _RAS):
            message += " With x and y negated it lies inside: RAS points have to be turned to LPS."
        else:
            message += " Check that it is in LPS mm and that the scan is the right one."
        findings.add_at("error", rows[[k]], SEED[0], message)
    return int(as_index.sum())


def _point(values: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:g}" for value in np.round(values, 2))


def _check_assumption(
    loaded: Loaded, rows: NDArray[np.intp], geometry: Geometry, findings: Findings
) -> None:
    if loaded.kind is None or loaded.kind.check_scan is None:
        return
    message = loaded.kind.check_scan(loaded.table.iloc[int(rows[0])], geometry)
    if message is not None:
        findings.add_at("warning", rows, SEED[2], message)


def _check_masks(loaded: Loaded, findings: Findings) -> None:
    if MASK not in loaded.table:
        return
    masks = loaded.table[MASK]
    missing = {
        name for name in masks.dropna().unique() if not split_series(loaded.root / name)[0].exists()
    }
    findings.add_rows(
        "error",
        masks.isin(missing),
        MASK,
        lambda position: (
            f"There is no file {loaded.root / str(masks.iloc[position])}: correct the path, or "
            "leave the cell empty and give a seed."
        ),
    )
