"""Screens, mRMR, lasso, elimination and forests against other ways to compute them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy import stats
from sklearn import feature_selection
from sklearn.datasets import make_classification
from sklearn.feature_selection import f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.multitest import multipletests

from lesionary.adapt.selection import MRMR, RFE, ForestImportance, Lasso, UnivariateScreen
from lesionary.adapt.selection.univariate import adjusted
from lesionary.errors import ModelError


@pytest.fixture
def two() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = (rng.random(70) < 0.4).astype(int)
    values = rng.normal(size=(70, 12))
    values[:, :3] += np.array([1.5, 1.0, 0.7]) * y[:, None]
    values[:, 5] = rng.integers(0, 3, 70)
    return values, y


class TestScreen:
    def test_two_classes(self, two: tuple[np.ndarray, np.ndarray]) -> None:
        values, y = two
        found = UnivariateScreen().fit(values, y).statistics_
        wanted = [
            stats.mannwhitneyu(v[y == 0], v[y == 1], method="asymptotic").pvalue for v in values.T
        ]
        np.testing.assert_allclose(found, wanted, rtol=1e-12)

    def test_more_classes(self, two: tuple[np.ndarray, np.ndarray]) -> None:
        values, _ = two
        y = np.random.default_rng(1).integers(0, 3, 70)
        parts = [[v[y == c] for c in range(3)] for v in values.T]
        found = UnivariateScreen(top=4).fit(values, y).statistics_
        np.testing.assert_allclose(found, [stats.kruskal(*p).pvalue for p in parts], rtol=1e-10)
        found = UnivariateScreen("anova", top=4).fit(values, y).statistics_
        np.testing.assert_allclose(found, f_classif(values, y)[1], rtol=1e-10)
        with pytest.raises(ModelError, match="compares two classes"):
            UnivariateScreen("mannwhitney").fit(values, y)

    def test_survival_is_lifelines(self, two: tuple[np.ndarray, np.ndarray]) -> None:
        values, event = two
        time = np.random.default_rng(2).exponential(size=70) * np.exp(-0.8 * values[:, 4]) + 0.01
        y = pd.DataFrame({"time": time, "event": event})
        screen = UnivariateScreen(p=0.2, correction="none").fit(values, y)
        for column in (0, 4, 5):
            cox = CoxPHFitter().fit(y.assign(x=values[:, column]), "time", "event")
            assert screen.statistics_.iloc[column] == pytest.approx(cox.summary["p"]["x"], rel=1e-3)
        assert screen.get_support()[4]
        records = y.assign(event=event.astype(bool)).to_records(index=False)
        again = UnivariateScreen(p=0.2, correction="none").fit(values, records)
        assert again.statistics_.equals(screen.statistics_)

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            ({"time": [1.0, -1, 2], "event": [1, 0, 1]}, "above 0"),
            ({"time": [1.0, 1, 2], "event": [0, 0, 0]}, "None of the 3"),
            ({"time": [1.0, 1, 2], "event": [2, 0, 1]}, "Events are 1"),
        ],
    )
    def test_survival_that_is_none(self, y: dict[str, list[float]], message: str) -> None:
        with pytest.raises(ModelError, match=message):
            UnivariateScreen().fit(np.eye(3), pd.DataFrame(y))

    def test_a_constant_has_p_1_and_a_perfect_column_0(self) -> None:
        y = np.repeat([0, 1, 2], 10)
        values = np.stack([np.ones(30), y.astype(float)], axis=1)
        assert UnivariateScreen("anova").fit(values, y).statistics_.tolist() == [1.0, 0.0]

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [("benjamini-hochberg", "fdr_bh"), ("holm", "holm"), ("bonferroni", "bonferroni")],
    )
    def test_corrections_are_statsmodels(self, ours: str, theirs: str) -> None:
        p = np.random.default_rng(0).random(30) ** 3
        np.testing.assert_allclose(adjusted(p, ours), multipletests(p, method=theirs)[1])

    def test_names_that_are_none(self, two: tuple[np.ndarray, np.ndarray]) -> None:
        with pytest.raises(ModelError, match="did you mean 'anova'"):
            UnivariateScreen("anovaa").fit(*two)
        with pytest.raises(ModelError, match="did you mean 'holm'"):
            UnivariateScreen(correction="holmes").fit(*two)


def test_mrmr_is_the_definition_taken_step_by_step() -> None:
    values, y = make_classification(90, 15, n_informative=5, n_redundant=5, random_state=1)
    relevance = f_classif(values, y)[0]
    absolute = np.abs(np.corrcoef(values.T))
    chosen = [int(np.argmax(relevance))]
    while len(chosen) < 6:
        quotient = [
            -1.0 if i in chosen else relevance[i] / absolute[i, chosen].mean() for i in range(15)
        ]
        chosen.append(int(np.argmax(quotient)))
    assert MRMR(6).fit(values, y).order_ == [f"x{i}" for i in chosen]


def test_mrmr_keeps_all_where_there_are_fewer() -> None:
    values = np.random.default_rng(0).normal(size=(20, 3))
    assert MRMR(9).fit(values, np.arange(20) % 2).get_support().all()


class TestLasso:
    def test_weights_are_those_of_another_solver(self, two: tuple[np.ndarray, np.ndarray]) -> None:
        values, y = two
        scaled = StandardScaler().fit_transform(values)
        saga = LogisticRegression(
            l1_ratio=1.0, solver="saga", C=0.2, tol=1e-8, max_iter=20_000, random_state=0
        ).fit(scaled, y)
        found = Lasso(C=0.2).fit(values, y).statistics_
        # Ours penalises the intercept, if hardly.
        np.testing.assert_allclose(found, np.abs(saga.coef_[0]), atol=1e-3)

    def test_the_penalty_is_chosen_and_one_error_is_stronger(
        self, two: tuple[np.ndarray, np.ndarray]
    ) -> None:
        values, y = two
        groups = np.arange(70) // 2
        best = Lasso().fit(values, y, groups)
        sparse = Lasso(one_se=True).fit(values, y, groups)
        assert best.get_support()[:2].all()
        assert sparse.C_ < best.C_
        assert sparse.get_support().sum() < best.get_support().sum()

    def test_too_strong_a_penalty_and_too_few_patients_say_so(
        self, two: tuple[np.ndarray, np.ndarray]
    ) -> None:
        with pytest.raises(ModelError, match="weight 0 at C = 1e-06"):
            Lasso(C=1e-6).fit(*two)
        with pytest.raises(ModelError, match="one patient only"):
            Lasso().fit(*two, np.where(two[1] == 1, 0, np.arange(70)))


class TestElimination:
    def test_one_by_one_is_scikit_learns(self, two: tuple[np.ndarray, np.ndarray]) -> None:
        values, y = two
        theirs = feature_selection.RFE(LogisticRegression(), n_features_to_select=4, step=1)
        theirs.fit(StandardScaler().fit_transform(values), y)
        ours = RFE(LogisticRegression(), count=4, step=0.01).fit(values, y)
        assert ours.statistics_.tolist() == theirs.ranking_.tolist()

    def test_the_count_is_found_with_patients_held_out(self) -> None:
        values, y = make_classification(
            200, 20, n_informative=3, n_redundant=0, class_sep=2, random_state=0, shuffle=False
        )
        selector = RFE(count=None, step=0.2).fit(values, y, np.arange(200) // 2)
        assert selector.count_ <= 8
        assert selector.get_support()[:3].sum() >= 2
        assert selector.get_support().sum() == selector.count_

    def test_a_model_without_weights_is_refused(self, two: tuple[np.ndarray, np.ndarray]) -> None:
        with pytest.raises(ModelError, match="KNeighborsClassifier has neither"):
            RFE(KNeighborsClassifier(), count=2).fit(*two)


def test_forests_sum_to_one_and_find_what_tells(two: tuple[np.ndarray, np.ndarray]) -> None:
    selector = ForestImportance(count=3, forests=4, seed=1).fit(*two)
    assert selector.statistics_.sum() == pytest.approx(1)
    assert set(selector.get_feature_names_out()) >= {"x0", "x1"}
