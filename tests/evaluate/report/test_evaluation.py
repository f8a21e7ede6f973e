"""A whole evaluation: which rows give which number, and what is said where there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.statistics import logrank_test
from lifelines.utils import concordance_index
from scipy.special import softmax
from sklearn import metrics

from lesionary.errors import EvaluationError
from lesionary.evaluate.predictions import read_predictions
from lesionary.evaluate.report import (
    Settings,
    ThresholdChoice,
    evaluate_predictions,
    write_evaluation,
)
from lesionary.evaluate.survival import td_auc
from lesionary.evaluate.thresholds import choose_threshold

FEW = {"resamples": 60}


def lesions(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lesion_id": [f"l{i}" for i in range(n)],
            "patient_id": [f"p{i // 2}" for i in range(n)],
            "split": np.where(np.arange(n) < n * 0.4, "tune", "test"),
        }
    )


def binary(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    tables = []
    for model, good in (("a", 2.0), ("b", 0.7)):
        score = 1 / (1 + np.exp(-(y - 0.8) * good - rng.normal(size=n)))
        tables.append(lesions(n).assign(model=model, target=y, score=score))
    return pd.concat(tables, ignore_index=True)


def survival(n: int = 150) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    risk = rng.normal(size=n)
    time, end = rng.exponential(np.exp(-risk)) + 0.01, rng.exponential(2, n) + 0.01
    known = lesions(n).assign(time=np.minimum(time, end), event=(time <= end).astype(int))
    tables = [
        known.assign(model=model, score_risk=risk + rng.normal(size=n) * noise)
        for model, noise in (("cox", 0.3), ("forest", 2.0))
    ]
    return pd.concat(tables, ignore_index=True)


def judge(table: pd.DataFrame, **settings: object):
    return evaluate_predictions(read_predictions(table, by="model"), Settings(**(FEW | settings)))


def test_numbers_are_of_the_test_split_at_the_threshold_of_the_tune_split() -> None:
    table = binary()
    found = judge(table)
    for model in ("a", "b"):
        rows = table[table["model"] == model]
        tune, test = (rows[rows["split"] == name] for name in ("tune", "test"))
        threshold = float(choose_threshold(tune["target"], tune["score"]))
        assert f"{threshold:.4g}" in found.decisions[model]
        called = test["score"] >= threshold
        assert found.of(model, "f1").result.value == pytest.approx(
            metrics.f1_score(test["target"], called)
        )
        auc = found.of(model, "auc").result
        assert auc.value == pytest.approx(metrics.roc_auc_score(test["target"], test["score"]))
        assert (auc.n, auc.patients, auc.events) == (120, 60, test["target"].sum())
    assert found.settings.split == "test"
    assert found.of("a", "calibration_slope").result.low is not None
    assert set(found.results["metric"]) >= {"auc", "npv", "brier", "calibration_error"}


def test_threshold_is_never_chosen_on_the_judged_rows() -> None:
    wanted = ThresholdChoice.of("sensitivity=0.9")
    with pytest.raises(EvaluationError, match="no predictions of 'a' of split 'tune' to choose"):
        judge(binary(), split="tune", threshold=wanted)
    without = binary().drop(columns="split")
    with pytest.raises(EvaluationError, match="none is chosen"):
        judge(without, threshold=wanted)
    found = judge(without)
    assert found.decisions["a"] == "score of at least 0.5, not chosen on data"
    assert "no column 'split'" in found.notes[0]
    assert judge(binary(), threshold=wanted).decisions["a"].startswith("score of at least")


def test_scores_that_are_no_probabilities_have_no_calibration_and_no_default_threshold() -> None:
    table = binary()
    table["score"] = table["score"] * 10
    found = judge(table.drop(columns="split"))
    assert found.of("a", "brier") is None
    assert found.of("a", "calibration_slope") is None
    assert found.of("a", "f1").reason == "there is no threshold."
    assert found.of("a", "auc").result.value > 0.5
    assert judge(table).of("a", "f1").result is not None


def test_models_are_compared_on_shared_lesions_each_at_its_own_threshold() -> None:
    table = binary()
    table = table[~((table["model"] == "a") & (table["lesion_id"] == "l199"))]
    table.loc[table["model"] == "b", "score"] *= 0.3  # 0.5 would call nobody
    found = judge(table.sample(frac=1, random_state=0), metrics=("auc", "f1"))
    for metric in ("auc", "f1"):
        pair = found.comparisons[metric].differences[0]
        assert pair.result.n == 119
    b = table[(table["model"] == "b") & (table["split"] == "test")]
    b = b[b["lesion_id"] != "l199"]
    tune = table[(table["model"] == "b") & (table["split"] == "tune")]
    threshold = float(choose_threshold(tune["target"], tune["score"]))
    assert found.comparisons["f1"].as_dict()["values"]["b"] == pytest.approx(
        metrics.f1_score(b["target"], b["score"] >= threshold)
    )
    assert (found.of("a", "auc").result.n, found.of("b", "auc").result.n) == (119, 120)


def test_models_without_a_shared_lesion(tmp_path: Path) -> None:
    table = binary()
    other = (table["lesion_id"].str[1:].astype(int) % 4 < 2) == (table["model"] == "a")
    found = judge(table[other])
    assert "compared on the 0 that all have" in found.predictions.notes[0]
    assert found.of("a", "auc").result.n == 60
    assert "not compared by auc" in found.notes[-1]
    written = write_evaluation(found, tmp_path)
    assert [path.name for path in written] == ["results.json", "results.csv"]


def test_one_class_in_the_split_gives_reasons_and_no_numbers() -> None:
    table = binary()
    table.loc[table["split"] == "test", "target"] = 1
    found = judge(table)
    assert all(one.result is None for one in found.judged)
    assert "one class" in found.of("a", "auc").reason
    assert found.results["notes"].str.startswith("not computed: All 120 rows").all()
    assert "not compared by auc" in found.notes[0]


def test_tune_split_of_one_class_is_said() -> None:
    table = binary()
    table.loc[table["split"] == "tune", "target"] = 1
    found = judge(table)
    assert "split 'tune' cannot choose one" in found.decisions["a"]
    assert found.of("a", "sensitivity").reason == "there is no threshold."


def test_several_classes() -> None:
    rng = np.random.default_rng(0)
    names = np.array(["bone", "liver", "lung"])
    y = rng.integers(0, 3, 200)
    score = softmax(np.eye(3)[y] * 2 + rng.normal(size=(200, 3)), axis=1)
    table = lesions(200).assign(model="a", target=names[y])
    for number, name in enumerate(names):
        table[f"score_{name}"] = score[:, number]
    found = judge(table)
    test = (table["split"] == "test").to_numpy()
    assert found.of("a", "auc").result.value == pytest.approx(
        metrics.roc_auc_score(y[test], score[test], multi_class="ovr")
    )
    each = {one.of_class: one for one in found.judged if one.metric == "auc" and one.of_class}
    assert each["liver"].result.value == pytest.approx(
        metrics.roc_auc_score(y[test] == 1, score[test, 1])
    )
    assert found.decisions["a"] == "the class of the highest score"
    assert found.of("a", "npv") is None


def test_survival_is_lifelines() -> None:
    table = survival()
    found = judge(table)
    rows = table[(table["model"] == "cox") & (table["split"] == "test")]
    tune = table[(table["model"] == "cox") & (table["split"] == "tune")]
    assert found.of("cox", "c_index").result.value == pytest.approx(
        concordance_index(rows["time"], -rows["score_risk"], rows["event"])
    )
    high = rows["score_risk"] > tune["score_risk"].median()
    expected = logrank_test(
        rows["time"][high], rows["time"][~high], rows["event"][high], rows["event"][~high]
    )
    assert found.of("cox", "log_rank_p").result.value == pytest.approx(expected.p_value)
    fit = CoxPHFitter().fit(
        rows[["time", "event"]].assign(high=high.astype(float)), "time", "event"
    )
    assert found.of("cox", "hazard_ratio").result.value == pytest.approx(
        fit.hazard_ratios_["high"], rel=1e-4
    )
    assert "chosen on split 'tune'" in found.decisions["cox"]


def test_survival_without_events_or_spread() -> None:
    table = survival()
    table.loc[table["split"] == "test", "event"] = 0
    found = judge(table)
    assert "censored" in found.of("cox", "c_index").reason
    table = survival()
    table.loc[table["model"] == "cox", "score_risk"] = 1.0
    found = judge(table)
    assert found.decisions["cox"].startswith("none: All 60 risks are 1")
    assert found.of("cox", "hazard_ratio") is None
    assert found.of("forest", "hazard_ratio").result is not None
    subgroups = judge(table.assign(sex="f", event=0), subgroups=("sex",))
    assert not subgroups.subgroups
    assert any("Subgroups are not judged of model 'cox': All" in n for n in subgroups.notes)
    alone = judge(survival().drop(columns="split"))
    assert "which flatters the model" in alone.decisions["cox"]


def test_survival_models_are_compared_on_the_lesions_that_all_have() -> None:
    table = survival()
    table = table[~((table["model"] == "cox") & (table["lesion_id"] == "l149"))]
    shuffled = table.sample(frac=1, random_state=0).reset_index(drop=True)
    found = judge(shuffled, metrics=("c_index", "c_index_uno"), reference="forest")
    assert list(found.comparisons) == ["c_index", "c_index_uno"]
    pair = found.comparisons["c_index"].differences[0]
    assert (pair.first, pair.second) == ("cox", "forest")
    both = table[(table["split"] == "test") & (table["lesion_id"] != "l149")]
    cox, forest = (both[both["model"] == name] for name in ("cox", "forest"))
    wanted = [
        concordance_index(one["time"], -one["score_risk"], one["event"]) for one in (cox, forest)
    ]
    assert pair.result.value == pytest.approx(wanted[0] - wanted[1])
    assert (pair.result.n, pair.result.patients) == (89, 45)
    assert pair.p < 0.05


def test_survival_at_times_and_in_subgroups() -> None:
    table = survival().assign(sex=np.tile(["f", "m"], 150))
    found = judge(table, times=(0.5, 1), subgroups=("sex",))
    rows = table[(table["model"] == "cox") & (table["split"] == "test")]
    at = td_auc(rows["time"], rows["event"], rows["score_risk"], at=[0.5, 1], interval=None)
    assert found.of("cox", "auc_at_1").result.value == pytest.approx(at.results[1].value)
    assert found.of("cox", "mean_auc").result.value == pytest.approx(at.whole.value)
    assert found.of("cox", "auc_at_0.5").result.patients == 45
    women = rows[rows["sex"] == "f"]
    assert found.subgroups["cox"][0].results["f"].value == pytest.approx(
        concordance_index(women["time"], -women["score_risk"], women["event"])
    )
    assert found.subgroups["cox"][0].p is not None
    late = judge(table, times=(99,))
    assert "Times lie within follow-up" in late.of("cox", "auc_at_99").reason


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metrics": ("auc",)}, "not compared by 'auc': give one of c_index, c_index_uno"),
        ({"threshold": ThresholdChoice("youden")}, "cut at the median of the tune split"),
        ({"subgroups": ("sex",), "edges": {"sex": (1,)}}, "sex is not a column of numbers"),
        ({"edges": {"sex": (1,)}}, "'sex' has edges but is not among the subgroups"),
        ({"test": "delong"}, None),
    ],
)
def test_what_does_not_fit_survival(settings, message) -> None:
    table = survival().assign(sex=np.tile(["f", "m"], 150))
    if message is None:
        assert "tested by permutation or bootstrap" in judge(table, **settings).notes[-1]
        return
    with pytest.raises(EvaluationError, match=message):
        judge(table, **settings)


def test_times_are_of_survival() -> None:
    with pytest.raises(EvaluationError, match="these are of classes"):
        judge(binary(), times=(1,))


def test_fractions() -> None:
    table = binary()
    half = table.assign(fraction=0.5, score=0.5 + 0.1 * (table["score"] - 0.5))
    half.loc[half["model"] == "b", "score"] = 1 - half.loc[half["model"] == "b", "score"]
    found = judge(pd.concat([table.assign(fraction=1.0), half]), metrics=("auc",))
    curve = found.fractions.set_index(["model", "fraction"])["value"]
    assert curve["a", 0.5] == pytest.approx(curve["a", 1.0])
    assert curve["b", 0.5] == pytest.approx(1 - curve["b", 1.0])
    assert found.of("b", "auc").result.value == curve["b", 1.0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"split": "tests"}, "no predictions of split 'tests'.*did you mean 'test'"),
        ({"metrics": ("aucc",)}, "no metric 'aucc'"),
        ({"reference": "A"}, "no model 'A' to compare with.*did you mean 'a'"),
        ({"subgroups": ("sex",)}, "no column 'sex' to make subgroups by"),
        ({"metrics": ("auc",), "test": "mcnemar"}, None),
    ],
)
def test_what_does_not_fit(settings, message) -> None:
    if message is None:
        assert "not compared by auc" in judge(binary(), **settings).notes[-1]
        return
    with pytest.raises(EvaluationError, match=message):
        judge(binary(), **settings)


@pytest.mark.parametrize("words", ["best", "sensitivity", "youden=0.4", "specificity=high"])
def test_thresholds_that_are_none(words: str) -> None:
    with pytest.raises(EvaluationError, match="threshold is a number"):
        ThresholdChoice.of(words)


def strict_json(path: Path) -> dict[str, Any]:
    """Read JSON that has neither NaN nor Infinity, which are no JSON."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(path.read_text(), parse_constant=refuse)


def test_what_is_no_number_is_null_in_json(tmp_path: Path) -> None:
    table = survival()
    table.loc[table["model"] == "cox", "score_risk"] = 1.0
    table["sex"] = np.where(table["lesion_id"].str[1:].astype(int) < 140, "f", "m")
    table.loc[table["sex"] == "m", "event"] = 0
    found = judge(table, subgroups=("sex",), times=(99,))
    write_evaluation(found, tmp_path, draw=False)
    told = strict_json(tmp_path / "results.json")
    results = {(one["model"], one["metric"]): one for one in told["results"]}
    assert results["cox", "c_index"]["result"]["low"] is None
    assert results["cox", "auc_at_99"]["result"] is None
    men = next(one for one in told["subgroups"] if one["subgroup"] == "m")
    assert (men["value"], men["events"], men["p_interaction"]) == (None, None, None)


def test_files_are_the_same_each_time_and_hold_what_was_found(tmp_path: Path) -> None:
    table = binary().assign(sex=np.tile(["f", "m"], 200))
    table.loc[3, "score"] = np.nan
    found = judge(table, subgroups=("sex",))
    one, two = (
        write_evaluation(each, tmp_path / name, about={"file": "p.csv"}, draw=False)
        for each, name in ((found, "one"), (judge(table, subgroups=("sex",)), "two"))
    )
    assert [path.name for path in one] == [path.name for path in two]
    for left, right in zip(one, two, strict=True):
        assert left.read_bytes() == right.read_bytes(), left.name
    told = strict_json(tmp_path / "one" / "results.json")
    assert told["file"] == "p.csv"
    assert told["rows_set_aside"] == 1
    auc = next(r for r in told["results"] if (r["model"], r["metric"]) == ("a", "auc"))
    assert auc["result"]["value"] == found.of("a", "auc").result.value
    results = pd.read_csv(tmp_path / "one" / "results.csv")
    assert results.loc[0, "value"] == pytest.approx(found.judged[0].result.value, rel=1e-15)
    assert len(pd.read_csv(tmp_path / "one" / "errors.csv")) == 1
    write_evaluation(judge(binary()), tmp_path / "one", draw=False)
    assert not (tmp_path / "one" / "errors.csv").exists()
    assert not (tmp_path / "one" / "subgroups.csv").exists()
