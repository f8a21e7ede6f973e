"""DICOM objects as they lie in a folder: with or without a preamble, whole or cut off."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.pixels.utils import get_expected_length
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from lesionary.cohort.curate.export.ledger import ExportError
from lesionary.scan.dicom.parse import read_headers
from lesionary.scan.dicom.parts import Opener, Part
from lesionary.scan.masks.references import read_dicom_header


def is_object(path: Path) -> bool:
    """Tell whether a file is DICOM; old ones begin without a preamble.

    Raises
    ------
    MaskError
        If the file begins as DICOM and cannot be read further.
    """
    if read_dicom_header(path) is not None:
        return True
    with Opener() as opener:
        headers, unreadable = read_headers([Part(path)], opener)
    return bool(headers or unreadable)


def read_object(path: Path) -> Dataset | None:
    """Read a DICOM object with its pixels; None if the file is none, or lists others (DICOMDIR).

    Raises
    ------
    ExportError
        If the file ends before its pixels do.
    """
    if not is_object(path):
        return None
    dataset = dcmread(path, force=True)
    if "DirectoryRecordSequence" in dataset:
        return None
    meta = getattr(dataset, "file_meta", FileMetaDataset())
    if "TransferSyntaxUID" not in meta:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
        dataset.file_meta = meta
    _refuse_cut_off(dataset)
    return dataset


def _refuse_cut_off(dataset: Dataset) -> None:
    if "PixelData" not in dataset or dataset.file_meta.TransferSyntaxUID.is_compressed:
        return
    there, expected = len(dataset.PixelData or b""), get_expected_length(dataset)
    if there < expected:
        raise ExportError(
            f"The file is cut off: {there:,} of {expected:,} bytes of pixels are there. Fetch it "
            "again."
        )
