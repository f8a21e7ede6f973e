"""One patient's folder: scans, masks and what is true of them; whole or absent."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

from lesionary.phantom.patient import PhantomPatient
from lesionary.scan.write import write_scan, write_volume

Format = Literal["nifti", "dicom"]
Truth = dict[str, list[dict[str, Any]]]
"""Rows of the lesions, by scan (``ct``, ``retest``)."""

_TRUTH_FILE = "truth.json"


def scan_path(name: str, form: Format) -> str:
    """Path of a scan in its patient's folder."""
    return name if form == "dicom" else f"{name}.nii"


def mask_path(name: str, form: Format, reader: int = 0) -> str:
    """Path of a scan's masks in its patient's folder, as a reader drew them (0: the truth)."""
    who = f"reader{reader}" if reader else "mask"
    return f"{name}_{who}_seg.dcm" if form == "dicom" else f"{name}_{who}.nii.gz"


def write_patient(patient: PhantomPatient, folder: Path, form: Format, seed: int) -> Truth:
    """Write a patient's folder, under another name until it is complete; return what is true."""
    unfinished = folder.with_name(f".{folder.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    truth: Truth = {}
    for name, visit in (("ct", patient), ("retest", patient.retest)):
        if visit is not None:
            if form == "dicom":
                _write_dicom(visit, unfinished, name, seed)
            else:
                _write_nifti(visit, unfinished, name)
            truth[name] = [dict(row) for row in visit.truth]
    (unfinished / _TRUTH_FILE).write_text(json.dumps(truth, indent=1), encoding="utf-8")
    unfinished.rename(folder)
    return truth


def read_truth(folder: Path) -> Truth | None:
    """Return what is true of a finished patient; None where the folder is not there."""
    if not folder.exists():
        return None
    truth: Truth = json.loads((folder / _TRUTH_FILE).read_text(encoding="utf-8"))
    return truth


def _write_nifti(visit: PhantomPatient, folder: Path, name: str) -> None:
    write_scan(visit.scan, folder / scan_path(name, "nifti"))
    for reader, labels in enumerate((visit.mask, *visit.reader_masks)):
        write_volume(labels, visit.scan.geometry, folder / mask_path(name, "nifti", reader))


def _write_dicom(visit: PhantomPatient, folder: Path, name: str, seed: int) -> None:
    # Loaded here, because DICOM objects take a second to load and NIfTI does without.
    from lesionary.phantom.dicom import write_masks, write_series

    who = visit.patient_id
    scan = write_series(visit.scan, folder / scan_path(name, "dicom"), who, (str(seed), who, name))
    for reader, labels in enumerate((visit.mask, *visit.reader_masks)):
        write_masks(visit, labels, scan, folder / mask_path(name, "dicom", reader))
