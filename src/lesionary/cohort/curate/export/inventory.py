"""What is in a patient's folder: series to convert, and the masks that were drawn on each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydicom import dcmread

from lesionary.cohort.curate.export.prepare_image import reason_of
from lesionary.cohort.curate.identity import identity_words, without_identity
from lesionary.errors import LesionaryError
from lesionary.scan.dicom.parts import Opener
from lesionary.scan.dicom.series import Series, find_files, image_type, list_series
from lesionary.scan.masks.references import (
    MASK_MODALITIES,
    read_dicom_header,
    referenced_series,
)

IMAGES = ("CT", "MR", "PT")
"""Modalities whose series are volumes."""

_NAMES = ("PatientName", "PatientBirthName")
_NUMBERS = ("PatientID", "OtherPatientIDs", "AccessionNumber")
_DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "PatientBirthDate")


@dataclass(frozen=True)
class FoundSeries:
    """A series of images.

    Attributes
    ----------
    patient, study_uid : str
        What the header says: for the mapping table, and to tell patients apart; nowhere else.
    description : str
        Less the words that identify the patient, and dates.
    identity, dates : frozenset of str
        These words, and the dates of the header.
    skip : str
        Why it is passed over (a localizer, screenshots); empty where it is to be converted.
    masks : list of Path
        The RTSTRUCT and SEG files that were made on it.
    """

    uid: str
    modality: str
    description: str
    files: tuple[Path, ...]
    patient: str
    study_uid: str
    identity: frozenset[str]
    dates: frozenset[str]
    skip: str = ""
    masks: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Inventory:
    """A folder's series, and its files that cannot be used, with the reason."""

    folder: Path
    series: tuple[FoundSeries, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


def take_inventory(folder: Path) -> Inventory:
    """List what is in a patient's folder, searched with its sub-folders."""
    try:
        with Opener() as opener:
            found = find_files(folder, opener)
        described = {one.uid: one for one in list_series(folder)}
    except Exception as error:  # whatever a damaged file does to a parser
        return Inventory(folder, failed=(("", reason_of(error)),))
    failed = [("", f"Damaged DICOM file: {one}.") for one in found.unreadable]
    series: dict[str, FoundSeries] = {}
    masks: list[Path] = []
    for uid, headers in found.series.items():
        modality = headers[0].text("Modality")
        files = tuple(header.part.path for header in headers)
        if modality in MASK_MODALITIES:
            masks += files
        elif modality in IMAGES:
            kinds = set.intersection(*map(image_type, headers))
            try:
                series[uid] = _series(described[uid], files, kinds)
            except Exception as error:
                failed.append((str(files[0]), reason_of(error)))
    for mask in sorted(masks):
        try:
            _made_on(mask, series).masks.append(mask)
        except LesionaryError as error:
            failed.append((str(mask), str(error)))
    return Inventory(folder, tuple(series.values()), tuple(failed))


def _series(described: Series, files: tuple[Path, ...], kinds: set[str]) -> FoundSeries:
    wanted = [*_NAMES, *_NUMBERS, *_DATES, "StudyInstanceUID"]
    header = dcmread(files[0], stop_before_pixels=True, specific_tags=wanted, force=True)
    words = identity_words(map(header.get, _NAMES), map(header.get, _NUMBERS))
    dates = frozenset(str(header.get(keyword) or "") for keyword in _DATES)
    skip = described.problem or ("a localizer" if "LOCALIZER" in kinds else "")
    return FoundSeries(
        described.uid,
        described.modality,
        without_identity(described.description, words, dates),
        files,
        str(header.get("PatientID") or ""),
        str(header.get("StudyInstanceUID") or ""),
        words,
        dates,
        skip,
    )


def _made_on(mask: Path, series: dict[str, FoundSeries]) -> FoundSeries:
    """Return the series that a mask says it was made on, or else the only one there is."""
    header = read_dicom_header(mask)
    made_on = referenced_series(header) if header is not None else set()
    named = [series[uid] for uid in made_on if uid in series]
    usable = [one for one in series.values() if not one.skip]
    for candidates in (named, usable):
        if len(candidates) == 1:
            return candidates[0]
    raise LesionaryError(
        "The series it was drawn on is not in this patient's folder (one folder is one patient)."
        if not named
        else "It was drawn on several series at once."
    )
