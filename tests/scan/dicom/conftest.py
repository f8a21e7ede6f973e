"""A small factory of DICOM files: what a test does not mention is a plain axial CT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

SERIES = UID("1.2.826.0.1.3680043.8.498.1")
STUDY = UID("1.2.826.0.1.3680043.8.498.2")
FRAME_OF_REFERENCE = UID("1.2.826.0.1.3680043.8.498.3")

Write = Callable[..., Path]
WriteSeries = Callable[..., list[Path]]


@pytest.fixture
def make_slice() -> Callable[..., Dataset]:
    return _make_slice


@pytest.fixture
def write_slice() -> Write:
    """Write one slice: ``write_slice(path, z, pixels, syntax=..., SomeAttribute=...)``."""
    return _write_slice


@pytest.fixture
def write_series() -> WriteSeries:
    """Write axial slices at ``positions`` (mm), in a scrambled order of names."""
    return _write_series


def stored_values(seed: int, shape: tuple[int, ...] = (6, 8)) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-1000, 2000, shape).astype(np.int16)


def _make_slice(
    z: float = 0.0,
    pixels: NDArray[Any] | None = None,
    *,
    syntax: UID = ExplicitVRLittleEndian,
    **attributes: Any,
) -> Dataset:
    pixels = stored_values(round(z * 10) + 5000) if pixels is None else pixels
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = generate_uid()
    ds.Modality = "CT"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.PatientName = "Doe^Jane"
    ds.PatientID = "SECRET-1"
    ds.StudyInstanceUID = STUDY
    ds.SeriesInstanceUID = SERIES
    ds.FrameOfReferenceUID = FRAME_OF_REFERENCE
    ds.SliceThickness = 3
    ds.KVP = 120
    ds.ImagePositionPatient = [-10.5, 20.25, z]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [0.75, 0.5]
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.BitsAllocated = ds.BitsStored = pixels.dtype.itemsize * 8
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.RescaleSlope, ds.RescaleIntercept = 1, 0
    data = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    if syntax == ExplicitVRBigEndian:  # bytes come in words, which are swapped
        word = np.dtype(f"u{max(pixels.dtype.itemsize, 2)}")
        data = np.frombuffer(data, word).byteswap().tobytes()
    ds.PixelData = data
    ds["PixelData"].VR = "OW"
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    ds.HighBit = attributes.get("HighBit", ds.BitsStored - 1)
    return ds


def _write_slice(
    path: Path,
    z: float = 0.0,
    pixels: NDArray[Any] | None = None,
    *,
    syntax: UID = ExplicitVRLittleEndian,
    **attributes: Any,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ds = _make_slice(z, pixels, syntax=syntax, **attributes)
    ds.save_as(
        path,
        enforce_file_format=True,
        **(
            {"implicit_vr": syntax == ImplicitVRLittleEndian, "little_endian": False}
            if syntax == ExplicitVRBigEndian
            else {}
        ),
    )
    return path


def _write_series(
    folder: Path, positions: Sequence[float] = (0, 3, 6, 9, 12), **attributes: Any
) -> list[Path]:
    """Return the files in the order of ``positions``; their names sort otherwise."""
    names = np.random.default_rng(0).permutation(len(positions))
    return [
        _write_slice(folder / f"{name:04d}.dcm", z, **attributes)
        for name, z in zip(names, positions, strict=True)
    ]
