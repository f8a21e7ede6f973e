"""The series among the files of a source, and which of them is meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.uid import UID

from lesionary.errors import ScanError
from lesionary.scan.dicom.header import Header
from lesionary.scan.dicom.parse import read_headers
from lesionary.scan.dicom.parts import Opener, list_parts

_VOLUME_MODALITIES = ("CT", "MR", "PT")
#: Image Type of images computed from a volume, which shows the same patient a second time.
_REFORMATTED = {
    "MPR",
    "REFORMATTED",
    "MIP",
    "MINIP",
    "PROJECTION IMAGE",
    "CSA MPR",
    "CSA RESAMPLED",
}


@dataclass(frozen=True)
class Series:
    """What a folder says of one of its series.

    Attributes
    ----------
    uid : str
        SeriesInstanceUID; ``read_scan("folder#uid")`` reads this one.
    modality, description, sop_class : str
        As the header says; ``sop_class`` by its name in the standard.
    n_images : int
        Slices, or frames where files hold several.
    shape : tuple of int
        Images, rows, columns.
    spacing_mm : tuple of float or None
        Along x, y and z of the grid; None where the headers of the files do not tell (as in
        enhanced objects, whose frames do, and in what is no image).
    problem : str
        Why it cannot be read as a scan; empty where it can.
    """

    uid: str
    modality: str
    description: str
    sop_class: str
    n_images: int
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float] | None
    problem: str

    def __str__(self) -> str:
        title = f" {self.description!r}" if self.description else ""
        size = f"{self.n_images} of {self.shape[2]} x {self.shape[1]} pixels"
        return f"{self.modality}{title}, {self.problem or size}: {self.uid}"


@dataclass(frozen=True)
class Files:
    """The DICOM files of a source, by series, and those that could not be read."""

    source: str
    series: dict[str, list[Header]]
    unreadable: list[str]

    def describe(self) -> str:
        """List the series, for an error message."""
        lines = sorted(f"\n  {_summarise(headers)}" for headers in self.series.values())
        return "".join(lines)


def list_series(source: str | Path | Sequence[str | Path]) -> list[Series]:
    """List the series in a folder (searched recursively), a zip archive or files.

    Parameters
    ----------
    source : str, Path or sequence of them
        A folder, a ``.zip``, a file, or a list of files.

    Returns
    -------
    list of Series
        Those that can be read as a scan first, the largest first.
    """
    with Opener() as opener:
        found = find_files(source, opener)
    series = [_summarise(headers) for headers in found.series.values()]
    return sorted(series, key=lambda one: (bool(one.problem), -one.n_images, one.uid))


def find_files(source: str | Path | Sequence[str | Path], opener: Opener) -> Files:
    """Read the headers of all DICOM files in ``source``.

    Raises
    ------
    ScanError
        Where there is none, or none that can be read.
    """
    parts = list_parts(source)
    listed = f"{len(parts)} files from {parts[0].path.parent}" if parts else ""
    name = str(source) if isinstance(source, str | Path) else listed
    headers, unreadable = read_headers(parts, opener)
    if not headers and unreadable:
        raise ScanError(f"No DICOM file in {name} could be read: {some(unreadable)}.")
    if not headers:
        raise ScanError(f"There is no DICOM file in {name} ({len(parts)} file(s) looked at).")
    series: dict[str, list[Header]] = {}
    for header in headers:
        series.setdefault(header.text("SeriesInstanceUID"), []).append(header)
    return Files(name, series, unreadable)


def choose_series(files: Files, uid: str | None) -> tuple[list[Header], list[str]]:
    """Return the one series that is meant, and notes on what was left out.

    Without ``uid`` it is the one volume of CT, MR or PET; reformatted copies, localizers and
    single slices count only where there is nothing else.
    """
    notes = []
    if files.unreadable:
        notes.append(f"Damaged DICOM files left out: {some(files.unreadable)}.")
    if uid is not None:
        if uid not in files.series:
            raise ScanError(f"{files.source} holds no series {uid}. It holds:{files.describe()}")
        chosen = files.series[uid]
        if problem := _problem(chosen):
            raise ScanError(f"Series {uid} in {files.source} is no scan: {problem}.")
        return _planes(chosen, notes), notes
    readable = [headers for headers in files.series.values() if not _problem(headers)]
    if not readable:
        raise ScanError(f"{files.source} holds no scan, only:{files.describe()}")
    best = min(map(_rank, readable))
    candidates = [headers for headers in readable if _rank(headers) == best]
    if len(candidates) > 1:
        raise ScanError(
            f"{files.source} holds {len(candidates)} series that could be meant. Choose one by "
            f"its SeriesInstanceUID behind '#', as in 'folder#1.2.3':{files.describe()}"
        )
    others = Counter(
        headers[0].text("Modality") or "unnamed"
        for headers in files.series.values()
        if headers is not candidates[0]
    )
    if others:
        passed = ", ".join(f"{count} {modality}" for modality, count in sorted(others.items()))
        notes.append(f"Other series passed over: {passed}.")
    return _planes(candidates[0], notes), notes


def _planes(headers: list[Header], notes: list[str]) -> list[Header]:
    """Leave out images of a series that are no planes of its volume, and note it."""
    reasons = Counter(reason for header in headers if (reason := _oddity(header)))
    notes.extend(f"{n} image(s) of the series left out: {why}." for why, n in reasons.items())
    return [header for header in headers if not _oddity(header)]


def _summarise(headers: list[Header]) -> Series:
    first = headers[0]
    n_images = sum(header.n_frames for header in headers)
    return Series(
        uid=first.text("SeriesInstanceUID"),
        modality=first.text("Modality") or "unknown modality",
        description=first.words("SeriesDescription"),
        sop_class=UID(first.text("SOPClassUID")).name,
        n_images=n_images,
        shape=(n_images, first.unsigned("Rows"), first.unsigned("Columns")),
        spacing_mm=_spacing(headers),
        problem=_problem(headers),
    )


def _problem(headers: list[Header]) -> str:
    """Say why a series is not an image volume, or nothing."""
    first = headers[0]
    if first.text("Modality") not in _VOLUME_MODALITIES:
        return f"not CT, MR or PET but {UID(first.text('SOPClassUID')).name}"
    if not any(header.has_pixels for header in headers):
        return f"no pixel data in its {len(headers)} file(s)"
    return "" if any(not _oddity(header) for header in headers) else _oddity(first)


def _oddity(header: Header) -> str:
    """Say why an image is no plane of a volume, or nothing."""
    photometric = header.text("PhotometricInterpretation")
    grey = photometric in ("", "MONOCHROME1", "MONOCHROME2")
    if header.unsigned("SamplesPerPixel", 1) != 1 or not grey:
        return f"colour images ({photometric}), as a screenshot has, and no measured values"
    if not header.enhanced and not header.text("ImagePositionPatient"):
        return "no position in the patient (ImagePositionPatient)"
    return ""


def image_type(header: Header) -> set[str]:
    """Return the values of Image Type."""
    return {value.strip().upper() for value in header.text("ImageType").split("\\")}


def _rank(headers: list[Header]) -> int:
    """0 for a volume, 1 for a reformatted copy, 2 for localizers and single slices."""
    kinds = set.intersection(*map(image_type, headers))
    if "LOCALIZER" in kinds or sum(header.n_frames for header in headers) == 1:
        return 2
    return 1 if kinds & _REFORMATTED else 0


def _spacing(headers: list[Header]) -> tuple[float, float, float] | None:
    """Spacing as far as headers tell: the median gap along the normal for z."""
    try:
        in_plane = headers[0].numbers("PixelSpacing", 2)
        orientation = headers[0].numbers("ImageOrientationPatient", 6)
        positions = [header.numbers("ImagePositionPatient", 3) for header in headers]
    except ScanError:
        return None
    if in_plane is None or orientation is None or None in positions:
        return None
    if len(positions) == 1:
        between = headers[0].number("SliceThickness", 0)
    else:
        along = np.sort(np.array(positions) @ np.cross(orientation[:3], orientation[3:]))
        between = float(np.median(np.diff(along)))
    return in_plane[1], in_plane[0], between


def some(names: list[str], most: int = 5) -> str:
    """Join the first few of ``names``, and count the rest."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
