"""What one DICOM file says: where its planes lie, how it was made, and whose it is."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from lesionary import progress
from lesionary.cohort.curate.identity import identity_words
from lesionary.errors import ScanError
from lesionary.scan.dicom.acquisition import ACQUISITION_KEYWORDS, describe_acquisition
from lesionary.scan.dicom.frames import read_frames
from lesionary.scan.dicom.header import PARSER_ERRORS, Header
from lesionary.scan.dicom.parse import read_dataset, read_headers
from lesionary.scan.dicom.parts import Opener, Part
from lesionary.scan.geometry import FloatArray
from lesionary.scan.read import FORMATS

SCANNED = ("CT", "MR", "PT")
"""Modalities whose series are volumes."""

Value = str | float
Made = TypeVar("Made")

#: Attribute to column, beside those of ``describe_acquisition``.
_TEXTS = {
    "StudyDate": "study_date",
    "SeriesDescription": "description",
    "Radiopharmaceutical": "tracer",
}
_BECQUEREL = "RadionuclideTotalDose"
#: Whose a file is: read to know patients apart and to take their names out of paths and texts.
_NAMES = ("PatientName", "PatientBirthName")
_NUMBERS = ("PatientID", "OtherPatientIDs", "AccessionNumber")
_WHO = (*_NAMES, *_NUMBERS)
_WHEN = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "PatientBirthDate")
_TIMES = ("AcquisitionTime", "ContrastBolusStartTime")
_SEQUENCES = ("RadiopharmaceuticalInformationSequence",)
_DAY_S = 86_400
_MEGA = 1e6


@dataclass(frozen=True)
class Planes:
    """The planes in one file.

    Attributes
    ----------
    positions_mm : ndarray, shape (n, 3)
        Centre of the first pixel of each, LPS mm.
    orientations : ndarray, shape (n, 6)
        Direction of increasing column, then of increasing row.
    spacings_mm : ndarray, shape (n, 2)
        Between rows, between columns.
    rows, columns : int
    """

    positions_mm: FloatArray
    orientations: FloatArray
    spacings_mm: FloatArray
    rows: int
    columns: int


@dataclass(frozen=True)
class Identity:
    """Whose a file is. It stays inside: tables have a code for it.

    Attributes
    ----------
    patient : str
        PatientID, or the study where there is none.
    words : frozenset of str
        Names and numbers of the patient, in lower case.
    dates : frozenset of str
        Dates in the header, as DICOM writes them.
    """

    patient: str
    words: frozenset[str]
    dates: frozenset[str]


@dataclass(frozen=True)
class Image:
    """One DICOM file of a series.

    Attributes
    ----------
    facts : mapping
        Column to value: how it was made, and what was asked for.
    planes : Planes or None
        None in what is no CT, MR or PET.
    rescaled : bool
        Whether it says how stored values become the scan's.
    """

    path: Path
    uid: str
    series_uid: str
    modality: str
    identity: Identity
    facts: Mapping[str, Value]
    planes: Planes | None
    rescaled: bool


@dataclass(frozen=True)
class Passed:
    """A file that was passed over, and why; ``damaged`` where it ought to have been read."""

    path: Path
    reason: str
    damaged: bool


@dataclass(frozen=True)
class Batch:
    """Files for one process, and the attributes that are wanted of each."""

    paths: tuple[Path, ...]
    keywords: tuple[str, ...]


def read_batch(batch: Batch) -> list[Image | Passed]:
    """Read the headers of some files."""
    progress.set_quiet(True)  # the caller counts batches
    # The parser's warnings quote values that identify patients.
    with Opener() as opener, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = _Known()
        return [_read(path, batch.keywords, opener, known) for path in batch.paths]


def lose_batch(batch: Batch) -> list[Image | Passed]:
    """Return what stands for files whose process was ended by one of them."""
    return [Passed(path, "Its process died while it was read.", True) for path in batch.paths]


def _read(path: Path, keywords: Sequence[str], opener: Opener, known: _Known) -> Image | Passed:
    part = Part(path)
    headers, unreadable = read_headers([part], opener)
    if unreadable:
        kind = unreadable[0].removeprefix(str(part)).strip(" ()")
        return Passed(path, f"Damaged DICOM file ({kind}). Fetch it again.", True)
    if not headers:
        return _no_dicom(path)
    try:
        return _image(headers[0], keywords, opener, known)
    except ScanError as error:
        message = str(error).replace(str(part), "This file")
        return Passed(path, message, True)
    # Damage behind the first attributes can make the parser raise anything; its words may
    # identify a patient.
    except Exception as error:
        kind = type(error).__name__
        return Passed(path, f"Damaged DICOM file ({kind}). Fetch it again.", True)


def _no_dicom(path: Path) -> Passed:
    name = path.name.lower()
    if path.stat().st_size == 0:
        return Passed(path, "Empty file.", name.endswith((".dcm", ".dicom")))
    if name.endswith((".dcm", ".dicom")):
        return Passed(path, "Called DICOM by its name, but no DICOM by its content.", True)
    if name.endswith(FORMATS):
        return Passed(path, "A volume, but no DICOM: it has no header to describe.", False)
    if name.endswith((".zip", ".tar", ".gz", ".7z")):
        return Passed(path, "An archive: unpack it.", False)
    return Passed(path, "No DICOM file.", False)


class _Known:
    """What was made of attributes before: the files of a series say nearly the same.

    Converting an attribute takes pydicom longer than finding it in the file.
    """

    def __init__(self) -> None:
        self._made: dict[object, Any] = {}

    def make(self, work: Callable[..., Made], dataset: Dataset, tags: frozenset[int]) -> Made:
        """Return ``work(dataset)``, which depends on nothing but these attributes."""
        spelt = ((int(one.tag), one.value) for one in dataset.values())
        key = (work, *(pair for pair in spelt if pair[0] in tags))
        try:
            if key not in self._made:
                self._made[key] = work(dataset)
        except TypeError:  # a sequence, which is read at once and cannot be hashed
            return work(dataset)
        made: Made = self._made[key]
        return made


def _tags(keywords: Sequence[str]) -> frozenset[int]:
    return frozenset(int(Tag(keyword)) for keyword in keywords)


_OF_WHOM = _tags((*_WHO, *_WHEN, "StudyInstanceUID", "SeriesInstanceUID"))
_HOW = _tags((*ACQUISITION_KEYWORDS, *_TEXTS, *_SEQUENCES))
_WANTED = (
    *ACQUISITION_KEYWORDS,
    *_TEXTS,
    *_WHO,
    *_WHEN,
    *_TIMES,
    *_SEQUENCES,
    *("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "RescaleSlope"),
)


def _image(header: Header, keywords: Sequence[str], opener: Opener, known: _Known) -> Image:
    dataset, header = read_dataset(header, opener, dict.fromkeys((*_WANTED, *keywords)))
    modality = header.text("Modality")
    return Image(
        path=header.part.path,
        uid=_text(dataset, "SOPInstanceUID"),
        series_uid=header.text("SeriesInstanceUID"),
        modality=modality,
        identity=known.make(_identity, dataset, _OF_WHOM),
        facts=known.make(_technique, dataset, _HOW) | _times_and_more(dataset, keywords),
        planes=_planes(header, opener) if modality in SCANNED else None,
        rescaled="RescaleSlope" in header.values or _find(dataset, "RescaleSlope") is not None,
    )


def _planes(header: Header, opener: Opener) -> Planes:
    frames = read_frames([header], opener)
    return Planes(
        np.array([frame.position_mm for frame in frames]),
        np.array([frame.orientation for frame in frames]),
        np.array([frame.spacing_mm for frame in frames]),
        frames[0].rows,
        frames[0].columns,
    )


def _identity(dataset: Dataset) -> Identity:
    study = _text(dataset, "StudyInstanceUID") or _text(dataset, "SeriesInstanceUID")
    return Identity(
        _text(dataset, "PatientID") or study,
        identity_words(
            [_text(dataset, keyword) for keyword in _NAMES],
            [_text(dataset, keyword) for keyword in _NUMBERS],
        ),
        frozenset(date for name in _WHEN if (date := _text(dataset, name))),
    )


def _technique(dataset: Dataset) -> dict[str, Value]:
    values: dict[str, Value] = dict(describe_acquisition(dataset))
    values |= {column: _text(dataset, keyword) for keyword, column in _TEXTS.items()}
    with suppress(*PARSER_ERRORS):
        if dose := _find(dataset, _BECQUEREL):
            number = float(str(dose))
            # The standard asks for Bq; some scanners write MBq.
            values["injected_dose_mbq"] = number / (_MEGA if number > _MEGA else 1)
    return _said(values)


def _times_and_more(dataset: Dataset, keywords: Sequence[str]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    if (delay := _contrast_delay(dataset)) is not None:
        values["contrast_delay_s"] = delay
    for keyword in keywords:
        with suppress(*PARSER_ERRORS):
            values[keyword] = _plain(keyword, _find(dataset, keyword))
    return _said(values)


def _said(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value != ""}


def _contrast_delay(dataset: Dataset) -> float | None:
    """Return seconds from the injection of the contrast agent to this image."""
    begin = _seconds(_text(dataset, _TIMES[1]))
    if begin is None:
        return None
    image = _seconds(_text(dataset, _TIMES[0]))
    return None if image is None else (image - begin) % _DAY_S


def _seconds(time: str) -> float | None:
    match = re.fullmatch(r"(\d\d)(\d\d)(\d\d(?:\.\d*)?)", time)
    if not match:
        return None
    hours, minutes, seconds = map(float, match.groups())
    return 3600 * hours + 60 * minutes + seconds


def _find(dataset: Dataset, keyword: str) -> object:
    """Return an attribute's value, wherever in the data set it is nested; None without it."""
    if keyword in dataset:
        return dataset[keyword].value
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                if (value := _find(item, keyword)) is not None:
                    return value
    return None


def _plain(keyword: str, value: object) -> Value:
    if value is None:
        return ""
    if dictionary_VR(keyword) in ("DS", "IS", "FL", "FD", "US", "SS", "UL", "SL"):
        if not isinstance(value, MultiValue):
            return float(value)  # type: ignore[arg-type]
        return "\\".join(f"{float(item):g}" for item in value)
    return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    if isinstance(value, MultiValue):
        return "\\".join(map(str, value)).strip()
    return "" if value is None else str(value).strip()
