"""Thresholds, by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from lesionary.errors import EvaluationError
from lesionary.evaluate.thresholds import choose_threshold

Y = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
SCORE = [0.1, 0.2, 0.3, 0.5, 0.7, 0.25, 0.45, 0.6, 0.8, 0.9]


@pytest.mark.parametrize(
    ("rule", "at", "value", "sensitivity", "specificity"),
    [
        ("youden", None, 0.25, 1.0, 0.4),  # four scores have 1.4 together: the most sensitive
        ("sensitivity", 0.8, 0.45, 0.8, 0.6),
        ("sensitivity", 0.81, 0.25, 1.0, 0.4),
        ("sensitivity", None, 0.25, 1.0, 0.4),
        ("specificity", 0.8, 0.6, 0.6, 0.8),
        ("specificity", 0.9, 0.8, 0.4, 1.0),
    ],
)
def test_by_hand(rule, at, value, sensitivity, specificity) -> None:
    chosen = choose_threshold(Y, SCORE, rule, at=at)
    assert float(chosen) == value
    assert chosen.sensitivity == pytest.approx(sensitivity)
    assert chosen.specificity == pytest.approx(specificity)
    assert (chosen.n, chosen.events) == (10, 5)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=4, max_size=60))
def test_youden_is_scikit_learns(rows: list[tuple[bool, int]]) -> None:
    y, score = np.array([one[0] for one in rows]), np.array([one[1] for one in rows])
    if len(set(y)) < 2 or len(set(score)) < 2:
        return
    false, true, _ = roc_curve(y, score, drop_intermediate=False)
    chosen = choose_threshold(y, score)
    # That nobody is called positive is the only threshold of theirs that is no score.
    assert chosen.sensitivity + chosen.specificity - 1 == pytest.approx(
        max((true - false)[1:].max(), 0)
    )
    called = score >= chosen.value
    assert chosen.sensitivity == pytest.approx(called[y].mean())
    assert chosen.specificity == pytest.approx((~called[~y]).mean())


def test_youden_of_one_best() -> None:
    assert choose_threshold([0, 0, 0, 1, 1], [1, 2, 4, 3, 5]).value == 3  # 1 + 2/3
    assert choose_threshold([0, 0, 0, 0, 1, 1, 0, 1], [1, 2, 3, 4, 5, 6, 7, 0]).value == 5


def test_says_where_it_comes_from() -> None:
    text = str(choose_threshold(Y, SCORE, "sensitivity", at=0.95))
    assert "score of at least 0.25 (sensitivity of at least 0.95; chosen on n = 10" in text


def test_labels_of_text_and_order_of_classes() -> None:
    names = np.array(["benign", "malignant"])[Y]
    assert choose_threshold(names, SCORE).value == 0.25
    turned = choose_threshold(names, [-s for s in SCORE], classes=["malignant", "benign"])
    assert turned.sensitivity + turned.specificity == pytest.approx(1.4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"score": [0.5] * 10}, "no threshold to choose"),
        ({"rule": "best"}, "rule is 'youden'"),
        ({"rule": "youden", "at": 0.5}, "`at` is for"),
        ({"rule": "sensitivity", "at": 1.5}, "between 0 and 1"),
        ({"score": [1.0] * 9 + [0.1], "rule": "specificity"}, "No score has a specificity of 0.9"),
        ({"y": [0] * 10}, "one class"),
        ({"y": [0, 1, 2, 0, 1, 2, 0, 1, 2, 0], "score": np.ones((10, 3))}, "for two classes"),
    ],
)
def test_bad_input(arguments, message) -> None:
    with pytest.raises(EvaluationError, match=message):
        choose_threshold(**({"y": Y, "score": SCORE} | arguments))
