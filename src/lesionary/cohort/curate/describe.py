"""Describe a folder of DICOM: one row a series, from headers alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from pydicom.datadict import dictionary_VR

from lesionary.cohort.curate.image import Batch, Image, Passed, Value, lose_batch, read_batch
from lesionary.cohort.curate.patients import Dates, Patients, check_keywords, relative
from lesionary.cohort.curate.series import ImageSeries, group_series
from lesionary.errors import CohortError
from lesionary.files import sha256
from lesionary.processes import Processes, default_workers
from lesionary.progress import track

COLUMNS = (
    "series",
    "patient",
    "path",
    "series_uid",
    "modality",
    "description",
    "study_date",
    "files",
    "slices",
    "missing_slices",
    "rows",
    "columns",
    "spacing_x_mm",
    "spacing_y_mm",
    "spacing_z_mm",
    "slice_thickness_mm",
    "plane",
    "manufacturer",
    "model",
    "kernel",
    "kvp",
    "tube_current_ma",
    "exposure_mas",
    "reconstruction_diameter_mm",
    "gantry_tilt_deg",
    "pitch",
    "contrast",
    "contrast_delay_s",
    "field_strength_t",
    "repetition_time_ms",
    "echo_time_ms",
    "flip_angle_deg",
    "scanning_sequence",
    "tracer",
    "injected_dose_mbq",
    "pet_units",
    "decay_correction",
    "reconstruction_method",
    "image_type",
    "body_part",
    "patient_position",
    "scan_options",
    "varies",
)
"""Columns of the table, before those that were asked for."""

_COUNTS = dict.fromkeys(("files", "slices", "missing_slices", "rows", "columns"), "Int64")
_FREE_TEXT = ("description", "scan_options", "image_type", "tracer")
_BATCH = 100
_STARTING_PAYS = 1000
"""Files below which starting processes takes longer than reading."""

_GAP_MM = 0.1
_MOST_VALUES = 5


@dataclass(frozen=True, eq=False)
class Described:
    """What is in a folder.

    Attributes
    ----------
    table : DataFrame
        One row a series, columns ``COLUMNS`` and the keywords that were asked for.
    set_aside : DataFrame
        Files that are in no row: ``file, reason, damaged``.
    key : DataFrame
        Who the patients are: ``patient, patient_id, days_shifted``. It identifies them: keep it
        apart from the table, or not at all.
    folder : Path
        What was looked into.
    """

    table: pd.DataFrame
    set_aside: pd.DataFrame
    key: pd.DataFrame = field(repr=False)
    folder: Path
    series: tuple[ImageSeries, ...] = field(repr=False)
    patients: Patients = field(repr=False)


def describe_folder(
    folder: str | Path,
    *,
    keywords: Sequence[str] = (),
    dates: Dates = "shift",
    workers: int | None = None,
) -> Described:
    """Describe every DICOM series in a folder and its sub-folders, from headers alone.

    Where the files of a series differ, a number is their median and a text lists the values;
    the column ``varies`` names such columns.

    Parameters
    ----------
    folder
        Searched recursively; hidden files are passed over.
    keywords : sequence of str
        Further attributes, by DICOM's keyword (``SoftwareVersions``). Those that may identify a
        patient are refused.
    dates : {"shift", "drop", "keep"}
        ``shift`` moves all dates of a patient so that the first study is on 1 January 2000:
        intervals stay. ``drop`` leaves them out, ``keep`` tells them.
    workers : int, optional
        Processes that read; 0 reads in this one. Default: as many as there are processors, for
        1,000 files and more.

    Raises
    ------
    CohortError
        If there is no such folder, no DICOM in it, or an attribute must not be asked for.

    Examples
    --------
    >>> described = describe_folder("scans", keywords=["SoftwareVersions"])  # doctest: +SKIP
    >>> described.table[["patient", "modality", "slices"]]  # doctest: +SKIP
            patient modality  slices
    0  patient_0001       CT     134
    """
    folder = Path(folder)
    wanted = check_keywords(keywords)
    if dates not in get_args(Dates):
        raise CohortError(f"dates is {dates!r}; it must be one of {', '.join(get_args(Dates))}.")
    paths = _files(folder)
    read = _read(paths, wanted, workers)
    images, copies = _without_copies([one for one in read if isinstance(one, Image)])
    passed = [one for one in read if isinstance(one, Passed)]
    if not images:
        raise CohortError(_nothing(folder, paths, passed))
    patients = Patients.of(images, dates)
    series = group_series(images)
    rows = [_row(one, folder, patients, wanted) for one in series]
    return Described(
        pd.DataFrame(rows, columns=[*COLUMNS, *wanted]).astype(_COUNTS),
        _set_aside([*passed, *copies], folder, patients),
        _key(patients),
        folder,
        tuple(series),
        patients,
    )


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CohortError(f"There is no folder {folder}.")
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            path
            for name in sorted(names)
            if not name.startswith(".") and name != "DICOMDIR" and (path := Path(parent, name))
        ]
    return found


def _read(
    paths: list[Path], keywords: tuple[str, ...], workers: int | None
) -> list[Image | Passed]:
    if workers is None:
        # Nothing else goes on while headers are read: both halves of the processors.
        workers = 2 * default_workers() if len(paths) >= _STARTING_PAYS else 0
    batches = [
        Batch(tuple(paths[start : start + _BATCH]), keywords)
        for start in range(0, len(paths), _BATCH)
    ]
    with Processes(read_batch, workers, lost=lose_batch) as pool:
        done = track(pool.run(batches, ahead=2), "Reading headers", total=len(batches))
        return [one for batch in done for one in batch]


def _nothing(folder: Path, paths: list[Path], passed: list[Passed]) -> str:
    damaged = [one for one in passed if one.damaged]
    if damaged:
        return (
            f"No DICOM file in {folder} could be read ({len(damaged)} are damaged). "
            f"The first: {damaged[0].path}: {damaged[0].reason}"
        )
    return f"There is no DICOM file in {folder} ({len(paths)} file(s) looked at)."


def _without_copies(images: list[Image]) -> tuple[list[Image], list[Passed]]:
    """Keep one file of each SOPInstanceUID."""
    kept: dict[tuple[str, str], Image] = {}
    copies = []
    for image in images:
        key = (image.series_uid, image.uid or str(image.path))
        first = kept.setdefault(key, image)
        if first is not image:
            same = sha256(first.path) == sha256(image.path)
            what = "A copy of" if same else "Other content under the SOPInstanceUID of"
            copies.append(Passed(image.path, f"{what} {first.path}.", False))
    return list(kept.values()), copies


def _row(
    series: ImageSeries, folder: Path, patients: Patients, keywords: Sequence[str]
) -> dict[str, object]:
    who = series.first.identity.patient
    row: dict[str, object] = dict.fromkeys([*COLUMNS, *keywords])
    varies = []
    names = dict.fromkeys(name for image in series.images for name in image.facts)
    for name in names:
        said = series.column(name)
        # Each value once: most files of a series say the same.
        told = {value: _told(name, value, patients, who) for value in dict.fromkeys(said)}
        values = [known for value in said if (known := told[value]) is not None]
        row[name] = _summary(values)
        if len(set(values)) > 1:
            varies.append(name)
    paths = [image.path.parent for image in series.images]
    row |= {
        "series": series.name,
        "patient": patients.codes[who],
        "path": patients.unnamed(relative(Path(os.path.commonpath(paths)), folder), who),
        "series_uid": series.first.series_uid,
        "modality": series.modality,
        "files": len(series.images),
        "varies": ", ".join(varies) or None,
    }
    return row | _geometry(series)


def _told(name: str, value: Value, patients: Patients, who: str) -> Value | None:
    """Return a value as the table may have it."""
    if isinstance(value, float):
        return value
    vr = "DA" if name == "study_date" else "" if name[0].islower() else dictionary_VR(name)
    if vr in ("DA", "DT"):
        return patients.day(who, value)
    if vr == "TM" and patients.dates == "drop":
        return None
    return patients.unnamed(value, who) if vr or name in _FREE_TEXT else value


def _summary(values: list[Value]) -> Value | None:
    if not values:
        return None
    if all(isinstance(value, float) for value in values):
        return float(np.median(np.array(values, dtype=np.float64)))
    texts = list(dict.fromkeys(str(value) for value in values))
    more = f" and {len(texts) - _MOST_VALUES} more" if len(texts) > _MOST_VALUES else ""
    return " | ".join(texts[:_MOST_VALUES]) + more


def _geometry(series: ImageSeries) -> dict[str, object]:
    stack = series.stack
    if stack is None:
        return {}
    between_rows, between_columns = np.median(stack.spacings_mm, axis=0).tolist()
    (rows, columns), *_ = stack.matrices
    return {
        "slices": len(stack),
        "missing_slices": sum(lacking for _, _, lacking in stack.gaps(_GAP_MM)),
        "rows": rows,
        "columns": columns,
        "spacing_x_mm": between_columns,
        "spacing_y_mm": between_rows,
        "spacing_z_mm": None if stack.step_mm is None else round(stack.step_mm, 6),
        "plane": stack.plane,
    }


def _set_aside(passed: list[Passed], folder: Path, patients: Patients) -> pd.DataFrame:
    rows = [
        {
            "file": patients.unnamed(relative(one.path, folder)),
            "reason": patients.unnamed(one.reason.replace(f"{folder}{os.sep}", "")),
            "damaged": one.damaged,
        }
        for one in sorted(passed, key=lambda one: one.path)
    ]
    return pd.DataFrame(rows, columns=["file", "reason", "damaged"])


def _key(patients: Patients) -> pd.DataFrame:
    rows = []
    for who, code in patients.codes.items():
        shift = patients.shift(who) if patients.dates == "shift" else None
        days = None if shift is None else shift.days
        rows.append({"patient": code, "patient_id": who, "days_shifted": days})
    table = pd.DataFrame(rows, columns=["patient", "patient_id", "days_shifted"])
    return table.astype({"days_shifted": "Int64"})
