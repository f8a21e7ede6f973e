"""Folders of patients: tables, files, resuming, both formats, the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import yaml
from typer.testing import CliRunner

from lesionary import read_cohort, read_mask, read_scan
from lesionary.cli.phantom import app
from lesionary.files import sha256
from lesionary.phantom import PhantomConfig, PhantomError, make_cohort, make_phantom, store

TINY = PhantomConfig(size="tiny")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cohort")
    config = PhantomConfig(size="tiny", sites=("lung", "liver"), retest=True, readers=1)
    make_cohort(out, 3, seed=1, config=config)
    return out


@pytest.mark.parametrize("table", ["cohort", "retest", "reader1"])
def test_tables_are_cohorts_and_files_are_what_they_say(made: Path, table: str) -> None:
    cohort = read_cohort(made / f"{table}.csv").table
    assert cohort["lesion_id"].is_unique
    for row in cohort.itertuples():
        scan = read_scan(made / row.image_path)
        mask = read_mask(made / row.mask_path, scan, label=row.mask_label)
        seed = (row.coordX, row.coordY, row.coordZ)
        away = np.abs(np.array(mask.center_mm) - seed)
        assert (away < np.array(scan.spacing_mm) * (1 if table != "reader1" else 3)).all()


def test_voxels_on_disk_are_those_of_the_patient_and_itk_agrees(made: Path) -> None:
    config = PhantomConfig(size="tiny", sites=("lung", "liver"), retest=True, readers=1)
    patient = make_phantom(1, 2, config)
    image = sitk.ReadImage(made / "scans/P0003/ct.nii")
    assert np.array_equal(sitk.GetArrayFromImage(image), patient.scan.read())
    assert image.GetSpacing() == pytest.approx(patient.scan.spacing_mm)
    assert image.GetOrigin() == pytest.approx(patient.scan.geometry.origin_mm, abs=1e-3)
    labels = sitk.GetArrayFromImage(sitk.ReadImage(made / "scans/P0003/retest_mask.nii.gz"))
    assert patient.retest is not None
    assert np.array_equal(labels, patient.retest.mask)


def test_truth_holds_everything_and_the_yaml_says_what_is_possible(made: Path) -> None:
    truth = pd.read_csv(made / "truth.csv")
    patient = truth[truth.patient_id == "P0001"]
    assert patient["time"].eq(patient["time"].iloc[0]).all()
    about = yaml.safe_load((made / "phantom.yaml").read_text())
    assert about["seed"] == 1
    assert about["config"]["sites"] == ["lung", "liver"]
    assert about["ideal_in_population"]["auc"] == pytest.approx(0.827, abs=0.001)
    assert about["ideal"]["patients"] == 3


def test_same_seed_same_files_and_more_patients_change_none(tmp_path: Path) -> None:
    make_cohort(tmp_path / "a", 1, seed=7, config=TINY)
    make_cohort(tmp_path / "b", 2, seed=7, config=TINY)
    for name in ("ct.nii", "ct_mask.nii.gz", "truth.json"):
        file = Path("scans/P0001") / name
        assert sha256(tmp_path / "a" / file) == sha256(tmp_path / "b" / file)
    make_cohort(tmp_path / "a", 2, seed=7, config=TINY)
    for name in ("cohort.csv", "truth.csv", "phantom.yaml"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_workers_make_the_same_files(tmp_path: Path) -> None:
    make_cohort(tmp_path / "one", 2, seed=7, config=TINY)
    make_cohort(tmp_path / "two", 2, seed=7, config=TINY, workers=2)
    assert (tmp_path / "one/truth.csv").read_bytes() == (tmp_path / "two/truth.csv").read_bytes()


def test_an_interrupted_run_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.write_volume

    def full_disk(labels: np.ndarray, geometry: object, path: Path) -> None:
        if "P0002" in str(path):
            raise OSError("no space left")
        real(labels, geometry, path)

    monkeypatch.setattr(store, "write_volume", full_disk)
    with pytest.raises(OSError, match="no space"):
        make_cohort(tmp_path, 2, seed=1, config=TINY)
    assert (tmp_path / "scans/P0001").exists()
    assert not (tmp_path / "scans/P0002").exists()
    assert not (tmp_path / "cohort.csv").exists()

    monkeypatch.setattr(store, "write_volume", real)
    before = (tmp_path / "scans/P0001/ct.nii").stat().st_mtime_ns
    make_cohort(tmp_path, 2, seed=1, config=TINY)
    assert (tmp_path / "scans/P0001/ct.nii").stat().st_mtime_ns == before
    assert pd.read_csv(tmp_path / "cohort.csv").patient_id.nunique() == 2
    assert sorted(p.name for p in (tmp_path / "scans").iterdir()) == ["P0001", "P0002"]


def test_a_folder_of_another_cohort_is_not_mixed_up(made: Path) -> None:
    with pytest.raises(PhantomError, match="another seed and config"):
        make_cohort(made, 1, seed=2, config=TINY)


@pytest.mark.parametrize("arguments", [{"patients": 0}, {"seed": -1}, {"form": "jpeg"}])
def test_impossible_cohorts_are_refused(tmp_path: Path, arguments: dict) -> None:
    with pytest.raises(PhantomError):
        make_cohort(tmp_path, **{"patients": 1, "config": TINY} | arguments)
    assert list(tmp_path.iterdir()) == []


def test_dicom_is_the_same_patient_as_nifti(tmp_path: Path) -> None:
    config = PhantomConfig(size="tiny", sites=("liver",), readers=1)
    make_cohort(tmp_path, 1, seed=3, config=config, form="dicom")
    patient = make_phantom(3, 0, config)
    row = read_cohort(tmp_path / "cohort.csv").table.iloc[0]
    folder = tmp_path / "scans/P0001"
    scan = read_scan(folder / "ct")
    assert scan.modality == "CT"
    assert scan.notes == ()
    assert np.array_equal(scan.read(), patient.scan.read())
    assert scan.geometry.matches(patient.scan.geometry)
    assert scan.acquisition["kernel"] == patient.truth[0]["kernel"].upper()
    truth = patient.mask == 1
    assert np.array_equal(read_mask(folder / "ct_mask_seg.dcm", scan, label=1).voxels, truth)
    outline = read_mask(folder / "ct_mask_rtstruct.dcm", scan, roi=row.lesion_id)
    assert np.array_equal(outline.voxels, truth)
    reader = read_mask(folder / "ct_reader1_seg.dcm", scan, label=1)
    assert np.array_equal(reader.voxels, patient.reader_masks[0] == 1)


def test_dicom_slices_are_the_same_each_time(tmp_path: Path) -> None:
    config = PhantomConfig(size="tiny", sites=("liver",))
    for name in ("a", "b"):
        make_cohort(tmp_path / name, 1, seed=3, config=config, form="dicom")
    first, second = (sorted((tmp_path / n / "scans/P0001/ct").iterdir()) for n in ("a", "b"))
    assert [sha256(f) for f in first] == [sha256(f) for f in second]


def test_command_writes_a_cohort_and_says_what_is_possible(tmp_path: Path) -> None:
    words = ["make", str(tmp_path), "--patients", "2", "--size", "tiny", "--site", "lung"]
    result = CliRunner().invoke(app, [*words, "--seed", "4", "--collapsed-lung", "left"])
    assert result.exit_code == 0, result.output
    assert "of 2 patients" in result.output
    assert "AUC of" in result.output
    truth = json.loads((tmp_path / "scans/P0001/truth.json").read_text())["ct"]
    assert {row["site"] for row in truth} == {"lung"}
    assert {row["collapsed_lung"] for row in truth} == {"left"}
    assert set(pd.read_csv(tmp_path / "truth.csv").site) == {"lung"}


def test_command_refuses_an_unknown_site(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["make", str(tmp_path), "--site", "brain"])
    assert isinstance(result.exception, PhantomError)
    assert "it must be one of bone" in str(result.exception)
