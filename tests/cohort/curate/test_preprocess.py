import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from lesionary.cli.curate_preprocess import preprocess as command
from lesionary.cohort import check_cohort, read_cohort
from lesionary.cohort.curate.export import ExportError, fit_steps, preprocess_cohort
from lesionary.cohort.curate.export.prepare_image import measure_image
from lesionary.errors import LesionaryError
from lesionary.scan import Geometry, Mask, read_mask, read_scan, write_mask
from lesionary.scan.write import write_volume

GRID = Geometry((8, 16, 16), np.diag([1.0, 1.0, 2.5, 1.0]))
SPLITS = ["train", "train", "tune", "test"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Four patients with a scan and two lesions each, as labels of one file."""
    rng = np.random.default_rng(0)
    rows = []
    for k, split in enumerate(SPLITS):
        folder = tmp_path / "data" / f"p{k}"
        write_volume(rng.normal(100 * (k + 1), 10, GRID.shape), GRID, folder / "image.nii.gz")
        masks = []
        for start in (1, 9):
            voxels = np.zeros(GRID.shape, bool)
            voxels[2:6, start : start + 5, 3:9] = True
            masks.append(Mask(voxels, GRID, f"L{start}"))
        write_mask(masks, folder / "lesions_mask.nii.gz")
        rows += [
            {
                "lesion_id": f"p{k}_{label}",
                "patient_id": f"p{k}",
                "image_path": f"p{k}/image.nii.gz",
                "mask_path": f"p{k}/lesions_mask.nii.gz",
                "mask_label": label,
                "split": split,
                "grade": label + k,
            }
            for label in (1, 2)
        ]
    path = tmp_path / "data" / "cohort.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_statistics_come_from_training_scans_only(table: Path, tmp_path: Path):
    done = preprocess_cohort(table, [{"z_score": {"fit": "train"}}], tmp_path / "out", workers=0)
    train = np.concatenate(
        [read_scan(table.parent / f"p{k}/image.nii.gz").read().ravel() for k in (0, 1)]
    )
    learnt = json.loads((tmp_path / "out" / "preprocessing.json").read_text())["learnt"][0]
    assert learnt == pytest.approx({"mean": train.mean(), "std": train.std()}, rel=1e-5)
    test = read_scan(tmp_path / "out" / done.table["image_path"].iloc[-1]).read()
    before = read_scan(table.parent / "p3/image.nii.gz").read()
    assert test == pytest.approx((before - train.mean()) / train.std(), abs=1e-4)
    assert "2 of 2 training images" in done.notes[0]


def test_the_table_is_a_cohort_with_the_same_lesions(table: Path, tmp_path: Path):
    out = tmp_path / "out"
    preprocess_cohort(table, [{"resample": {"spacing_mm": 1.0}}, "z_score"], out, workers=0)
    old, new = read_cohort(table), read_cohort(out / "cohort.csv")
    assert not [problem for problem in check_cohort(out / "cohort.csv") if problem.level == "error"]
    for column in ("lesion_id", "patient_id", "split", "grade"):
        assert new.table[column].tolist() == old.table[column].tolist()
    for before, after in zip(old, new, strict=True):
        scan = read_scan(new.image_path(after))
        assert scan.spacing_mm == pytest.approx((1, 1, 1))
        was = read_mask(old.mask_path(before), label=before["mask_label"])
        now = read_mask(new.mask_path(after), scan, label=int(after["mask_label"]))
        assert now.center_mm == pytest.approx(was.center_mm, abs=0.05)
        assert now.volume_ml == pytest.approx(was.volume_ml, rel=0.1)


def test_masks_stay_where_the_grid_does(table: Path, tmp_path: Path):
    done = preprocess_cohort(table, ["min_max"], tmp_path / "out", workers=0)
    assert not (tmp_path / "out" / "masks").exists()
    assert (tmp_path / "out" / done.table["mask_path"].iloc[0]).exists()
    assert done.table["mask_label"].tolist() == [1, 2] * 4


def test_it_goes_on_where_it_stopped_and_begins_anew_with_other_steps(table: Path, tmp_path: Path):
    out = tmp_path / "out"
    preprocess_cohort(table, ["min_max"], out, workers=0)
    first = {file: file.stat().st_mtime_ns for file in (out / "images").iterdir()}
    (out / "images" / "p1_image.nii.gz").unlink()
    again = preprocess_cohort(table, ["min_max"], out, workers=0)
    assert (again.images, again.earlier) == (4, 3)
    changed = [file.name for file, at in first.items() if file.stat().st_mtime_ns != at]
    assert changed == ["p1_image.nii.gz"]
    assert preprocess_cohort(table, ["z_score"], out, workers=0).earlier == 0
    # A scan that changed is read again.
    write_volume(
        np.random.default_rng(7).normal(size=GRID.shape), GRID, table.parent / "p0/image.nii.gz"
    )
    assert preprocess_cohort(table, ["z_score"], out, workers=0).earlier == 3


def test_a_fit_goes_on_where_it_stopped(table: Path, tmp_path: Path, monkeypatch):
    measured = []

    def spy(task):
        measured.append(task[0].target)
        if len(measured) == 4:
            raise KeyboardInterrupt
        return measure_image(task)

    monkeypatch.setattr(fit_steps, "measure_image", spy)
    steps = [{"min_max": {"fit": "train"}}, "histogram_match"]
    whole = preprocess_cohort(table, steps[:1], tmp_path / "other", workers=0)
    assert len(measured) == 2
    with pytest.raises(KeyboardInterrupt):
        preprocess_cohort(table, steps, tmp_path / "out", workers=0)
    again = preprocess_cohort(table, steps, tmp_path / "out", workers=0)
    assert measured[4:] == [
        "images/p1_image.nii.gz",
        "images/p0_image.nii.gz",
        "images/p1_image.nii.gz",
    ]
    assert again.pipeline.learnt[0] == whole.pipeline.learnt[0]
    fresh = preprocess_cohort(table, steps, tmp_path / "fresh", workers=0)
    assert fresh.pipeline == again.pipeline
    # A training scan that changed is measured again, and what was learnt from it changes.
    write_volume(
        np.full(GRID.shape, 5000.0) + np.eye(*GRID.shape[1:]),
        GRID,
        table.parent / "p0/image.nii.gz",
    )
    assert preprocess_cohort(table, steps, tmp_path / "out", workers=0).pipeline != again.pipeline


def test_fitted_steps_are_applied_as_they_are(table: Path, tmp_path: Path):
    steps = [{"z_score": {"fit": "train"}}, "histogram_match"]
    fitted = preprocess_cohort(table, steps, tmp_path / "one", workers=0)
    other = pd.read_csv(table).drop(columns="split").query("patient_id == 'p2'")
    applied = preprocess_cohort(
        other,
        tmp_path / "one" / "preprocessing.json",
        tmp_path / "two",
        root=table.parent,
        workers=0,
    )
    assert applied.pipeline == fitted.pipeline
    path = "images/p2_image.nii.gz"
    one, two = (read_scan(tmp_path / folder / path).read() for folder in ("one", "two"))
    assert np.array_equal(one, two)


def test_a_damaged_scan_and_a_vanishing_mask_are_set_aside(table: Path, tmp_path: Path):
    (table.parent / "p1" / "image.nii.gz").write_bytes(b"no image")
    tiny = np.zeros(GRID.shape, np.uint8)
    tiny[0, 0, 0], tiny[2:7, 3:13, 3:13] = 1, 2
    write_volume(tiny, GRID, table.parent / "p3" / "lesions_mask.nii.gz")
    step = {"resample": {"spacing_mm": 6}}
    done = preprocess_cohort(
        table, [step, {"z_score": {"fit": "train"}}], tmp_path / "out", workers=0
    )
    assert done.set_aside["lesion_id"].tolist() == ["p1_1", "p1_2", "p3_1"]
    assert "nothing is left" in done.set_aside["reason"].iloc[-1]
    assert done.table["lesion_id"].tolist() == ["p0_1", "p0_2", "p2_1", "p2_2", "p3_2"]
    assert "1 of 2 training images" in done.notes[0]


def test_a_region_is_read_from_its_column(table: Path, tmp_path: Path):
    cohort = pd.read_csv(table).assign(body="")
    write_volume(np.ones(GRID.shape, np.uint8), GRID, table.parent / "body.nii.gz")
    cohort["body"] = ["body.nii.gz"] * 6 + [None] * 2
    step = [{"z_score": {"within": "region"}}]
    done = preprocess_cohort(
        cohort, step, tmp_path / "out", root=table.parent, region="body", workers=0
    )
    assert done.set_aside["lesion_id"].tolist() == ["p3_1", "p3_2"]
    assert "has no region" in done.set_aside["reason"].iloc[0]
    with pytest.raises(ExportError, match="no column 'lung'"):
        preprocess_cohort(table, step, tmp_path / "out", region="lung")


def test_fitting_without_a_split_or_training_images_is_refused(table: Path, tmp_path: Path):
    steps, out = [{"z_score": {"fit": "train"}}], tmp_path / "out"
    cohort = pd.read_csv(table)
    without = cohort.drop(columns="split")
    with pytest.raises(ExportError, match="no column 'split'"):
        preprocess_cohort(without, steps, out, root=table.parent, workers=0)
    everything = preprocess_cohort(without, steps, out, root=table.parent, fit_on="all", workers=0)
    assert "4 of 4" in everything.notes[0]
    with pytest.raises(ExportError, match="no lesion is in split 'train'"):
        preprocess_cohort(cohort.assign(split="test"), steps, out, root=table.parent, workers=0)
    with pytest.raises(LesionaryError, match="no split"):
        preprocess_cohort(table, steps, out, fit_on="trian", workers=0)


def test_no_scan_at_all_is_an_error_and_scans_are_never_written_over(table: Path, tmp_path: Path):
    with pytest.raises(ExportError, match=r"No scan could be prepared.*--region"):
        preprocess_cohort(table, [{"z_score": {"within": "region"}}], tmp_path / "out", workers=0)
    preprocess_cohort(table, ["min_max"], tmp_path / "out", workers=0)
    with pytest.raises(ExportError, match="choose another folder"):
        preprocess_cohort(tmp_path / "out" / "cohort.csv", ["z_score"], tmp_path / "out")


def test_the_command(table: Path, tmp_path: Path):
    app = typer.Typer()
    app.command()(command)
    steps = tmp_path / "steps.yaml"
    steps.write_text("- window: {level: 200, width: 400}\n- min_max: {fit: train}\n")
    out = tmp_path / "out"
    words = [str(table), "--steps", str(steps), "--out", str(out), "--workers", "0"]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, "8 lesion(s), 4 scan(s)" in done.output) == (0, True)
    (table.parent / "p2" / "image.nii.gz").unlink()
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 3
    assert len(pd.read_csv(out / "errors.csv")) == 2
