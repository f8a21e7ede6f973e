"""Labels, scores and patients as people have them, also wrong ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import labelled


def test_the_second_of_two_classes_is_the_positive_one():
    rows = labelled(["no", "yes", "yes"], [0.1, 0.2, 0.3])
    assert rows.classes == ("no", "yes")
    assert rows.label.tolist() == [0, 1, 1]
    assert (rows.n, rows.events, rows.patients) == (3, 2, None)


@pytest.mark.parametrize("y", [[True, False], [1, 0], [1.0, 0.0], np.array([2, -1])])
def test_labels_may_be_truth_values_or_numbers(y):
    assert labelled(y, [0.1, 0.2]).label.tolist() == [1, 0]


def test_of_two_columns_the_second_counts():
    rows = labelled([0, 1], [[0.9, 0.1], [0.3, 0.7]])
    assert rows.score.tolist() == [0.1, 0.7]


def test_columns_of_a_table_name_the_classes():
    table = pd.DataFrame({"b": [0.1, 0.6], "a": [0.7, 0.3], "c": [0.2, 0.1]})
    rows = labelled(["a", "b"], table)
    assert rows.classes == ("b", "a", "c")
    assert rows.label.tolist() == [1, 0]


def test_patients_are_numbered_by_appearance():
    rows = labelled([0, 1, 0], [0, 1, 2], ["z", "a", "z"])
    assert rows.group.tolist() == [0, 1, 0]
    assert rows.patients == 2


@pytest.mark.parametrize(
    ("y", "score", "groups", "told"),
    [
        ([], [], None, "no rows"),
        ([0, 1], [0.1], None, "Different numbers of rows"),
        ([0, 1], [0.1, 0.2], ["p"], "Different numbers of rows"),
        ([1, 1], [0.1, 0.2], None, "nothing to tell apart"),
        ([0, 1], [0.1, np.nan], None, r"score is missing or infinite in 1 of 2 rows.*row 1"),
        ([0, 1], [np.inf, 0.2], None, "missing or infinite"),
        ([0, None], [0.1, 0.2], None, "y is missing"),
        ([0, 1], [0.1, 0.2], ["p", None], "groups is missing"),
        ([0, 1, 2], [0.1, 0.2, 0.3], None, "3 classes but one column"),
        ([0, 1], [[0.1, 0.2, 0.3]] * 2, None, "3 columns"),
        ([[0, 1], [1, 0]], [0.1, 0.2], None, "shape"),
        ([0, 1], ["high", "low"], None, "not numbers"),
        ([0, 1], [0.1, 0.2], [["p", "q"], ["p", "q"]], "one group a row"),
        (1, 0.5, None, "single value"),
        ([0, "a"], [0.1, 0.2], None, "several kinds"),
    ],
)
def test_what_cannot_be_judged_is_refused(y, score, groups, told):
    y = np.array(y, dtype=object) if isinstance(y, list) and "a" in y else y
    with pytest.raises(EvaluationError, match=told):
        labelled(y, score, groups)


def test_classes_are_given_once_each_and_hold_all_labels():
    with pytest.raises(EvaluationError, match="2 is none of the classes"):
        labelled([0, 2], [0.1, 0.2], classes=[0, 1])
    with pytest.raises(EvaluationError, match="more than once"):
        labelled([0, 1], [0.1, 0.2], classes=[0, 1, 1])


def test_tables_with_other_rows_are_not_joined_by_position():
    y = pd.Series([0, 1], index=["x", "y"])
    with pytest.raises(EvaluationError, match="different indexes"):
        labelled(y, pd.Series([0.1, 0.2], index=["y", "x"]))
