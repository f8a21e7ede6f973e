"""Patients by code, dates as days since a patient's first study, texts without names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydicom.datadict import dictionary_VR, keyword_dict, tag_for_keyword

from lesionary.cohort.curate.identity import replace_words, written_dates
from lesionary.cohort.curate.image import Image
from lesionary.errors import CohortError
from lesionary.spelling import hint

Dates = Literal["shift", "drop", "keep"]

FIRST_DAY = date(2000, 1, 1)
"""Where the earliest date of every patient is moved to."""

_PATIENT_GROUP = 0x0010
#: What may be told of a patient: nothing that says who it is.
_OF_PATIENTS = {
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientBodyMassIndex",
    "PatientPosition",
    "SmokingStatus",
    "PregnancyStatus",
    "EthnicGroup",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
}
#: Who and where it was done, and numbers by which a hospital finds the patient again.
_TELLING = re.compile(
    r"Institution|Physician|Operator|Person|Address|Telephone|Accession|StationName|"
    r"DeviceSerialNumber|ReferringP|StudyID$|AdmissionID|OtherStudyNumbers|Comments|Name$|"
    r"RequestAttributes|Protocol.*Identifier|Signature|Certificate"
)
_ALLOWED_NAMES = {"ManufacturerModelName", "ProtocolName", "SequenceName"}
_NO_VALUES = ("SQ", "OB", "OW", "OF", "OD", "OL", "UN")


def check_keywords(keywords: Iterable[str]) -> tuple[str, ...]:
    """Return the keywords that were asked for, or say which there are not or must not be.

    Examples
    --------
    >>> check_keywords(["SoftwareVersions"])
    ('SoftwareVersions',)
    """
    checked = tuple(dict.fromkeys(keywords))
    for keyword in checked:
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise CohortError(
                f"DICOM has no attribute {keyword!r}{_near(keyword)}. Give its keyword, as in "
                "the standard's dictionary."
            )
        vr = dictionary_VR(tag)
        of_patient = tag >> 16 == _PATIENT_GROUP and keyword not in _OF_PATIENTS
        telling = _TELLING.search(keyword) and keyword not in _ALLOWED_NAMES
        if vr in ("PN", "UI") or of_patient or telling:
            raise CohortError(
                f"{keyword} may tell who the patient is, so it is not put into a table. Patients "
                "have a code there; a key of the codes can be written to a file of its own."
            )
        if vr.split()[0] in _NO_VALUES:
            raise CohortError(f"{keyword} is no single value ({vr}) that a table could hold.")
    return checked


def _near(keyword: str) -> str:
    said = hint(keyword, keyword_dict)
    return said if "did you mean" in said else ""


@dataclass(frozen=True)
class Patients:
    """The patients of a folder.

    Attributes
    ----------
    codes : mapping
        What the header calls a patient, to the code that tables use.
    dates : {"shift", "drop", "keep"}
    """

    codes: dict[str, str]
    dates: Dates
    _first: dict[str, date] = field(repr=False)
    _words: dict[str, frozenset[str]] = field(repr=False)
    _days: dict[str, frozenset[str]] = field(repr=False)

    @classmethod
    def of(cls, images: Sequence[Image], dates: Dates) -> Patients:
        """Give patients numbers in the order of their files."""
        codes: dict[str, str] = {}
        words: dict[str, set[str]] = defaultdict(set)
        days: dict[str, set[str]] = defaultdict(set)
        first: dict[str, date] = {}
        for image in images:
            who = image.identity.patient
            codes.setdefault(who, f"patient_{len(codes) + 1:04d}")
            words[who] |= image.identity.words
            days[who] |= image.identity.dates
            day = _day(str(image.facts.get("study_date", "")))
            if day is not None:
                first[who] = min(day, first.get(who, day))
        return cls(
            codes,
            dates,
            first,
            {who: frozenset(found) for who, found in words.items()},
            {who: frozenset(found) for who, found in days.items()},
        )

    def day(self, who: str, value: str) -> str | None:
        """Return a date (or date and time) as tables have it: ISO, shifted, or None."""
        if self.dates == "drop":
            return None
        day = _day(value[:8])
        if day is None:
            return None
        if self.dates == "shift":
            if who not in self._first:
                return None
            # A damaged header may hold a year that no calendar reaches.
            try:
                day = FIRST_DAY + (day - self._first[who])
            except OverflowError:
                return None
        return day.isoformat()

    def shift(self, who: str) -> timedelta | None:
        """Return by how much a patient's dates are moved; None where none is known."""
        return FIRST_DAY - self._first[who] if who in self._first else None

    def unnamed(self, text: str, who: str | None = None) -> str:
        """Take the names, numbers and dates of patients (of one, or of all) out of a text."""
        for patient in [who] if who is not None else self.codes:
            words = self._words.get(patient, frozenset())
            text = replace_words(text, words, self.codes[patient])
            if self.dates != "keep":
                days = self._days.get(patient, frozenset())
                text = replace_words(text, written_dates(days), "date")
        return text


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None


def relative(path: Path, folder: Path) -> str:
    """Write a path as seen from the folder that was looked into."""
    return path.relative_to(folder).as_posix()
