"""Reading predictions: layouts, what is set aside, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesionary.errors import EvaluationError
from lesionary.evaluate.predictions import read_predictions


@pytest.fixture
def long() -> pd.DataFrame:
    """Two models, four lesions of three patients."""
    one = pd.DataFrame(
        {
            "lesion_id": ["007", "b", "c", "d"],
            "patient_id": ["p1", "p1", "p2", "p3"],
            "split": ["train", "train", "val", "test"],
            "target": [0, 1, 1, 0],
            "score_0": [0.9, 0.3, 0.2, 0.6],
            "score_1": [0.1, 0.7, 0.8, 0.4],
        }
    )
    return pd.concat([one.assign(model="a"), one.assign(model="b")], ignore_index=True)


@pytest.fixture
def survival() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lesion_id": ["a", "b", "c", "d", "e"],
            "time": [1.0, 2.0, -1.0, np.nan, 5.0],
            "event": [1, 0, 1, 1, 2],
            "score_risk": [0.1, 0.5, 0.2, 0.3, 0.4],
        }
    )


def test_long(long: pd.DataFrame, tmp_path: Path) -> None:
    for name in ("p.csv", "p.parquet"):
        if name.endswith("csv"):
            long.to_csv(tmp_path / name, index=False)
        else:
            long.to_parquet(tmp_path / name)
        read = read_predictions(tmp_path / name, by="model")
        assert read.models == ("a", "b")
        assert (read.kind, read.classes, read.scores) == ("classes", ("0", "1"), ("score",))
        test = read.of("b", "test")
        assert test.index.tolist() == ["d"]
        assert read.of("a").loc["007", "score"] == 0.1
        assert set(read.table["split"]) == {"train", "tune", "test"}
        assert (read.notes, read.findings, len(read.set_aside)) == ((), (), 0)


def test_one_model_is_called_as_its_file(long: pd.DataFrame, tmp_path: Path) -> None:
    long[long["model"] == "a"].drop(columns="model").to_csv(tmp_path / "resnet.csv", index=False)
    assert read_predictions(tmp_path / "resnet.csv").models == ("resnet",)


def test_wide_equals_long(long: pd.DataFrame) -> None:
    long["score_1"] += (long["model"] == "b") * 0.05
    wide = long.pivot_table(index="lesion_id", columns="model", values="score_1").reset_index()
    wide["truth"] = wide["lesion_id"].map(dict(zip(long["lesion_id"], long["target"], strict=True)))
    read = read_predictions(wide, target="truth", scores=["a", "b"])
    for model in ("a", "b"):
        pd.testing.assert_series_equal(
            read.of(model)["score"].sort_index(),
            read_predictions(long, by="model").of(model)["score"].sort_index(),
        )
    assert "no column 'patient_id'" in read.notes[0]


def test_wide_without_names_of_lesions() -> None:
    wide = pd.DataFrame({"name": ["x", "x", "y"], "label": [0, 1, 1], "m": [0.1, 0.2, 0.3]})
    read = read_predictions(wide, target="label", scores=["m"])
    assert len(read.of("m")) == 3
    assert "every row counts as a lesion" in read.notes[0]
    with pytest.raises(EvaluationError, match="repeat a lesion of the same model, first 'x'"):
        read_predictions(wide, target="label", scores=["m"], lesion="name")


def test_several_classes_by_name() -> None:
    table = pd.DataFrame(
        {
            "lesion_id": list("abc"),
            "target": ["lung", "liver", "bone"],
            "score_lung": [0.8, 0.1, 0.1],
            "score_bone": [0.1, 0.1, 0.7],
            "score_liver": [0.1, 0.8, 0.2],
        }
    )
    read = read_predictions(table)
    assert read.classes == ("lung", "bone", "liver")
    assert read.score_of(read.of("predictions")).columns.tolist() == ["lung", "bone", "liver"]
    with pytest.raises(EvaluationError, match="'liver' has no column of scores"):
        read_predictions(table.drop(columns="score_liver"))


def test_numbers_of_classes_stay_names_though_a_label_is_missing(tmp_path: Path) -> None:
    table = pd.DataFrame({"lesion_id": list("abc"), "target": [0, 1, None]})
    for number in (0, 1):
        table[f"score_{number}"] = 0.5
    table.to_csv(tmp_path / "t.csv", index=False)
    read = read_predictions(tmp_path / "t.csv")
    assert read.classes == ("0", "1")
    assert read.table["target"].tolist() == ["0", "1"]
    assert read.set_aside[["row", "lesion_id", "reason"]].to_numpy().tolist() == [
        [4, "c", "no target"]
    ]


def test_positive_class() -> None:
    table = pd.DataFrame({"lesion_id": ["a", "b"], "target": ["m", "n"], "score": [0.9, 0.1]})
    assert read_predictions(table).classes == ("m", "n")
    assert read_predictions(table, positive="m").classes == ("n", "m")
    both = table.rename(columns={"score": "score_m"}).assign(score_n=[0.1, 0.9])
    read = read_predictions(both, positive="m")
    assert read.table["score"].tolist() == [0.9, 0.1]
    alone = read_predictions(both.drop(columns="score_n"))
    assert alone.classes == ("n", "m")
    assert alone.table["score"].tolist() == [0.9, 0.1]
    with pytest.raises(EvaluationError, match="'x' is not one of two"):
        read_predictions(table, positive="x")


def test_survival_sets_aside_what_cannot_be_judged(survival: pd.DataFrame) -> None:
    read = read_predictions(survival)
    assert read.kind == "survival"
    assert read.table["lesion_id"].tolist() == ["a", "b"]
    reasons = dict(zip(read.set_aside["lesion_id"], read.set_aside["reason"], strict=True))
    assert reasons == {
        "c": "no time above 0",
        "d": "no time above 0",
        "e": "event is neither 0 nor 1",
    }
    wide = survival.rename(columns={"score_risk": "cox"})
    assert read_predictions(wide, scores=["cox"]).kind == "survival"


def test_table_with_classes_and_survival(survival: pd.DataFrame) -> None:
    both = survival.assign(target=[0, 1, 0, 1, 1], score_0=0.5, score_1=0.5)
    read = read_predictions(both)
    assert read.kind == "classes"
    assert "of classes and of survival" in read.notes[0]
    assert read_predictions(both, kind="survival").scores == ("score_risk",)


def test_scores_that_are_missing_are_counted_by_model(long: pd.DataFrame) -> None:
    long.loc[1, "score_1"] = np.nan
    long["score_1"] = long["score_1"].astype(object)
    long.loc[2, "score_1"] = "high"
    long.loc[5, "score_0"] = np.inf
    read = read_predictions(long, by="model")
    assert read.set_aside[["row", "model"]].to_numpy().tolist() == [[3, "a"], [4, "a"], [7, "b"]]
    assert (read.set_aside["reason"] == "score is missing, infinite or no number").all()
    assert "compared on the 2 that all have" in read.notes[0]


def test_patient_in_two_splits_is_a_finding(long: pd.DataFrame) -> None:
    long["patient_id"] = long["patient_id"].replace("p3", "p1")
    finding = read_predictions(long, by="model").findings[0]
    assert "1 patients are in more than one split, such as p1" in finding


def test_joined_table(long: pd.DataFrame) -> None:
    cohort = pd.DataFrame(
        {
            "lesion_id": ["d", "c", "b", "007", "e"],
            "patient_id": list("vwxyz"),
            "sex": list("mfmfm"),
        }
    )
    read = read_predictions(long.drop(columns="patient_id"), by="model", table=cohort)
    assert read.of("a")["sex"].to_dict() == {"007": "f", "b": "m", "c": "f", "d": "m"}
    assert read.of("a").loc["007", "patient_id"] == "y"
    with pytest.raises(EvaluationError, match="1 lesions of the predictions are not in"):
        read_predictions(long, by="model", table=cohort.iloc[1:])
    with pytest.raises(EvaluationError, match="'d' more than once"):
        read_predictions(long, by="model", table=pd.concat([cohort, cohort]))


def test_fractions_are_kept_and_the_largest_is_judged(long: pd.DataFrame) -> None:
    both = pd.concat([long.assign(fraction=0.1), long.assign(fraction=1.0, score_1=0.5)])
    read = read_predictions(both, by="model")
    assert len(read.table) == 16
    assert (read.of("a")["score"] == 0.5).all()


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {}, "repeat a lesion .* which column tells them apart"),
        ({}, {"by": "net"}, "no column 'net'; there are lesion_id"),
        ({}, {"by": "model", "target": "truth"}, "no column 'truth' of what came true"),
        ({}, {"by": "model", "kind": "survival"}, "no column of scores"),
        ({}, {"by": "model", "lesion": "name"}, "no column 'name', which names the lesions"),
        ({}, {"by": "model", "scores": ["score_0", "score_1"]}, "not both"),
        ({"target": list("01010011")}, {"by": "model"}, "have a different target"),
        ({"target": None}, {"by": "model"}, "No row of predictions can be judged.*no target"),
        ({"target": [0, "x", 1, 0] * 2}, {"by": "model", "scores": ["score_1"]}, "several kinds"),
        ({"target": [0, 1, 2, 0] * 2}, {"by": "model", "scores": ["score_1"]}, "one column"),
    ],
)
def test_what_is_refused(long: pd.DataFrame, change, options, message) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_predictions(long.assign(**change), **options)


def test_empty() -> None:
    empty = pd.DataFrame({"lesion_id": [], "target": [], "score": []})
    with pytest.raises(EvaluationError, match="has no rows"):
        read_predictions(empty)


def test_columns_of_the_same_names_as_ours(long: pd.DataFrame, survival: pd.DataFrame) -> None:
    one = long[long["model"] == "a"].drop(columns="model")
    wide = one.rename(columns={"score_1": "score"}).assign(row=7)
    read = read_predictions(wide, scores=["score"])
    assert read.of("score")["score"].tolist() == one["score_1"].tolist()
    assert (read.of("score")["row"] == 7).all()
    risk = read_predictions(survival, scores=["score_risk"], kind="survival")
    assert risk.models == ("score_risk",)
    cohort = one[["lesion_id"]].assign(score_x=1.0, model="CT 5000", score=3.0, sex="f")
    read = read_predictions(long, by="model", table=cohort)
    assert read.classes == ("0", "1")
    assert "sex" in read.table
    assert read.models == ("a", "b")


def test_events_as_words_of_a_csv(survival: pd.DataFrame, tmp_path: Path) -> None:
    happened = survival.assign(time=1.0, event=[True, False, None, True, False])
    happened.to_csv(tmp_path / "s.csv", index=False)
    read = read_predictions(tmp_path / "s.csv")
    assert read.table["event"].tolist() == [1, 0, 1, 0]
    assert read.set_aside["reason"].tolist() == ["event is neither 0 nor 1"]
