"""Make a lesion table from scans and their contours, or from measurements.

One folder is one patient: the folders right under the given one, or that one itself where it
has none. The name of the folder is the ``patient_id``; what a DICOM header says of a patient
is never looked at. How scans and masks are told apart and paired is said in
:mod:`lesionary.scan.masks.contents`.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from lesionary.errors import CohortError, LesionaryError, MaskError
from lesionary.progress import track
from lesionary.scan.masks import (
    Contents,
    Mask,
    NoRegionError,
    Region,
    choose,
    list_regions,
    look_into,
)
from lesionary.scan.read import read_scan
from lesionary.scan.scan import Scan

BUILT_COLUMNS = (
    "lesion_id",
    "patient_id",
    "image_path",
    "coordX",
    "coordY",
    "coordZ",
    "mask_path",
    "roi",
    "volume_ml",
)

Per = Literal["roi", "lesion"]

_SAME_CENTER_MM = 0.5
_SAME_VOLUME = 0.02


@dataclass(frozen=True)
class SetAside:
    """What could not be used, and why."""

    patient_id: str
    file: str
    reason: str


@dataclass(frozen=True, eq=False)
class BuiltCohort:
    """A lesion table and what was set aside on the way to it.

    Attributes
    ----------
    table : DataFrame
        Columns ``lesion_id, patient_id, image_path, coordX, coordY, coordZ`` (LPS mm),
        ``mask_path, roi, volume_ml``.
    set_aside : DataFrame
        Columns ``patient_id, file, reason``.
    """

    table: pd.DataFrame
    set_aside: pd.DataFrame


def build_cohort(
    folder: str | Path,
    *,
    roi: str | None = None,
    per: Per = "roi",
    resample: bool = False,
    table_folder: str | Path | None = None,
) -> BuiltCohort:
    """Make a lesion table from the masks in a folder of patients.

    The seed of a lesion is the centre of mass of its mask. A region that two files of a patient
    hold under one name (a SEG and an RTSTRUCT) gives rows once; the copy is set aside.

    Parameters
    ----------
    folder
        Holds one folder a patient (or is the only patient's).
    roi : str, optional
        Name of the ROI, segment or label, or a shell pattern such as ``GTV*``. Without it,
        each mask file has to hold exactly one region; ``"*"`` takes all.
    per : {"roi", "lesion"}
        One row for each ROI, or for each connected part of it (``_1`` is the largest).
    resample : bool
        Take masks of another geometry than their scan's too (nearest neighbour).
    table_folder : path, optional
        Where the table will be written: its paths are relative to it. Default: ``folder``.

    Examples
    --------
    >>> built = build_cohort("patients", roi="GTV-1")  # doctest: +SKIP
    >>> list(built.table["lesion_id"])  # doctest: +SKIP
    ['LUNG1-001_GTV-1', 'LUNG1-002_GTV-1']
    """
    folder = Path(folder)
    rows: list[dict[str, Any]] = []
    problems: list[SetAside] = []
    for patient in track(patient_folders(folder), "Reading masks"):
        contents = look_into(patient)
        found, lost = _rows_of_patient(contents, roi, per, resample)
        rows += found
        problems += [SetAside(contents.folder.name, *problem) for problem in lost]
    return built_cohort(rows, problems, Path(table_folder or folder))


def patient_folders(folder: Path) -> list[Path]:
    """List the patients' folders: those right under ``folder``, or itself if it has none."""
    if not folder.is_dir():
        raise CohortError(f"There is no folder {folder}.")
    below = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(below) or [folder.resolve()]


def built_cohort(
    rows: list[dict[str, Any]], problems: list[SetAside], table_folder: Path
) -> BuiltCohort:
    """Make the tables: unique lesion_ids, paths relative to the table's folder."""
    taken: set[str] = set()
    for row in rows:
        row["lesion_id"] = _unique(row["lesion_id"], taken)
        for column in ("image_path", "mask_path"):
            if row[column]:
                row[column] = _relative(row[column], table_folder)
    text = [column for column in BUILT_COLUMNS if not column.startswith(("coord", "volume"))]
    table = pd.DataFrame(rows, columns=list(BUILT_COLUMNS)).astype(dict.fromkeys(text, "str"))
    set_aside = pd.DataFrame(problems, columns=["patient_id", "file", "reason"])
    return BuiltCohort(table, set_aside)


def plain(name: str) -> str:
    """Spell a name so that it can be part of an identifier and of a file's name.

    Examples
    --------
    >>> plain("1,SUV primair")
    '1-SUV-primair'
    """
    return re.sub(r"[^\w.+-]+", "-", name).strip("-")


def _rows_of_patient(
    contents: Contents, roi: str | None, per: Per, resample: bool
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Return rows, and for what failed the file and the reason."""
    lost = [("", reason) for reason in contents.damaged]
    without_roi = []
    scans: dict[str, Scan] = {}
    wanted = []
    for path in contents.masks:
        file = path.relative_to(contents.folder).as_posix()
        try:
            image = contents.scan_of(path)
            if image not in scans:
                scans[image] = read_scan(image)
            regions = _regions(path, scans[image], roi, resample)
        except NoRegionError as error:
            without_roi.append((file, str(error)))
        except LesionaryError as error:
            lost.append((file, str(error)))
        else:
            wanted += [(region, path, file, image) for region in regions]

    rows: list[dict[str, Any]] = []
    seen: list[_Seen] = []
    for region, path, file, image in wanted:
        try:
            mask = region.read()
        except LesionaryError as error:
            lost.append((file, str(error)))
            continue
        now = _Seen(file, image, mask.name, mask.center_mm, mask.volume_ml)
        if twin := next((earlier for earlier in seen if earlier.is_same_as(now)), None):
            lost.append((file, f"ROI {mask.name!r} is the same region as in {twin.file}."))
            continue
        seen.append(now)
        rows += _rows_of_mask(mask, contents.folder.name, image, path, per)
    if not rows and not lost:
        # One of several masks may lack the ROI; a patient may not.
        lost = without_roi or [("", "There is no mask (NIfTI, NRRD, DICOM SEG or RTSTRUCT).")]
    return rows, lost


@dataclass(frozen=True)
class _Seen:
    """A region that has its rows, to know it again in another file (a SEG and an RTSTRUCT)."""

    file: str
    image: str
    name: str
    center_mm: tuple[float, float, float]
    volume_ml: float

    def is_same_as(self, other: _Seen) -> bool:
        return (
            (self.image, self.name.lower()) == (other.image, other.name.lower())
            and math.dist(self.center_mm, other.center_mm) < _SAME_CENTER_MM
            and math.isclose(self.volume_ml, other.volume_ml, rel_tol=_SAME_VOLUME)
        )


def _regions(path: Path, scan: Scan, roi: str | None, resample: bool) -> list[Region]:
    found = choose(list_regions(path, scan, resample=resample), str(path), roi)
    if roi is None and len(found) > 1:
        names = ", ".join(repr(region.name) for region in found)
        raise MaskError(
            f"{path} holds {len(found)} regions: {names}. Say which is the lesion with --roi "
            "(a name, a pattern, or '*' for all)."
        )
    return found


def _rows_of_mask(
    mask: Mask, patient: str, image: str, path: Path, per: Per
) -> Iterator[dict[str, Any]]:
    lesion_id = f"{plain(patient)}_{plain(mask.name)}"
    parts = [mask] if per == "roi" else mask.components()
    for number, part in enumerate(parts, start=1):
        x, y, z = part.center_mm
        yield {
            "lesion_id": lesion_id if per == "roi" else f"{lesion_id}_{number}",
            "patient_id": patient,
            "image_path": image,
            "coordX": x,
            "coordY": y,
            "coordZ": z,
            "mask_path": str(path),
            "roi": mask.name,
            "volume_ml": part.volume_ml,
        }


def _unique(lesion_id: str, taken: set[str]) -> str:
    """Return the identifier, numbered (``-2``, ``-3``) where it is taken."""
    name, number = lesion_id, 1
    while name in taken:
        number += 1
        name = f"{lesion_id}-{number}"
    taken.add(name)
    return name


def _relative(path: str, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
