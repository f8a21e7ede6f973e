"""Check every series of a folder against rules: headers, voxels, contours, duplicates."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from lesionary import progress
from lesionary.cohort.curate.contour_checks import (
    Drawn,
    no_region_flags,
    read_drawn,
    region_flags,
)
from lesionary.cohort.curate.describe import Described, describe_folder
from lesionary.cohort.curate.duplicates import content_of, duplicate_flags
from lesionary.cohort.curate.flag import Flag, impossible, judged
from lesionary.cohort.curate.header_checks import header_flags
from lesionary.cohort.curate.image import SCANNED
from lesionary.cohort.curate.rules import Rules, load_rules
from lesionary.cohort.curate.series import ImageSeries
from lesionary.cohort.curate.thumbnail import Thumbnail, outlined, whole
from lesionary.cohort.curate.voxel_checks import no_voxel_flags, voxel_flags
from lesionary.errors import LesionaryError, MaskError
from lesionary.processes import Processes, default_workers
from lesionary.progress import track
from lesionary.scan import ArrayVoxels
from lesionary.scan.dicom import read_dicom
from lesionary.scan.masks.references import (
    MASK_MODALITIES,
    read_dicom_header,
    referenced_series,
)

#: What goes with scans and is none: not checked itself.
_COMPANIONS = (*MASK_MODALITIES, "RTDOSE", "RTPLAN", "RTRECORD", "REG", "SR", "PR", "KO", "DOC")


@dataclass(frozen=True, eq=False)
class Checked:
    """What a folder's series are worth.

    Attributes
    ----------
    described : Described
        The folder's description, with what was set aside.
    flags : DataFrame
        One row a series and check: ``series, patient, path, modality, check, outcome, value,
        reason``; the outcome is ``passed``, ``failed`` or ``not possible``.
    set_aside : DataFrame
        As the description's, and mask files that refer to no series in the folder.
    thumbnails : mapping
        Series to its pictures.
    rules : Rules
    """

    described: Described
    flags: pd.DataFrame
    set_aside: pd.DataFrame
    thumbnails: dict[str, tuple[Thumbnail, ...]] = field(repr=False)
    rules: Rules = field(repr=False)

    def table(self) -> pd.DataFrame:
        """Return one row a series, and a column of outcomes for each check."""
        wide = self.flags.pivot_table(
            index=["series", "patient", "path"],
            columns="check",
            values="outcome",
            aggfunc="first",
            sort=False,
        )
        return wide.reset_index().rename_axis(columns=None)


@dataclass(frozen=True)
class _Task:
    """One series for one process."""

    name: str
    modality: str
    files: tuple[Path, ...]
    masks: tuple[Path, ...]
    rules: Rules
    pictures: bool


@dataclass(frozen=True)
class _Found:
    """What a process found of one series."""

    name: str
    flags: tuple[Flag, ...]
    content: str = ""
    thumbnails: tuple[Thumbnail, ...] = ()


def check_folder(
    folder: str | Path,
    rules: str | Path | Rules = "default",
    *,
    pictures: bool = True,
    workers: int | None = None,
) -> Checked:
    """Check every CT, MR and PET series in a folder, and what is drawn on it.

    Parameters
    ----------
    folder
        Searched recursively.
    rules : str, Path or Rules
        The name of ready rules (``default``, ``chest-ct``), a YAML file, or rules.
    pictures : bool
        Draw thumbnails, which takes about as long as the checks.
    workers : int, optional
        Processes; 0 checks in this one. Default: half the processors.

    Raises
    ------
    CohortError
        If there is no DICOM in the folder, or the rules are not valid.

    Examples
    --------
    >>> checked = check_folder("scans", "chest-ct")  # doctest: +SKIP
    >>> checked.flags.query("outcome == 'failed'")[["path", "reason"]]  # doctest: +SKIP
    """
    rules = load_rules(rules)
    described = describe_folder(folder, workers=workers)
    masks, lost = _masks(described.series)
    checked = [one for one in described.series if one.modality not in _COMPANIONS]
    tasks = [
        _Task(
            one.name,
            one.modality,
            tuple(image.path for image in one.images),
            tuple(masks.get(one.first.series_uid, ())),
            rules,
            pictures,
        )
        for one in checked
    ]
    if workers is None:
        workers = default_workers() if len(tasks) > 1 else 0
    with Processes(_check, workers, lost=_lose) as pool:
        done = track(pool.run(tasks), "Checking series", total=len(tasks))
        found = {one.name: one for one in done}
    duplicates = (
        duplicate_flags({name: one.content for name, one in found.items()})
        if rules.duplicates
        else {}
    )
    places = described.table.set_index("series")["path"].to_dict()
    rows = [
        _row(described, one, flag) | {"path": places[one.name]}
        for one in checked
        for flag in (
            *header_flags(one, rules),
            *duplicates.get(one.name, ()),
            *found[one.name].flags,
        )
    ]
    columns = ["series", "patient", "path", "modality", "check", "outcome", "value", "reason"]
    aside = [
        {"file": _clean(described, str(path)), "reason": _clean(described, why), "damaged": False}
        for path, why in lost
    ]
    return Checked(
        described,
        pd.DataFrame(rows, columns=columns),
        pd.concat([described.set_aside, pd.DataFrame(aside)], ignore_index=True)
        if aside
        else described.set_aside,
        {
            one.name: _unnamed(described, found[one.name].thumbnails, one.first.identity.patient)
            for one in checked
        },
        rules,
    )


def _masks(series: Sequence[ImageSeries]) -> tuple[dict[str, list[Path]], list[tuple[Path, str]]]:
    """Return mask files by the series they were made on, and those made on none of these."""
    there = {one.first.series_uid for one in series if one.modality in SCANNED}
    found: dict[str, list[Path]] = defaultdict(list)
    lost = []
    for image in (
        image for one in series if one.modality in MASK_MODALITIES for image in one.images
    ):
        try:
            header = read_dicom_header(image.path)
        except MaskError as error:
            lost.append((image.path, str(error)))
            continue
        made_on = referenced_series(header) & there if header is not None else set()
        for uid in made_on:
            found[uid].append(image.path)
        if not made_on:
            why = f"This {image.modality} refers to no series of images in the folder."
            lost.append((image.path, why))
    return found, lost


def _check(task: _Task) -> _Found:
    progress.set_quiet(True)  # the caller counts series
    # The parser's warnings quote values that identify patients.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _look(task)


def _look(task: _Task) -> _Found:
    """Read a series, and make the checks that need its voxels."""
    if task.modality not in SCANNED:
        why = f"{task.modality or 'This'} is no volume of CT, MR or PET."
        return _without_voxels(task, impossible("readable", why), why)
    try:
        scan = read_dicom(list(task.files), allow_missing_slices=True)
        voxels = scan.read()
    except LesionaryError as error:
        return _without_voxels(
            task, judged("readable", False, str(error)), "It cannot be read as a volume."
        )
    scan = replace(scan, voxels=ArrayVoxels(voxels))
    flags = [
        _of_volume(voxels, scan.notes),
        *voxel_flags(voxels, scan.geometry, scan.unit, task.rules),
    ]
    thumbnails = [whole(scan)] if task.pictures else []
    drawn: list[Drawn] = []
    damaged = []
    for path in task.masks:
        try:
            for one, mask in read_drawn(path, scan):
                drawn.append(one)
                if mask is not None and task.pictures:
                    thumbnails.append(outlined(scan, mask))
        except MaskError as error:
            damaged.append(str(error))
    flags += region_flags(drawn, damaged, task.rules)
    return _Found(task.name, tuple(flags), content_of(scan), tuple(thumbnails))


def _of_volume(voxels: NDArray[Any], notes: Sequence[str]) -> Flag:
    """Judge whether a series that could be read shows anything."""
    first = voxels.flat[0]
    if (voxels == first).all():
        return judged("readable", False, f"All voxels have the value {float(first):g}.")
    return judged("readable", True, " ".join(notes) or "It makes one volume.")


def _without_voxels(task: _Task, readable: Flag, why: str) -> _Found:
    rest = (*no_voxel_flags(why, task.rules), *no_region_flags(why, task.rules))
    return _Found(task.name, (readable, *rest))


def _lose(task: _Task) -> _Found:
    why = "Its process died while it was read: out of memory, or a decoder failed."
    return _without_voxels(task, judged("readable", False, why), why)


def _row(described: Described, series: ImageSeries, flag: Flag) -> dict[str, object]:
    who = series.first.identity.patient
    return {
        "series": series.name,
        "patient": described.patients.codes[who],
        "modality": series.modality,
        "check": flag.check,
        "outcome": flag.outcome,
        "value": flag.value,
        "reason": _clean(described, flag.reason, who),
    }


def _clean(described: Described, text: str, who: str | None = None) -> str:
    """Write paths as seen from the folder, and a patient (without ``who``, all) by its code."""
    return described.patients.unnamed(text.replace(f"{described.folder}{os.sep}", ""), who)


def _unnamed(
    described: Described, thumbnails: Sequence[Thumbnail], who: str
) -> tuple[Thumbnail, ...]:
    return tuple(replace(one, roi=_clean(described, one.roi, who)) for one in thumbnails)
