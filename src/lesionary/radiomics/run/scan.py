"""From a scan to the features of its lesions: what a worker process does."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from lesionary.encode.inputs import content_hash, files_of, stamp
from lesionary.encode.lesion import Lesion, SetAside
from lesionary.encode.plan import ScanLesions
from lesionary.encode.prepare import KeptSlices, reason_of, sources
from lesionary.encode.shards import Content
from lesionary.radiomics.run.method import Method
from lesionary.scan import read_scan

NAME = "radiomics"
"""What the features are called together, where an encoder has its name."""


def measure_scan(task: ScanLesions, method: Method) -> Content:
    """Read a scan once, and measure each of its lesions.

    What is wrong with a scan or a lesion does not raise: it is a reason to set aside.
    """
    before = stamp(sources(task))
    columns = method.columns
    try:
        scan = read_scan(task.image_path)
        content = content_hash(list(scan.dicom.files) if scan.dicom else files_of(task.image_path))
    except Exception as error:  # whatever a damaged file does to a reader
        return _nothing(task.lesions, reason_of(error), before, len(columns))
    if len(task.lesions) > 1:
        scan = replace(scan, voxels=KeptSlices(scan.voxels, scan.shape[0]))
    found = _nothing((), "", before, len(columns))
    rows = []
    for lesion in task.lesions:
        try:
            assert lesion.mask_path is not None
            values = method.measure(scan, method.mask(lesion, scan))
            if values.index.tolist() != columns:
                raise RuntimeError("other features were measured than were asked for")
            mask = content_hash(files_of(lesion.mask_path))
        except Exception as error:  # one region of many: the others are measured
            found.set_aside.append(_aside(lesion, reason_of(error)))
            continue
        measured = values.to_numpy(np.float64)
        rows.append(np.where(np.isfinite(measured), measured, np.nan))
        found.hashes[lesion.lesion_id] = content
        found.masks[lesion.lesion_id] = mask
        reasons = values.attrs.get("reasons", {})
        found.notes.extend(
            [lesion.lesion_id, name, reasons.get(name, "It is not a finite number.")]
            for name, value in zip(columns, rows[-1], strict=True)
            if not math.isfinite(value)
        )
    return replace(found, features={NAME: np.stack(rows)}) if rows else found


def unreadable(task: ScanLesions, method: Method) -> Content:
    """Return what stands for a scan that ended the process that was to measure it."""
    reason = (
        f"Measuring in {task.image_path} ended its process: too little memory, or a file that its "
        "reader cannot stand."
    )
    return _nothing(task.lesions, reason, "", len(method.columns))


def _nothing(failed: tuple[Lesion, ...], reason: str, state: str, width: int) -> Content:
    aside = [_aside(lesion, reason) for lesion in failed]
    return Content({NAME: np.empty((0, width))}, {}, aside, [state])


def _aside(lesion: Lesion, reason: str) -> SetAside:
    return SetAside(lesion.position, lesion.lesion_id, lesion.row, reason)
