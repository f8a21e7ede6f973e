"""Whose a DICOM object is, and who else is named in it, as its header says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from lesionary.cohort.curate.identity import identity_words

TERM = 2
"""Letters of the terms that devices write: HU, SE, GE."""

_NUMBERS = ("PatientID", "OtherPatientIDs", "AccessionNumber")
_PATIENT_GROUP = 0x0010


@dataclass(frozen=True)
class Identity:
    """Words that name the patient and others (physicians, operators), and dates."""

    patient: frozenset[str]
    others: frozenset[str]
    dates: frozenset[str]


def identity_of(dataset: Dataset) -> Identity:
    """Read who and when from a header."""
    items = list(_walk(dataset))
    numbers = [item.get(keyword) for item in items for keyword in _NUMBERS]
    names: dict[bool, list[Any]] = {True: [], False: []}
    for item in items:
        for tag in list(item.keys()):
            if vr_of(item, tag) == "PN":
                names[tag.group == _PATIENT_GROUP] += _values(item, tag)
    days = (_values(dataset, tag) for tag in list(dataset.keys()) if vr_of(dataset, tag) == "DA")
    return Identity(
        identity_words(names[True], numbers),
        frozenset(word for word in identity_words(names[False]) if len(word) > TERM),
        frozenset(str(day) for found in days for day in found),
    )


def _values(dataset: Dataset, tag: BaseTag) -> list[Any]:
    try:
        value = dataset[tag].value
    except Exception:  # as in the data set itself: it is removed
        return []
    return list(value) if isinstance(value, MultiValue) else [value]


def _walk(dataset: Dataset) -> Iterator[Dataset]:
    yield dataset
    yield from dataset.get("OtherPatientIDsSequence") or []


def vr_of(dataset: Dataset, tag: BaseTag) -> str:
    """Return the VR by the standard; of what it does not know, the file's."""
    try:
        return dictionary_VR(tag)
    except KeyError:
        return str(dataset.get_item(tag).VR or "UN")
