"""A synthetic patient as DICOM: a CT series as a scanner would send it, SEG and RTSTRUCT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

from lesionary import __version__
from lesionary.phantom.patient import PhantomPatient
from lesionary.scan import DicomSource, Scan
from lesionary.scan.masks import Mask, write_rtstruct, write_seg

_STORED_OFFSET = 1024  # stored values are unsigned: HU plus this


def write_masks(visit: PhantomPatient, labels: NDArray[np.uint8], scan: Scan, path: Path) -> None:
    """Write outlines on a series as SEG and, beside it, as RTSTRUCT.

    Parameters
    ----------
    visit : PhantomPatient
    labels : ndarray of uint8, shape (z, y, x)
        The true masks, or a reader's.
    scan : Scan
        As :func:`write_series` returned it.
    path : Path
        Of the SEG; its name ends in ``_seg.dcm``.
    """
    masks = [
        Mask(labels == row["mask_label"], scan.geometry, row["lesion_id"]) for row in visit.truth
    ]
    write_seg(masks, scan, path)
    write_rtstruct(masks, scan, path.with_name(path.name.replace("_seg", "_rtstruct")))


def write_series(scan: Scan, folder: Path, patient_id: str, names: tuple[str, ...]) -> Scan:
    """Write a CT series, one file a slice, and return the scan as one that comes from there.

    Identifiers follow from ``names``: the same names, the same files.
    """
    folder.mkdir(parents=True)
    study, series, frame = (_uid(*names, kind) for kind in ("study", "series", "frame"))
    header = _header(scan, patient_id, study, series, frame)
    stored = (scan.read() + np.int16(_STORED_OFFSET)).astype(np.uint16)
    positions = scan.geometry.to_mm([(k, 0, 0) for k in range(scan.shape[0])])
    files = []
    for k, (pixels, position) in enumerate(zip(stored, positions, strict=True)):
        header.SOPInstanceUID = _uid(*names, "image", str(k))
        header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
        header.InstanceNumber = scan.shape[0] - k  # scanned from head to foot
        header.ImagePositionPatient = [f"{v:.10g}" for v in position]
        header.SliceLocation = f"{position[2]:.10g}"
        header.PixelData = pixels.tobytes()
        files.append(folder / f"{header.InstanceNumber:04d}.dcm")
        header.save_as(files[-1], enforce_file_format=True)
    return replace(scan, dicom=DicomSource(series, study, frame, tuple(files)))


def _uid(*names: str) -> UID:
    return generate_uid(entropy_srcs=["lesionary phantom", *names])


def _header(scan: Scan, patient_id: str, study: UID, series: UID, frame: UID) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = CTImageStorage
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = "20000101"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = "120000"
    ds.AccessionNumber = ds.StudyID = ds.ReferringPhysicianName = ""
    ds.PatientName, ds.PatientID = f"Phantom^{patient_id}", patient_id
    ds.PatientBirthDate = ds.PatientSex = ""
    ds.PatientPosition = "HFS"
    ds.Modality, ds.Manufacturer = "CT", "Lesionary"
    ds.ManufacturerModelName, ds.SoftwareVersions = "Phantom", __version__
    ds.SeriesDescription, ds.SeriesNumber, ds.AcquisitionNumber = "Synthetic CT", 1, 1
    ds.PositionReferenceIndicator = ""
    ds.KVP = "120"
    ds.ConvolutionKernel = str(scan.acquisition["kernel"]).upper()
    ds.SliceThickness = f"{scan.acquisition['slice_thickness_mm']:g}"
    dx, dy, _ = scan.spacing_mm
    ds.PixelSpacing = [f"{dy:.10g}", f"{dx:.10g}"]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    _, ds.Rows, ds.Columns = scan.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = -_STORED_OFFSET, 1, "HU"
    return ds
