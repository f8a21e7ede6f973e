"""Probes: what they learn, from which rows, and what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from lesionary.adapt.probes import (
    BoostingProbe,
    ElasticNetProbe,
    ForestProbe,
    KNNProbe,
    LinearProbe,
    Probe,
    SVMProbe,
    fit_fractions,
    make_probe,
)
from lesionary.adapt.probes.families import FAMILIES
from lesionary.adapt.saving import load_model, save_model
from lesionary.adapt.table import FittingTable, join_table
from lesionary.errors import ModelError

SPLIT = np.repeat(["train", "tune", "test"], [80, 60, 60])
PATIENT = np.array([f"p{i // 2}" for i in range(200)])


def made(classes: int = 2, p: int = 30, signal: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    label = rng.integers(0, classes, 200)
    label[:classes] = label[80 : 80 + classes] = range(classes)
    features = rng.normal(size=(200, p))
    features[:, :6] += signal * rng.normal(size=(classes, 6))[label] * 2
    return features, label


def small(family: str, **options: object) -> Probe:
    return make_probe(family, trials=1 if family == "forest" else 4, **options)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_learns_and_gives_probabilities(family: str, classes: int):
    features, label = made(classes)
    probe = small(family).fit(features, label, split=SPLIT, patients=PATIENT)
    chance = probe.predict_proba(features[SPLIT == "test"])
    assert chance.shape == (60, classes)
    np.testing.assert_allclose(chance.sum(axis=1), 1, atol=1e-9)
    assert chance.min() >= 0
    assert (probe.predict(features)[SPLIT == "test"] == label[SPLIT == "test"]).mean() > 0.6
    again = small(family).fit(features, label, split=SPLIT, patients=PATIENT)
    np.testing.assert_array_equal(again.predict_proba(features), probe.predict_proba(features))


@pytest.mark.parametrize("family", FAMILIES)
def test_test_rows_change_nothing_that_is_fitted(family: str):
    features, label = made()
    other = features.copy()
    other[SPLIT == "test"] = [1e9, np.nan, -3.0] * 10
    one, two = (
        small(family).fit(x, label, split=SPLIT, patients=PATIENT) for x in (features, other)
    )
    assert one.found_ == two.found_
    for name in ("kept", "fill", "mean", "scale"):
        a, b = (getattr(probe.model_.preparation, name) for probe in (one, two))
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.predict_proba(features), two.predict_proba(features))


def test_tune_rows_choose_and_are_not_fitted_to():
    features, label = made()
    probe = LinearProbe().fit(features, label, split=SPLIT)
    train = SPLIT == "train"
    scaler = StandardScaler().fit(features[train])
    np.testing.assert_allclose(probe.model_.preparation.mean, scaler.mean_)
    np.testing.assert_allclose(probe.model_.preparation.scale, scaler.scale_)
    other = features.copy()
    other[SPLIT == "tune"] *= 7
    moved = LinearProbe().fit(other, label, split=SPLIT).model_.preparation
    np.testing.assert_array_equal(moved.mean, probe.model_.preparation.mean)


@pytest.mark.parametrize("p", [20, 300])
def test_the_linear_probe_is_scikit_learns_at_the_strength_it_chose(
    p: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lesionary.adapt.probes.path._STOPPED", ())
    features, label = made(3, p)
    probe = LinearProbe(metric="log_loss", class_weight="balanced")
    probe.fit(features, label, split=SPLIT)
    assert set(probe.found_.setting) == {"C"}
    train = SPLIT == "train"
    scaler = StandardScaler().fit(features[train])
    model = LogisticRegression(
        C=probe.found_.setting["C"],
        class_weight="balanced",
        solver="newton-cholesky",
        tol=1e-12,
    ).fit(scaler.transform(features[train]), label[train])
    wanted = model.predict_proba(scaler.transform(features))
    np.testing.assert_allclose(probe.predict_proba(features), wanted, atol=1e-6)


@pytest.mark.parametrize("metric", ["auc", "balanced_accuracy", "log_loss"])
def test_the_fast_search_is_no_worse_than_the_published(metric: str):
    features, label = made(4, 150, 0.35)
    fast = LinearProbe(metric=metric).fit(features, label, split=SPLIT)
    published = LinearProbe(metric=metric, search="optuna", trials=60)
    published.fit(features, label, split=SPLIT)
    assert fast.found_.score >= published.found_.score - 1e-9
    assert len(published.found_.tried) == 60


def test_the_score_is_that_of_the_fitted_probe_on_tune():
    features, label = made(2, 60, 0.3)
    for search in ("path", "optuna", "spread"):
        probe = LinearProbe(search=search, trials=10).fit(features, label, split=SPLIT)
        tune = SPLIT == "tune"
        auc = roc_auc_score(label[tune], probe.predict_proba(features[tune])[:, 1])
        assert probe.found_.score == pytest.approx(auc, abs=1e-9)


def test_nearest_neighbours_are_scikit_learns():
    features, label = made(3)
    probe = KNNProbe().fit(features, label, split=SPLIT)
    assert len(probe.found_.tried) == 100
    train, tune = SPLIT == "train", SPLIT == "tune"
    scaler = StandardScaler().fit(features[train])
    for setting, score in probe.found_.tried[::7]:
        model = KNeighborsClassifier(setting["k"], metric=setting["metric"], algorithm="brute")
        model.fit(scaler.transform(features[train]), label[train])
        chance = model.predict_proba(scaler.transform(features[tune]))
        assert score == pytest.approx(roc_auc_score(label[tune], chance, multi_class="ovr"))


def test_nested_folds_keep_patients_together_and_predict_each_row_once():
    features, label = made(2, 10, 0.5)
    probe = LinearProbe(folds=2).fit(features, label, patients=PATIENT)
    assert probe.out_of_fold_ is not None
    assert np.isfinite(probe.out_of_fold_).all()
    assert "2 folds by patient" in probe.method_
    lesions = pd.DataFrame({"lesion_id": range(200), "patient_id": PATIENT})
    table = probe.predictions_table(lesions, features, label, out_of_fold=True)
    assert set(table["split"]) == {"out-of-fold"}
    np.testing.assert_array_equal(table[["score_0", "score_1"]], probe.out_of_fold_)
    seen = probe.predict_proba(features)
    assert roc_auc_score(label, probe.out_of_fold_[:, 1]) < roc_auc_score(label, seen[:, 1])


def test_copies_of_a_patients_row_do_not_help_the_out_of_fold_score():
    rng = np.random.default_rng(3)
    label = np.repeat(rng.integers(0, 2, 40), 5)
    features = np.repeat(rng.normal(size=(40, 30)), 5, axis=0)
    patients = np.repeat(np.arange(40), 5)
    options = {"folds": 4, "trials": 4}
    together = Probe("knn", **options).fit(features, label, patients=patients)
    apart = Probe("knn", **options).fit(features, label)
    assert roc_auc_score(label, apart.out_of_fold_[:, 1]) > 0.95
    assert 0.2 < roc_auc_score(label, together.out_of_fold_[:, 1]) < 0.75


def test_permuted_labels_give_chance():
    features, label = made(2, 60)
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(6):
        shuffled = rng.permutation(label)
        probe = LinearProbe().fit(features, shuffled, split=SPLIT)
        test = SPLIT == "test"
        scores.append(roc_auc_score(shuffled[test], probe.predict_proba(features[test])[:, 1]))
    assert abs(np.mean(scores) - 0.5) < 0.06


def test_missing_and_constant_columns_are_set_aside_with_the_reason():
    features, label = made()
    table = pd.DataFrame(features).rename(columns=lambda i: f"f{i}")
    train = SPLIT == "train"
    table.loc[train, "f3"] = np.nan
    table["f4"] = np.where(train, 2.5, table["f4"])
    table.loc[::7, "f5"] = np.nan
    probe = LinearProbe().fit(table, label, split=SPLIT)
    notes = " ".join(probe.notes_)
    assert "1 features are missing in all training rows and were left out: f3." in notes
    assert "1 features are constant in all training rows and were left out: f4." in notes
    filled = dict(zip(probe.model_.preparation.kept, probe.model_.preparation.fill, strict=True))
    assert 3 not in filled
    assert 4 not in filled
    assert filled[5] == table.loc[train, "f5"].median()
    assert np.isfinite(probe.predict_proba(table)).all()


def test_columns_are_found_by_name():
    features, label = made()
    table = pd.DataFrame(features).rename(columns=lambda i: f"f{i}")
    probe = LinearProbe().fit(table, label, split=SPLIT)
    shuffled = table.iloc[:, ::-1].assign(extra=1.0)
    np.testing.assert_array_equal(probe.predict_proba(shuffled), probe.predict_proba(table))
    with pytest.raises(ModelError, match=r"lack 1 of the 30 columns .*: f7\."):
        probe.predict_proba(table.drop(columns="f7"))


def test_a_class_absent_in_tune_is_noted_and_one_absent_in_train_refused():
    features, label = made(3)
    label[(SPLIT == "tune") & (label == 2)] = 0
    probe = LinearProbe().fit(features, label, split=SPLIT)
    assert any("2 is absent in tune" in note for note in probe.notes_)
    label[SPLIT != "test"] %= 2
    label[-1] = 2
    with pytest.raises(ModelError, match="2 occurs in test and never in train"):
        LinearProbe().fit(features, label, split=SPLIT)


@pytest.mark.parametrize("name", ["train", "tune"])
def test_one_class_in_a_split_is_refused(name: str):
    features, label = made()
    label[name == SPLIT] = 1
    with pytest.raises(ModelError, match=f"labelled rows of the {name} split are of the class 1"):
        LinearProbe().fit(features, label, split=SPLIT)


def test_patients_in_two_splits_are_refused_with_their_number():
    features, label = made()
    patient = PATIENT.copy()
    patient[[80, 81, 90]] = patient[[0, 0, 2]]
    with pytest.raises(ModelError, match=r"2 patients have lesions both in train and in tune \(3"):
        LinearProbe().fit(features, label, split=SPLIT, patients=patient)


def test_infinite_features_are_refused():
    features, label = made()
    features[4, 2] = -np.inf
    with pytest.raises(
        ModelError, match="1 rows have infinite features, first 'feature_2' in row 4"
    ):
        LinearProbe().fit(features, label, split=SPLIT)


def test_a_class_of_one_patient_cannot_be_cross_validated():
    features, label = made()
    label[:] = 0
    label[:2] = 1
    with pytest.raises(ModelError, match="The class 1 has 1 patient in training rows"):
        LinearProbe().fit(features, label, patients=PATIENT)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "rocauc"}, "no metric 'rocauc'"),
        ({"search": "grid"}, "search is path, spread, optuna, not 'grid'"),
        ({"class_weight": "equal"}, "not 'equal'"),
        ({"class_weight": {0: 1.0}}, "a positive number for each class"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, object], message: str):
    features, label = made()
    with pytest.raises(Exception, match=message):
        LinearProbe(**options).fit(features, label, split=SPLIT)


def test_what_a_family_cannot_do_is_refused():
    features, label = made()
    with pytest.raises(ModelError, match="cannot have weights"):
        KNNProbe(class_weight="balanced").fit(features, label, split=SPLIT)
    with pytest.raises(ModelError, match="is for the linear probe"):
        ForestProbe(search="path").fit(features, label, split=SPLIT)
    with pytest.raises(ModelError, match="did you mean 'linear'"):
        make_probe("linaer")
    with pytest.raises(ModelError, match="not fitted"):
        SVMProbe().predict_proba(features)


def test_class_weights_move_decisions_to_the_rare_class():
    rng = np.random.default_rng(1)
    label = (rng.random(200) < 0.15).astype(int)
    features = rng.normal(size=(200, 5)) + label[:, None] * 0.8
    options = {"metric": "log_loss"}
    for probe in (LinearProbe, ElasticNetProbe, BoostingProbe):
        count = [
            probe(**options, trials=2, class_weight=weight)
            .fit(features, label, split=SPLIT)
            .predict(features)
            .sum()
            for weight in (None, "balanced")
        ]
        assert count[1] > count[0]


def fitting_table() -> FittingTable:
    features, label = made(2, 10)
    names = [f"l{i}" for i in range(200)]
    lesions = pd.DataFrame(
        {"lesion_id": names, "patient_id": PATIENT, "split": SPLIT, "malignant": label}
    )
    table = pd.DataFrame(features).rename(columns=lambda i: f"f_{i}").assign(lesion_id=names)
    return join_table(table, lesions)


def test_fractions_are_of_patients_and_judged_on_the_same_rows():
    table = fitting_table()
    found = fit_fractions(table, "malignant", KNNProbe, seed=2)
    groups = found.groupby("fraction")
    assert groups["train_patients"].first().to_dict() == {0.1: 4, 0.2: 8, 0.5: 20, 1.0: 40}
    assert set(found["split"]) == {"tune", "test"}
    assert (groups.size() == 120).all()
    whole = KNNProbe().fit(
        table.features, table.label("malignant"), split=table.split, patients=table.patients
    )
    wanted = whole.predict_proba(table.features)[SPLIT != "train", 1]
    np.testing.assert_array_equal(found.loc[found["fraction"] == 1, "score_1"], wanted)
    again = fit_fractions(table, "malignant", KNNProbe, seed=2)
    pd.testing.assert_frame_equal(found, again)


def test_selection_is_learnt_on_training_rows_and_saved_with_the_model(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    features = pd.DataFrame(rng.normal(size=(120, 30)), columns=[f"f_{i}" for i in range(30)])
    features["f_0"] += 2 * y
    features["f_1"] = 2 * features["f_0"] + 0.01 * rng.normal(size=120)
    split = np.repeat(["train", "tune", "test"], 40)
    spec = [{"correlation": {"threshold": 0.9}}, {"mrmr": {"count": 5}}]
    probe = LinearProbe(selection=spec).fit(features, y, split=split)
    kept = probe.model_.preparation.kept
    assert len(kept) == 5
    assert len({0, 1} & set(kept.tolist())) == 1
    assert "Selection kept 5 of 30 features." in probe.notes_

    other = features.copy()
    other[split == "test"] = 1e9
    again = LinearProbe(selection=spec).fit(other, y, split=split)
    np.testing.assert_array_equal(again.model_.preparation.kept, kept)

    save_model(probe.model_, tmp_path / "model")
    read = load_model(tmp_path / "model").model
    np.testing.assert_array_equal(
        read.predict_proba(features.to_numpy()), probe.predict_proba(features)
    )


def test_selection_is_learnt_anew_in_every_fold():
    """With labels that mean nothing, selecting on all rows would show the held ones as known."""
    rng = np.random.default_rng(1)
    y = rng.permutation(np.arange(60) % 2)
    features = rng.normal(size=(60, 2000))
    spec = [{"univariate": {"top": 5, "p": 1.0, "correction": "none"}}]
    probe = LinearProbe(selection=spec, folds=4).fit(features, y)
    assert roc_auc_score(y, probe.out_of_fold_[:, 1]) < 0.7


def test_missing_values_are_judged_as_they_are():
    rng = np.random.default_rng(2)
    y = np.arange(60) % 2
    features = rng.normal(size=(60, 4)) + y[:, None]
    features[:30, 1] = np.nan
    features[:3, 2] = np.nan
    split = np.repeat(["train", "tune"], [40, 20])
    spec = [{"missing": {"threshold": 0.2}}, "correlation"]
    probe = LinearProbe(selection=spec).fit(features, y, split=split)
    assert probe.model_.preparation.kept.tolist() == [0, 2, 3]


def test_an_unknown_selector_is_named():
    with pytest.raises(ModelError, match="did you mean 'correlation'"):
        LinearProbe(selection=["corelation"]).fit(np.eye(4), [0, 1, 0, 1])
