from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import typer
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
    generate_uid,
)
from typer.testing import CliRunner

from lesionary.cli.curate_convert import convert as command
from lesionary.cohort import check_cohort, read_cohort
from lesionary.cohort.curate.export import ExportError, convert_folder
from lesionary.scan import Geometry, Mask, read_mask, read_scan, write_rtstruct, write_seg

TURN = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
TURN *= np.sign(np.linalg.det(TURN))
SHAPE = (6, 10, 12)


def grid(linear) -> Geometry:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = linear, (-31.5, 12.25, 40.0)
    return Geometry(SHAPE, affine)


GRIDS = {
    "axial": grid(np.diag([0.7, 0.8, 2.5])),
    "sagittal": grid(np.array([[0, 0, 2.5], [0.7, 0, 0], [0, -0.8, 0]])),
    "coronal": grid(np.array([[0.7, 0, 0], [0, 0, 2.5], [0, -0.8, 0]])),
    "feet first": grid(np.diag([-0.7, 0.8, -2.5])),
    "feet first, prone": grid(np.diag([0.7, -0.8, -2.5])),
    "oblique": grid(TURN @ np.diag([0.7, 0.8, 2.5])),
    "tilted": grid([[0.7, 0, 0], [0, 0.8, 2.5 * np.sin(0.3)], [0, 0, 2.5 * np.cos(0.3)]]),
}
CLASSES = {
    "CT": CTImageStorage,
    "MR": MRImageStorage,
    "PT": PositronEmissionTomographyImageStorage,
}


def stored(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2000, SHAPE).astype(np.int16)


def write_dicom(folder: Path, voxels, geometry: Geometry, modality="CT", **attributes) -> Path:
    """Write one series, a slice a file, in a scrambled order of names."""
    folder.mkdir(parents=True, exist_ok=True)
    series, names = generate_uid(), np.random.default_rng(1).permutation(len(voxels))
    dx, dy, _ = geometry.spacing_mm
    for k, plane in enumerate(voxels):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CLASSES[modality]
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.4", series
        ds.FrameOfReferenceUID = "1.2.3.5"
        ds.PatientID, ds.PatientName = "SECRET-1", "Doe^Jane"
        ds.PatientBirthDate = ds.PatientSex = ds.StudyID = ds.AccessionNumber = ""
        ds.StudyDate = ds.SeriesDate = "20200131"
        ds.StudyTime = ds.SeriesTime = "101500"
        ds.ReferringPhysicianName = ""
        ds.Modality, ds.SeriesDescription = modality, "Thorax Doe venous 31.01.2020"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.SeriesNumber, ds.InstanceNumber, ds.SliceThickness = 2, k + 1, 2.5
        ds.ImagePositionPatient = [f"{v:.10g}" for v in geometry.to_mm((k, 0, 0))]
        ds.ImageOrientationPatient = [f"{v:.10g}" for v in geometry.direction[:, :2].T.ravel()]
        ds.PixelSpacing = [f"{dy:.10g}", f"{dx:.10g}"]
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns = plane.shape
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation = 15, 1
        ds.RescaleSlope, ds.RescaleIntercept = 1, 0
        ds.PixelData = plane.tobytes()
        ds["PixelData"].VR = "OW"
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
        ds.save_as(folder / f"{modality}{names[k]:03d}.dcm", enforce_file_format=True)
    return folder


def ball(scan, name: str, shift: int = 0) -> Mask:
    voxels = np.zeros(scan.shape, bool)
    voxels[1:5, 2:6, 2 + shift : 6 + shift] = True
    return Mask(voxels, scan.geometry, name)


def write_masks(folder: Path, *names: str) -> None:
    scan = read_scan(folder)
    masks = [ball(scan, name, 2 * k) for k, name in enumerate(names)]
    write_rtstruct(masks, scan, folder / "rtstruct.dcm")


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """Two patients: a CT with contours, and a PET beside an oblique MR."""
    ct = write_dicom(tmp_path / "in" / "p1", stored(), GRIDS["axial"], RescaleIntercept=-1024)
    write_masks(ct, "GTV-1", "1,SUV primair")
    other = tmp_path / "in" / "p2"
    write_dicom(other / "mr", stored(1), GRIDS["oblique"], "MR")
    tracer = Dataset()
    tracer.RadionuclideTotalDose = 3.5e8
    write_dicom(
        other / "pet",
        stored(2),
        GRIDS["axial"],
        "PT",
        Units="BQML",
        DecayCorrection="ADMIN",
        PatientWeight=70,
        RescaleSlope=2,
        RadiopharmaceuticalInformationSequence=[tracer],
    )
    return tmp_path / "in"


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd"])
@pytest.mark.parametrize("name", GRIDS)
def test_every_voxel_stays_where_it_was(tmp_path: Path, name: str, ending: str):
    geometry, voxels = GRIDS[name], stored()
    write_dicom(tmp_path / "in" / "p1", voxels, geometry)
    done = convert_folder(tmp_path / "in", tmp_path / "out", ending=ending, workers=0)
    (file,) = done.series["file"]
    again = read_scan(tmp_path / "out" / file)
    for index in [(0, 0, 0), (5, 9, 11), (2, 7, 3)]:
        there = np.rint(again.geometry.to_vox(geometry.to_mm(index))).astype(int)
        assert again.geometry.to_mm(there) == pytest.approx(geometry.to_mm(index), abs=1e-3)
        assert again.read()[tuple(there)] == voxels[index]


@pytest.mark.parametrize("name", ["axial", "sagittal", "oblique"])
def test_it_is_what_itk_makes_of_the_series(tmp_path: Path, name: str):
    folder = write_dicom(tmp_path / "in" / "p1", stored(), GRIDS[name])
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    theirs = reader.Execute()
    done = convert_folder(tmp_path / "in", tmp_path / "out", workers=0)
    ours = sitk.ReadImage(str(tmp_path / "out" / done.series["file"][0]))
    on_ours = sitk.Resample(theirs, ours, sitk.Transform(), sitk.sitkNearestNeighbor, -1)
    assert np.array_equal(sitk.GetArrayFromImage(on_ours), sitk.GetArrayFromImage(ours))


def test_a_tilted_gantrys_shear_is_in_the_nifti(tmp_path: Path):
    geometry = GRIDS["tilted"]
    write_dicom(tmp_path / "in" / "p1", stored(), geometry)
    done = convert_folder(tmp_path / "in", tmp_path / "out", workers=0)
    image = nibabel.load(tmp_path / "out" / done.series["file"][0])
    ras = np.diag([-1, -1, 1, 1]) @ geometry.affine
    assert image.get_sform() == pytest.approx(ras, abs=1e-4)
    assert "Tilted gantry (17.2 degrees)" in done.series["notes"][0]


def test_units_are_those_of_the_modality(delivery: Path, tmp_path: Path):
    done = convert_folder(delivery, tmp_path / "out", workers=0)
    table = done.series.set_index("modality")
    assert table["unit"].to_dict() == {"CT": "HU", "MR": "a.u.", "PT": "SUV"}
    assert table["status"].tolist() == ["converted"] * 3
    read = {kind: read_scan(tmp_path / "out" / table["file"][kind]).read() for kind in table.index}
    assert np.array_equal(read["CT"], stored() - 1024)
    # SUV = activity concentration / (dose / weight in g), here decay-corrected to injection.
    assert np.sort(read["PT"], axis=None) == pytest.approx(
        np.sort(stored(2) * 2 * 70e3 / 3.5e8, axis=None), rel=1e-5
    )


def test_the_cohort_is_a_lesion_table_with_the_contours(delivery: Path, tmp_path: Path):
    out = tmp_path / "out"
    convert_folder(delivery, out, workers=0)
    assert not [one for one in check_cohort(out / "cohort.csv") if one.level == "error"]
    cohort = read_cohort(out / "cohort.csv")
    assert cohort.table["roi"].tolist() == ["GTV-1", "1,SUV primair"]
    assert cohort.table["lesion_id"].tolist() == ["p1_GTV-1", "p1_1-SUV-primair"]
    source = read_scan(delivery / "p1")
    for row in cohort:
        scan = read_scan(cohort.image_path(row))
        mask = read_mask(cohort.mask_path(row), scan)
        wanted = read_mask(delivery / "p1" / "rtstruct.dcm", source, roi=row["roi"])
        assert np.array_equal(mask.voxels, wanted.voxels)
        assert cohort.seed_mm(row) == pytest.approx(wanted.center_mm)


@pytest.mark.parametrize("name", ["oblique", "tilted"])
def test_segmentations_on_any_grid(tmp_path: Path, name: str):
    folder = write_dicom(tmp_path / "in" / "p1", stored(), GRIDS[name])
    scan = read_scan(folder)
    write_seg([ball(scan, "tumour"), ball(scan, "node", 4)], scan, folder / "seg.dcm")
    done = convert_folder(tmp_path / "in", tmp_path / "out", workers=0)
    for file, shift in zip(done.cohort["mask_path"], (0, 4), strict=True):
        found = read_scan(tmp_path / "out" / file)
        assert found.geometry.matches(scan.geometry, 1e-3)
        assert np.array_equal(found.read() > 0, ball(scan, "", shift).voxels)


def test_regions_are_chosen_by_name_and_pattern(tmp_path: Path):
    folder = write_dicom(tmp_path / "in" / "p1", stored(), GRIDS["axial"])
    write_masks(folder, "GTV-1", "gtv-1", "Lung")

    def rois(*roi: str) -> list[str]:
        out = tmp_path / "-".join(roi).replace("*", "x")
        done = convert_folder(tmp_path / "in", out, roi=roi, workers=0)
        files = done.cohort["mask_path"].str.lower()
        assert files.is_unique  # on a disk that does not know upper from lower case, too
        return done.cohort["roi"].tolist()

    assert rois("gtv*") == ["GTV-1", "gtv-1"]
    assert rois("lung", "nothing") == ["Lung"]
    assert rois("l*", "GTV-1") == ["GTV-1", "gtv-1", "Lung"]
    none = convert_folder(tmp_path / "in", tmp_path / "none", roi=["PTV"], workers=0)
    assert none.set_aside["reason"].tolist() == [
        "No ROI is called 'PTV'; there are 'GTV-1', 'gtv-1', 'Lung'."
    ]
    assert not (tmp_path / "none" / "cohort.csv").exists()


def test_the_same_region_in_two_files_comes_once(tmp_path: Path):
    folder = write_dicom(tmp_path / "in" / "p1", stored(), GRIDS["axial"])
    scan = read_scan(folder)
    write_rtstruct([ball(scan, "GTV")], scan, folder / "rt.dcm")
    write_seg([ball(scan, "GTV")], scan, folder / "seg.dcm")
    done = convert_folder(tmp_path / "in", tmp_path / "out", workers=0)
    assert len(done.cohort) == 1
    assert "same region as in rt.dcm" in done.set_aside["reason"][0]
    again = convert_folder(tmp_path / "in", tmp_path / "out", workers=0)
    assert again.earlier == 1
    pd.testing.assert_frame_equal(again.set_aside, done.set_aside)


def test_regions_that_are_not_there_are_looked_for_once_and_leave_no_old_table(
    delivery: Path, tmp_path: Path
):
    out = tmp_path / "out"
    convert_folder(delivery, out, workers=0)
    assert (out / "cohort.csv").exists()
    for earlier in (0, 3):
        done = convert_folder(delivery, out, roi=["liver*"], workers=0)
        assert (done.earlier, len(done.cohort)) == (earlier, 0)
        assert "No ROI is called 'liver*'" in done.set_aside["reason"][0]
        assert not (out / "cohort.csv").exists()


def test_no_identity_in_what_is_written(delivery: Path, tmp_path: Path):
    out, who = tmp_path / "out", tmp_path / "keys" / "who.csv"
    scan = read_scan(delivery / "p1")
    regions = [ball(scan, "Doe tumour"), ball(scan, "JaneDoe 31.1.2020 GTV", 2)]
    write_rtstruct(regions, scan, delivery / "p1" / "more.dcm")
    delivery.joinpath("p1").rename(delivery / "Doe_Jane")
    (delivery / "Doe_Jane" / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\2" * 64)
    done = convert_folder(
        delivery, out, secret=tmp_path / "keys" / "secret", mapping=who, workers=0
    )
    assert "Thorax venous" in done.series["description"].tolist()
    uid = scan.dicom.series_uid
    written = [file for file in out.rglob("*") if file.is_file()]
    assert len(written) > 6
    for file in written:
        for word in (
            b"Doe",
            b"doe",
            b"Jane",
            b"SECRET-1",
            b"20200131",
            b"31.1.2020",
            b"31.01.2020",
            uid.encode(),
            b"1.2.3.4",
        ):
            assert word not in file.read_bytes(), (file, word)
            assert word.decode() not in str(file.relative_to(out))
    mapping = pd.read_csv(who)
    assert set(mapping["folder"]) == {"Doe_Jane", "p2"}
    assert uid in set(mapping["SeriesInstanceUID"])
    assert set(done.series["patient_id"]) == set(mapping["patient_id"])


def test_files_without_a_preamble_are_converted_too(tmp_path: Path):
    folder = write_dicom(tmp_path / "in" / "p1", stored(), GRIDS["axial"])
    for file in folder.iterdir():
        ds = dcmread(file)
        del ds.file_meta
        ds.preamble = None
        ds.save_as(file, implicit_vr=True, little_endian=True)
    done = convert_folder(tmp_path / "in", tmp_path / "out", workers=0)
    assert done.series["status"].tolist() == ["converted"]


def test_two_patients_in_one_folder_are_told_apart(tmp_path: Path):
    for number in (1, 2):
        place = tmp_path / "in" / "dump"
        write_dicom(place / str(number), stored(number), GRIDS["axial"], PatientID=f"N{number}")
    done = convert_folder(tmp_path / "in", tmp_path / "out", workers=0)
    assert sorted(done.series["patient_id"]) == ["dump-1", "dump-2"]


def test_it_goes_on_where_it_stopped(delivery: Path, tmp_path: Path):
    out = tmp_path / "out"
    first = convert_folder(delivery, out, workers=0)
    kept, lost = first.cohort["image_path"][0], first.series["file"][1]
    before = (out / kept).stat().st_mtime_ns
    (out / lost).unlink()
    again = convert_folder(delivery, out, workers=0)
    assert again.earlier == 2
    assert (out / lost).exists()
    assert (out / kept).stat().st_mtime_ns == before
    pd.testing.assert_frame_equal(again.series, first.series)
    pd.testing.assert_frame_equal(again.cohort, first.cohort)


def test_what_is_no_volume_is_passed_over_and_what_fails_is_set_aside(
    delivery: Path, tmp_path: Path
):
    write_dicom(
        delivery / "p2" / "scout",
        stored()[:1],
        GRIDS["axial"],
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
    )
    (delivery / "p1" / "CT000.dcm").unlink()
    (delivery / "p1" / "CT003.dcm").unlink()
    (delivery / "p3").mkdir()
    (delivery / "p3" / "readme.txt").write_text("no DICOM")
    done = convert_folder(delivery, tmp_path / "out", modalities=["CT", "MR"], workers=0)
    status = done.series.groupby("modality")["status"].apply(sorted).to_dict()
    assert status["CT"] == ["failed", "passed over"]
    assert (status["MR"], status["PT"]) == (["converted"], ["passed over"])
    assert set(done.set_aside["patient_id"]) == {"p1", "p3"}
    assert done.cohort.empty


def test_settings_that_contradict_themselves(delivery: Path, tmp_path: Path):
    with pytest.raises(ExportError, match="is no modality"):
        convert_folder(delivery, tmp_path / "out", modalities=["XR"])
    with pytest.raises(ExportError, match="which is read"):
        convert_folder(delivery, delivery / "out")
    with pytest.raises(ExportError, match="must not lie in"):
        convert_folder(delivery, tmp_path / "out", mapping=tmp_path / "out" / "who.csv")
    with pytest.raises(ExportError, match="Files end in"):
        convert_folder(delivery, tmp_path / "out", ending=".jpg")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExportError, match="no series"):
        convert_folder(tmp_path / "empty", tmp_path / "out", workers=0)


def test_the_command_in_parallel(delivery: Path, tmp_path: Path):
    app = typer.Typer()
    app.command()(command)
    out = tmp_path / "out"
    words = [str(delivery), "--out", str(out), "--format", "nrrd", "--roi", "GTV*"]
    done = CliRunner().invoke(app, [*words, "--workers", "1"])
    assert done.exit_code == 0, done.output
    assert "3 series, 3 converted" in done.output
    assert len(read_cohort(out / "cohort.csv")) == 1


@pytest.mark.real_data
def test_a_real_patient(real_data: Path, tmp_path: Path):
    done = convert_folder(real_data / "lung1", tmp_path / "out", roi=["GTV-1"], workers=0)
    (row,) = done.cohort.to_dict("records")
    # Voxels of GTV-1 as the precision-medicine-toolbox converts it, 0.9765625^2 x 3 mm.
    mask = read_scan(tmp_path / "out" / row["mask_path"]).read()
    assert np.count_nonzero(mask) == pytest.approx(54449, abs=1)


@pytest.mark.real_data
def test_the_ibsi_phantom_is_its_published_nifti(real_data: Path, tmp_path: Path):
    folder = real_data / "ibsi_1_ct_radiomics_phantom"
    done = convert_folder(folder / "dicom", tmp_path / "in-parts", roi=["GTV-1"], workers=0)
    assert done.set_aside["reason"].str.contains("not in this patient's folder").any()
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "phantom").symlink_to(folder / "dicom")
    done = convert_folder(tmp_path / "all", tmp_path / "out", roi=["GTV-1"], workers=0)
    theirs = read_scan(folder / "nifti" / "image" / "phantom.nii.gz")
    ours = read_scan(tmp_path / "out" / done.cohort["image_path"][0])
    assert ours.geometry.matches(theirs.geometry, 0.01)
    assert np.array_equal(ours.read(), np.rint(theirs.read()))
    mask = read_scan(folder / "nifti" / "mask" / "mask.nii.gz").read() > 0
    drawn = read_scan(tmp_path / "out" / done.cohort["mask_path"][0]).read() > 0
    assert (mask != drawn).sum() < 0.005 * mask.sum()
