"""Reading, writing and looking at a cohort."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from lesionary.cohort import Cohort, CohortWarning, read_cohort
from lesionary.cohort.table import read_table, write_table
from lesionary.errors import CohortError


def test_a_data_frame_and_its_csv_give_the_same_cohort(table: pd.DataFrame, tmp_path: Path) -> None:
    table.to_csv(tmp_path / "cohort.csv", index=False)
    assert_frame_equal(read_cohort(table).table, read_cohort(tmp_path / "cohort.csv").table)


@pytest.mark.parametrize("name", ["cohort.csv", "cohort.parquet"])
def test_what_is_written_is_read_back_equal(table: pd.DataFrame, tmp_path: Path, name: str) -> None:
    table["site"] = ["001", "02", "3"]
    table["accession"] = ["12345678901234567890", "1", "2"]
    table["comment"] = ["NA", "none, or", np.nan]
    table["benign"] = [True, False, True]
    table["volume"] = [0.1 + 0.2, np.nan, 1e-300]
    cohort = read_cohort(table, root=tmp_path)
    again = read_cohort(cohort.write(tmp_path / name))
    assert_frame_equal(again.table, cohort.table)
    assert again.table["patient_id"].tolist() == ["007", "007", "012"]


@settings(derandomize=True, max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(allow_infinity=False),
            st.integers(-(10**15) + 1, 10**15 - 1),
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
        ),
        min_size=1,
    )
)
def test_any_table_survives_csv(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, int, str]]
) -> None:
    table = pd.DataFrame(rows, columns=["number", "count", "lesion_id"])
    path = tmp_path_factory.mktemp("any") / "table.csv"
    write_table(table, path)
    again = read_table(path).reset_index(drop=True)
    pd.testing.assert_series_equal(again["number"].astype(float), table["number"], check_exact=True)
    assert again["count"].tolist() == table["count"].tolist()
    assert again["lesion_id"].tolist() == table["lesion_id"].tolist()


def test_a_written_table_finds_the_same_files_from_another_folder(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    table.assign(mask_path=["m.nrrd", None, "/abs/m.nrrd"]).to_csv(
        tmp_path / "data" / "cohort.csv", index=False
    )
    cohort = read_cohort(tmp_path / "data" / "cohort.csv")
    again = read_cohort(cohort.write(tmp_path / "out" / "deep" / "cohort.csv"))
    assert again.table["image_path"].tolist()[0] == "../../data/a.nii.gz"
    for old, new in zip(cohort, again, strict=True):
        assert Path(again.image_path(new)).resolve() == Path(cohort.image_path(old)).resolve()
    assert again.mask_path(next(iter(again))) is not None
    assert [again.mask_path(row) for row in again][1:] == [None, "/abs/m.nrrd"]


def test_paths_below_a_given_root_stay(table: pd.DataFrame, tmp_path: Path) -> None:
    table.to_csv(tmp_path / "cohort.csv", index=False)
    cohort = read_cohort(tmp_path / "cohort.csv", root="/scans")
    again = read_cohort(cohort.write(tmp_path / "out" / "cohort.csv"), root="/scans")
    assert again.image_path(next(iter(again))) == "/scans/a.nii.gz"


def test_a_series_in_a_folder_keeps_its_uid(table: pd.DataFrame, tmp_path: Path) -> None:
    table["image_path"] = "dicom#1.2.3"
    cohort = read_cohort(table, root=tmp_path)
    assert cohort.image_path(next(iter(cohort))) == f"{tmp_path}/dicom#1.2.3"


def test_rows_give_seed_or_mask(table: pd.DataFrame) -> None:
    table["mask_path"] = [None, "m.nrrd", "m.nrrd"]
    table.loc[1, ["coordX", "coordY", "coordZ"]] = np.nan
    cohort = read_cohort(table)
    assert [cohort.seed_mm(row) for row in cohort] == [(1.5, 10.0, -40.0), None, (-3.25, 12.0, 7.0)]
    assert len(cohort) == 3


def test_extra_columns_pass_through_untouched(table: pd.DataFrame) -> None:
    table["Case ID"] = [{"any": 1}, None, "thing"]
    assert read_cohort(table).table["Case ID"].tolist() == [{"any": 1}, None, "thing"]
    assert "split" not in read_cohort(table).table


def test_numeric_identifiers_in_a_frame_become_text(table: pd.DataFrame) -> None:
    table["patient_id"] = [7, 7, 12]
    assert read_cohort(table).table["patient_id"].tolist() == ["7", "7", "12"]
    assert_frame_equal(
        read_cohort(table).table, read_cohort(table.astype({"patient_id": str})).table
    )
    with pytest.raises(CohortError, match="row 2, patient_id: It is empty"):
        read_cohort(table.assign(patient_id=np.nan))


def test_the_given_frame_is_not_changed(table: pd.DataFrame) -> None:
    before = table.assign(split="val")
    given = before.copy()
    read_cohort(given)
    assert_frame_equal(given, before)


def test_one_table_a_split(table: pd.DataFrame, tmp_path: Path) -> None:
    for name, rows in (("train", [0, 1]), ("val", [2])):
        folder = tmp_path / name
        folder.mkdir()
        table.iloc[rows].to_csv(folder / "t.csv", index=False)
    cohort = read_cohort({"train": tmp_path / "train" / "t.csv", "val": tmp_path / "val" / "t.csv"})
    assert cohort.table["split"].tolist() == ["train", "train", "tune"]
    assert [Path(cohort.image_path(row)).resolve() for row in cohort] == [
        tmp_path / "train" / "a.nii.gz",
        tmp_path / "train" / "a.nii.gz",
        tmp_path / "val" / "b.nii.gz",
    ]
    assert repr(cohort) == "Cohort(3 lesions, 2 patients, 2 scans; 2 train, 1 tune)"
    assert "'val' is called 'tune'" in cohort.notes[0]
    with pytest.raises(CohortError, match="own column 'split'"):
        read_cohort({"train": table.assign(split="test")})


def test_of_split(table: pd.DataFrame) -> None:
    cohort = read_cohort(table.assign(split=["train", "train", "test"]))
    assert cohort.of_split("test").table["lesion_id"].tolist() == ["b1"]
    with pytest.raises(CohortError, match="no split holdout"):
        cohort.of_split("holdout")
    with pytest.raises(CohortError, match="no column 'split'"):
        read_cohort(table).of_split("test")


def test_errors_are_summarised(table: pd.DataFrame, tmp_path: Path) -> None:
    table["coordX"] = table["coordX"].astype(object)
    table.loc[1, "coordX"] = "2,5"
    table.loc[2, "lesion_id"] = "a1"
    table.to_csv(tmp_path / "cohort.csv", index=False)
    with pytest.raises(CohortError) as caught:
        read_cohort(tmp_path / "cohort.csv")
    message = str(caught.value)
    assert "has 2 errors" in message
    assert "row 3, coordX: '2,5' is not a number. Use a decimal point." in message
    assert "row 4, lesion_id: 'a1' names another lesion in row 2 already" in message
    assert "lesionary cohort check" in message


def test_a_warning_is_given_and_kept(table: pd.DataFrame) -> None:
    table[["coordX", "coordY", "coordZ"]] = [[100, 200, 30], [5, 6, 7], [8, 9, 10]]
    with pytest.warns(CohortWarning, match="voxel indices"):
        cohort = read_cohort(table)
    assert "voxel indices" in cohort.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"lesion_id;patient_id\n1;2\n", "separated by semicolons"),
        (b"lesion_id,lesion_id\n1,2\n", "more than once"),
        (b"lesion_id,patient_id\n1,2,3\n", "not a regular CSV"),
        (b"lesion_id\n\xff\xfe\n", "not UTF-8"),
        (b'lesion_id,patient_id\n"1,2\n', "not a regular CSV"),
    ],
)
def test_what_is_no_table_says_so(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "cohort.csv"
    path.write_bytes(content)
    with pytest.raises(CohortError, match=message):
        read_cohort(path)


def test_other_things_that_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="There is no table"):
        read_cohort(tmp_path / "none.csv")
    (tmp_path / "t.parquet").write_bytes(b"not parquet")
    with pytest.raises(CohortError, match="not a readable Parquet"):
        read_cohort(tmp_path / "t.parquet")
    (tmp_path / "t.xlsx").write_bytes(b"PK")
    with pytest.raises(CohortError, match="save it as CSV"):
        read_cohort(tmp_path / "t.xlsx")


def test_a_table_from_windows_is_read(table: pd.DataFrame, tmp_path: Path) -> None:
    text = table.to_csv(index=False, lineterminator="\r\n")
    (tmp_path / "cohort.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert_frame_equal(read_cohort(tmp_path / "cohort.csv").table, table)


def test_a_failed_write_leaves_the_old_table(table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "cohort.parquet"
    cohort = read_cohort(table, root=tmp_path)
    cohort.write(path)
    before = path.read_bytes()
    unwritable = Cohort(table.assign(odd=[{1}, 2, "three"]), tmp_path)
    with pytest.raises(Exception, match="odd"):
        unwritable.write(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["cohort.parquet"]
