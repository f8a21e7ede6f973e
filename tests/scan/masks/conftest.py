"""A small DICOM series on any grid, and structure sets drawn on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTStructureSetStorage,
    generate_uid,
)

from lesionary.scan import Geometry, Scan, read_scan

STUDY, SERIES, FRAME = (f"1.2.826.0.1.3680043.8.498.{n}" for n in (2, 1, 3))
PATIENT_NAME, PATIENT_ID = "Doe^Jane", "SECRET-1"

AXIAL = Geometry(
    (6, 20, 24), [[0.8, 0, 0, -7.3], [0, 0.7, 0, 11.9], [0, 0, 2.5, -31.0], [0, 0, 0, 1]]
)


def oblique(shape: tuple[int, int, int] = (6, 20, 24), tilt: float = 0.0) -> Geometry:
    """A grid rotated about two axes; ``tilt`` shears its slices (a tilted gantry)."""
    a, b = 0.35, -0.2
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    lean = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ lean @ np.diag([0.8, 0.7, 2.5])
    affine[:3, 2] += tilt * affine[:3, 1]
    affine[:3, 3] = (-40.2, 31.7, 12.9)
    return Geometry(shape, affine)


def write_series(folder: Path, grid: Geometry) -> Scan:
    """Write one file a slice, and read them as a scan."""
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(grid.shape[0]):
        image = _dataset(CTImageStorage, "CT", SERIES)
        image.FrameOfReferenceUID = FRAME
        image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        image.SliceThickness = grid.spacing_mm[2]
        image.ImagePositionPatient = [f"{v:.9g}" for v in grid.to_mm((k, 0, 0))]
        image.ImageOrientationPatient = [f"{v:.9g}" for v in grid.direction[:, :2].T.ravel()]
        image.PixelSpacing = [grid.spacing_mm[1], grid.spacing_mm[0]]
        image.Rows, image.Columns = grid.shape[1:]
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated = image.BitsStored = 16
        image.HighBit, image.PixelRepresentation = 15, 1
        image.RescaleSlope, image.RescaleIntercept = 1, 0
        image.PixelData = np.full(grid.shape[1:], k, np.int16).tobytes()
        image.save_as(folder / f"{k}.dcm", enforce_file_format=True)
    return read_scan(folder)


def write_structures(
    path: Path,
    rois: dict[str, Sequence[np.ndarray]],
    *,
    kind: str = "CLOSED_PLANAR",
    frame: str = FRAME,
) -> Path:
    """Write ROIs given as lists of contours, each points (n, 3) in LPS mm."""
    structures = _dataset(RTStructureSetStorage, "RTSTRUCT", generate_uid())
    structures.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    structures.StructureSetROISequence, structures.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(rois.items(), start=1):
        roi, drawn = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName = number, name
        roi.ReferencedFrameOfReferenceUID = frame
        drawn.ReferencedROINumber = number
        drawn.ContourSequence = []
        for points in contours:
            contour = Dataset()
            contour.ContourGeometricType = kind
            contour.NumberOfContourPoints = len(points)
            contour.ContourData = [f"{v:.6f}" for v in np.ravel(points)]
            drawn.ContourSequence.append(contour)
        structures.StructureSetROISequence.append(roi)
        structures.ROIContourSequence.append(drawn)
    structures.save_as(path, enforce_file_format=True)
    return path


def outline(
    grid: Geometry, k: float, rows: tuple[float, float], columns: tuple[float, float]
) -> np.ndarray:
    """A rectangle in slice ``k``, from and to these voxel indices, as points in mm."""
    (r0, r1), (c0, c1) = rows, columns
    return grid.to_mm([(k, r0, c0), (k, r0, c1), (k, r1, c1), (k, r1, c0)])


def _dataset(sop_class: str, modality: str, series: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, generate_uid()
    dataset.Modality = modality
    dataset.PatientName, dataset.PatientID = PATIENT_NAME, PATIENT_ID
    dataset.PatientBirthDate, dataset.PatientSex = "19010101", "F"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, series
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "20010203", "101112", "1"
    dataset.AccessionNumber, dataset.ReferringPhysicianName = "A-1", ""
    return dataset


@pytest.fixture
def scan_on(tmp_path: Path) -> Callable[[Geometry], Scan]:
    """Make a DICOM scan on a grid: ``scan_on(AXIAL)``."""
    return lambda grid: write_series(tmp_path / "series", grid)
