from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lesionary.errors import EvaluationError
from lesionary.evaluate.survival import (
    c_index,
    censor_at,
    cut_at,
    hazard_ratio,
    kaplan_meier,
    log_rank,
    rmst,
    survival,
)


def test_counts_rows_events_and_patients():
    rows = survival([3, 1, 2], [True, False, True], [0.1, 0.2, 0.3], ["b", "a", "b"])
    assert (rows.n, rows.events, rows.patients, rows.repeated) == (3, 2, 2, True)
    assert survival([3, 1, 2], [1.0, 0, 1]).patients is None


@pytest.mark.parametrize(
    ("time", "event", "risk", "message"),
    [
        ([1, 0, 2], [1, 1, 0], None, "not above 0 in 1 of 3 rows, first in row 1"),
        ([1, -4, 2], [1, 1, 0], None, "not above 0"),
        ([1, np.nan, 2], [1, 1, 0], None, "time is missing or infinite in 1 of 3"),
        ([1, 2, np.inf], [1, 1, 0], None, "time is missing or infinite"),
        ([1, 2, 3], [1, 2, 0], None, "not 2 as in row 1"),
        ([1, 2, 3], [1, None, 0], None, "event is missing"),
        ([1, 2, 3], ["yes", "no", "no"], None, "event holds something that is not a number"),
        ([1, 2, 3], [0, 0, 0], None, "All 3 rows are censored"),
        ([1, 2, 3], [1, 0, 1], [1, np.nan, 2], "risk is missing"),
        ([1, 2, 3], [1, 0], None, "Different numbers of rows"),
        ([], [], None, "no rows"),
        ([[1, 2], [3, 4]], [1, 0], None, "one number a row"),
    ],
)
def test_bad_input_is_refused_in_words(time, event, risk, message):
    with pytest.raises(EvaluationError, match=message):
        survival(time, event, risk)


def test_rows_are_never_joined_by_position_against_their_index():
    time = pd.Series([1, 2, 3], index=["a", "b", "c"])
    with pytest.raises(EvaluationError, match="different indexes"):
        survival(time, pd.Series([1, 0, 1], index=["b", "a", "c"]))


def test_no_pair_that_can_be_compared():
    with pytest.raises(EvaluationError, match="No two rows can be compared"):
        c_index([1, 2, 3], [0, 0, 1], [1, 2, 3])
    with pytest.raises(EvaluationError, match="before tau = 2 only"):
        c_index([2, 3, 4], [1, 1, 1], [1, 2, 3], tau=2)


def test_censoring_at_a_horizon_changes_times_and_events_together():
    time, event = censor_at([1, 5, 6, 9], [1, 1, 1, 0], 5)
    assert time.tolist() == [1, 5, 5, 5]
    assert event.tolist() == [1, 1, 0, 0]
    with pytest.raises(EvaluationError, match="above 0"):
        censor_at([1], [1], 0)


def test_censoring_events_without_truncating_times_misleads_past_the_horizon_only():
    rng = np.random.default_rng(0)
    time, group, risk = rng.exponential(5, 200), rng.integers(0, 2, 200), rng.random(200)
    event = np.ones(200)
    right, published = censor_at(time, event, 5), (time, event * (time < 5))
    assert log_rank(*right, group).p == pytest.approx(log_rank(*published, group).p)
    ranked = [c_index(*rows, risk, interval=None).value for rows in (right, published)]
    assert ranked[0] == pytest.approx(ranked[1])
    whole = rmst(time, event, 10).results[0]
    assert rmst(*published, 10).results[0].value > whole.high  # deaths after 5 were struck out
    with pytest.raises(EvaluationError, match="ends at 5: tau = 10 is later"):
        rmst(*right, 10)


def test_a_cut_is_chosen_on_one_split_and_applied_to_another():
    cut = cut_at(np.arange(101), 0.75)
    assert float(cut) == 75
    assert list(cut.groups([75, 76])) == ["low", "high"]
    assert list(cut.groups([76, 75]).categories) == ["low", "high"]
    with pytest.raises(EvaluationError, match="one group only"):
        cut.groups([1, 2, 3])
    with pytest.raises(EvaluationError, match="nothing to cut"):
        cut_at([2, 2, 2])
    with pytest.raises(EvaluationError, match="between 0 and 1"):
        cut_at([1, 2], 75)


def test_a_level_is_a_share():
    with pytest.raises(EvaluationError, match="level of an interval is between 0 and 1"):
        hazard_ratio([1, 2, 3], [1, 1, 1], [1, 3, 2], level=95)
    with pytest.raises(EvaluationError, match="level"):
        kaplan_meier([1, 2, 3], [1, 1, 1], level=95)


def test_groups_are_those_of_the_same_rows():
    time = pd.Series([1, 2, 3, 4], index=list("abcd"))
    group = pd.Series([0, 1, 0, 1], index=list("dcba"))
    with pytest.raises(EvaluationError, match="time and group have different indexes"):
        log_rank(time, [1, 1, 0, 1], group)
    with pytest.raises(EvaluationError, match="Different numbers of rows"):
        log_rank(time, [1, 1, 0, 1], [0, 1])
