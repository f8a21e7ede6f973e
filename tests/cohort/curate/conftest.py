"""A phantom as a hospital would deliver it: names in headers, folders and descriptions."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from lesionary.phantom import PhantomConfig, make_phantom
from lesionary.phantom.dicom import write_series
from lesionary.scan import ArrayVoxels, Mask, Scan, write_rtstruct

SLICES, AIR = 30, 6
Change = Callable[[Dataset, int], object]


@pytest.fixture(scope="session")
def phantom_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One CT of 30 slices with an RTSTRUCT that holds one lesion."""
    patient = make_phantom(1, 0, PhantomConfig(size="tiny"))
    lesion = patient.mask == patient.truth[0]["mask_label"]
    middle = int(lesion.any(axis=(1, 2)).nonzero()[0].mean())
    start = min(max(middle - SLICES // 2, 0), len(lesion) - SLICES)
    part = patient.scan.read(start, start + SLICES)
    # The small phantom fills its image; a scanner's field of view holds air as well.
    around = ((0, 0), (AIR, AIR), (AIR, AIR))
    voxels = np.pad(part, around, constant_values=-1000)
    lesion = np.pad(lesion[start : start + SLICES], around)
    geometry = patient.scan.geometry.crop((start, -AIR, -AIR), voxels.shape)
    scan = replace(patient.scan, geometry=geometry, voxels=ArrayVoxels(voxels))
    folder = tmp_path_factory.mktemp("phantom") / "DOE_JANE_20190312"
    written: Scan = write_series(scan, folder / "ct", "SECRET-77", ("curate",))
    mask = Mask(lesion, geometry, "GTV-1")
    write_rtstruct([mask], written, folder / "structures.dcm")
    change_files(sorted(folder.rglob("*.dcm")), _name)
    return folder


def _name(ds: Dataset, _: int) -> None:
    ds.PatientName, ds.PatientID = "Doe^Jane", "SECRET-77"
    ds.PatientBirthDate, ds.StudyDate, ds.SeriesDate = "19501224", "20190312", "20190312"
    ds.SeriesDescription = "Thorax Doe, Jane 12.03.2019"


def change_files(files: list[Path], change: Change) -> None:
    for number, file in enumerate(files):
        ds = dcmread(file)
        change(ds, number)
        ds.save_as(file)


@pytest.fixture
def change() -> Callable[[list[Path], Change], None]:
    """Rewrite DICOM files: ``change(files, lambda ds, number: ...)``."""
    return change_files


@pytest.fixture
def delivery(phantom_folder: Path, tmp_path: Path) -> Path:
    """A folder with one patient, to be altered."""
    folder = tmp_path / "delivery"
    shutil.copytree(phantom_folder, folder / phantom_folder.name)
    return folder


@pytest.fixture
def slices(delivery: Path) -> list[Path]:
    """The files of the CT in ``delivery``, from foot to head."""
    files = list(delivery.rglob("ct/*.dcm"))
    return sorted(files, key=lambda file: float(dcmread(file).ImagePositionPatient[2]))
