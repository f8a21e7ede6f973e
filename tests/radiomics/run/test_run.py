"""From a cohort to a table of handcrafted features."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from lesionary.adapt.table import join_table
from lesionary.encode import extract, join_features, read_features, read_provenance
from lesionary.encode.shards import ShardFolder
from lesionary.errors import LesionaryError
from lesionary.phantom import PhantomConfig, make_cohort
from lesionary.radiomics.compute import measure
from lesionary.radiomics.run import run_radiomics, scan
from lesionary.scan import read_mask, read_scan

from .conftest import FAST, write


@pytest.fixture
def run(cohort_csv, tmp_path):
    def run(cohort=cohort_csv, settings=FAST, out="r.parquet", **options):
        return run_radiomics(cohort, settings, tmp_path / out, **{"workers": 0, **options})

    return run


def same(path: Path, expected: pd.DataFrame) -> None:
    found = read_features(path)
    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_flags=False)


@pytest.mark.parametrize(
    ("profile", "settings"),
    [("names", FAST), ("ibsi", FAST), ("names", {**FAST, "filters": [{"mean": {"size_vox": 3}}]})],
)
def test_each_row_is_what_measuring_it_alone_gives(run, cohort_csv, tmp_path, profile, settings):
    done = run(profile=profile, settings=settings)
    assert (done.lesions, done.computed, done.set_aside, done.undefined) == (6, 6, (), 0)
    table = read_features(tmp_path / "r.parquet")
    rows = pd.read_csv(cohort_csv)
    assert table["lesion_id"].tolist() == rows["lesion_id"].tolist()
    for i, row in enumerate(rows.itertuples()):
        image = read_scan(tmp_path / row.image_path)
        mask = read_mask(tmp_path / row.mask_path, image, label=row.mask_label)
        expected = measure(image, mask, settings, profile=profile)
        assert table.columns[1:].tolist() == expected.index.tolist()
        np.testing.assert_array_equal(table.iloc[i, 1:].to_numpy(float), expected.to_numpy())
    assert not ShardFolder(tmp_path / "r.parquet").path.exists()


def test_processes_and_csv_give_the_same_table(run, tmp_path):
    run()
    expected = read_features(tmp_path / "r.parquet")
    run(out="p.parquet", workers=2)
    same(tmp_path / "p.parquet", expected)
    run(out="c.csv")
    same(tmp_path / "c.csv", expected)


def test_a_scan_is_read_once(run, monkeypatch):
    read = []
    real = scan.read_scan
    monkeypatch.setattr(scan, "read_scan", lambda path: read.append(Path(path).name) or real(path))
    run()
    assert sorted(read) == ["a.nii.gz", "b.nii.gz", "c.nii.gz"]


def test_kill_9_and_the_same_again(run, cohort_csv, tmp_path):
    run(out="expected.parquet")
    script = (
        "import os, signal, sys\nfrom lesionary.radiomics.run import run, scan\n"
        "real, done = run.measure_scan, []\n"
        "def killed(task, method):\n"
        "    if len(done) == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    done.append(task)\n"
        "    return real(task, method)\n"
        "run.measure_scan = killed\n"
        f"run.run_radiomics(sys.argv[1], {FAST!r}, sys.argv[2], workers=0)\n"
    )
    out = tmp_path / "r.parquet"
    words = [sys.executable, "-c", script, str(cohort_csv), str(out)]
    assert subprocess.run(words, env=os.environ, check=False).returncode == -signal.SIGKILL
    assert not out.exists()
    done = run()
    assert 0 < done.computed < 6
    same(out, read_features(tmp_path / "expected.parquet"))
    assert run().computed == 0


def test_other_settings_are_not_mixed(run, cohort_csv, tmp_path):
    run()
    other = {**FAST, "discretisation": {"bin_width": 25}}
    with pytest.raises(LesionaryError, match=r"discretisation bin_width was 50\.0, is 25\.0"):
        run(settings=other)
    assert run(settings=other, overwrite=True).computed == 6
    # A mask that changed is measured again, and is no longer the finished table's.
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "b_mask.nii.gz")))
    mask[8, 10, 10] = 1
    write(tmp_path / "b_mask.nii.gz", mask)
    with pytest.raises(LesionaryError, match="rows of the cohort"):
        run(settings=other)


@pytest.fixture
def broken(cohort_csv, tmp_path):
    """A row of each fault beside good ones."""
    table = pd.read_csv(cohort_csv)
    empty = np.zeros((12, 30, 30), np.uint8)
    write(tmp_path / "empty.nii.gz", empty)
    outside = empty.copy()
    outside[3:6, 3:6, 3:6] = 1
    image = sitk.GetImageFromArray(outside)
    image.SetOrigin((5000.0, 0, 0))
    sitk.WriteImage(image, str(tmp_path / "outside.nii.gz"))
    (tmp_path / "torn.nii.gz").write_bytes(b"no scan")
    one = empty.copy()
    one[3, 3, 3] = 1
    write(tmp_path / "one.nii.gz", one)
    holes = np.random.default_rng(0).normal(size=(12, 30, 30)).astype(np.float32)
    holes[3, 3:5, 3] = np.nan
    write(tmp_path / "holes.nii.gz", holes)
    region = empty.copy()
    region[2:6, 2:9, 2:9] = 1
    write(tmp_path / "region.nii.gz", region)
    bad = [
        ("two_labels", "a.nii.gz", "a_mask.nii.gz", np.nan),
        ("no_label", "a.nii.gz", "a_mask.nii.gz", 9),
        ("empty", "a.nii.gz", "empty.nii.gz", np.nan),
        ("outside", "a.nii.gz", "outside.nii.gz", np.nan),
        ("holes", "holes.nii.gz", "region.nii.gz", np.nan),
        ("torn", "torn.nii.gz", "region.nii.gz", np.nan),
        ("gone", "a.nii.gz", "gone.nii.gz", np.nan),
        ("no_mask", "a.nii.gz", np.nan, np.nan),
        ("one_voxel", "b.nii.gz", "one.nii.gz", np.nan),
    ]
    both = pd.concat([table, pd.DataFrame(bad, columns=table.columns)])
    both.to_csv(tmp_path / "broken.csv", index=False)
    return tmp_path / "broken.csv"


def test_bad_rows_are_set_aside_and_the_others_go_on(run, broken, tmp_path):
    done = run(broken)
    reasons = {one.lesion_id: one.reason for one in done.set_aside}
    for lesion, said in {
        "two_labels": "several regions",
        "no_label": "9",
        "empty": "empty",
        "outside": "geometry is not the scan's",
        "holes": "NaN",
        "torn": "",
        "gone": "There is no file",
        "no_mask": "mask_path: It is empty",
    }.items():
        assert said in reasons.pop(lesion)
    assert not reasons
    assert pd.read_csv(tmp_path / "errors.csv")["lesion_id"].tolist() == [
        one.lesion_id for one in done.set_aside
    ]
    table = read_features(tmp_path / "r.parquet").set_index("lesion_id")
    assert len(table) == 7
    # One voxel has a mean, and no neighbour.
    one = table.loc["one_voxel"]
    assert one["stat_minimum"] == one["stat_mean"]
    assert np.isnan(one["glcm_joint_entropy_3d_mrg"])
    notes = pd.read_csv(tmp_path / "r.notes.csv")
    assert done.undefined == len(notes) == table.isna().to_numpy().sum()
    assert set(notes["lesion_id"]) == {"one_voxel"}
    assert notes["reason"].str.len().min() > 10
    # Put right, only their scans are measured again, and the lists go.
    good = pd.read_csv(broken).iloc[:6]
    good.to_csv(broken, index=False)
    assert run(broken).computed == 4
    assert not (tmp_path / "errors.csv").exists()
    assert not (tmp_path / "r.notes.csv").exists()


def test_a_row_twice_does_not_hide_the_first(run, cohort_csv, tmp_path):
    table = pd.read_csv(cohort_csv)
    done = run(pd.concat([table, table.iloc[:1]], ignore_index=True), root=tmp_path)
    assert (done.lesions, done.computed, len(done.set_aside)) == (6, 6, 1)
    assert "names another lesion in row 2" in done.set_aside[0].reason


def test_tables_that_nothing_can_be_measured_of(run, cohort_csv, tmp_path):
    table = pd.read_csv(cohort_csv)
    with pytest.raises(LesionaryError, match="no column 'mask_path'"):
        run(table.drop(columns="mask_path"), root=tmp_path)
    with pytest.raises(LesionaryError, match="No row of the table could be used"):
        run(table.assign(mask_path="gone.nii.gz"), root=tmp_path)
    with pytest.raises(LesionaryError, match=r"did you mean 'discretisation'"):
        run(settings={"discretization": {}})
    with pytest.raises(LesionaryError, match=r"did you mean 'ibsi'"):
        run(profile="ibis")


def test_the_table_says_how_it_was_made_and_joins_deep_features(run, cohort_csv, tmp_path):
    run()
    about = read_provenance(tmp_path / "r.parquet")
    made = about["encoders"][0]
    assert made["name"] == "radiomics"
    assert made["settings"]["discretisation"]["bin_width"] == 50
    assert made["settings"]["resegmentation"] == {"range": [None, None], "outliers_sd": None}
    assert len(made["settings_hash"]) == len(about["inputs"]["masks_sha256"]) == 64
    assert set(about["inputs"]["of_lesion"]) == set(pd.read_csv(cohort_csv)["lesion_id"])
    assert str(tmp_path) not in str(about)

    ours = read_features(tmp_path / "r.parquet")
    assert ours.dtypes.iloc[1:].unique().tolist() == [np.float64]
    deep = extract(cohort_csv, "phantom_tiny", workers=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        joined = join_features(ours, deep)
    assert joined.shape == (6, ours.shape[1] + deep.shape[1] - 1)
    fitting = join_table(tmp_path / "r.parquet", pd.read_csv(cohort_csv))
    assert fitting.features.shape == (6, ours.shape[1] - 1)
    assert fitting.origin["encoders"][0]["settings_hash"] == made["settings_hash"]


def test_a_file_of_pyradiomics_names_its_label_and_columns(run, cohort_csv, tmp_path):
    (tmp_path / "params.yaml").write_text(
        "setting: {binWidth: 40, label: 2}\nfeatureClass: {firstorder: [Mean], shape: [MeshVolume]}"
    )
    table = pd.read_csv(cohort_csv)
    table = table[table["lesion_id"].isin(["a0", "c1"])].drop(columns="mask_label")
    run(table, tmp_path / "params.yaml", root=tmp_path)
    found = read_features(tmp_path / "r.parquet").set_index("lesion_id")
    assert found.columns.tolist() == ["original_shape_MeshVolume", "original_firstorder_Mean"]
    for lesion, scan_name in (("a0", "a"), ("c1", "c")):
        image = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / f"{scan_name}.nii.gz")))
        mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / f"{scan_name}_mask.nii.gz")))
        assert found.loc[lesion, "original_firstorder_Mean"] == pytest.approx(
            image[mask == 2].mean()
        )


@pytest.mark.parametrize("settings", [FAST, {"featureClass": {"firstorder": ["Mean"]}}])
def test_masks_on_another_grid_are_resampled_if_asked_for(run, cohort_csv, tmp_path, settings):
    rows = pd.read_csv(cohort_csv).iloc[:1]
    path = tmp_path / rows["mask_path"].iloc[0]
    mask = sitk.ReadImage(str(path))
    coarse = tmp_path / "coarse.nii.gz"
    size = [n // 2 for n in mask.GetSize()]
    spacing = [2 * mm for mm in mask.GetSpacing()]
    sitk.WriteImage(
        sitk.Resample(
            mask,
            size,
            sitk.Transform(),
            sitk.sitkNearestNeighbor,
            mask.GetOrigin(),
            spacing,
            mask.GetDirection(),
        ),
        str(coarse),
    )
    cohort = tmp_path / "coarse.csv"
    rows.assign(mask_path=coarse.name).to_csv(cohort, index=False)
    with pytest.raises(LesionaryError, match="the mask's geometry is not the scan's"):
        run(cohort, settings)
    done = run(cohort, settings, resample_masks=True, overwrite=True)
    assert done.set_aside == ()
    scan_ = read_scan(tmp_path / rows["image_path"].iloc[0])
    label = rows["mask_label"].iloc[0]
    moved = read_mask(coarse, scan_, label=label, resample=True)
    expected = measure(scan_, moved, settings)
    found = read_features(done.out).iloc[0, 1:].to_numpy(float)
    np.testing.assert_allclose(found, expected.to_numpy())


def test_outlines_in_dicom(tmp_path):
    config = PhantomConfig(size="tiny")
    for form in ("nifti", "dicom"):
        make_cohort(tmp_path / form, patients=1, config=config, form=form)
    how = {**FAST, "families": ["statistics"]}
    for form in ("nifti", "dicom"):
        done = run_radiomics(
            tmp_path / form / "cohort.csv", how, tmp_path / f"{form}.csv", workers=0
        )
        assert not done.set_aside
    found, expected = (read_features(tmp_path / f"{form}.csv") for form in ("dicom", "nifti"))
    assert found["lesion_id"].tolist() == expected["lesion_id"].tolist()
    # The same voxels, if outlines and values survive DICOM.
    np.testing.assert_allclose(found["stat_mean"], expected["stat_mean"], rtol=0.01)
