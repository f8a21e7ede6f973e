from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_lung
from lifelines.statistics import multivariate_logrank_test, pairwise_logrank_test
from lifelines.utils import median_survival_times, restricted_mean_survival_time
from statsmodels.duration.survfunc import survdiff

from lesionary.errors import EvaluationError
from lesionary.evaluate.survival import kaplan_meier, log_rank, pairwise_log_rank, rmst


@pytest.fixture(scope="module")
def lung():
    return load_lung()


def test_curve_and_greenwood_interval_are_those_of_lifelines(lung):
    wanted = KaplanMeierFitter().fit(lung.time, lung.status)
    curve = kaplan_meier(lung.time, lung.status)
    bounds = wanted.confidence_interval_.loc[curve.times].to_numpy()
    np.testing.assert_allclose(curve.survival, wanted.survival_function_.loc[curve.times].squeeze())
    np.testing.assert_allclose(np.c_[curve.low, curve.high], bounds, rtol=1e-10)
    np.testing.assert_array_equal(curve.at_risk, wanted.event_table.at_risk.loc[curve.times])


def test_median_of_r_documented_lung(lung):
    # survfit(Surv(time, status) ~ sex, lung): n, events, medians 310; 270 and 426.
    everybody = kaplan_meier(lung.time, lung.status).median()
    assert (everybody.n, everybody.events, everybody.value) == (228, 165, 310)
    medians = {
        sex: kaplan_meier(rows.time, rows.status).median() for sex, rows in lung.groupby("sex")
    }
    assert {sex: median.value for sex, median in medians.items()} == {1: 270, 2: 426}
    wanted = median_survival_times(
        KaplanMeierFitter().fit(lung.time, lung.status).confidence_interval_
    )
    assert [everybody.low, everybody.high] == wanted.loc[0.5].tolist()


def test_a_curve_that_ends_at_zero_keeps_its_upper_bound():
    curve = kaplan_meier([1, 2, 3], [1, 1, 1])
    assert curve.survival[-1] == curve.low[-1] == 0
    assert curve.high[-1] == curve.high[-2] < 1


def test_a_curve_without_events_is_flat_and_its_median_not_reached():
    curve = kaplan_meier([1, 2, 3], [0, 0, 0])
    assert curve.survival.tolist() == curve.low.tolist() == [1, 1, 1]
    assert curve.median().value == np.inf
    assert "not reached: 100%" in curve.median().notes[0]


def test_reading_a_curve_and_who_is_at_risk():
    curve = kaplan_meier([1, 2, 2, 4], [1, 1, 0, 1])
    assert curve.at([0, 1, 1.5, 2, 9]).tolist() == [1, 0.75, 0.75, 0.5, 0]
    assert curve.at_risk_at([0, 1, 2, 3, 4, 5]).tolist() == [4, 4, 3, 1, 1, 0]
    assert list(curve.frame()) == [
        "time", "at_risk", "events", "censored", "survival", "low", "high",
    ]  # fmt: skip


def test_log_rank_of_r_documented_lung(lung):
    # survdiff(Surv(time, status) ~ sex, lung): 138/112/91.6, 90/53/73.4, chisq 10.3, p 0.001.
    test = log_rank(lung.time, lung.status, lung.sex)
    assert (test.counts, test.observed) == ((138, 90), (112, 53))
    assert np.round(test.expected, 1).tolist() == [91.6, 73.4]
    assert (round(test.statistic, 1), test.df, round(test.p, 3)) == (10.3, 1, 0.001)


@pytest.mark.parametrize("groups", [2, 3, 6])
def test_log_rank_is_that_of_lifelines(groups):
    rng = np.random.default_rng(groups)
    time, event = rng.integers(1, 30, 200), rng.random(200) < 0.7
    group = rng.integers(0, groups, 200)
    wanted = multivariate_logrank_test(time, group, event)
    test = log_rank(time, event, group)
    assert test.statistic == pytest.approx(wanted.test_statistic, rel=1e-9)
    assert (test.df, test.p) == (groups - 1, pytest.approx(wanted.p_value, rel=1e-9))


def test_stratified_log_rank_is_that_of_statsmodels():
    rng = np.random.default_rng(7)
    time, event = rng.integers(1, 40, 300).astype(float), (rng.random(300) < 0.7).astype(int)
    group, strata = rng.integers(0, 3, 300), rng.integers(0, 4, 300)
    statistic, p = survdiff(time, event, group, strata=strata)
    test = log_rank(time, event, group, strata=strata)
    assert (test.statistic, test.p) == (pytest.approx(statistic), pytest.approx(p))
    assert "4 strata" in test.method


def test_pairs_are_those_of_lifelines_and_corrected(lung):
    known = lung.dropna(subset="ph.ecog").query("`ph.ecog` < 3")
    table = pairwise_log_rank(known.time, known.status, known["ph.ecog"])
    wanted = pairwise_logrank_test(known.time, known["ph.ecog"], known.status)
    np.testing.assert_allclose(table["p"], wanted.p_value, rtol=1e-9)
    from statsmodels.stats.multitest import multipletests

    for name, theirs in (("holm", "holm"), ("benjamini-hochberg", "fdr_bh")):
        table = pairwise_log_rank(known.time, known.status, known["ph.ecog"], correction=name)
        wanted = multipletests(table["p"], method=theirs)[1]
        np.testing.assert_allclose(table["corrected_p"], wanted)
    alone = pairwise_log_rank(known.time, known.status, known["ph.ecog"], correction=None)
    assert alone["corrected_p"].equals(alone["p"])
    with pytest.raises(EvaluationError, match=r"no correction 'hulm'.*did you mean 'holm'"):
        pairwise_log_rank(known.time, known.status, known["ph.ecog"], correction="hulm")


def test_log_rank_where_there_is_little_to_compare():
    with pytest.raises(EvaluationError, match="All 3 rows are in the group 'a'"):
        log_rank([1, 2, 3], [1, 1, 0], ["a", "a", "a"])
    with pytest.raises(EvaluationError, match="At no time of an event"):
        log_rank([1, 2, 8, 9], [0, 0, 1, 1], ["a", "a", "b", "b"])
    with pytest.raises(EvaluationError, match="group is missing"):
        log_rank([1, 2, 3], [1, 1, 0], ["a", None, "b"])
    test = log_rank([1, 2, 3, 4], [1, 1, 0, 0], ["a", "a", "b", "b"], ["p", "q", "r", "r"])
    assert test.notes[0] == "no events in group 'b'"
    assert "p is too small" in test.notes[1]
    with pytest.raises(EvaluationError, match="have no events"):
        pairwise_log_rank([1, 2, 3, 4], [1, 1, 0, 0], list("abcd"))


def test_a_group_that_is_never_at_risk_takes_no_degree_of_freedom():
    both = log_rank([2, 3, 4, 5], [1, 1, 1, 0], list("abab"))
    three = log_rank([2, 3, 4, 5, 1], [1, 1, 1, 0, 0], list("ababc"))
    assert (three.df, three.statistic) == (1, pytest.approx(both.statistic))


def test_restricted_mean_is_that_of_lifelines(lung):
    found = rmst(lung.time, lung.status, 600, lung.sex)
    wanted = [
        restricted_mean_survival_time(KaplanMeierFitter().fit(rows.time, rows.status), t=600)
        for _, rows in lung.groupby("sex")
    ]
    assert [each.value for each in found.results] == pytest.approx(wanted)
    gap = found.differences[0]
    assert gap.value == pytest.approx(wanted[1] - wanted[0])
    assert gap.low > 0
    assert gap.metric == "RMST until 600, 2 less 1"


def test_restricted_mean_without_censoring_is_a_mean():
    time = np.random.default_rng(0).exponential(3, 400)
    found = rmst(time, np.ones(400), 4).results[0]
    until = np.minimum(time, 4)
    assert found.value == pytest.approx(until.mean())
    # Greenwood's variance is then the population's, over n.
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * until.std() / 20, rel=1e-6)


def test_restricted_mean_needs_follow_up():
    with pytest.raises(EvaluationError, match="ends at 3: tau = 5 is later"):
        rmst([1, 2, 3], [1, 1, 0], 5)
    assert rmst([1, 2, 3], [1, 1, 1], 5).results[0].value == pytest.approx(2)
    with pytest.raises(EvaluationError, match="above 0"):
        rmst([1, 2, 3], [1, 1, 0], -1)
