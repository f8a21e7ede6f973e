"""Maps of every outlined lesion of a cohort, a NIfTI file each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from lesionary import progress
from lesionary.cohort import Cohort
from lesionary.cohort.load import CohortSource
from lesionary.encode.lesion import SetAside
from lesionary.encode.plan import ScanLesions, group_by_scan
from lesionary.encode.prepare import mask_of, reason_of
from lesionary.encode.rows import read_lesions
from lesionary.processes import Processes, processors
from lesionary.radiomics.run.maps import check_features, map_settings, voxel_maps
from lesionary.radiomics.settings import Settings
from lesionary.scan import read_scan
from lesionary.scan.write import write_volume


@dataclass(frozen=True)
class _Task:
    features: tuple[str, ...]
    radius: int
    settings: Settings
    folder: Path


def write_maps(
    cohort: CohortSource | Cohort,
    features: Sequence[str],
    folder: str | Path,
    *,
    radius: int = 1,
    settings: str | Path | Mapping[str, Any] | Settings | None = None,
    root: str | Path | None = None,
    workers: int | None = None,
) -> tuple[SetAside, ...]:
    """Write maps of features as ``<lesion_id>_<feature>.nii.gz``, on the grid of the scan.

    Parameters
    ----------
    cohort, root, workers
        As for :func:`run_radiomics`.
    features, radius, settings
        As for :func:`voxel_map`.
    folder : path
        Where to; it is made.

    Returns
    -------
    tuple of SetAside
        Rows that have no maps, with the reason.
    """
    check_features(features)
    task = _Task(tuple(features), radius, map_settings(settings), Path(folder))
    lesions = read_lesions(cohort, root, outlined=True)
    scans = group_by_scan(lesions.usable)
    task.folder.mkdir(parents=True, exist_ok=True)
    work, lost = partial(_write, task=task), partial(_lost, task=task)
    set_aside = list(lesions.set_aside)
    count = min(processors() if workers is None else workers, len(scans))
    with Processes(work, count, lost=lost) as pool:
        for failed in progress.track(pool.run(scans), "Mapping", total=len(scans)):
            set_aside += failed
    return tuple(sorted(set_aside, key=lambda one: one.position))


def _write(scan_lesions: ScanLesions, task: _Task) -> list[SetAside]:
    failed = []
    for lesion in scan_lesions.lesions:
        try:
            scan = read_scan(lesion.image_path)
            maps = voxel_maps(
                scan, mask_of(lesion, scan), task.features, task.radius, task.settings
            )
        except Exception as error:  # one region of many: the others have their maps
            failed.append(SetAside(lesion.position, lesion.lesion_id, lesion.row, reason_of(error)))
            continue
        for name, values in maps.items():
            # Whatever stands in an identifier, it stays in the folder.
            file = task.folder / f"{quote(lesion.lesion_id, safe=' ')}_{name}.nii.gz"
            write_volume(values.astype(np.float32), scan.geometry, file)
    return failed


def _lost(scan_lesions: ScanLesions, task: _Task) -> list[SetAside]:  # noqa: ARG001
    reason = f"Mapping {scan_lesions.image_path} ended its process: too little memory?"
    return [
        SetAside(lesion.position, lesion.lesion_id, lesion.row, reason)
        for lesion in scan_lesions.lesions
    ]
