"""What becomes of each DICOM attribute: PS3.15's basic application level confidentiality profile.

``confidentiality_profile.csv`` is table E.1-1 of the standard (2026c): D (replace by a dummy), Z
(empty), X (remove), U (replace a UID), and, where the standard leaves it to the type of the
attribute, several of them. Of these the one is taken that leaves every object valid: D before Z
before X. ``kept_with`` is the option that keeps an attribute instead (K).
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Literal

from pydicom.datadict import dictionary_has_tag, keyword_for_tag
from pydicom.tag import BaseTag

Action = Literal["D", "Z", "X", "U", "K", "clean", "recurse", "date"]
"""``clean``: keep, less words that identify; ``date``: as the option for dates says."""

Dates = Literal["remove", "shift", "keep"]

KEEPABLE = {
    "patient": "sex, age, size, weight and the like (what SUV needs)",
    "device": "serial numbers and names of devices",
    "descriptions": "names of ROIs, series, protocols and contrast agents, less the patient's",
}
"""Options that keep attributes, in words."""

_DATES = ("DA", "DT", "TM")
# Who was born when is no date of a visit.
_BIRTH = {"PatientBirthDate", "PatientBirthTime", "PatientBirthDateInAlternativeCalendar"}
_DEATH = {"PatientDeathDateInAlternativeCalendar"}
_ESSENTIAL = {
    "ImageType",
    "Modality",
    "PatientPosition",
    "PhotometricInterpretation",
    "SpecificCharacterSet",
}
_FREE_TEXT = ("ST", "LT", "UT", "UR", "UC")
_SHORT_TEXT = ("LO", "SH", "CS")
_BINARY = ("OB", "OW", "OB or OW", "OD", "OF", "OL", "OV")
_TEXT = (*_FREE_TEXT, *_SHORT_TEXT)
# Pixels, surfaces, waveforms, segments: numbers that belong to the image.
_BINARY_GROUPS = (0x7FE0, 0x0066, 0x0062, 0x5400)
_TYPED = ("Label", "Comment", "Description", "BeamName", "DataSetName")
_CURVES, _OVERLAYS = 0x50, 0x60


def action(tag: BaseTag, vr: str, keep: frozenset[str], dates: Dates) -> Action:
    """Return what becomes of an attribute.

    The table is followed to the letter. What it does not list is kept only where it cannot hold
    an identity: free text, names, dates, private and unknown attributes never are.
    """
    group = tag.group
    if tag.is_private or tag.element == 0 or group >> 8 in (_CURVES, _OVERLAYS):
        return "X"
    keyword = keyword_for_tag(tag)
    listed = _table().get(int(tag))
    if vr in _DATES and keyword not in _BIRTH | _DEATH and (dates != "remove" or listed is None):
        return "date" if dates != "remove" else "Z"
    if listed is not None:
        codes, kept_with = listed
        if kept_with and kept_with in keep:
            return "recurse" if vr == "SQ" else "clean" if vr in _TEXT else "K"
        if "U*" in codes:
            return "recurse"
        if vr == "SQ":
            return "X" if codes == "X" else "Z"
        return next(code for code in ("D", "Z", "X", "U") if code in codes.split("/"))
    return _unlisted(tag, vr, keyword)


def is_written_by_people(tag: BaseTag) -> bool:
    """Tell whether a text that is kept is one that somebody typed, by the table or its name."""
    return int(tag) in _table() or keyword_for_tag(tag).endswith(_TYPED)


def _unlisted(tag: BaseTag, vr: str, keyword: str) -> Action:
    if not dictionary_has_tag(tag) or vr in ("UN", *_FREE_TEXT):
        return "X"
    if vr == "SQ":
        return "recurse"
    if vr == "UI":
        return "K" if keyword.endswith(("SOPClassUID", "TransferSyntaxUID")) else "U"
    if vr in ("PN", "AE"):
        return "Z"
    if vr in _BINARY:
        table = vr == "OW" and keyword.endswith(("LookupTableData", "LUTData"))
        return "K" if tag.group in _BINARY_GROUPS or table else "X"
    return "clean" if vr in _SHORT_TEXT and keyword not in _ESSENTIAL else "K"


@cache
def _table() -> dict[int, tuple[str, str]]:
    text = files("lesionary.cohort.curate.export").joinpath("confidentiality_profile.csv")
    rows = csv.DictReader(text.read_text(encoding="utf-8").splitlines())
    return {
        int(row["tag"], 16): (row["action"], row["kept_with"])
        for row in rows
        if "x" not in row["tag"]  # repeating groups: curves and overlays go as a whole
    }
