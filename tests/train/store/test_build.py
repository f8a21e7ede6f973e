"""One pass over the scans, whatever they are like and whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesionary.cohort import read_cohort
from lesionary.encode.plan import ScanLesions
from lesionary.errors import CohortError, TrainingError
from lesionary.scan import read_scan
from lesionary.train.store import PatchStore, build, build_store
from lesionary.train.store.parts import CutInto

from .made import ORIGIN, RECIPE, SHAPE, SPACING, patient, write

OPTIONS = {"recipe": RECIPE, "margin_vox": 3, "backgrounds": 3, "workers": 0}


def _files(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def _change(table: Path, lesion: str, **values: object) -> None:
    rows = pd.read_csv(table, float_precision="round_trip")
    for column, value in values.items():
        rows.loc[rows.lesion_id == lesion, column] = value
    rows.to_csv(table, index=False)


def test_middle_of_a_crop_is_the_patch_that_extraction_cuts(store: PatchStore, scans: Path) -> None:
    cohort = read_cohort(scans / "cohort.csv")
    assert store.lesions.lesion_id.tolist() == cohort.table.lesion_id.tolist()
    for i, row in enumerate(cohort):
        scan = read_scan(cohort.image_path(row))
        plain = RECIPE.model_copy(update={"intensity": None})
        expected = scan.patch(cohort.seed_mm(row), plain)
        patch = store.cut([i])[0]
        assert np.array_equal(patch, np.rint(expected))
        mapped = (patch + 1024) / 3072
        assert np.abs(mapped - scan.patch(cohort.seed_mm(row), RECIPE)).max() <= 0.51 / 3072


def test_store_says_what_it_holds(store: PatchStore) -> None:
    assert len(store) == 7
    assert store.crop_vox == (12, 14, 16)
    assert store.recipe == RECIPE
    assert store.lesions.scan.tolist() == [0, 1, 1, 1, 2, 2, 3]
    assert store.lesions.patient_id.tolist() == ["p1", "p2", "p2", "p2", "p3", "p3", "p4"]
    assert store.lesions.label.tolist() == [1, 0, 0, 0, 1, 1, 0]
    assert "image_path" not in store.lesions
    assert repr(store) == "PatchStore(7 lesions of 4 scans, crops (12, 14, 16))"


def test_backgrounds_are_of_the_same_scan_and_centred_in_the_body(store: PatchStore) -> None:
    for row in range(len(store)):
        crops = store.crops(row)
        assert crops.shape == (4, *store.crop_vox)
        number = 1 + store.lesions.scan[row]
        for crop in crops[1:]:
            middle = crop[5:7, 6:8, 7:9]
            assert middle.max() > -900
            tissue = np.median(crop[crop > 0])
            assert abs(tissue - 100 * number) < 100
        assert len({crop.tobytes() for crop in crops}) == 4


def test_patch_reaches_further_than_the_recipe_and_shifts(store: PatchStore) -> None:
    crop = store.crops(2)[1]
    shifted = store.cut([2], which=1, shift_vox=[(-3, 2, 1)])[0, 0]
    assert np.array_equal(shifted, crop[0:6, 5:13, 4:14])
    assert np.array_equal(store.cut([2], which=[1], size_vox=store.crop_vox)[0, 0], crop)
    assert store.cut([0, 5], size_vox=4).shape == (2, 1, 4, 4, 4)
    with pytest.raises(TrainingError, match="larger margin_vox"):
        store.cut([2], shift_vox=[(0, 0, 4)])
    with pytest.raises(TrainingError, match="larger margin_vox"):
        store.cut([2], size_vox=13)


def test_same_files_in_processes_and_in_one(store: PatchStore, scans: Path, tmp_path: Path) -> None:
    build_store(scans / "cohort.csv", tmp_path, **{**OPTIONS, "workers": 2})
    assert _files(tmp_path) == _files(store.path)


def test_scan_that_ends_its_process_is_set_aside_alone(
    store: PatchStore, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fatal = read_cohort(scans / "cohort.csv").table.image_path[1]

    class Ending(CutInto):
        def __call__(self, scan: ScanLesions) -> None:
            if Path(scan.image_path).name == Path(fatal).name:
                os._exit(9)
            super().__call__(scan)

    monkeypatch.setattr(build, "CutInto", Ending)
    build_store(scans / "cohort.csv", tmp_path, **{**OPTIONS, "workers": 2})
    errors = pd.read_csv(tmp_path / "errors.csv")
    assert errors.lesion_id.tolist() == store.lesions.lesion_id[1:4].tolist()
    assert errors.reason.str.contains("ended its process").all()
    monkeypatch.undo()
    build_store(scans / "cohort.csv", tmp_path, **OPTIONS)
    assert _files(tmp_path) == _files(store.path)


def test_backgrounds_depend_on_the_seed_and_the_lesion_only(
    store: PatchStore, own_scans: Path, tmp_path: Path
) -> None:
    table = own_scans / "cohort.csv"
    pd.read_csv(table).iloc[[4, 2]].to_csv(table, index=False)
    fewer = build_store(table, tmp_path / "fewer", **OPTIONS)
    assert np.array_equal(fewer.crops(0), store.crops(4))
    assert np.array_equal(fewer.crops(1), store.crops(2))
    other = build_store(table, tmp_path / "other", **OPTIONS, seed=1)
    assert np.array_equal(other.crops(0)[0], store.crops(4)[0])
    assert not np.array_equal(other.crops(0)[1:], store.crops(4)[1:])


def test_backgrounds_can_keep_clear_of_lesions(tmp_path: Path) -> None:
    """Scans whose values are z, y and x tell where their crops come from."""
    seeds = [(10.0, 10.0, 160.0), (-20.0, 20.0, 130.0)]
    columns = ["lesion_id", "patient_id", "image_path", "coordX", "coordY", "coordZ"]
    options = {"recipe": RECIPE, "margin_vox": 1, "backgrounds": 60, "workers": 0}
    reach_mm = 2.0 * (np.array(RECIPE.size_vox) + 1)
    origin_mm, spacing_mm = np.array(ORIGIN[::-1]), np.array(SPACING[::-1])
    meetings = {}
    for avoid in (True, False):
        places_mm = np.empty((2, 60, 3))
        for axis in range(3):
            path = tmp_path / f"{axis}-{avoid}"
            path.mkdir()
            write(path / "s.nii", (20 * np.indices((32, 40, 48))[axis]).astype(np.int16))
            rows = [(f"l{i}", "p", "s.nii", *seed) for i, seed in enumerate(seeds)]
            pd.DataFrame(rows, columns=columns).to_csv(path / "c.csv", index=False)
            store = build_store(path / "c.csv", path / "store", **options, avoid_lesions=avoid)
            for row in range(2):
                index = store.crops(row)[1:, 3:5, 4:6, 5:7].mean((1, 2, 3)) / 20
                places_mm[row, :, axis] = origin_mm[axis] + spacing_mm[axis] * index
        meetings[avoid] = sum(
            bool((np.abs(place - seed[::-1]) < reach_mm - 1).all())
            for place in places_mm.reshape(-1, 3)
            for seed in seeds
        )
    assert meetings[True] == 0
    assert meetings[False] > 3


def test_no_room_for_a_clear_background_sets_the_lesion_aside(
    own_scans: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="far enough from its lesions"):
        build_store(
            own_scans / "cohort.csv",
            tmp_path / "store",
            recipe=RECIPE.model_copy(update={"size_vox": (90, 90, 90)}),
            avoid_lesions=True,
            workers=0,
        )


def test_no_backgrounds(scans: Path, tmp_path: Path) -> None:
    store = build_store(scans / "cohort.csv", tmp_path, **{**OPTIONS, "backgrounds": 0})
    assert store.crops(0).shape == (1, *store.crop_vox)


def test_scan_smaller_than_the_crop_is_filled_with_air(tmp_path: Path) -> None:
    write(tmp_path / "1.nii", np.full((2, 3, 2), 30, np.int16))
    row = ("a", "p", "1.nii", -54.0, -28.0, 102.0)
    columns = ["lesion_id", "patient_id", "image_path", "coordX", "coordY", "coordZ"]
    pd.DataFrame([row], columns=columns).to_csv(tmp_path / "c.csv", index=False)
    store = build_store(tmp_path / "c.csv", tmp_path / "store", **OPTIONS)
    crop = store.crops(0)[0]
    assert set(np.unique(crop)) == {-1024, 30}
    assert (crop == 30).sum() < 0.05 * crop.size


def test_bad_rows_are_set_aside_and_only_they_are_tried_again(
    own_scans: Path, tmp_path: Path
) -> None:
    table = own_scans / "cohort.csv"
    holed = patient(1).astype(np.float32)
    holed[:, 10:30] = np.nan
    write(own_scans / "1.nii", holed)
    (own_scans / "3.nii").unlink()
    _change(table, "2-1", coordX=900.0)
    _change(table, "2-2", coordY=np.nan)
    write(own_scans / "4.nii", np.full(SHAPE, -1000, np.int16))

    store = build_store(table, tmp_path / "store", **OPTIONS)
    assert store.lesions.lesion_id.tolist() == ["2-0"]
    assert store.lesions.scan.tolist() == [0]
    errors = pd.read_csv(store.path / "errors.csv")
    assert errors.lesion_id.tolist() == ["1-0", "2-1", "2-2", "3-0", "3-1", "4-0"]
    assert errors.row.tolist() == [2, 4, 5, 6, 7, 8]
    for reason, words in zip(
        errors.reason,
        ["NaN voxels", "lies outside", "coordY", "3.nii", "3.nii", "no body"],
        strict=True,
    ):
        assert words in reason

    before = {file: file.stat().st_mtime_ns for file in store.path.rglob("*.npy")}
    write(own_scans / "3.nii", patient(3))
    store = build_store(table, tmp_path / "store", **OPTIONS)
    assert store.lesions.lesion_id.tolist() == ["2-0", "3-0", "3-1"]
    assert store.lesions.scan.tolist() == [0, 1, 1]
    assert len(pd.read_csv(store.path / "errors.csv")) == 4
    assert sum(file not in before for file in store.path.rglob("*.npy")) == 1


def test_seed_may_come_from_a_mask(own_scans: Path, tmp_path: Path) -> None:
    mask = np.zeros(SHAPE, np.uint8)
    mask[8:11, 14:19, 20:27] = 1
    write(own_scans / "mask.nii", mask)
    table = own_scans / "cohort.csv"
    rows = pd.read_csv(table).iloc[[0]]
    centre = (ORIGIN[0] + 23 * 2.5, ORIGIN[1] + 16 * 2.0, ORIGIN[2] + 9 * 3.0)
    rows[["coordX", "coordY", "coordZ"]] = centre
    rows.to_csv(table, index=False)
    seeded = build_store(table, tmp_path / "seeded", **OPTIONS)
    rows = rows.drop(columns=["coordX", "coordY", "coordZ"]).assign(mask_path="mask.nii")
    rows.to_csv(table, index=False)
    masked = build_store(table, tmp_path / "masked", **OPTIONS)
    assert np.array_equal(masked.crops(0), seeded.crops(0))
    assert "mask_path" not in masked.lesions


def test_pet_is_set_aside(scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "lesionary.train.store.crops.read_scan", lambda path: replace(read_scan(path), unit="SUV")
    )
    with pytest.raises(TrainingError, match="holds SUV"):
        build_store(scans / "cohort.csv", tmp_path, **OPTIONS)


def test_nothing_usable_is_an_error_that_says_why(own_scans: Path, tmp_path: Path) -> None:
    for number in range(1, 5):
        (own_scans / f"{number}.nii").unlink()
    with pytest.raises(TrainingError, match=r"No row of the table could be used.* row 2: .*1.nii"):
        build_store(own_scans / "cohort.csv", tmp_path / "store", **OPTIONS)
    with pytest.raises(TrainingError, match="no finished patch store"):
        PatchStore.open(tmp_path / "store")


def test_empty_cohort(own_scans: Path, tmp_path: Path) -> None:
    table = own_scans / "cohort.csv"
    pd.read_csv(table).iloc[:0].to_csv(table, index=False)
    with pytest.raises(CohortError, match="no rows"):
        build_store(table, tmp_path / "store", **OPTIONS)


KILLED = """
import os, signal, sys
from pathlib import Path
from lesionary.scan.recipe import Recipe
from lesionary.train.store import build_store, parts

cut, scans = parts.cut_crops, []

def cut_two_then_die(scan, cutting):
    scans.append(scan)
    if len(scans) == 3:
        (Path(sys.argv[2]) / "crops" / ".half-written.npy").write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    return cut(scan, cutting)

parts.cut_crops = cut_two_then_die
recipe = Recipe.model_validate_json(sys.argv[3])
build_store(sys.argv[1], sys.argv[2], recipe=recipe, margin_vox=3, backgrounds=3, workers=0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_half_way_goes_on_to_the_same_files(
    store: PatchStore, scans: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED, scans / "cohort.csv", tmp_path]
    done = subprocess.run([*command, RECIPE.model_dump_json()], check=False)
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(TrainingError, match="goes on where it stopped"):
        PatchStore.open(tmp_path)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "crops").glob("[!.]*")}
    assert len(before) == 4

    build_store(scans / "cohort.csv", tmp_path, **OPTIONS)
    assert _files(tmp_path) == _files(store.path)
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())


@pytest.mark.parametrize("workers", [0, 1])
def test_full_disk_leaves_no_store(
    store: PatchStore, scans: Path, tmp_path: Path, workers: int
) -> None:
    resource = pytest.importorskip("resource")
    largest = max(len(content) for content in _files(store.path).values())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 1, limits[1]))
    try:
        with pytest.raises(TrainingError, match=r"cannot be written.*goes on where it stopped"):
            build_store(scans / "cohort.csv", tmp_path, **{**OPTIONS, "workers": workers})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(TrainingError, match="no finished patch store"):
        PatchStore.open(tmp_path)
    if not workers:  # another process may be ended while it writes the next
        assert not [name for name in _files(tmp_path) if Path(name).name.startswith(".")]
    build_store(scans / "cohort.csv", tmp_path, **OPTIONS)
    assert _files(tmp_path) == _files(store.path)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"seed": 1}, "seed was 0, is 1"),
        ({"margin_vox": 2}, "margin_vox was 3, is 2"),
        ({"backgrounds": 2}, "backgrounds was 3, is 2"),
        ({"avoid_lesions": True}, "avoid_lesions was False, is True"),
        ({"recipe": "lesion"}, r"recipe size_vox was \[6, 8, 10\], is \[50, 50, 50\]"),
    ],
)
def test_other_settings_are_never_mixed_in(
    store: PatchStore, scans: Path, changed: dict[str, object], named: str
) -> None:
    before = _files(store.path)
    with pytest.raises(TrainingError, match=f"made otherwise: .*{named}"):
        build_store(scans / "cohort.csv", store.path, **{**OPTIONS, **changed})
    assert _files(store.path) == before


def test_other_lesions_are_never_mixed_in(own_scans: Path, tmp_path: Path) -> None:
    table = own_scans / "cohort.csv"
    build_store(table, tmp_path / "store", **OPTIONS)
    _change(table, "3-1", coordX=3.25)
    with pytest.raises(TrainingError, match="made otherwise: cohort was"):
        build_store(table, tmp_path / "store", **OPTIONS)


def test_labels_may_change_without_cutting_again(own_scans: Path, tmp_path: Path) -> None:
    table = own_scans / "cohort.csv"
    first = build_store(table, tmp_path / "store", **OPTIONS)
    times = [file.stat().st_mtime_ns for file in sorted(first.path.glob("crops/*"))]
    _change(table, "3-1", label=5)
    again = build_store(table, tmp_path / "store", **OPTIONS)
    assert again.lesions.label.tolist() == [1, 0, 0, 0, 1, 5, 0]
    assert [file.stat().st_mtime_ns for file in sorted(first.path.glob("crops/*"))] == times


def test_other_scans_are_noticed(own_scans: Path, tmp_path: Path) -> None:
    table = own_scans / "cohort.csv"
    store = build_store(table, tmp_path / "store", **OPTIONS)
    write(own_scans / "2.nii", patient(5)[:, :, :-1])
    with pytest.raises(TrainingError, match=r"2\.nii changed or went"):
        build_store(table, store.path, **OPTIONS)
    (store.path / "store.json").unlink()  # as if its building had been interrupted
    before = _files(store.path)
    again = _files(build_store(table, store.path, **OPTIONS).path)
    changed = {name for name in before if name.endswith(".npy") and before[name] != again[name]}
    assert len(changed) == 1


def test_damaged_store_is_not_opened(store: PatchStore, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(store.path, tmp_path / "copy"))
    file = sorted(copy.glob("crops/*.npy"))[0]
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(TrainingError, match="missing or not whole"):
        PatchStore.open(copy)
    file.unlink()
    with pytest.raises(TrainingError, match="missing or not whole"):
        PatchStore.open(copy)


def test_store_can_be_moved_without_its_scans(store: PatchStore, tmp_path: Path) -> None:
    moved = PatchStore.open(shutil.copytree(store.path, tmp_path / "copy"))
    assert np.array_equal(moved.crops(3), store.crops(3))


def test_impossible_numbers(scans: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be negative"):
        build_store(scans / "cohort.csv", tmp_path, margin_vox=-1)
