"""Decode what pydicom's plugins cannot, with the GDCM that SimpleITK brings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import SecondaryCaptureImageStorage, generate_uid

from lesionary.errors import ScanError
from lesionary.scan.dicom.header import PARSER_ERRORS, Header
from lesionary.scan.dicom.parts import Opener

_PIXEL_MODULE = (
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)


def decode_with_gdcm(
    header: Header, indices: list[int], opener: Opener, *, reason: Exception
) -> Iterator[NDArray[Any]]:
    """Yield frames as stored.

    GDCM reads files only and applies a rescale of its own choice. So each frame goes into a
    temporary file that holds the compressed pixels and their layout, and nothing else.

    Raises
    ------
    ScanError
        Names the transfer syntax where GDCM cannot decode it either; ``reason`` says why
        pydicom could not.
    """
    try:
        with opener.open(header.part) as handle:
            pixel_data = pydicom.dcmread(handle, specific_tags=["PixelData"]).PixelData
        with tempfile.TemporaryDirectory() as folder:
            for index in indices:
                frame = get_frame(pixel_data, index, number_of_frames=header.n_frames)
                path = Path(folder, "frame.dcm")
                _wrap(frame, header).save_as(path, enforce_file_format=True)
                image = sitk.ReadImage(str(path), imageIO="GDCMImageIO")
                yield sitk.GetArrayFromImage(image).squeeze(axis=0)
    except PARSER_ERRORS as error:
        raise ScanError(
            f"{header.part}: the pixels ({header.transfer_syntax.name}) cannot be decoded; the "
            f"file is damaged or no decoder for it is installed "
            f"({str(reason).partition(chr(10))[0]})."
        ) from error


def _wrap(frame: bytes, header: Header) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = header.transfer_syntax
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    for keyword in _PIXEL_MODULE:
        setattr(dataset, keyword, header.unsigned(keyword))
    dataset.PixelData = encapsulate([frame])
    return dataset
