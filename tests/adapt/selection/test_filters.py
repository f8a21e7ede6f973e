"""Missing, hardly varying and correlated columns."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from lesionary.adapt.selection import CorrelationFilter, MissingShare, NearZeroVariance
from lesionary.adapt.selection.auc import univariate_auc
from lesionary.adapt.selection.correlation import correlations
from lesionary.adapt.selection.variance import _counts
from lesionary.errors import ModelError


def test_missing_share_at_the_threshold_is_kept() -> None:
    table = pd.DataFrame({"a": [np.nan, 1, 2, 3, 4.0], "b": [np.nan, np.nan, 2, 3, 4.0]})
    selector = MissingShare(0.2).fit(table)
    assert selector.get_feature_names_out().tolist() == ["a"]
    assert selector.reasons_["reason"].tolist() == ["missing in 40.0 % of 5 rows"]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    st.integers(2, 12).flatmap(
        lambda n: st.lists(
            st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.5, np.nan]), min_size=n, max_size=n),
            min_size=1,
            max_size=5,
        )
    )
)
def test_counts_of_values_are_those_of_counting_one_by_one(columns: list[list[float]]) -> None:
    distinct, commonest, second = _counts(np.array(columns).T)
    for place, column in enumerate(columns):
        counts = [c for _, c in Counter(v for v in column if v == v).most_common()] + [0, 0]
        assert (commonest[place], second[place]) == (counts[0], counts[1])
        assert distinct[place] == len(counts) - 2


def test_near_zero_variance_is_the_same_before_and_after_scaling() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, size=(100, 30)) * (rng.random((100, 30)) < 0.06)
    raw = NearZeroVariance().fit(values).get_support()
    spread = np.where(values.std(axis=0) > 0, values.std(axis=0), 1)
    scaled = NearZeroVariance().fit((values - values.mean(axis=0)) / spread).get_support()
    assert raw.tolist() == scaled.tolist()
    assert 0 < raw.sum() < 30


def test_a_variance_threshold_is_of_raw_columns_only() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(50, 3)) * [0.01, 1, 10]
    selector = NearZeroVariance(min_variance=0.01).fit(values)
    assert selector.get_support().tolist() == [False, True, True]
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    with pytest.raises(ModelError, match="z-scored"):
        NearZeroVariance(min_variance=0.01).fit(scaled)


def test_correlations_are_scipys_also_with_ties() -> None:
    values = np.random.default_rng(0).integers(0, 6, size=(40, 7)).astype(float)
    np.testing.assert_allclose(correlations(values), spearmanr(values).statistic, atol=1e-12)
    np.testing.assert_allclose(correlations(values, "pearson"), np.corrcoef(values.T), atol=1e-12)


def test_univariate_aucs_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 9, size=(60, 5)).astype(float)
    codes = rng.integers(0, 2, 60)
    wanted = [max(a, 1 - a) for a in (roc_auc_score(codes, v) for v in values.T)]
    np.testing.assert_allclose(univariate_auc(values, codes), wanted, rtol=1e-12)


def correlated(seed: int, n: int = 40, columns: int = 25) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sources = rng.normal(size=(n, 5))
    return sources @ rng.normal(size=(5, columns)) + 0.3 * rng.normal(size=(n, columns))


@settings(derandomize=True, max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.3, 0.6, 0.85]), st.booleans())
def test_what_is_kept_is_apart_and_stands_for_what_goes(
    seed: int, threshold: float, by_auc: bool
) -> None:
    values = correlated(seed)
    y = np.arange(40) % 2
    absolute = np.abs(spearmanr(values).statistic)
    np.fill_diagonal(absolute, 0)
    tie_break = "auc" if by_auc else "mean_correlation"
    selector = CorrelationFilter(threshold, tie_break=tie_break).fit(values, y)
    keep = selector.get_support()
    assert (absolute[np.ix_(keep, keep)] <= threshold + 1e-9).all()
    merit = univariate_auc(values, y) if by_auc else -absolute.mean(axis=0)
    for column in np.flatnonzero(~keep):
        better = keep & (absolute[column] > threshold - 1e-9) & (merit >= merit[column] - 1e-9)
        assert better.any()
    order = np.random.default_rng(seed).permutation(values.shape[1])
    turned = CorrelationFilter(threshold, tie_break=tie_break).fit(values[:, order], y)
    if len(np.unique(merit.round(9))) == len(merit):  # ties go to the first column
        assert set(order[turned.get_support()]) == set(np.flatnonzero(keep))


def test_the_two_tie_breaks_differ_as_published() -> None:
    rng = np.random.default_rng(3)
    y = np.arange(200) % 2
    signal = rng.normal(size=200) + y
    table = pd.DataFrame({"good": signal, "poor": signal + 0.3 * rng.normal(size=200)})
    table["like good"] = table["good"] + 0.9 * rng.normal(size=200)
    assert abs(spearmanr(table["good"], table["poor"]).statistic) > 0.85
    by_auc = CorrelationFilter(tie_break="auc").fit(table, y).get_feature_names_out()
    by_mean = CorrelationFilter().fit(table).get_feature_names_out()
    assert by_auc.tolist() == ["good", "like good"]
    assert by_mean.tolist() == ["poor", "like good"]


def test_unknown_tie_breaks_and_thresholds() -> None:
    with pytest.raises(ModelError, match="tie-breaks mean_correlation, auc"):
        CorrelationFilter(tie_break="best").fit(np.eye(3))
    with pytest.raises(ModelError, match=r"\(0, 1\]"):
        CorrelationFilter(85).fit(np.eye(3))
