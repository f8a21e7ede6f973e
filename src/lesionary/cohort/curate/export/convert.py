"""Folders of DICOM to NIfTI or NRRD, with a table of what became of what."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lesionary.cohort.build import built_cohort, patient_folders, plain
from lesionary.cohort.curate.export.convert_series import SeriesDone, SeriesTask, convert_series
from lesionary.cohort.curate.export.inventory import (
    IMAGES,
    FoundSeries,
    Inventory,
    take_inventory,
)
from lesionary.cohort.curate.export.ledger import ExportError, Ledger, digest
from lesionary.cohort.curate.export.pseudonym import Pseudonyms, read_secret, refuse_inside
from lesionary.cohort.table import write_table
from lesionary.processes import Processes, default_workers
from lesionary.progress import track
from lesionary.spelling import hint

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")

_SERIES_COLUMNS = (
    "patient_id",
    "series",
    "modality",
    "description",
    "status",
    "file",
    "unit",
    "columns",
    "rows",
    "slices",
    "spacing_x_mm",
    "spacing_y_mm",
    "spacing_z_mm",
    "rois",
    "notes",
)
_LOST = "The process that read it died: it may be too large for the memory."


@dataclass(frozen=True, eq=False)
class Converted:
    """What came out of a conversion.

    Attributes
    ----------
    series : DataFrame
        One row a series (``converted.csv``): patient, modality, file, unit, size, spacing, and
        its ``status``: ``converted``, ``passed over`` or ``failed``.
    cohort : DataFrame
        One row a region (``cohort.csv``): a lesion table. Empty where there are no masks.
    set_aside : DataFrame
        Columns ``patient_id, file, reason``.
    earlier : int
        Series that an earlier run had finished.
    """

    series: pd.DataFrame
    cohort: pd.DataFrame
    set_aside: pd.DataFrame
    earlier: int


@dataclass(frozen=True)
class _Planned:
    patient: str
    name: str
    found: FoundSeries
    folder: Path


def convert_folder(
    folder: str | Path,
    out: str | Path,
    *,
    ending: str = ".nii.gz",
    roi: Iterable[str] = (),
    modalities: Iterable[str] = ("CT", "MR", "PT"),
    resample: bool = False,
    secret: str | Path | None = None,
    mapping: str | Path | None = None,
    workers: int | None = None,
) -> Converted:
    """Convert series of CT, MR and PET (in SUV), RTSTRUCT and SEG to one file each.

    Parameters
    ----------
    folder : path
        Holds one folder a patient, or is the only patient's. The name of a patient's folder is
        the ``patient_id``; what the header says of the patient is written nowhere.
    out : path
        Folder for ``<patient>/<series>.nii.gz``, ``<patient>/<series>_<ROI>_mask.nii.gz``,
        ``converted.csv``, ``cohort.csv`` and ``errors.csv``. A run that was interrupted goes on
        where it stopped.
    ending : str
        ``.nii.gz``, ``.nii``, ``.nrrd`` or ``.mha``.
    roi : iterable of str
        Names or shell patterns of the regions wanted (``GTV*``); none: all.
    modalities : iterable of str
        Of CT, MR, PT: what is converted.
    resample : bool
        Take segmentations of another grid than the scan's too (nearest neighbour).
    secret : path, optional
        File with a secret (made where there is none): patients get codes instead of the names
        of their folders.
    mapping : path, optional
        Table to write of who is who: codes, folders and DICOM identifiers. Keep it apart.
    workers : int, optional
        Processes. Default: half the processors.
    """
    folder, out = Path(folder), Path(out)
    if ending not in ENDINGS:
        raise ExportError(f"Files end in {', '.join(ENDINGS)}, not {ending!r}.")
    wanted, modalities = tuple(roi), set(modalities)
    for modality in sorted(modalities - set(IMAGES)):
        raise ExportError(f"{modality!r} is no modality of volumes{hint(modality, IMAGES)}.")
    if out.resolve() == folder.resolve() or out.resolve().is_relative_to(folder.resolve()):
        raise ExportError(f"{out} lies in {folder}, which is read: name a folder elsewhere.")
    if mapping is not None:
        refuse_inside(Path(mapping), "The mapping table", out)
    codes = Pseudonyms(read_secret(secret, out)) if secret is not None else None
    workers = default_workers() if workers is None else workers
    folders = patient_folders(folder)
    with Processes(take_inventory, min(workers, len(folders)), lost=_no_inventory) as pool:
        found = list(track(pool.run(folders), "Looking into folders", len(folders)))
    planned = [one for inventory in found for one in _plan(inventory, codes)]
    if not planned:
        reasons = [reason for one in found for _, reason in one.failed]
        raise ExportError(f"{folder} holds no series of CT, MR or PET. {' '.join(reasons[:1])}")

    settings = json.dumps([ending, wanted, resample])
    done, earlier = _run(planned, modalities, settings, out, ending, wanted, resample, workers)
    result = _tables(planned, done, found, codes, out, earlier)
    write_table(result.set_aside, out / "errors.csv")
    write_table(result.series, out / "converted.csv")
    if not result.cohort.empty:
        write_table(result.cohort, out / "cohort.csv")
    else:  # an earlier run may have chosen other regions
        (out / "cohort.csv").unlink(missing_ok=True)
    if mapping is not None:
        write_table(_mapping(planned, done), Path(mapping))
    return result


def _plan(inventory: Inventory, codes: Pseudonyms | None) -> list[_Planned]:
    """Give patients and series their names; several patients in one folder are told apart."""
    people = sorted({one.patient for one in inventory.series})
    planned = []
    for one in inventory.series:
        name = plain(inventory.folder.name) or "patient"
        if codes is not None:
            name = "P" + codes.code("patient", f"{inventory.folder.name}\0{one.patient}")
        elif len(people) > 1:
            name = f"{name}-{people.index(one.patient) + 1}"
        number = codes.code("series", one.uid, 8) if codes else digest(one.uid)[:8]
        planned.append(_Planned(name, f"{one.modality}-{number}", one, inventory.folder))
    return planned


def _run(
    planned: list[_Planned],
    modalities: set[str],
    settings: str,
    out: Path,
    ending: str,
    roi: tuple[str, ...],
    resample: bool,
    workers: int,
) -> tuple[dict[str, SeriesDone], int]:
    """Convert what is to be converted and is not yet, and return what became of each target."""
    ledger = Ledger(out, "convert", settings)
    done: dict[str, SeriesDone] = {}
    tasks = []
    for one in planned:
        if one.found.skip or one.found.modality not in modalities:
            continue
        found, target = one.found, f"{one.patient}/{one.name}"
        files = [*found.files, *found.masks]
        if record := ledger.find(target, files):
            done[target] = SeriesDone(**record)
            continue
        tasks.append(
            SeriesTask(
                found.uid,
                found.files,
                tuple(found.masks),
                out,
                target,
                ending,
                roi,
                resample,
                found.identity,
                found.dates,
            )
        )
    earlier = len(done)
    with Processes(convert_series, min(workers, len(tasks)), lost=_lost) as pool:
        results = zip(tasks, pool.run(tasks), strict=True)
        for task, result in track(results, "Converting series", len(tasks)):
            done[task.target] = result
            if not result.reason and not result.failed:
                files = [*task.files, *task.masks]
                ledger.note(task.target, files, result.written, asdict(result))
    return done, earlier


def _tables(
    planned: list[_Planned],
    done: dict[str, SeriesDone],
    found: list[Inventory],
    codes: Pseudonyms | None,
    out: Path,
    earlier: int,
) -> Converted:
    series: list[dict[str, Any]] = []
    lesions: list[dict[str, Any]] = []
    failed: list[tuple[str, str, str]] = []
    for inventory in found:
        name = inventory.folder.name
        if codes is not None:
            name = "P" + codes.code("patient", name)
        failed += [(name, file, reason) for file, reason in inventory.failed]
    for one in planned:
        row: dict[str, Any] = {
            "patient_id": one.patient,
            "series": one.name,
            "modality": one.found.modality,
            "description": one.found.description,
        }
        result = done.get(f"{one.patient}/{one.name}")
        if result is None:
            why = one.found.skip or f"{one.found.modality} is not wanted"
            series.append({**row, "status": "passed over", "notes": why})
            continue
        if result.reason:
            failed.append((one.patient, one.name, result.reason))
            series.append({**row, "status": "failed", "notes": result.reason})
            continue
        failed += [
            (one.patient, file or one.name, reason)
            for file, reason in (*result.failed, *result.settled)
        ]
        row |= {**result.image, "status": "converted", "rois": len(result.rois)}
        series.append(row)
        lesions += [_lesion(one, roi, result, out) for roi in result.rois]
    table = pd.DataFrame(series, columns=list(_SERIES_COLUMNS))
    for inventory in found:  # paths begin in the patient's folder: what is above it may be a name
        above = f"{inventory.folder}{os.sep}"
        failed = [
            (who, file.replace(above, ""), reason.replace(above, ""))
            for who, file, reason in failed
        ]
        table["notes"] = table["notes"].str.replace(above, "", regex=False)
    numbers = ["columns", "rows", "slices", "rois"]
    table[numbers] = table[numbers].astype("Int64")
    set_aside = pd.DataFrame(failed, columns=["patient_id", "file", "reason"])
    return Converted(table, built_cohort(lesions, [], out).table, set_aside, earlier)


def _lesion(one: _Planned, roi: dict[str, Any], result: SeriesDone, out: Path) -> dict[str, Any]:
    return {
        "lesion_id": f"{one.patient}_{plain(roi['roi'])}",
        "patient_id": one.patient,
        "image_path": str(out / result.image["file"]),
        **{axis: roi[axis] for axis in ("coordX", "coordY", "coordZ")},
        "mask_path": str(out / roi["file"]),
        "roi": roi["roi"],
        "volume_ml": roi["volume_ml"],
    }


def _mapping(planned: list[_Planned], done: dict[str, SeriesDone]) -> pd.DataFrame:
    """List who is who: the one table that identifies people, written on request only."""
    return pd.DataFrame(
        [
            {
                "patient_id": one.patient,
                "series": one.name,
                "folder": one.folder.name,
                "PatientID": one.found.patient,
                "StudyInstanceUID": one.found.study_uid,
                "SeriesInstanceUID": one.found.uid,
            }
            for one in planned
            if f"{one.patient}/{one.name}" in done
        ]
    )


def _lost(_: SeriesTask) -> SeriesDone:
    return SeriesDone(reason=_LOST)


def _no_inventory(folder: Path) -> Inventory:
    return Inventory(folder, failed=(("", _LOST),))
