"""What a DICOM file says of itself and of the series it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydicom import Dataset, dcmread

from lesionary.errors import MaskError

MASK_MODALITIES = ("SEG", "RTSTRUCT")

_TAGS = [
    "SOPClassUID",
    "Modality",
    "SeriesInstanceUID",
    "ReferencedSeriesSequence",
    "ReferencedFrameOfReferenceSequence",
]


def read_dicom_header(path: Path) -> Dataset | None:
    """Return what tells a DICOM file's modality, series and references; None if it is no DICOM.

    Raises
    ------
    MaskError
        If the file begins as DICOM and cannot be read further.
    """
    with path.open("rb") as handle:
        handle.seek(128)
        if handle.read(4) != b"DICM":
            return None
    try:
        return dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
    # A damaged file can make a parser raise anything; its values may identify a patient, so
    # only the kind of the error is told.
    except Exception as error:
        raise MaskError(f"DICOM file {path} is damaged ({type(error).__name__}).") from error


def referenced_series(dataset: Dataset) -> set[str]:
    """Return the SeriesInstanceUIDs of the images that a SEG or RTSTRUCT was made on."""
    return {str(item.SeriesInstanceUID) for item in _series_items(dataset)}


def _series_items(dataset: Dataset) -> Iterator[Dataset]:
    found = list(dataset.get("ReferencedSeriesSequence") or [])
    for frame in dataset.get("ReferencedFrameOfReferenceSequence") or []:
        for study in frame.get("RTReferencedStudySequence") or []:
            found.extend(study.get("RTReferencedSeriesSequence") or [])
    return (item for item in found if "SeriesInstanceUID" in item)
