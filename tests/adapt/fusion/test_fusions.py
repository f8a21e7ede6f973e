"""Early, late and hybrid fusion, and ablation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from lesionary.adapt.fusion import BlockScaler, EarlyFusion, LateFusion, ablate
from lesionary.adapt.fusion.late import mixture_weights
from lesionary.adapt.selection import selector_chain
from lesionary.adapt.selection.patients import grouped_folds
from lesionary.errors import ModelError

from .conftest import Study

LOGISTIC = LogisticRegression()


def fusions(study: Study) -> dict[str, Any]:
    blocks = study.blocks.columns
    return {
        "early": EarlyFusion(LOGISTIC, blocks),
        "pca": EarlyFusion(LOGISTIC, blocks, pca={"deep": 5}, weights={"clinical": 2}),
        "mean": LateFusion(LOGISTIC, blocks),
        "weighted": LateFusion(LOGISTIC, blocks, "weighted"),
        "stacking": LateFusion(LOGISTIC, blocks, "stacking"),
        "hybrid": LateFusion(LOGISTIC, blocks, "stacking", hybrid=True),
    }


NAMES = ("early", "pca", "mean", "weighted", "stacking", "hybrid")


@pytest.mark.parametrize("name", NAMES)
class TestEach:
    def test_probabilities_that_beat_each_block(self, study: Study, name: str) -> None:
        train, test = study.split == "train", study.split == "test"
        model = fusions(study)[name].fit(study.X[train], study.y[train], study.patients[train])
        score = model.predict_proba(study.X[test])
        np.testing.assert_allclose(score.sum(axis=1), 1)
        assert roc_auc_score(study.y[test], score[:, 1]) > 0.75
        assert set(model.predict(study.X[test])) == {0, 1}

    def test_test_rows_change_nothing(self, study: Study, name: str) -> None:
        train, test = study.split == "train", study.split == "test"
        model = fusions(study)[name].fit(study.X[train], study.y[train], study.patients[train])
        rows = study.X[test]
        alone = np.vstack([model.predict_proba(rows.iloc[[i]]) for i in range(5)])
        wild = pd.concat([rows.iloc[:5], 1e3 * rows.iloc[5:]])
        np.testing.assert_allclose(model.predict_proba(wild)[:5], alone, rtol=1e-9)

    def test_classes_of_text(self, study: Study, name: str) -> None:
        y = np.array(["adeno", "large", "squamous"])[np.arange(240) // 2 % 3]
        model = fusions(study)[name].fit(study.X, y, study.patients)
        assert model.classes_.tolist() == ["adeno", "large", "squamous"]
        assert model.predict_proba(study.X).shape == (240, 3)
        assert set(model.predict(study.X)) <= set(model.classes_)

    def test_a_lesion_without_a_block_is_judged_by_the_others(
        self, study: Study, name: str
    ) -> None:
        train = study.split == "train"
        model = fusions(study)[name].fit(study.X[train], study.y[train], study.patients[train])
        lacking = study.X.iloc[[-1]]
        assert lacking["clinical:c0"].isna().all()
        assert np.isfinite(model.predict_proba(lacking)).all()
        nothing = lacking * np.nan
        found = model.predict_proba(nothing)[0]
        if name in ("mean", "weighted", "stacking", "hybrid"):
            share = study.y[train].mean()
            np.testing.assert_allclose(found, [1 - share, share])

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda X, y: (X, np.zeros(len(X))), "one label"),
            (lambda X, y: (X, y[1:]), "labels"),
            (lambda X, y: (X.drop(columns="deep:c3"), y), "first 'deep:c3'"),
            (lambda X, y: (X.replace(X.iloc[0, 0], np.inf), y), "infinite"),
            (lambda X, y: (X.to_numpy(), y), "named columns"),
        ],
    )
    def test_bad_input(self, study: Study, name: str, change: Any, message: str) -> None:
        with pytest.raises(ModelError, match=message):
            fusions(study)[name].fit(*change(study.X, study.y))


class TestEarly:
    def test_it_is_scaling_each_block_and_a_classifier(self, study: Study) -> None:
        blocks = {name: study.blocks.columns[name] for name in ("deep", "radiomics")}
        model = EarlyFusion(LOGISTIC, blocks, pca={"deep": 4}, weights={"deep": 3.0})
        found = model.fit(study.X[:160], study.y[:160]).predict_proba(study.X[160:])
        parts = []
        for name, size, weight in (("deep", 30, 3.0), ("radiomics", 8, 1.0)):
            steps = make_pipeline(StandardScaler(), *([PCA(4)] if name == "deep" else []))
            values = study.X[list(blocks[name])].to_numpy()
            steps.fit(values[:160])
            parts.append(steps.transform(values) * weight * np.sqrt(19 / size))
        both = np.hstack(parts)
        wanted = LOGISTIC.fit(both[:160], study.y[:160]).predict_proba(both[160:])
        np.testing.assert_allclose(found, wanted, rtol=1e-4)

    def test_blocks_count_alike_whatever_their_size(self, study: Study) -> None:
        scaled = BlockScaler(study.blocks.columns).fit_transform(study.X)
        shares = {
            name: float(scaled[list(columns)].var(ddof=0).sum())
            for name, columns in study.blocks.columns.items()
            if name != "clinical"  # is filled at the median where missing
        }
        assert shares["deep"] == pytest.approx(shares["radiomics"])
        assert sum(scaled.var(ddof=0)) == pytest.approx(40, rel=0.02)

    def test_selectors_in_its_classifier_see_the_names(self, study: Study) -> None:
        inner = make_pipeline(selector_chain([{"mrmr": {"count": 3}}]), LogisticRegression())
        model = EarlyFusion(inner, study.blocks.columns).fit(study.X, study.y)
        kept = model.classifier_[0].get_feature_names_out().tolist()
        assert len(kept) == 3
        assert set(kept) >= {"deep:c0", "radiomics:c0"}

    def test_settings_that_name_no_block(self, study: Study) -> None:
        for setting in ({"weights": {"dep": 1}}, {"pca": {"dep": 1}}):
            with pytest.raises(ModelError, match="no block 'dep'"):
                EarlyFusion(LOGISTIC, study.blocks.columns, **setting).fit(study.X, study.y)
        with pytest.raises(ModelError, match="fit and predict_proba"):
            EarlyFusion(LinearSVC(), study.blocks.columns).fit(study.X, study.y)

    def test_a_column_without_values_in_training(self, study: Study) -> None:
        with pytest.raises(ModelError, match="'deep:c1' has no value"):
            EarlyFusion(LOGISTIC, study.blocks.columns).fit(
                study.X.assign(**{"deep:c1": np.nan}), study.y
            )


class TestLate:
    def test_the_mean_is_of_the_members_that_are_there(self, study: Study) -> None:
        model = LateFusion(LOGISTIC, study.blocks.columns).fit(study.X, study.y)
        said = model.member_probabilities(study.X)
        np.testing.assert_allclose(model.predict_proba(study.X), np.nanmean(said, axis=0))
        assert np.isnan(said[2, -20:]).all()
        assert not np.isnan(said[:, :-20]).any()

    def test_a_member_is_the_classifier_on_its_block(self, study: Study) -> None:
        model = LateFusion(LOGISTIC, study.blocks.columns).fit(study.X, study.y)
        alone = make_pipeline(StandardScaler(), LOGISTIC)
        rows = study.X["clinical:c0"].notna()
        block = study.X.loc[rows, list(study.blocks.columns["clinical"])]
        alone.fit(block, study.y[rows])
        np.testing.assert_allclose(
            model.member_probabilities(study.X)[2, rows], alone.predict_proba(block), rtol=1e-6
        )

    def test_weights_come_from_the_tune_lesions(self, study: Study) -> None:
        train, tune = study.split == "train", study.split == "tune"
        model = LateFusion(LOGISTIC, study.blocks.columns, "weighted")
        model.fit(study.X[train], study.y[train], tune=(study.X[tune], study.y[tune]))
        said = model.member_probabilities(study.X[tune])[:, np.arange(40), study.y[tune]]
        np.testing.assert_allclose(list(model.weights_.values()), mixture_weights(said), atol=1e-12)
        assert model.out_of_fold_ is None
        flipped = LateFusion(LOGISTIC, study.blocks.columns, "weighted")
        flipped.fit(study.X[train], study.y[train], tune=(study.X[tune], 1 - study.y[tune]))
        assert not np.allclose([*model.weights_.values()], [*flipped.weights_.values()])

    def test_stacking_learns_from_patients_that_members_did_not_see(self, study: Study) -> None:
        """A nearest-neighbour member is perfect on what it saw: stacking must not believe it."""
        blocks = {"deep": study.blocks.columns["deep"]}
        model = LateFusion(KNeighborsClassifier(1), blocks, "stacking", folds=4)
        model.fit(study.X, study.y, study.patients)
        codes = study.y.astype(np.int64)
        folds = grouped_folds(codes, study.patients, 4, 0)
        wanted = cross_val_predict(
            make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
            study.X[list(blocks["deep"])],
            study.y,
            cv=folds,
            method="predict_proba",
        )
        np.testing.assert_array_equal(model.out_of_fold_[0], wanted)
        assert (model.member_probabilities(study.X)[0].argmax(axis=1) == study.y).all()
        assert np.abs(model.predict_proba(study.X)[:, 1] - study.y).mean() > 0.3

    def test_a_patients_other_lesion_never_helps(self, study: Study) -> None:
        """With each lesion twice, only folds by patient keep nearest neighbours honest."""
        X = study.X[list(study.blocks.columns["deep"])].iloc[:60]
        X = pd.concat([X, X.set_axis([f"{i}-2" for i in X.index])])
        y = np.random.default_rng(0).integers(0, 2, 60)
        model = LateFusion(KNeighborsClassifier(1), {"deep": list(X.columns)}, "stacking")
        right = {}
        for name, groups in (("row", None), ("patient", np.tile(np.arange(60), 2))):
            model.fit(X, np.tile(y, 2), groups)
            right[name] = (model.out_of_fold_[0].argmax(axis=1) == np.tile(y, 2)).mean()
        assert right["row"] > 0.8
        assert right["patient"] < 0.65

    def test_a_hybrid_has_a_member_that_sees_all(self, study: Study) -> None:
        model = LateFusion(LOGISTIC, study.blocks.columns, hybrid=True).fit(study.X, study.y)
        assert list(model.members_) == ["deep", "radiomics", "clinical", "together"]
        early = EarlyFusion(LOGISTIC, study.blocks.columns).fit(study.X, study.y)
        np.testing.assert_allclose(
            model.member_probabilities(study.X)[3], early.predict_proba(study.X)
        )

    def test_a_classifier_for_each_member(self, study: Study) -> None:
        kinds = {"deep": LOGISTIC, "radiomics": KNeighborsClassifier(9), "clinical": LOGISTIC}
        model = LateFusion(kinds, study.blocks.columns).fit(study.X, study.y)
        assert isinstance(model.members_["radiomics"].classifier_, KNeighborsClassifier)
        del kinds["clinical"]
        with pytest.raises(ModelError, match="no classifier for 'clinical'"):
            LateFusion(kinds, study.blocks.columns).fit(study.X, study.y)

    def test_ways_blocks_and_labels_that_will_not_do(self, study: Study) -> None:
        blocks = study.blocks.columns
        with pytest.raises(ModelError, match="did you mean 'weighted'"):
            LateFusion(LOGISTIC, blocks, "weightd").fit(study.X, study.y)
        only_ones = study.X.copy()
        only_ones.loc[study.y == 0, list(blocks["clinical"])] = np.nan
        with pytest.raises(ModelError, match=r"'clinical' has .* not of every class"):
            LateFusion(LOGISTIC, blocks).fit(only_ones, study.y)
        with pytest.raises(ModelError, match="label 2"):
            LateFusion(LOGISTIC, blocks, "weighted").fit(
                study.X, study.y, tune=(study.X, study.y + 1)
            )


@settings(derandomize=True, max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_mixture_weights_are_the_optimum_of_the_log_loss(seed: int, members: int) -> None:
    right = np.random.default_rng(seed).uniform(0.05, 0.95, size=(members, 50))

    def loss(weights: np.ndarray) -> float:
        return -float(np.log(weights @ right).mean())

    weights = mixture_weights(right, rounds=20_000)
    assert weights.sum() == pytest.approx(1)
    found = minimize(
        loss,
        np.full(members, 1 / members),
        bounds=[(0, 1)] * members,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    assert loss(weights) <= found.fun + 1e-6


class TestAblation:
    def test_each_set_is_fitted_and_judged_on_the_same_rows(self, study: Study) -> None:
        model = LateFusion(LOGISTIC, study.blocks.columns, "weighted")
        found = ablate(model, study.X, study.y, study.split, groups=study.patients, resamples=50)
        names = ["deep", "radiomics", "clinical"]
        wanted = ["all", *(f"without {n}" for n in names), *(f"{n} alone" for n in names)]
        assert list(found.results) == wanted
        test = study.split == "test"
        for name, result in found.results.items():
            score = found.scores[name][:, 1]
            assert result.value == pytest.approx(roc_auc_score(study.y[test], score))
            assert (result.n, result.patients) == (80, 40)
        table = found.table.set_index("blocks")
        low = table.loc["deep alone", "value"] - table.loc["all", "value"]
        assert table.loc["deep alone", "from_all"] == pytest.approx(low)
        assert table["corrected_p"].iloc[1:].between(0, 1).all()
        assert "without deep" in str(found)

    def test_alone_is_the_fusion_of_that_block(self, study: Study) -> None:
        model = EarlyFusion(LOGISTIC, study.blocks.columns, weights={"clinical": 2})
        found = ablate(model, study.X, study.y, study.split, resamples=20)
        train, test = study.split == "train", study.split == "test"
        alone = EarlyFusion(LOGISTIC, {"deep": study.blocks.columns["deep"]})
        alone.fit(study.X[train], study.y[train])
        np.testing.assert_allclose(found.scores["deep alone"], alone.predict_proba(study.X[test]))

    def test_the_tested_labels_change_no_score(self, study: Study) -> None:
        model = LateFusion(LOGISTIC, study.blocks.columns, "stacking", folds=2)
        flipped = np.where(study.split == "test", 1 - study.y, study.y)
        one, other = (
            ablate(model, study.X, y, study.split, resamples=20) for y in (study.y, flipped)
        )
        for name in one.scores:
            np.testing.assert_array_equal(one.scores[name], other.scores[name])

    def test_two_blocks_have_no_set_twice(self, study: Study) -> None:
        blocks = {name: study.blocks.columns[name] for name in ("deep", "radiomics")}
        found = ablate(EarlyFusion(LOGISTIC, blocks), study.X, study.y, study.split, resamples=20)
        assert list(found.results) == ["all", "deep alone", "radiomics alone"]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"on": "validation"}, "No lesion is in the split 'validation'"),
            ({"on": "train"}, "says nothing"),
            ({"groups": np.zeros(240)}, "1 patients are in train and in test"),
            ({"split": ["train"]}, "240 lesions but 1 splits"),
        ],
    )
    def test_bad_input(self, study: Study, change: dict[str, Any], message: str) -> None:
        given = {"y": study.y, "split": study.split} | change
        with pytest.raises(ModelError, match=message):
            ablate(EarlyFusion(LOGISTIC, study.blocks.columns), study.X, **given)

    def test_one_block_has_nothing_to_leave_out(self, study: Study) -> None:
        with pytest.raises(ModelError, match="one block"):
            ablate(
                EarlyFusion(LOGISTIC, {"deep": study.blocks.columns["deep"]}),
                study.X,
                study.y,
                study.split,
            )
