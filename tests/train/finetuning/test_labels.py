"""Targets of a table: what is read, what is refused, and what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from lesionary.errors import TrainingError
from lesionary.train.finetuning.labels import read_labels
from lesionary.train.finetuning.target import Survival, Target


def lesions(**columns: list[object]) -> pd.DataFrame:
    splits = ["train"] * 4 + ["tune"] * 3 + ["test"]
    return pd.DataFrame({"split": splits, **columns})


SITE = ["lung", "liver", "bone", "lung", "lung", "liver", "lung", "bone"]
BINARY = [0, 1, 1, 0, 1, 0, 1, 1]


def test_classes() -> None:
    labelled = read_labels(lesions(site=SITE), Target(label="site"))
    assert labelled.outputs.classes == ("bone", "liver", "lung")
    assert labelled.labels.code.tolist() == [2, 1, 0, 2, 2, 1, 2, 0]
    assert labelled.outputs.columns == ["score_bone", "score_liver", "score_lung"]
    assert {name: rows.tolist() for name, rows in labelled.rows.items()} == {
        "train": [0, 1, 2, 3],
        "tune": [4, 5, 6],
        "test": [7],
    }
    (note,) = labelled.notes
    assert "never 'bone' in split 'tune'" in note


def test_lesions_of_no_split_do_not_count() -> None:
    table = lesions(site=SITE)
    table.loc[2, "split"] = None
    labelled = read_labels(table.drop(index=7).reset_index(drop=True), Target(label="site"))
    assert labelled.outputs.classes == ("liver", "lung")


def test_binary_and_missing_labels() -> None:
    values = [0, None, 1, 0, 1, 0, None, None]
    labelled = read_labels(lesions(sick=values), Target(label="sick", kind="binary"))
    assert labelled.outputs.classes == (0, 1), "whole numbers stay whole beside missing ones"
    assert labelled.outputs.columns == ["score_1"]
    assert labelled.known("train").tolist() == [0, 2, 3]
    assert labelled.known("test").tolist() == []
    assert "1 of 4 lesions of train have no target" in labelled.notes[0]


@pytest.mark.parametrize("positive", ["benign", "malignant"])
def test_the_positive_class_is_the_one_that_is_named(positive: str) -> None:
    words = ["benign" if value else "malignant" for value in BINARY]
    target = Target(label="what", kind="binary", positive=positive)
    labelled = read_labels(lesions(what=words), target)
    assert labelled.outputs.columns == [f"score_{positive}"]
    assert labelled.labels.code.tolist() == [int(word == positive) for word in words]
    with pytest.raises(TrainingError, match=r"Give target\.positive, benign or malignant"):
        read_labels(lesions(what=words), Target(label="what", kind="binary"))


def test_true_and_false() -> None:
    labelled = read_labels(
        lesions(sick=[bool(value) for value in BINARY]), Target(label="sick", kind="binary")
    )
    assert labelled.labels.code.tolist() == BINARY


def test_survival_beside_a_label_uses_lesions_that_have_either() -> None:
    columns = {
        "alive": [0, 1, None, 1, 0, 1, 1, None],
        "time": [3.0, 4, 1, None, 1, 2, 3, 4],
        "event": [1, 0, 1, 1, 1, 0, 1, 0],
    }
    target = Target(label="alive", kind="binary", survival=Survival())
    labelled = read_labels(lesions(**columns), target)
    assert labelled.known("train").tolist() == [0, 1, 2, 3]
    assert np.isnan(labelled.labels.event[3]), "an event without its time is no survival"
    assert labelled.outputs.columns == ["score_1", "score_risk"]
    assert labelled.outputs.metrics == ("auc", "map", "balanced_accuracy", "c_index")


BAD = {
    "no split": (lesions().drop(columns="split").assign(a=BINARY), {}, "no column 'split'"),
    "no tune": (
        pd.DataFrame({"split": ["train"] * 2, "a": [0, 1]}),
        {},
        "no lesion of split 'tune'",
    ),
    "no column": (lesions(b=BINARY), {}, "no column 'a'; they have split, b"),
    "one class": (lesions(a=[1, 1, 1, 1, 0, 1, 0, 1]), {}, "only the class 1 in split 'train'"),
    "no label": (lesions(a=[None] * 4 + [0, 1, 0, 1]), {}, "no value in split 'train'"),
    "unseen": (
        lesions(a=[0, 1, 0, 1, 0, 1, 2, 1]),
        {},
        "2 in split 'tune' and never in 'train'",
    ),
    "one class to tune": (lesions(a=[0, 1, 0, 1, 1, 1, 1, 1]), {}, "fewer than two classes"),
    "three classes": (lesions(a=[0, 1, 2, 1, 0, 1, 1, 1]), {"kind": "binary"}, "has 3 classes"),
    "positive": (lesions(a=BINARY), {"kind": "binary", "positive": 7}, "never 7"),
    "mixed": (lesions(a=["x", 1, "x", 1, "x", 1, 1, 1]), {}, "mixes text and numbers"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_labels(case: str) -> None:
    table, target, message = BAD[case]
    with pytest.raises(TrainingError, match=message):
        read_labels(table, Target(label="a", **target))


BAD_SURVIVAL = {
    "no event in train": ([0, 0, 0, 0, 1, 0, 1, 1], range(8), "no event .1. in split 'train'"),
    "no event in tune": ([1, 0, 0, 0, 0, 0, 0, 1], range(8), "no event .1. in split 'tune'"),
    "not 0 or 1": ([2, 0, 0, 0, 1, 0, 1, 1], range(8), "must be 1"),
    "negative": ([1, 0, 0, 0, 1, 0, 1, 1], range(-1, 7), "negative"),
    "text": ([1, 0, 0, 0, 1, 0, 1, 1], [*"abcdefgh"], "not all numbers"),
    "one time": ([1] * 8, [5] * 8, "can be compared"),
}


@pytest.mark.parametrize("case", BAD_SURVIVAL)
def test_bad_survival(case: str) -> None:
    event, time, message = BAD_SURVIVAL[case]
    with pytest.raises(TrainingError, match=message):
        read_labels(lesions(time=list(time), event=event), Target(survival=Survival()))


def test_a_target_must_be_something() -> None:
    with pytest.raises(ValidationError, match="label, or survival"):
        Target()
    with pytest.raises(ValidationError, match="kind: binary"):
        Target(label="a", positive=1)
