import json
from pathlib import Path

import numpy as np
import pytest

from lesionary.scan import Geometry
from lesionary.scan.intensity import (
    IntensityError,
    Volume,
    fit_steps,
    load_pipeline,
    quantiles,
    read_steps,
    save_pipeline,
    step_names,
)


def volume(voxels) -> Volume:
    voxels = np.asarray(voxels, np.float32)
    return Volume(voxels, Geometry(voxels.shape, np.eye(4)))


def images(count: int = 3) -> list[Volume]:
    rng = np.random.default_rng(0)
    return [volume(rng.normal(100 + 40 * k, 10 + k, (4, 10, 10 + k))) for k in range(count)]


def test_a_z_score_fitted_on_train_is_that_of_all_voxels_together():
    train, new = images(), volume(np.random.default_rng(9).normal(0, 1, (4, 5, 6)))
    fitted = fit_steps([{"z_score": {"fit": "train"}}], lambda: train)
    together = np.concatenate([one.voxels.ravel() for one in train]).astype(np.float64)
    expected = (new.voxels - together.mean()) / together.std()
    assert fitted.apply(new).voxels == pytest.approx(expected, abs=1e-4)


def test_a_step_learns_from_what_the_steps_before_it_leave():
    train = images()
    fitted = fit_steps(
        [{"window": {"level": 120, "width": 60}}, {"min_max": {"fit": "train"}}, "z_score"],
        lambda: train,
    )
    assert fitted.learnt == (None, {"minimum": 90.0, "maximum": 150.0}, None)
    last = fitted.apply(train[2]).voxels
    assert (last.mean(), last.std()) == (pytest.approx(0, abs=1e-5), pytest.approx(1, abs=1e-5))


def test_two_steps_that_learn_are_fitted_one_after_the_other():
    train = images()
    fitted = fit_steps(
        [{"z_score": {"fit": "train"}}, {"percentile": {"fit": "train"}}], lambda: train
    )
    first = fit_steps([{"z_score": {"fit": "train"}}], lambda: train)
    scored = [first.apply(one).voxels for one in train]
    assert fitted.learnt[1] == pytest.approx(
        {
            "low": np.mean([np.percentile(one, 1) for one in scored]),
            "high": np.mean([np.percentile(one, 99) for one in scored]),
        },
        rel=1e-5,
    )


def test_bins_learn_their_range():
    fitted = fit_steps([{"binning": {"count": 4, "fit": "train"}}], lambda: [volume([[[0, 8]]])])
    assert fitted.apply(volume([[[-3, 1, 3, 99]]])).voxels.ravel().tolist() == [1, 1, 2, 4]


def test_histograms_are_matched_to_the_mean_of_train_or_to_a_reference():
    train = images()
    step = {"histogram_match": {"within": "image", "points": 50}}
    fitted = fit_steps([step], lambda: train)
    mean = np.mean([quantiles(one.voxels, 50) for one in train], axis=0)
    assert quantiles(fitted.apply(train[0]).voxels, 50) == pytest.approx(mean, rel=1e-3)

    step["histogram_match"]["reference"] = "standard.nii"
    asked = []
    single = fit_steps([step], list, lambda path: asked.append(path) or train[2])
    assert asked == ["standard.nii"]
    assert quantiles(single.apply(train[0]).voxels, 50) == pytest.approx(
        quantiles(train[2].voxels, 50), rel=1e-3
    )


def test_saved_and_loaded_it_does_the_same(tmp_path: Path):
    train = images()
    steps = [
        {"resample": {"spacing_mm": [0.5, 0.5, None]}},
        {"z_score": {"fit": "train", "within": "foreground"}},
        "histogram_match",
    ]
    fitted = fit_steps(steps, lambda: train)
    save_pipeline(fitted, tmp_path / "fitted.json")
    again = load_pipeline(tmp_path / "fitted.json")
    assert again == fitted
    assert np.array_equal(again.apply(train[0]).voxels, fitted.apply(train[0]).voxels)
    assert json.loads((tmp_path / "fitted.json").read_text())["steps"][2]["histogram_match"]


def test_a_fit_without_images_or_unfitted_steps_are_refused(tmp_path: Path):
    with pytest.raises(IntensityError, match="no training image to fit z_score"):
        fit_steps([{"z_score": {"fit": "train"}}], list)
    from lesionary.scan.intensity import Pipeline

    with pytest.raises(IntensityError, match="not fitted yet"):
        save_pipeline(Pipeline(read_steps(["n4"])), tmp_path / "a.json")


def test_steps_from_a_file(tmp_path: Path):
    file = tmp_path / "ct.yaml"
    file.write_text("steps:\n  - window: {level: -600, width: 1500}\n  - z_score\n")
    assert [step.name for step in read_steps(file)] == ["window", "z_score"]
    file.write_text("- resample: {spacing_mm: 2}\n")
    (step,) = read_steps(file)
    assert step.model_dump()["spacing_mm"] == (2, 2, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (["zscore"], "did you mean 'z_score'"),
        ([{"z_score": {"withn": "image"}}], "did you mean 'within'"),
        ([{"window": {"level": 40}}], "window: width Field required"),
        ([{"window": {"level": 40, "width": -1}}, "zz"], "step 1: .*step 2: "),
        ([{"z_score": {"mean": 1}}], "give mean and std, or neither"),
        ([{"z_score": {"mean": 1, "std": 1, "fit": "train"}}], "nothing to fit"),
        ([{"binning": {}}], "either width or count"),
        ([{"binning": {"count": 8, "origin": 0}}], "origin belongs to a width"),
        ([{"percentile": {"low": 60, "high": 40}}], "percentile: low must be less than high"),
        ([{"min_max": {"to": [1, 1]}}], "ends are the same"),
        ([{"resample": {"spacing_mm": 0}}], "greater than 0"),
        ([{"window": {"level": float("nan"), "width": 9}}], "level Input should be a finite"),
        ([{"n4": 3}], "names and values"),
        ([{"n4": {}, "window": {}}], "one name with its settings"),
        ([], "should be a list of steps"),
    ],
)
def test_lists_that_are_wrong(content, message):
    with pytest.raises(IntensityError, match=message):
        read_steps(content)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "not YAML"), ("z_score", "should be a list"), ("{a: 1}", "should be a list")],
)
def test_files_that_are_no_list(tmp_path: Path, text, message):
    file = tmp_path / "steps.yaml"
    file.write_text(text)
    with pytest.raises(IntensityError, match=message):
        read_steps(file)


@pytest.mark.parametrize(
    ("text", "message"), [("{", "not JSON"), ("{}", "no fitted steps"), (None, "cannot be read")]
)
def test_files_that_are_no_fitted_steps(tmp_path: Path, text, message):
    file = tmp_path / "fitted.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(IntensityError, match=message):
        load_pipeline(file)


def test_every_step_of_the_issue_is_there():
    assert set(step_names()) == {
        "n4",
        "window",
        "resample",
        "z_score",
        "min_max",
        "percentile",
        "histogram_match",
        "white_stripe",
        "fat_reference",
        "equalise",
        "binning",
    }
