"""How long `lesionary curate describe` takes for 10,000 files (aim: under 20 s on 2 cores).

    python benchmarks/curate.py [--files 10000] [--workers 2] [--size 512]

Writes CT series of 200 slices with headers as a scanner fills them, reads them once to warm the
disk, and takes the time of describing them: wall, and processor time of all processes, which
says what it costs where the machine is busy. Exits 1 where the wall time is over the limit and
the processor time over the limit times the processes.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from lesionary.cohort.curate import describe_folder

LIMIT_S = 20.0
SLICES = 200


def header(patient: int, size: int) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"]
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20190312"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "101500.250000"
    ds.AccessionNumber, ds.Modality, ds.Manufacturer = f"A{patient}", "CT", "SIEMENS"
    ds.InstitutionName, ds.ReferringPhysicianName = "Hospital", "Roe^R"
    ds.StationName, ds.StudyDescription = "CT01", "CT Thorax"
    ds.SeriesDescription, ds.ManufacturerModelName = "Thorax 1.0 B30f", "Sensation 64"
    ds.PatientName, ds.PatientID = f"Doe{patient}^Jane", f"ID{patient:06d}"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "19500101", "F", "069Y"
    ds.BodyPartExamined, ds.ScanOptions, ds.SliceThickness, ds.KVP = "CHEST", "SPI", 1, 120
    ds.DataCollectionDiameter, ds.ReconstructionDiameter = 500, 350
    ds.SoftwareVersions, ds.ProtocolName = "VA44A", "Thorax"
    ds.GantryDetectorTilt, ds.TableHeight, ds.RotationDirection = 0, 150, "CW"
    ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = 500, 180, 90
    ds.FilterType, ds.GeneratorPower, ds.FocalSpots = "0", 40, [0.7]
    ds.ConvolutionKernel, ds.PatientPosition = "B30f", "HFS"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.FrameOfReferenceUID, ds.StudyID, ds.SeriesNumber = generate_uid(), "1", 2
    ds.ImageOrientationPatient, ds.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.68, 0.68]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows = ds.Columns = size
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = [40, -600], [400, 1200]
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = -1024, 1, "HU"
    ds.PixelData = np.zeros((size, size), np.uint16).tobytes()
    return ds


def write(folder: Path, files: int, size: int) -> None:
    for number in range(files):
        patient, k = divmod(number, SLICES)
        if k == 0:
            ds = header(patient, size)
            (folder / f"{patient:04d}").mkdir()
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.InstanceNumber, ds.SliceLocation = k + 1, k
        ds.ImagePositionPatient = [-170.5, -160.25, -300.0 + k]
        ds.save_as(folder / f"{patient:04d}" / f"{k:04d}.dcm", enforce_file_format=True)


def processor_s() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(one)[:2]) for one in who)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--files", type=int, default=10_000)
parser.add_argument("--workers", type=int, default=2)
parser.add_argument("--size", type=int, default=512, help="rows and columns of a slice")
options = parser.parse_args()

with tempfile.TemporaryDirectory() as name:
    write(Path(name), options.files, options.size)
    for file in Path(name).rglob("*.dcm"):
        with file.open("rb") as handle:
            handle.read(8192)
    start, before = time.perf_counter(), processor_s()
    described = describe_folder(name, workers=options.workers)
    wall, spent = time.perf_counter() - start, processor_s() - before

assert described.table["slices"].sum() == options.files
assert len(described.table) == -(-options.files // SLICES)
print(f"{options.files:,} files, {len(described.table)} series, {options.workers} processes")
print(f"wall {wall:.1f} s, processor {spent:.1f} s ({1000 * spent / options.files:.2f} ms a file)")
limit = LIMIT_S * options.files / 10_000
sys.exit(wall > limit and spent > limit * max(options.workers, 1))
