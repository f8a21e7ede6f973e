"""The tables published with FMCIB: their faults are found, counted and put right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from pandas.testing import assert_frame_equal

from lesionary.cohort import Cohort, CohortWarning, check_cohort, leakage, read_cohort

pytestmark = pytest.mark.real_data

SITES = {  # published class counts of task 1, DeepLesion's site codes 0 to 7
    "train": [116, 374, 351, 230, 1141, 100, 115, 183],
    "val": [50, 232, 176, 133, 474, 41, 55, 59],
    "test": [42, 218, 195, 129, 467, 44, 64, 62],
}


@pytest.fixture(scope="module")
def published(real_data: Path) -> Path:
    return real_data / "tables" / "fmcib_annotations"


@pytest.fixture(scope="module")
def cohorts(published: Path) -> dict[str, Cohort]:
    """Every published table, read as it is; by the file's name, for the tests only."""
    return {path.stem: read_cohort(path) for path in sorted(published.glob("*.csv"))}


def parts(folder: Path, task: str) -> dict[str, Path]:
    return {name: folder / f"{task}_{name}.csv" for name in ("train", "val", "test")}


def test_every_table_is_read_unchanged(cohorts: dict[str, Cohort]) -> None:
    for cohort in cohorts.values():
        assert cohort.table["lesion_id"].is_unique
        assert not [name for name in cohort.table if name.startswith("Unnamed")]
        assert cohort.notes
    rows = {name: len(cohort) for name, cohort in cohorts.items()}
    assert rows == {
        "deeplesion_pretrain": 11467,
        "deeplesion_task1_train": 2610,
        "deeplesion_task1_val": 1220,
        "deeplesion_task1_test": 1221,
        "luna16_annotations": 1185,
        "luna16_task2_train": 338,
        "luna16_task2_val": 169,
        "luna16_task2_test": 170,
        "lung1_annotations": 421,
        "radio_annotations": 144,
    }


def test_reading_what_was_adapted_changes_nothing_more(
    cohorts: dict[str, Cohort], tmp_path: Path
) -> None:
    for name in (
        "deeplesion_task1_val",
        "luna16_annotations",
        "luna16_task2_test",
        "lung1_annotations",
        "radio_annotations",
    ):
        once = replace(cohorts[name], root_is_given=True)
        again = read_cohort(once.write(tmp_path / "again.csv"), root=once.root)
        assert_frame_equal(again.table, once.table)


@pytest.mark.parametrize("name", ["deeplesion_task1_val", "lung1_annotations", "radio_annotations"])
def test_the_published_values_can_be_had_as_they_are(published: Path, name: str) -> None:
    raw = pd.read_csv(published / f"{name}.csv")
    kept = read_cohort(published / f"{name}.csv", published_faults="keep")
    for column in {"coordX", "coordY", "coordZ", "survival"} & set(raw):
        pd.testing.assert_series_equal(kept.table[column], raw[column])
    assert not [column for column in kept.table if column.startswith("published_")]
    assert "kept as you asked" in kept.notes[-1]


def test_deeplesion_axes_are_put_right(published: Path, cohorts: dict[str, Cohort]) -> None:
    exact = dict.fromkeys(("coordX", "coordY"), float)  # pandas 2 is off in the last place
    raw = pd.read_csv(published / "deeplesion_pretrain.csv", converters=exact)
    assert np.allclose(raw["coordX"], raw["centroid_y"].astype(int) * raw["spacing_y"])
    assert np.allclose(raw["coordY"], raw["centroid_x"].astype(int) * raw["spacing_x"])
    cohort = cohorts["deeplesion_pretrain"]
    table = cohort.table
    assert len(table) == 11467
    assert (table["coordX"] == raw["coordY"]).all()
    assert (table["coordY"] == raw["coordX"]).all()
    assert (table["published_coordX"] == raw["coordX"]).all()
    assert "11,467 rows were exchanged" in cohort.notes[0]


def test_deeplesion_seed_is_where_the_file_has_the_lesion(cohorts: dict[str, Cohort]) -> None:
    """Build the grid as process_deeplesion.py writes it, and look where the seed falls."""
    row = cohorts["deeplesion_pretrain"].table.iloc[0]
    assert row["Volume_fn"] == "000003_01_01_004-028.nii.gz"
    image = sitk.Image(512, 512, 28 - 4 + 1, sitk.sitkUInt8)
    image.SetSpacing([row["spacing_x"], row["spacing_y"], row["spacing_z"]])
    image.SetDirection([1, 0, 0, 0, 1, 0, 0, 0, -1])  # to the left, to the back, to the feet
    index = image.TransformPhysicalPointToIndex([row["coordX"], row["coordY"], row["coordZ"]])
    left, top, right, bottom = (345, 284, 372, 319)  # the published bounding box
    assert left < index[0] < right
    assert top < index[1] < bottom
    # centroid_z is slice_end - key + 1, so the key slice is 28 + 1 - 13 = 16, the 13th of 4..28.
    assert index[2] == 16 - 4


@pytest.mark.parametrize("name", ["pretrain", "task1_train", "task1_val", "task1_test"])
def test_deeplesion_slices_are_counted_from_the_start(
    cohorts: dict[str, Cohort], name: str
) -> None:
    table = cohorts[f"deeplesion_{name}"].table
    ends = table["Volume_fn"].str.extract(r"_(\d+)-(\d+)\.nii\.gz$").astype(int)
    slices = ends[1] - ends[0] + 1
    index = -table["coordZ"] / table["spacing_z"]
    assert np.allclose(index, slices - table["centroid_z"])
    assert ((index > -0.01) & (index < slices - 0.99)).all()
    off = (table["coordZ"] - table["published_coordZ"]).abs()
    assert round(float((off > 25).mean()), 2) == 0.35
    assert round(float((off > 10).mean()), 2) in (0.48, 0.49)


def test_deeplesion_is_recognised_by_columns_and_handled_row_by_row(
    cohorts: dict[str, Cohort],
) -> None:
    right = cohorts["deeplesion_task1_val"].table
    mixed = pd.concat(
        [
            right.iloc[:600],
            right.iloc[600:].assign(
                **{name: right[f"published_{name}"] for name in ("coordX", "coordY", "coordZ")}
            ),
        ]
    )
    assert_frame_equal(read_cohort(mixed).table, right)


def test_deeplesion_counts(cohorts: dict[str, Cohort]) -> None:
    pretrain = cohorts["deeplesion_pretrain"].table
    assert pretrain["patient_id"].nunique() == 2312
    assert pretrain["image_path"].nunique() == 7127
    assert pretrain["Volume_fn"].str[:12].nunique() == 5513
    assert pretrain["patient_id"].str.fullmatch(r"\d{6}").all()
    assert (pretrain["Coarse_lesion_type"] == -1).all()
    for name, counts in SITES.items():
        table = cohorts[f"deeplesion_task1_{name}"].table
        assert table["Coarse_lesion_type"].value_counts().sort_index().tolist() == counts


def test_deeplesion_split_is_kept_with_its_leakage_counted(published: Path) -> None:
    with pytest.warns(CohortWarning, match=r"share 291 patients \(312 scans\)"):
        cohort = read_cohort(parts(published, "deeplesion_task1"))
    assert len(cohort) == 2610 + 1220 + 1221
    (leak,) = leakage(cohort.table)
    assert (leak.splits, leak.patients, leak.scans) == (("tune", "test"), 291, 312)
    assert any("291 patients (312 scans)" in note for note in cohort.notes)


def test_luna16_split_is_kept_with_its_leakage_counted(published: Path) -> None:
    with pytest.warns(CohortWarning) as caught:
        cohort = read_cohort(parts(published, "luna16_task2"))
    assert len(caught) == 3
    assert {leak.splits: leak.scans for leak in leakage(cohort.table)} == {
        ("train", "test"): 53,
        ("train", "tune"): 61,
        ("tune", "test"): 37,
    }
    both = cohort.table.groupby("image_path")["split"].nunique()
    assert (len(both), (both > 1).sum()) == (433, 115)
    assert (cohort.table["patient_id"] + ".mhd" == cohort.table["image_path"]).all()
    counts = cohort.table.groupby("split")["malignancy"].value_counts()
    assert {key: counts[key].sort_index().tolist() for key in ("train", "tune", "test")} == {
        "train": [175, 163],
        "tune": [87, 82],
        "test": [88, 82],
    }


def test_published_leakage_is_a_warning_and_stays_one(published: Path, tmp_path: Path) -> None:
    source = parts(published, "luna16_task2")
    with pytest.warns(CohortWarning):
        path = read_cohort(source).write(tmp_path / "luna.csv")
    for again in (source, path):
        problems = check_cohort(again, files=False)
        assert {problem.level for problem in problems} == {"warning"}
        assert sum("leakage" in problem.message for problem in problems) == 3


def test_luna16_readings_meet_the_task_2_tables_by_lesion_id(
    published: Path, cohorts: dict[str, Cohort]
) -> None:
    readings = cohorts["luna16_annotations"].table
    counts = readings["malignancy"].value_counts().sort_index()
    assert counts.tolist() == [88, 262, 508, 278, 49]
    with pytest.warns(CohortWarning):
        nodules = read_cohort(parts(published, "luna16_task2")).table
    both = nodules.merge(readings, on="lesion_id", validate="1:1", suffixes=("", "_reading"))
    assert len(both) == 677
    assert (both["patient_id"] == both["patient_id_reading"]).all()
    assert ((both["malignancy_reading"] > 3) == (both["malignancy"] == 1)).all()


def test_luna16_readings_get_their_seeds_where_the_scan_is(published: Path, tmp_path: Path) -> None:
    raw = pd.read_csv(published / "luna16_annotations.csv").iloc[:3]
    image = sitk.Image(512, 512, 60, sitk.sitkInt16)
    image.SetSpacing([0.7, 0.7, 2.5])
    image.SetOrigin([-180.0, -170.0, -300.0])
    sitk.WriteImage(image, str(tmp_path / f"{raw['scan'].iloc[0]}.mhd"))
    cohort = read_cohort(raw, root=tmp_path)
    row = cohort.table.iloc[0]
    assert row["centroid"] == "[372, 167, 40]"  # row, column, slice
    expected = image.TransformIndexToPhysicalPoint([167, 372, 40])
    assert cohort.seed_mm(row.to_dict()) == pytest.approx(expected)
    assert (
        "3 seeds were computed, 0 wait" in cohort.notes[-1] or cohort.table["coordX"].isna().any()
    )


def test_lung1_has_420_labels(cohorts: dict[str, Cohort]) -> None:
    cohort = cohorts["lung1_annotations"]
    table = cohort.table
    assert (len(table), table["patient_id"].nunique()) == (421, 421)
    assert table["published_survival"].value_counts().to_dict() == {0.0: 252, 1.0: 169}
    assert table["survival"].value_counts().to_dict() == {0.0: 251, 1.0: 169}
    (censored,) = table.index[table["survival"].isna()]
    assert (table.loc[censored, "time"], table.loc[censored, "event"]) == (314, 0)
    assert any("LUNG1-406" in note for note in cohort.notes)
    assert table["image_path"].nunique() == 421


def test_radio_survival_is_derived_from_time(published: Path, cohorts: dict[str, Cohort]) -> None:
    raw = pd.read_csv(published / "radio_annotations.csv")
    assert (raw["survival"] == (raw["deadstatus.event"] == 0)).all()
    table = cohorts["radio_annotations"].table
    assert table["published_survival"].value_counts().to_dict() == {True: 93, False: 51}
    assert table["survival"].value_counts().to_dict() == {1.0: 105, 0.0: 28}
    missing = table["survival"].isna()
    assert missing.sum() == 11
    assert (table.loc[missing, "time"] < 730).all()
    assert (table.loc[missing, "event"] == 0).all()
    assert (table["survival"] != table["published_survival"].astype(float)).sum() == 34
    assert "mask_path" not in table
    assert table["published_mask_path"].value_counts()["Heart.nrrd"] == 87


def test_one_published_table_can_test_what_another_trained(published: Path, tmp_path: Path) -> None:
    source = {
        "train": published / "lung1_annotations.csv",
        "test": published / "radio_annotations.csv",
    }
    cohort = read_cohort(source)
    assert repr(cohort) == ("Cohort(565 lesions, 565 patients, 565 scans; 421 train, 144 test)")
    assert cohort.table.groupby("split")["survival"].count().to_dict() == {
        "train": 420,
        "test": 133,
    }
    assert cohort.table[["time", "event"]].notna().all(axis=None)
    again = read_cohort(replace(cohort, root_is_given=True).write(tmp_path / "both.csv"))
    assert_frame_equal(again.table, cohort.table)


def test_private_paths_become_places_under_root(published: Path) -> None:
    lung1 = pd.read_csv(published / "lung1_annotations.csv")
    lung1["image_path"] = "/mnt/data1/LUNG1/" + lung1["PatientID"] + "/CT.nrrd"
    paths = read_cohort(lung1).table["image_path"]
    assert paths.iloc[0] == "LUNG1-001/CT.nrrd"
    mine = lung1.assign(image_path="ct/" + lung1["PatientID"] + ".nii.gz")
    assert read_cohort(mine).table["image_path"].iloc[0] == "ct/LUNG1-001.nii.gz"


def test_a_deeplesion_volume_that_is_not_as_assumed_is_reported(
    published: Path, tmp_path: Path
) -> None:
    first = pd.read_csv(published / "deeplesion_pretrain.csv").iloc[:1]
    path = tmp_path / first["image_path"].iloc[0]
    image = sitk.Image(512, 512, 25, sitk.sitkInt16)
    image.SetSpacing([0.488281, 0.488281, 2.5])
    image.SetDirection([1, 0, 0, 0, 1, 0, 0, 0, -1])
    sitk.WriteImage(image, str(path))
    problems = check_cohort(first, root=tmp_path)
    assert [problem.row for problem in problems] == [None, None]  # what was handled, no more
    image.SetDirection([1, 0, 0, 0, 1, 0, 0, 0, 1])
    image.SetOrigin([0, 0, -24 * 2.5])  # the same place, stored from the feet up
    sitk.WriteImage(image, str(path))
    assert any(
        "as process_deeplesion.py writes them" in p.message and p.row == 2
        for p in check_cohort(first, root=tmp_path)
    )
