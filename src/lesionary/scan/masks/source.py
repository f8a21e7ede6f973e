"""The DICOM files that a new object refers to, and takes its patient and study from."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from pydicom import Dataset, dcmread

from lesionary.errors import MaskError
from lesionary.scan.scan import Scan

VERSION = version("lesionary")

SERIES_NUMBER = 900
"""Series number of what we write: high, so that it follows the scanner's own series."""


def read_sources(scan: Scan) -> list[Dataset]:
    """Read the header of the file of every slice, or the one of a multi-frame file.

    A file that stands for two slices (beside a filled gap) is the same data set in both.

    Raises
    ------
    MaskError
        If the scan does not come from DICOM files.
    """
    if scan.dicom is None or not scan.dicom.files:
        raise MaskError(
            f"{scan.source or 'This scan'} was not read from DICOM files, so a DICOM object "
            "cannot refer to it. Read the scan from its DICOM folder, or write the mask as NIfTI "
            "or NRRD."
        )
    headers = {file: dcmread(file, stop_before_pixels=True) for file in set(scan.dicom.files)}
    return [headers[file] for file in scan.dicom.files]


def each_once(headers: Sequence[Dataset]) -> list[Dataset]:
    """Return the data sets in their order, without repetitions."""
    return list({header.SOPInstanceUID: header for header in headers}.values())
