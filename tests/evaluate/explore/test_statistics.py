"""Statistics of features, against scipy, statsmodels, scikit-learn and pandas, column by column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.delong import delong_interval
from lesionary.evaluate.explore.classes import compare_classes
from lesionary.evaluate.explore.correlation import cluster_features, correlate
from lesionary.evaluate.explore.description import describe
from lesionary.evaluate.explore.patterns import same_rows_missing
from lesionary.evaluate.inputs import labelled


def table(n: int = 60, classes: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Columns with ties, gaps, huge and tiny numbers, a constant, and a class of each row."""
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.arange(n) % classes)
    values = rng.normal(size=(n, 8))
    values[:, 0] += label
    values[:, 1] = rng.integers(0, 4, n)
    values[:, 2] = np.exp(rng.normal(size=n) * 3) * 1e9
    values[:, 3] = 7.0
    values[rng.random(n) < 0.2, 4] = np.nan
    values[rng.random(n) < 0.2, 5] = np.nan
    values[:, 6] = -(values[:, 0] ** 3)
    values[:, 7] = values[:, 2] * 1e-30
    return values, label


def compared(values, label, classes=("a", "b"), patient=None, level=0.95):
    patient = np.arange(len(label)) if patient is None else patient
    return compare_classes(values, label, classes, patient, level)


@pytest.mark.parametrize("n", [12, 60])  # small classes are looked up exactly
def test_two_classes_as_scipy_does_column_by_column(n):
    values, label = table(n)
    found = compared(values, label)
    for column, row in found.iterrows():
        mine = values[:, column]
        one, other = (mine[(label == k) & ~np.isnan(mine)] for k in (1, 0))
        if column == 3:
            assert np.isnan(row["p"])
            continue
        method = "exact" if "exact" in row["test"] else "asymptotic"
        truth = stats.mannwhitneyu(one, other, method=method)
        assert row["statistic"] == truth.statistic
        assert row["p"] == pytest.approx(truth.pvalue, rel=1e-12)
        assert row["auc"] == pytest.approx(
            roc_auc_score(np.r_[one * 0 + 1, other * 0], np.r_[one, other])
        )
        assert row["median:b"] == pytest.approx(np.median(one))
        assert (row["n:a"], row["n:b"]) == (len(other), len(one))
    exact = found["test"].str.contains("exact")
    assert exact[0] == (n == 12)
    assert not exact[1]  # tied


def test_several_classes_as_scipy_does_column_by_column():
    values, label = table(90, classes=3)
    names = ("low", "high", "low_low")  # whose columns must not be taken for bounds
    found = compared(values, label, names)
    assert set(found["test"]) == {"Kruskal-Wallis"}
    for column in (0, 1, 2, 4, 5, 6, 7):
        there = ~np.isnan(values[:, column])
        mine, own = values[there, column], label[there]
        truth = stats.kruskal(*(mine[own == k] for k in range(3)))
        assert found["statistic"][column] == pytest.approx(truth.statistic, rel=1e-12)
        assert found["p"][column] == pytest.approx(truth.pvalue, rel=1e-10)
        for k, name in enumerate(names):
            assert found[f"auc:{name}"][column] == pytest.approx(roc_auc_score(own == k, mine))


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_are_those_of_one_column_alone(grouped):
    values, label = table(60)
    patient = np.arange(60) // 2 if grouped else np.arange(60)
    found = compared(values, label, patient=patient, level=0.9)
    for column in (0, 1, 2, 4, 6):
        there = ~np.isnan(values[:, column])
        rows = labelled(label[there], values[there, column], patient[there])
        low, high, _ = delong_interval(rows, 0.9)
        assert (found["auc_low"][column], found["auc_high"][column]) == pytest.approx((low, high))


def test_p_values_are_corrected_for_the_columns_that_could_be_tested():
    values, label = table()
    found = compared(values, label)
    tested = found["p"].notna()
    assert tested.sum() == 7
    p = found["p"][tested]
    for column, method in (("p_fdr", "fdr_bh"), ("p_bonferroni", "bonferroni")):
        assert found[column][tested].to_numpy() == pytest.approx(multipletests(p, method=method)[1])
        assert found[column][~tested].isna().all()
    assert list(found)[list(found).index("p") :][:3] == ["p", "p_bonferroni", "p_fdr"]


def test_what_separates_the_classes_altogether_has_an_exact_interval():
    values = np.array([[1.0, -1], [2, -2], [3, -3], [4, -4], [5, -5], [6, -6]])
    found = compared(values, np.array([0, 0, 0, 1, 1, 1]))
    assert found["auc"].tolist() == [1, 0]
    assert found["auc_low"][0] == pytest.approx(0.025 ** (1 / 3))  # Clopper and Pearson, 3 of 3
    assert found["auc_high"][1] == pytest.approx(1 - 0.025 ** (1 / 3))
    assert found["notes"].str.contains("Clopper").all()


def test_a_class_of_one_row_and_one_without_a_value_are_said():
    values = np.array([[1.0, 1], [2, 2], [3, 3], [4, np.nan]])
    found = compared(values, np.array([0, 0, 0, 1]))
    assert found["auc"][0] == 1
    assert found["p"][0] == pytest.approx(0.5)  # one of four places, two-sided
    assert np.isnan(found["auc_low"][0])
    assert "Fewer than two patients" in found["notes"][0]
    assert np.isnan(found["p"][1])
    assert found["notes"][1] == "No value in class b."


def test_description_as_pandas_and_scipy_give_it():
    values, _ = table()
    found, frame = describe(values), pd.DataFrame(values)
    ours = ["mean", "std", "min", "median", "max"]
    pd.testing.assert_frame_equal(
        found[ours], frame.agg(ours).T[ours].reset_index(drop=True), rtol=1e-10
    )
    assert found["missing"].tolist() == frame.isna().sum().tolist()
    assert found["q75"].to_numpy() == pytest.approx(frame.quantile(0.75).to_numpy())
    for column in (0, 1, 2, 4, 7):
        mine = values[~np.isnan(values[:, column]), column]
        w, p = stats.shapiro(mine)
        assert found["shapiro_w"][column] == pytest.approx(w, rel=1e-6)
        assert found["shapiro_p"][column] == pytest.approx(p, rel=1e-4)
        assert found["skewness"][column] == pytest.approx(stats.skew(mine))
    assert found["notes"][3] == "Constant."
    assert found.loc[3, ["shapiro_p", "skewness"]].isna().all()


def test_description_of_next_to_nothing_says_so():
    values = np.full((3, 4), np.nan)
    values[0, 1] = 5.0
    values[:2, 2] = [1, 2]
    values[:, 3] = [1, 2, 4]
    found = describe(values)
    assert found["n"].tolist() == [0, 1, 2, 3]
    assert found["notes"].tolist() == [
        "No value.", "One value.", "Too few rows to test normality.", "",
    ]  # fmt: skip
    assert np.isnan(found["std"][1])
    assert found["std"][2] == pytest.approx(np.sqrt(0.5))


def test_huge_and_tiny_numbers_are_described():
    column = np.arange(1.0, 9)
    values = np.stack([column, column * 1e300, column * 1e-300], axis=1)
    found = describe(values)
    assert found["std"].to_numpy() == pytest.approx(
        column.std(ddof=1) * np.array([1, 1e300, 1e-300])
    )
    assert found["shapiro_p"].to_numpy() == pytest.approx(stats.shapiro(column).pvalue)


def test_normality_is_not_tested_where_its_p_is_not_known():
    found = describe(np.random.default_rng(0).normal(size=(5001, 1)))
    assert np.isnan(found["shapiro_p"][0])
    assert "5,000" in found["notes"][0]


def test_correlation_is_spearmans():
    values, _ = table()
    complete = values[:, [0, 1, 2, 6, 7]]
    truth = stats.spearmanr(complete).statistic
    assert correlate(complete, complete) == pytest.approx(truth, abs=1e-12)
    assert np.isnan(correlate(values, values)[3]).all()


@pytest.mark.parametrize("kind", ["spearman", "pearson", "kendall"])
def test_each_correlation_is_pandas(kind):
    values, _ = table()
    ties = np.round(values, 0)
    for sample in (values, ties, values[:, [0, 1, 2, 6, 7]]):
        truth = pd.DataFrame(sample).corr(kind, min_periods=3).to_numpy()
        constant = np.nanmax(sample, axis=0) == np.nanmin(sample, axis=0)
        truth[constant] = truth[:, constant] = np.nan
        for found in (correlate(sample, sample, kind), correlate(sample, sample.copy(), kind)):
            np.testing.assert_allclose(found, truth, atol=1e-10)


def test_a_correlation_that_there_is_not():
    values, _ = table()
    with pytest.raises(EvaluationError, match=r"no correlation 'kendal' .did you mean 'kendall'"):
        correlate(values, values, "kendal")


def test_gaps_take_their_rows_out_of_pairs():
    values, _ = table()
    known = [0, 1, 2, 4, 5, 6, 7]
    truth = [
        [stats.spearmanr(values[:, i], values[:, j], nan_policy="omit").statistic for j in known]
        for i in known
    ]
    for found in (correlate(values, values), correlate(values, values.copy())):
        assert found[np.ix_(known, known)] == pytest.approx(np.array(truth), abs=1e-12)
    nothing = np.array([[1.0, np.nan], [2, np.nan], [np.nan, 1], [np.nan, 2], [3, 3]])
    assert np.isnan(correlate(nothing, nothing)[0, 1])
    assert np.isnan(correlate(nothing, nothing.copy())[0, 1])


def test_few_and_many_sets_of_missing_rows_are_correlated_alike():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 12)).round(1)
    few, many = values.copy(), values.copy()
    few[rng.random(40) < 0.2, :4] = np.nan
    few[rng.random(40) < 0.2, 3:] = np.nan
    many[rng.random(values.shape) < 0.2] = np.nan
    for one in (few, many):
        truth = correlate(one, one.copy())
        assert correlate(one, one) == pytest.approx(truth, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.3, 0.5, 0.85, 1.0]))
def test_all_pairs_of_a_cluster_correlate(seed, least):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(12, 9)) + rng.normal(size=(12, 3)).repeat(3, axis=1)
    values[:, 8] = 1.0
    correlation = correlate(values, values)
    found = cluster_features(correlation, least)
    sizes = []
    for number in range(1, found.count + 1):
        members = np.flatnonzero(found.number == number)
        assert (np.abs(correlation[np.ix_(members, members)]) >= least - 1e-9).all()
        assert found.representative[members].sum() == 1
        within = np.abs(correlation[np.ix_(members, members)]).sum(axis=1)
        assert within[found.representative[members]] == pytest.approx(within.max())
        assert (found.size[members] == len(members)).all()
        sizes.append(len(members))
    assert sizes == sorted(sizes, reverse=True)
    assert found.number[8] == 0
    assert sorted(found.order) == list(range(8))


def test_opposites_are_of_one_cluster_and_far_apart_in_the_order():
    rng = np.random.default_rng(1)
    base = rng.normal(size=50)
    columns = [base, -base, base + 1e-3 * rng.normal(size=50), -base + 1e-3 * rng.normal(size=50)]
    values = np.stack(columns, axis=1)
    found = cluster_features(correlate(values, values), 0.9)
    assert found.count == 1
    place = found.order.tolist().index
    assert abs(place(0) - place(2)) == abs(place(1) - place(3)) == 1


@given(st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_blocks_cover_every_column_once(seed):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((6, 12)) < 0.3, np.nan, 1.0)
    seen = []
    for columns, present in same_rows_missing(values):
        seen += columns.tolist()
        assert (~np.isnan(values[:, columns]) == present[:, None]).all()
    assert sorted(seen) == list(range(12))
