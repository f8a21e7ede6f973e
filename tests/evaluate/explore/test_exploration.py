"""Tables that are joined, and everything that is said of their features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from lesionary.errors import EvaluationError
from lesionary.evaluate.explore import explore, read_feature_rows


@pytest.fixture
def features() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 60
    volume = rng.lognormal(3, 1, n)
    return pd.DataFrame(
        {
            "lesion_id": [f"P{k}" for k in range(n)],
            "shape_volume": volume,
            "energy": volume**2 * np.exp(0.1 * rng.normal(size=n)),
            "texture": rng.normal(size=n),
            "flat": 3.0,
            "diagnostics_hash": "abc",
            "diagnostics_mean": 1.0,
            "Unnamed: 0": range(n),
            "ROI": "GTV",
        }
    )


@pytest.fixture
def outcome(features) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    late = (features["texture"] + rng.normal(size=len(features)) > 0).astype(int)
    shuffled = features[["lesion_id"]].assign(late=late, stage=np.arange(len(features)) % 3)
    return shuffled.sample(frac=1, random_state=0)


def test_rows_are_joined_by_the_same_identifier_only(features, outcome):
    rows = read_feature_rows(features, outcome, label="late", volume="shape_volume")
    late = outcome.set_index("lesion_id")["late"]
    assert [rows.classes[k] for k in rows.label] == [
        str(late[one]) for one in features["lesion_id"]
    ]
    assert list(rows.features) == ["shape_volume", "energy", "texture", "flat"]
    assert any("diagnostics_hash" in note for note in rows.notes)
    assert any("ROI" in note for note in rows.notes)


def test_a_part_of_a_name_joins_nothing(features, outcome):
    # P1 is part of P10 and P11, which the toolbox that this follows would have joined.
    one = outcome[outcome["lesion_id"].isin(["P1", "P2"])].assign(late=[0, 1])
    rows = read_feature_rows(features, one, label="late")
    assert rows.features.index.tolist() == ["P1", "P2"]
    assert len(rows.set_aside) == 58
    assert set(rows.set_aside["reason"]) == {"no row in the table of outcomes"}
    with pytest.raises(EvaluationError, match="not when one is part of the other"):
        read_feature_rows(features, one.assign(lesion_id=["P", "1"]), label="late")


def test_identifiers_of_numbers_and_of_text_are_the_same(features, outcome):
    numbered = features.assign(PatientID=np.arange(60.0)).drop(columns="lesion_id")
    told = pd.DataFrame({"PatientID": [str(k) for k in range(60)], "late": np.arange(60) % 2})
    rows = read_feature_rows(numbered, told, label="late", on="PatientID")
    assert rows.label.tolist() == [k % 2 for k in range(60)]
    assert rows.patients_known


def test_lesions_of_one_patient_take_its_outcome(features):
    features["patient_id"] = [f"Q{k // 2}" for k in range(60)]
    patients = pd.DataFrame({"patient_id": [f"Q{k}" for k in range(30)], "late": np.arange(30) % 2})
    rows = read_feature_rows(features, patients, label="late", on="patient_id")
    assert (len(rows), rows.patients) == (60, 30)
    assert any("60 rows are of 30 patients" in note for note in rows.notes)
    twice = pd.concat([patients, patients.head(1)])
    with pytest.raises(EvaluationError, match=r"outcome table has 1 rows .* 'Q0' in row 32"):
        read_feature_rows(features, twice, label="late", on="patient_id")


def test_what_cannot_be_used_is_set_aside_and_what_was_not_asked_for_is_not(features, outcome):
    outcome["split"] = np.where(np.arange(60) < 40, "train", "test")
    outcome["late"] = outcome["late"].astype(float)
    outcome.loc[outcome.index[:3], "late"] = np.nan
    outcome["patient_id"] = [f"Q{k}" if k != 20 else None for k in range(60)]
    rows = read_feature_rows(features, outcome.iloc[1:], label="late", split="train")
    reasons = rows.set_aside["reason"].value_counts().to_dict()
    assert reasons == {"no late": 2, "no patient_id": 1, "no row in the table of outcomes": 1}
    assert len(rows) == rows.patients == 36
    assert any("rows are of other splits" in note for note in rows.notes)
    everything = read_feature_rows(features, outcome, label="late")
    assert any("has seen the test" in note for note in everything.notes)


def test_classes_can_be_chosen_and_put_in_order(features, outcome):
    rows = read_feature_rows(features, outcome, label="stage", classes=["2", "0"])
    assert rows.classes == ("2", "0")
    assert len(rows) == 40
    assert rows.set_aside.empty


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"label": "lte"}, "did you mean 'late'"),
        ({}, {"label": "late", "volume": "size"}, "no column 'size' of the volume"),
        ({"late": 1}, {"label": "late"}, "all rows have the late '1'"),
        ({"late": np.linspace(0, 1, 60)}, {"label": "late"}, "a number, and no class"),
        ({"late": np.arange(60)}, {"label": "late"}, "has 60 classes"),
        ({"late": np.nan}, {"label": "late"}, "no row has a late"),
        ({}, {"label": "late", "classes": ["0", "3"]}, "No row has the late '3'"),
        ({}, {"label": "late", "classes": ["0", "0"]}, "named twice"),
        ({}, {"classes": ["0", "1"]}, "not the column"),
        ({}, {"label": "late", "split": "train"}, "No row is of the split 'train'"),
        ({}, {"label": "late", "on": "name"}, "no column 'name' to join by"),
        ({"size": "large"}, {"label": "late", "volume": "size"}, "is no number in every row"),
        ({"size": 1.0}, {"label": "late", "volume": "size"}, "the same, in every row"),
        ({"lesion_id": "P1"}, {"label": "late"}, "rows of a lesion_id that is there already"),
        ({"lesion_id": None}, {"label": "late"}, "lacks the lesion_id of 60 rows"),
    ],
)
def test_what_cannot_be_explored_is_refused(features, outcome, change, options, words):
    with pytest.raises(EvaluationError, match=words):
        read_feature_rows(features, outcome.assign(**change), **options)


def test_tables_without_rows_or_features_are_refused(features, outcome):
    with pytest.raises(EvaluationError, match="has no rows"):
        read_feature_rows(features.head(0), outcome, label="late")
    with pytest.raises(EvaluationError, match="no column of numbers"):
        read_feature_rows(features[["lesion_id", "ROI"]], outcome, label="late")


def test_infinite_values_count_as_missing(features, outcome):
    features.loc[0, "texture"] = np.inf
    rows = read_feature_rows(features, outcome, label="late")
    assert np.isnan(rows.features["texture"].iloc[0])
    assert any("1 infinite values" in note for note in rows.notes)


def test_volume_is_correlated_and_judged(features, outcome):
    rows = read_feature_rows(features, outcome, label="late", volume="shape_volume")
    found = explore(rows)
    statistics = found.statistics.set_index("feature")
    truth = stats.spearmanr(features["texture"], features["shape_volume"])
    assert statistics.loc["texture", "volume_spearman"] == pytest.approx(truth.statistic)
    assert statistics.loc["texture", "volume_p"] == pytest.approx(truth.pvalue)
    assert statistics["stands_for_volume"].tolist()[:3] == [True, True, False]
    assert pd.isna(statistics.loc["flat", "stands_for_volume"])
    # Bonett and Wright, by hand.
    r = truth.statistic
    reach = 1.959963985 * np.sqrt((1 + r**2 / 2) / 57)
    assert statistics.loc["texture", "volume_low"] == pytest.approx(np.tanh(np.arctanh(r) - reach))
    area, precision = found.volume
    assert area.value == pytest.approx(roc_auc_score(rows.label, rows.volume))
    assert precision.value == pytest.approx(average_precision_score(rows.label, rows.volume))
    assert area.low < area.value < area.high


def test_a_volume_with_gaps_is_used_where_it_is(features, outcome):
    features.loc[:9, "shape_volume"] = np.nan
    rows = read_feature_rows(features, outcome, label="late", volume="shape_volume")
    found = explore(rows)
    assert found.volume[0].n == 50
    assert found.statistics["n"].tolist() == [50, 60, 60, 60]


def test_without_a_label_features_are_described_only(features):
    found = explore(read_feature_rows(features, volume="shape_volume"))
    assert not {"p", "auc"} & set(found.statistics)
    assert {"shapiro_p", "volume_spearman", "cluster"} <= set(found.statistics)
    assert found.volume == ()


def test_more_features_than_rows_and_two_rows_only():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(2, 30))).add_prefix("f")
    table = table.assign(lesion_id=["a", "b"], late=[0, 1])
    found = explore(read_feature_rows(table, label="late"))
    assert found.clusters.count == 0
    assert found.statistics["cluster"].isna().all()
    assert found.statistics["auc"].isin([0, 1]).all()
    assert found.statistics["auc_low"].isna().all()
    assert (found.statistics["notes"] != "").all()


@pytest.mark.parametrize("wrong", [{"correlated": 0}, {"stands_for_volume": 1.5}, {"level": 1.0}])
def test_settings_out_of_range_are_refused(features, outcome, wrong):
    with pytest.raises(EvaluationError, match=r"correlation above 0|between 0 and 1"):
        explore(read_feature_rows(features, outcome, label="late"), **wrong)


@pytest.mark.real_data
def test_lung1(real_data):
    """1,218 features of 149 tumours, whose AUCs the toolbox took from 102 thresholds."""
    folder = real_data / "tables" / "lung1"
    features = pd.read_excel(folder / "extracted_features_full.xlsx")
    features["PatientID"] = features["Patient"].str[:9]
    clinical = pd.read_excel(folder / "extended_clinical_df.xlsx").drop(columns="Unnamed: 0")
    rows = read_feature_rows(
        features,
        clinical,
        label="1yearsurvival",
        volume="original_shape_MeshVolume",
        on="PatientID",
    )
    found = explore(rows)
    assert (len(rows), rows.patients, rows.features.shape[1]) == (149, 145, 1218)
    assert [round(float((rows.label == k).mean()), 2) for k in (0, 1)] == [0.42, 0.58]
    some = list(rows.features)[::12]
    areas = [roc_auc_score(rows.label, rows.features[name]) for name in some]
    assert found.statistics["auc"].to_numpy()[::12] == pytest.approx(np.array(areas), abs=1e-12)
    truth = stats.mannwhitneyu(
        rows.features[rows.label == 1], rows.features[rows.label == 0], method="asymptotic"
    )
    assert found.statistics["p"].to_numpy() == pytest.approx(truth.pvalue, rel=1e-9)
