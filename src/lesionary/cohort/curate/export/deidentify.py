"""One DICOM data set without the patient: every attribute as the confidentiality profile says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from pydicom import DataElement, Dataset, Sequence
from pydicom.dataset import FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from lesionary.cohort.curate.export.header_identity import TERM, Identity, identity_of, vr_of
from lesionary.cohort.curate.export.ledger import ExportError
from lesionary.cohort.curate.export.profile import Action, Dates, action, is_written_by_people
from lesionary.cohort.curate.export.pseudonym import Pseudonyms
from lesionary.cohort.curate.identity import without_identity, without_words

_STANDARD = "1.2.840.10008."
"""UIDs of the standard itself: kinds of things, not things."""


_METHOD = ("Lesionary", "PS3.15 basic profile, table E.1-1 of 2026c")
_OPTION_CODES = {
    "patient": ("113108", "Retain Patient Characteristics Option"),
    "device": ("113109", "Retain Device Identity Option"),
    "descriptions": ("113105", "Clean Descriptors Option"),
}
_DATE_CODES = {
    "shift": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "keep": ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
}
_TIMES = {"remove": "REMOVED", "shift": "MODIFIED", "keep": "UNMODIFIED"}
_DUMMIES: dict[str, Any] = {
    "AS": "000Y",
    "CS": "ANONYMISED",
    "DA": "19000101",
    "DT": "19000101000000",
    "TM": "000000",
    "PN": "Anonymised",
    "UR": "urn:anonymised",
    **dict.fromkeys(("LO", "SH", "AE", "ST", "LT", "UT", "UC"), "ANONYMISED"),
    **dict.fromkeys(("IS", "DS"), "0"),
    **dict.fromkeys(("US", "SS", "UL", "SL", "UV", "SV"), 0),
    **dict.fromkeys(("FL", "FD"), 0.0),
}


_TEXTUAL = ("LO", "SH", "CS", "ST", "LT", "UT", "UR", "UC", "PN", "AE", "UN")
_DECIMALS = re.compile(r"[0-9eE+\-.\\ \0]*")
_NUMBERS = {"IS": _DECIMALS, "DS": _DECIMALS, "AS": re.compile(r"([0-9]{3}[DWMY][ \0]?)?")}


@dataclass(frozen=True)
class Settings:
    """How data sets are made anonymous.

    Attributes
    ----------
    codes : Pseudonyms
        What stands for patients and UIDs.
    dates : {"remove", "shift", "keep"}
        ``remove`` as the basic profile has it; ``shift`` by a number of days that is the
        patient's own.
    keep : frozenset of str
        Options of the profile: ``patient``, ``device``, ``descriptions``.
    """

    codes: Pseudonyms
    dates: Dates = "remove"
    keep: frozenset[str] = frozenset()


def deidentify(dataset: Dataset, settings: Settings) -> Dataset:
    """Change a data set in place so that nothing in it tells who the patient is.

    Raises
    ------
    ExportError
        If it has no SOPInstanceUID, or is a document whose content cannot be looked through.
    """
    sop_class, instance = dataset.get("SOPClassUID"), dataset.get("SOPInstanceUID")
    if not sop_class or not instance:
        raise ExportError("It has no SOPClassUID or SOPInstanceUID, so it is no DICOM object.")
    if "Encapsulated" in sop_class.name or "EncapsulatedDocument" in dataset:
        raise ExportError(f"It is {sop_class.name}: its content cannot be made anonymous.")
    patient = patient_key(dataset)
    _clear_embedded_overlays(dataset)
    cleaner = _Cleaner(settings, settings.codes.days(patient), identity_of(dataset))
    cleaner.clean(dataset)
    code = "P" + settings.codes.code("patient", patient)
    dataset.PatientID, dataset.PatientName = code, code
    _mark(dataset, settings)
    # The preamble and the file's own header may hold anything: both are written anew.
    syntax = dataset.file_meta.TransferSyntaxUID
    dataset.preamble = bytes(128)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def patient_key(dataset: Dataset) -> str:
    """Return what tells patients apart: PatientID, or the study where there is none."""
    return str(dataset.get("PatientID") or "") or f"study {dataset.get('StudyInstanceUID', '')}"


class _Cleaner:
    """Applies the profile to a data set and all that is nested in it."""

    def __init__(self, settings: Settings, days: int, identity: Identity) -> None:
        self._settings = settings
        self._days = days
        self._identity = identity
        self._long = frozenset(word for word in identity.patient if len(word) > TERM)

    def clean(self, dataset: Dataset) -> None:
        for tag in list(dataset.keys()):
            vr = vr_of(dataset, tag)
            what = action(tag, vr, self._settings.keep, self._settings.dates)
            if what == "X" or (what == "K" and not _holds_what_it_should(dataset, tag, vr)):
                del dataset[tag]
            elif what == "Z":
                dataset[tag] = DataElement(tag, vr, Sequence() if vr == "SQ" else None)
            elif what != "K":
                self._change(dataset, tag, vr, what)
        if "PatientAge" in dataset:
            dataset.PatientAge = _capped(str(dataset.PatientAge or ""))

    def _change(self, dataset: Dataset, tag: BaseTag, vr: str, what: Action) -> None:
        try:
            value = dataset[tag].value
        except Exception:  # a value that cannot be read cannot be judged either
            del dataset[tag]
            return
        if what == "recurse":
            for item in value or []:
                self.clean(item)
            return
        if value in (None, "") or (isinstance(value, MultiValue) and not value):
            return
        if what == "U":
            changed = _each(value, self._uid)
        elif what == "D":
            changed = _each(value, self._uid) if vr == "UI" else _DUMMIES.get(vr, b"\0\0")
        elif what == "date":
            changed = value if self._settings.dates == "keep" else _each(value, self._shift(vr))
        else:
            changed = _each(value, self._cleaned if is_written_by_people(tag) else self._coded)
        dataset[tag] = DataElement(tag, vr, changed)

    def _uid(self, uid: Any) -> str:
        text = str(uid)
        return text if text.startswith(_STANDARD) else self._settings.codes.uid(text)

    def _shift(self, vr: str) -> Any:
        def shifted(value: Any) -> str:
            text = str(value)
            if vr == "TM":
                return text
            try:
                day = datetime.strptime(text[:8], "%Y%m%d") + timedelta(days=self._days)
            except (ValueError, OverflowError):
                return ""
            return f"{day:%Y%m%d}".rjust(8, "0") + text[8:]

        return shifted

    def _cleaned(self, text: Any) -> str:
        """Return what somebody typed without the words, and the dates, that identify."""
        words = self._identity.patient | self._identity.others
        if self._settings.dates == "keep":
            return without_words(str(text), words)
        return without_identity(str(text), words, self._identity.dates)

    def _coded(self, text: Any) -> str:
        """Return what a device wrote: HU is a unit there, even if the patient's name is Hu."""
        return without_words(str(text), self._long)


def _holds_what_it_should(dataset: Dataset, tag: BaseTag, vr: str) -> bool:
    """Tell whether what is kept because it cannot hold a name does not hold one all the same."""
    element: Any = dataset.get_item(tag)
    if vr not in _TEXTUAL and str(element.VR or vr) in _TEXTUAL:
        return False
    pattern = _NUMBERS.get(vr)
    if pattern is None:
        return True
    value = element.value
    text = value.decode("latin-1") if isinstance(value, bytes) else _joined(value)
    return pattern.fullmatch(text) is not None


def _joined(value: Any) -> str:
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, MultiValue | list) else str(value)


def _each(value: Any, change: Any) -> Any:
    return [change(one) for one in value] if isinstance(value, MultiValue | list) else change(value)


def _capped(age: str) -> str:
    """Return an age as the law has it, which sees a name in 90 years and more."""
    years = age[:3]
    return "090Y" if age.endswith("Y") and years.isdigit() and int(years) > 89 else age


def _mark(dataset: Dataset, settings: Settings) -> None:
    codes = [("113100", "Basic Application Confidentiality Profile")]
    codes += [_OPTION_CODES[name] for name in sorted(settings.keep)]
    if settings.dates in _DATE_CODES:
        codes.append(_DATE_CODES[settings.dates])
    items = []
    for value, meaning in codes:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        items.append(item)
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = list(_METHOD)
    dataset.DeidentificationMethodCodeSequence = Sequence(items)
    dataset.LongitudinalTemporalInformationModified = _TIMES[settings.dates]


def _clear_embedded_overlays(dataset: Dataset) -> None:
    """Clear the bits above the stored ones, where old files hide overlays with text.

    Raises
    ------
    ExportError
        Where the pixels are compressed, and the bits cannot be reached.
    """
    hidden = any(
        int(dataset[tag].value or 0) > 0
        for tag in list(dataset.keys())
        if tag.group >> 8 == 0x60 and tag.element == 0x0102  # OverlayBitPosition
    )
    if not hidden or "PixelData" not in dataset:
        return
    if dataset.file_meta.TransferSyntaxUID.is_compressed or dataset.BitsAllocated != 16:
        raise ExportError("It has an overlay inside its pixels, which cannot be taken out.")
    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    pixels = np.frombuffer(dataset.PixelData, f"{order}u2")
    top = 15 - int(dataset.HighBit)
    low = int(dataset.HighBit) + 1 - int(dataset.BitsStored)
    shifted = (pixels << top).astype(f"{order}u2")
    if dataset.PixelRepresentation == 1:
        kept = (shifted.view(f"{order}i2") >> (top + low)) << low
    else:
        kept = (shifted >> (top + low)) << low
    dataset.PixelData = kept.astype(f"{order}u2").tobytes()
