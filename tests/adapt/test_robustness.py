"""From a phantom to verdicts, and from verdicts to patients."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lesionary.adapt.harmonise import Centring, ComBat
from lesionary.adapt.robustness import (
    CutOffs,
    apply_robustness,
    assess_robustness,
    load_robustness,
    save_robustness,
)
from lesionary.cli.robustness import app
from lesionary.errors import EvaluationError, LesionaryError, ModelError
from lesionary.evaluate.reliability import ccc

FINE = [f"fine{i}" for i in range(4)]
SHIFTED = [f"shifted{i}" for i in range(6)]
NOISE = [f"noise{i}" for i in range(3)]
MIXED = ["mixed0", "mixed1"]


def phantom(seed: int = 0) -> pd.DataFrame:
    """30 inserts, three kernels, two scans of each; what the truth of every feature is."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [(i, k, r) for i in range(30) for k in ("B30", "B50", "B70") for r in (1, 2)],
        columns=["insert", "kernel", "scan"],
    )
    kernel = rows["kernel"].map({"B30": 0, "B50": 1, "B70": 2}).to_numpy()

    def true() -> np.ndarray:
        return rng.normal(0, 5, 30)[rows["insert"]]

    def noise() -> np.ndarray:
        return rng.normal(0, 0.4, len(rows))

    for name in FINE:
        rows[name] = true() + noise()
    for name in SHIFTED:
        rows[name] = true() * (1 + 0.4 * kernel) + 6 * kernel + noise()
    for name in NOISE:
        rows[name] = rng.normal(0, 5, len(rows))
    for name in MIXED:  # repeats agree, but each kernel ranks the inserts anew
        rows[name] = rng.normal(0, 5, (30, 3))[rows["insert"], kernel] + noise()
    return rows


ASSESS = {"subject": "insert", "condition": "kernel", "repeat": "scan"}


def test_every_feature_gets_its_verdict():
    found = assess_robustness(phantom(), **ASSESS)
    verdict = found.verdicts.set_index("feature")["verdict"]
    assert (verdict[FINE] == "stable").all()
    assert (verdict[SHIFTED] == "harmonisable").all()
    assert (verdict[NOISE + MIXED] == "reject").all()
    reason = found.verdicts.set_index("feature")["reason"]
    assert (reason[NOISE] == "ccc of repeats below 0.9 in some condition").all()
    assert (reason[MIXED] == "ccc below 0.9 across conditions, also after harmonisation").all()
    assert found.features() == FINE + SHIFTED
    assert found.harmoniser.names_in_ == SHIFTED


def test_numbers_are_the_worst_of_conditions_and_of_repeats():
    rows = phantom()
    found = assess_robustness(rows, **ASSESS)
    one = found.verdicts.set_index("feature").loc["shifted0"]
    wide = rows.pivot_table(index="insert", columns=["kernel", "scan"], values="shifted0")
    repeats = [ccc(wide[kernel]).value for kernel in ("B30", "B50", "B70")]
    across = [ccc(wide.xs(scan, axis=1, level="scan")).value for scan in (1, 2)]
    assert one["repeatability"] == pytest.approx(min(repeats))
    assert one["reproducibility"] == pytest.approx(min(across))


def test_in_sample_agreement_is_combat_of_the_same_rows():
    rows = phantom()
    found = assess_robustness(rows, **ASSESS, folds=0)
    fitted = ComBat().fit(rows[SHIFTED + MIXED], rows["kernel"])
    rows[SHIFTED + MIXED] = fitted.transform(rows[SHIFTED + MIXED], rows["kernel"])
    wide = rows.pivot_table(index="insert", columns=["kernel", "scan"], values="shifted2")
    across = [ccc(wide.xs(scan, axis=1, level="scan")).value for scan in (1, 2)]
    assert found.verdicts.set_index("feature").loc["shifted2", "harmonised"] == pytest.approx(
        min(across)
    )


def test_after_harmonisation_subjects_are_held_out():
    rows = phantom()
    tried = [*SHIFTED, *MIXED]
    wanted = rows.copy()
    for fold in range(5):
        out = rows["insert"] % 5 == fold
        fitted = ComBat().fit(rows.loc[~out, tried], rows.loc[~out, "kernel"])
        wanted.loc[out, tried] = fitted.transform(rows.loc[out, tried], rows.loc[out, "kernel"])
    wide = wanted.pivot_table(index="insert", columns=["kernel", "scan"], values="shifted3")
    across = [ccc(wide.xs(scan, axis=1, level="scan")).value for scan in (1, 2)]
    found = assess_robustness(rows, **ASSESS).verdicts.set_index("feature")
    assert found.loc["shifted3", "harmonised"] == pytest.approx(min(across))


def test_cut_offs_are_the_users():
    rows = phantom()
    strict = assess_robustness(rows, **ASSESS, cuts=CutOffs("icc31", 0.9999, 0.9999))
    assert (strict.verdicts["verdict"] == "reject").all()
    consistent = assess_robustness(rows, **ASSESS, cuts=CutOffs("icc31", 0.8, 0.8))
    assert set(SHIFTED) <= set(consistent.features("stable"))  # shifts do not count in form 3
    by_value = assess_robustness(rows, **ASSESS, cuts=CutOffs(reproducible=0.97))
    by_bound = assess_robustness(rows, **ASSESS, cuts=CutOffs(reproducible=0.97, by="low"))
    assert len(by_bound.features()) <= len(by_value.features())
    shown = by_bound.verdicts.set_index("feature").loc["fine0"]
    agreement = by_bound.agreement
    lows = agreement[
        (agreement["feature"] == "fine0")
        & (agreement["metric"] == "ccc")
        & (agreement["stage"] == "across conditions")
    ]["low"]
    assert shown["reproducibility"] == pytest.approx(lows.min())


def test_dispersion_can_be_asked_too():
    rng = np.random.default_rng(0)
    rows = phantom()[["insert", "kernel", "scan"]]
    rows["wide"] = (rng.lognormal(0, 3, 30)[rows["insert"]]) * rng.uniform(0.7, 1.3, len(rows))
    rows["narrow"] = 50 + rng.normal(0, 5, 30)[rows["insert"]] + rng.normal(0, 0.3, len(rows))
    loose = CutOffs(repeatable=0.5, reproducible=0.5)
    tight = CutOffs(repeatable=0.5, reproducible=0.5, qcd=0.05)
    assert assess_robustness(rows, **ASSESS, cuts=loose).features("stable") == ["wide", "narrow"]
    assert assess_robustness(rows, **ASSESS, cuts=tight).features("stable") == ["narrow"]


def test_readers_are_judged_and_not_harmonised():
    rows = phantom().rename(columns={"kernel": "reader"}).query("scan == 1").drop(columns="scan")
    found = assess_robustness(rows, subject="insert", condition="reader", harmonise=False)
    assert found.harmoniser is None
    assert found.features("stable") == FINE
    assert set(found.verdicts["verdict"]) == {"stable", "reject"}
    assert "repeatability under one condition was not judged" in found.notes[0]


def test_one_candidate_is_harmonised_without_shrinkage():
    found = assess_robustness(phantom(), **ASSESS, columns=["fine*", "shifted0"])
    assert found.features("harmonisable") == ["shifted0"]
    assert any("nothing to shrink to" in note for note in found.notes)
    assert not found.harmoniser.shrink


def test_a_phantoms_parameters_are_saved_and_bring_patients_together(tmp_path):
    rows = phantom()
    found = assess_robustness(rows, **ASSESS)
    read = load_robustness(save_robustness(found, tmp_path))
    rng = np.random.default_rng(9)
    kernel = np.repeat(["B30", "B50", "B70"], 200)
    step = np.repeat([0, 1, 2], 200)
    patients = pd.DataFrame({"lesion_id": [f"p{i}" for i in range(600)], "protocol": kernel})
    for name in FINE + SHIFTED + NOISE + MIXED:
        patients[name] = rng.normal(0, 5, 600)
    patients[SHIFTED] = patients[SHIFTED].mul(1 + 0.4 * step, axis=0).add(6 * step, axis=0)
    robust = read.apply(patients, "protocol")
    assert list(robust) == ["lesion_id", "protocol", *FINE, *SHIFTED]
    pd.testing.assert_frame_equal(robust[FINE], patients[FINE])
    before, after = (
        one.groupby("protocol")[SHIFTED].mean().agg(np.ptp).mean() for one in (patients, robust)
    )
    assert before > 11
    assert after < 1.5
    again = found.harmoniser.transform(patients[SHIFTED], patients["protocol"])
    pd.testing.assert_frame_equal(robust[SHIFTED], again)


def test_patients_that_do_not_fit_the_phantom_are_refused(tmp_path):
    rows = phantom()
    save_robustness(assess_robustness(rows, **ASSESS), tmp_path)
    with pytest.raises(ModelError, match=r"180 of 180 patients .* not scanned with kernel 'B99'"):
        apply_robustness(tmp_path, rows.assign(kernel="B99"))
    with pytest.raises(ModelError, match="no column 'kernel'"):
        apply_robustness(tmp_path, rows.drop(columns="kernel"))
    with pytest.raises(ModelError, match=r"lacks 1 of the 10 features .* first 'fine1'"):
        apply_robustness(tmp_path, rows.drop(columns="fine1"))
    with pytest.raises(ModelError, match="is no folder of"):
        load_robustness(tmp_path / "absent")
    (tmp_path / "robustness.json").write_text("{}")
    with pytest.raises(ModelError, match="damaged"):
        load_robustness(tmp_path)


def test_a_table_that_cannot_be_judged_is_refused():
    rows = phantom()
    with pytest.raises(EvaluationError, match=r"Agreement of kernel .* There is 1 rater"):
        assess_robustness(rows[rows["kernel"] == "B30"], **ASSESS)
    with pytest.raises(EvaluationError, match="more than one row of kernel"):
        assess_robustness(rows, subject="insert", condition="kernel")
    with pytest.raises(EvaluationError, match="no column 'kernl'"):
        assess_robustness(rows, subject="insert", condition="kernl")
    with pytest.raises(EvaluationError, match="no column 'kernl'"):
        assess_robustness(rows, **{**ASSESS, "condition": "kernl"})
    with pytest.raises(EvaluationError, match="The table has no rows"):
        assess_robustness(rows[:0], **ASSESS)
    with pytest.raises(EvaluationError, match="two are the same column"):
        assess_robustness(rows, subject="insert", condition="kernel", repeat="kernel")
    two = rows[(rows["insert"] < 2) & (rows["scan"] == 1)].drop(columns="scan")
    with pytest.raises(EvaluationError, match=r"has one row, which has no spread.*More subjects"):
        assess_robustness(two, subject="insert", condition="kernel")
    for cuts in ({"metric": "icc"}, {"by": "mean"}, {"repeatable": 90.0}, {"qcd": -1.0}):
        with pytest.raises(ModelError):
            CutOffs(**cuts)


def test_a_feature_with_missing_cells_or_none_at_all_does_not_stop_the_others():
    rows = phantom()
    rows.loc[rows["insert"] == 3, "fine0"] = np.nan
    rows["empty"], rows["flat"] = np.nan, 2.0
    rows.loc[[10, 40], "fine1"] = np.inf
    rows["diagnostics_Image-original_Mean"] = 1.0
    verdict = assess_robustness(rows, **ASSESS).verdicts.set_index("feature")["verdict"]
    assert verdict["fine0"] == verdict["fine1"] == "stable"
    assert not verdict.index.str.startswith("diagnostics").any()
    assert verdict["empty"] == verdict["flat"] == "reject"
    flat = assess_robustness(rows, **ASSESS).verdicts.set_index("feature").loc["flat", "reason"]
    assert flat == "ccc of repeats has no value in some condition: agreement.csv says why"


def test_subjects_that_a_condition_lacks_are_told():
    rows = phantom().drop(index=[0, 7])
    rows.loc[40, "fine1"] = -np.inf
    assert assess_robustness(rows, **ASSESS).notes == (
        "1 infinite values count as missing.",
        "2 of 30 subjects lack a scan, with kernel B30.",
        "1 of 30 subjects lack a kernel, with scan 1.",
        "1 of 30 subjects lack a kernel, with scan 2.",
    )


def test_centring_brings_back_shifts_but_no_stretch():
    found = assess_robustness(phantom(), **ASSESS, harmoniser=Centring())
    combat = assess_robustness(phantom(), **ASSESS)
    after = found.verdicts.set_index("feature")["harmonised"][SHIFTED]
    assert (after < combat.verdicts.set_index("feature")["harmonised"][SHIFTED]).all()


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, LesionaryError):
        raise result.exception
    return result.exit_code, result.output


def test_the_command_writes_a_folder_that_is_applied(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    phantom().to_csv("phantom.csv", index=False)
    words = ("--subject", "insert", "--condition", "kernel", "--repeat", "scan")
    code, told = run("assess", "phantom.csv", *words, "--plot", "shifted0")
    assert code == 0
    assert "stable            4 of 15 features (27%)" in told
    folder = Path("robustness")
    assert {path.name for path in folder.iterdir()} == {
        "agreement.csv",
        "bland_altman.csv",
        "bland_altman_shifted0.pdf",
        "bland_altman_shifted0.png",
        "harmoniser.json",
        "robustness.json",
        "verdicts.csv",
    }
    pairs = pd.read_csv(folder / "bland_altman.csv")
    assert len(pairs) == 15 * 3
    assert json.loads((folder / "robustness.json").read_text())["condition"] == "kernel"
    phantom(1).drop(columns="scan").to_csv("patients.csv", index=False)
    code, _ = run("apply", "robustness", "patients.csv", "--out", "robust.csv")
    assert code == 0
    assert set(FINE + SHIFTED) < set(pd.read_csv("robust.csv"))
    with pytest.raises(ModelError, match="no feature 'shiftd0'"):
        run("assess", "phantom.csv", *words, "--plot", "shiftd0")


def test_patients_scanned_in_another_way_do_not_stop_the_others(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_robustness(assess_robustness(phantom(), **ASSESS), "robustness")
    patients = phantom(1).drop(columns="scan").assign(lesion_id=[f"p{i}" for i in range(180)])
    patients.loc[3, "kernel"], patients.loc[4, "kernel"] = "B71", None
    patients.to_csv("patients.csv", index=False)
    code, told = run("apply", "robustness", "patients.csv", "--out", "robust.csv")
    assert code == 3
    assert "6 features were harmonised by what the phantom showed" in told
    assert pd.read_csv("errors.csv").to_numpy().tolist() == [
        [5, "p3", "The phantom was not scanned with kernel 'B71' (did you mean 'B70'?)."],
        [6, "p4", "The table lacks its kernel."],
    ]
    assert len(pd.read_csv("robust.csv")) == 178
    patients["kernel"] = "B99"
    patients.to_csv("patients.csv", index=False)
    with pytest.raises(ModelError, match="180 of 180 patients"):
        run("apply", "robustness", "patients.csv")
