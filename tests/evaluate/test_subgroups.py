"""Subgroups: their numbers, their warnings, and a test of interaction that holds its level."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.correction import holm
from lesionary.evaluate.subgroups import cut_column, judge_subgroups, judge_survival_subgroups
from lesionary.evaluate.survival import c_index


def made(n: int = 300, seed: int = 0, women: float = 1.0, men: float = 1.0):
    """Scores that tell the classes apart by so many standard deviations; men have more events."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], n)
    y = (rng.random(n) < np.where(sex == "f", 0.3, 0.6)).astype(int)
    score = y * np.where(sex == "f", women, men) + rng.normal(size=n) + (sex == "m")
    return y, score, pd.DataFrame({"sex": sex})


def test_values_are_those_of_the_rows_of_each() -> None:
    y, score, columns = made()
    found = judge_subgroups(y, score, columns, resamples=50)[0]
    assert list(found.results) == ["f", "m"]
    for name, result in found.results.items():
        rows = (columns["sex"] == name).to_numpy()
        assert result.value == pytest.approx(roc_auc_score(y[rows], score[rows]))
        assert (result.n, result.events) == (rows.sum(), y[rows].sum())
        assert result.low < result.value < result.high
        assert result.notes == ()
    assert found.table["n"].sum() == 300


def test_interaction_is_found_where_there_is_one() -> None:
    y, score, columns = made(400, women=0.2, men=2.0)
    assert judge_subgroups(y, score, columns)[0].p < 0.01


def test_interaction_holds_its_level() -> None:
    """Men have more events and higher scores, but the AUC is the same."""
    p = [judge_subgroups(*made(150, seed), resamples=99)[0].p for seed in range(150)]
    assert 0.015 <= np.mean(np.array(p) <= 0.05) <= 0.1
    assert 0.38 <= np.mean(np.array(p) <= 0.5) <= 0.62


def test_two_subgroups_agree_with_the_normal_test_of_a_difference() -> None:
    from scipy.stats import norm

    from lesionary.evaluate.comparisons.delong import delong
    from lesionary.evaluate.inputs import labelled

    y, score, columns = made(600, women=1.3)
    women = (columns["sex"] == "f").to_numpy()
    one, two = (delong(labelled(y[rows], score[rows])) for rows in (women, ~women))
    expected = 2 * norm.sf(abs(one[0] - two[0]) / np.sqrt(one[1] + two[1]))
    assert judge_subgroups(y, score, columns, resamples=4000)[0].p == pytest.approx(
        expected, abs=0.03
    )


def test_patients_with_lesions_in_both_subgroups_are_drawn_whole() -> None:
    y, score, columns = made(150, women=0.4)
    copies = np.repeat(np.arange(150), 4)
    four = pd.DataFrame({"sex": columns["sex"].to_numpy()[copies]})
    alone = judge_subgroups(y, score, columns)[0]
    clustered = judge_subgroups(y[copies], score[copies], four, copies)[0]
    assert clustered.p == pytest.approx(alone.p, abs=0.03)
    assert judge_subgroups(y[copies], score[copies], four)[0].p < alone.p / 2
    assert clustered.results["f"].patients == (columns["sex"] == "f").sum()


def test_small_subgroups_are_marked_and_one_class_is_not_judged() -> None:
    y = np.array([0, 1] * 60 + [0] * 12 + [1] * 4 + [0] * 5)
    score = np.random.default_rng(1).random(len(y))
    where = ["big", "big", "large", "large"] * 30 + ["small"] * 16 + ["none"] * 5
    found = judge_subgroups(y, score, pd.DataFrame({"site": where}), resamples=200)[0]
    assert found.results["big"].notes == ()
    assert "unreliable: fewer than 10 rows of 1" in found.results["small"].notes[0]
    assert "one class" in found.reasons["none"]
    table = found.table.set_index("subgroup")
    assert table.loc["none", "notes"].startswith("not computed: All 5 rows")
    assert np.isnan(table.loc["none", "value"])
    assert found.notes == ("The test leaves out none, small, which are too small.",)
    alone = pd.DataFrame({"site": where[:120]})
    without = judge_subgroups(y[:120], score[:120], alone, resamples=200)[0]
    assert found.p == pytest.approx(without.p, abs=0.1)


def test_no_test_without_two_subgroups_or_variation() -> None:
    y, score, _ = made(60)
    one = judge_subgroups(y, score, pd.DataFrame({"a": ["x"] * 60}), resamples=20)[0]
    assert one.p is None
    assert "not two subgroups with 10" in one.notes[0]
    perfect = judge_subgroups(y, y, pd.DataFrame({"a": list("xy") * 30}), resamples=20)[0]
    assert perfect.p is None
    assert "does not vary" in perfect.notes[0]


def test_p_is_corrected_over_the_columns() -> None:
    y, score, columns = made(200, women=0.5)
    rng = np.random.default_rng(0)
    columns = columns.assign(b=rng.choice(["x", "y"], 200), c=rng.choice(["x", "y"], 200), d="all")
    found = judge_subgroups(y, score, columns, resamples=200)
    assert [one.corrected_p for one in found[:3]] == holm([one.p for one in found[:3]]).tolist()
    assert found[3].corrected_p is None


def test_cuts() -> None:
    ages = pd.Series([30, 49.9, 50, 70, np.nan], name="age")
    cut = cut_column(ages, [50, 65])
    assert cut.cat.categories.tolist() == ["below 50", "50 to 65", "65 and above"]
    assert cut.cat.codes.tolist() == [0, 0, 1, 2, -1]
    assert cut.isna().tolist() == [False, False, False, False, True]
    thirds = cut_column(pd.Series(range(9)))
    assert thirds.value_counts().tolist() == [3, 3, 3]
    assert cut_column(pd.Series([1.0, 2.5, 10.0])).cat.categories.tolist() == ["1", "2.5", "10"]
    assert cut_column(pd.Series([True, False])).cat.categories.tolist() == ["False", "True"]
    with pytest.raises(EvaluationError, match="sex is not a column of numbers"):
        cut_column(pd.Series(["f"], name="sex"), [3])


def test_missing_values_are_left_out_and_said() -> None:
    y, score, columns = made(100)
    columns.loc[:4, "sex"] = None
    found = judge_subgroups(y, score, columns, resamples=50)[0]
    assert found.notes[0] == "5 rows have no sex and are left out."
    assert sum(found.counts.values()) == 95


def test_several_classes() -> None:
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b", "c"], 200)
    score = pd.DataFrame(rng.dirichlet([1, 1, 1], 200), columns=["a", "b", "c"])
    by = pd.DataFrame({"sex": rng.choice(["f", "m"], 200)})
    found = judge_subgroups(y, score, by, metric="balanced_accuracy", resamples=100)[0]
    assert 0.2 < found.results["f"].value < 0.5
    assert found.p is not None


def test_bad_input() -> None:
    y, score, columns = made(50)
    with pytest.raises(EvaluationError, match="50 rows, but 49"):
        judge_subgroups(y, score, columns.iloc[1:])
    with pytest.raises(EvaluationError, match="no column 'age'"):
        judge_subgroups(y, score, columns, edges={"age": [50]})


def lives(n: int = 300, seed: int = 0, women: float = 1.0, men: float = 1.0):
    """Times, events and risks that tell hazards so well; men live shorter, whatever their risk."""
    rng = np.random.default_rng(seed)
    sex, hazard = rng.choice(["f", "m"], n), rng.normal(size=n)
    life = rng.exponential(np.exp(-hazard - (sex == "m")))
    leave = rng.exponential(2, n)
    risk = hazard * np.where(sex == "f", women, men) + rng.normal(size=n)
    return np.minimum(life, leave), life <= leave, risk, pd.DataFrame({"sex": sex})


@pytest.mark.parametrize("method", ["harrell", "uno"])
def test_survival_is_that_of_the_rows_of_each(method: str) -> None:
    time, event, risk, columns = lives()
    found = judge_survival_subgroups(time, event, risk, columns, method=method, resamples=50)[0]
    for name, result in found.results.items():
        rows = (columns["sex"] == name).to_numpy()
        whole = c_index(time[rows], event[rows], risk[rows], method=method, resamples=50)
        assert result == whole


def test_interaction_in_survival_is_found_and_holds_its_level() -> None:
    assert judge_survival_subgroups(*lives(400, women=0.0, men=3.0))[0].p < 0.01
    p = [judge_survival_subgroups(*lives(80, seed), resamples=99)[0].p for seed in range(150)]
    assert 0.015 <= np.mean(np.array(p) <= 0.05) <= 0.1
    assert 0.38 <= np.mean(np.array(p) <= 0.5) <= 0.62


def test_survival_with_few_events_is_marked_and_with_none_not_judged() -> None:
    time, event, risk, _ = lives(120)
    where = np.repeat(["big", "large", "small", "none"], [45, 45, 20, 10])
    event[110:] = False
    event[90:110] = np.arange(20) < 9
    found = judge_survival_subgroups(time, event, risk, pd.DataFrame({"site": where}))[0]
    assert found.results["small"].notes[0] == "unreliable: fewer than 10 events"
    assert (found.results["small"].events, found.results["small"].n) == (9, 20)
    assert "No two rows can be compared" in found.reasons["none"]
    assert found.notes == ("The test leaves out none, small, which are too small.",)
    alone = pd.DataFrame({"site": np.where(where == "big", "big", "rest")})[:90]
    few = judge_survival_subgroups(time[:50], event[:50], risk[:50], alone[:50])[0]
    assert few.p is None
    assert "not two subgroups with 10 events" in few.notes[0]
