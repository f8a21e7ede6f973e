"""Lesions become patients: rules and attention."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from lesionary.adapt.fusion import (
    AttentionMIL,
    load_attention,
    patient_labels,
    patient_scores,
    save_attention,
)
from lesionary.adapt.fusion.attention import GatedAttention
from lesionary.errors import EvaluationError, ModelError

LESIONS = st.lists(
    st.tuples(st.sampled_from("pqrs"), st.floats(0, 1), st.integers(1, 3)), min_size=1, max_size=12
)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(LESIONS)
def test_scores_are_those_of_doing_it_patient_by_patient(
    lesions: list[tuple[str, float, int]],
) -> None:
    patient, score, size = (np.array(one) for one in zip(*lesions, strict=True))
    found = {
        how: patient_scores(score, patient, how, size=size)["score"]
        for how in ("max", "mean", "largest")
    }
    for name in set(patient.tolist()):
        mine = patient == name
        largest = mine & (size == size[mine].max())
        assert found["max"][name] == score[mine].max()
        assert found["mean"][name] == pytest.approx(score[mine].mean())
        assert found["largest"][name] == pytest.approx(score[largest].mean())


def test_probabilities_of_two_classes_stay_probabilities() -> None:
    table = pd.DataFrame({"score_no": [0.8, 0.1, 0.6], "score_yes": [0.2, 0.9, 0.4]})
    found = patient_scores(table, ["p", "p", "q"])
    assert found["score_yes"].tolist() == [0.9, 0.4]
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found.index.name == "patient_id"


def test_labels_agree_or_one_positive_lesion_decides() -> None:
    patients = ["p", "p", "q", "q"]
    assert patient_labels(["a", "a", "b", "b"], patients).to_dict() == {"p": "a", "q": "b"}
    with pytest.raises(
        ModelError, match="1 patients have lesions with different labels, first 'p'"
    ):
        patient_labels([0, 1, 0, 0], patients)
    assert patient_labels([0, 1, 0, 0], patients, "any").to_dict() == {"p": 1, "q": 0}
    assert patient_labels([0, 0, 0, 0], patients, "any").to_dict() == {"p": 0, "q": 0}
    by_name = patient_labels(["no", "yes", "no", "no"], patients, "any", positive="yes")
    assert by_name.to_dict() == {"p": "yes", "q": "no"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: patient_scores([0.1, np.nan], ["p", "q"]), "missing or infinite"),
        (lambda: patient_scores([0.1], ["p"], "largest"), "needs sizes"),
        (lambda: patient_scores([0.1], ["p"], "largest", size=[np.nan]), "size is missing"),
        (lambda: patient_scores([0.1], ["p"], "median"), "max, mean or largest"),
        (lambda: patient_scores(np.ones((2, 3)), ["p", "q"]), "do not add up"),
        (lambda: patient_scores([], []), "no lesions"),
        (lambda: patient_labels([0, None], ["p", "q"]), "label is missing"),
        (lambda: patient_labels([0, 1, 2], ["p", "q", "r"], "any"), "two labels"),
        (lambda: patient_labels(["a", "b"], ["p", "q"], "any"), "positive="),
        (lambda: patient_labels([0], ["p"], "most"), "agree or any"),  # type: ignore[arg-type]
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        call()


def test_a_missing_patient_is_refused() -> None:
    with pytest.raises(EvaluationError, match="groups is missing"):
        patient_scores([0.1, 0.2], ["p", None])


def bags(seed: int, patients: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """One lesion in each positive patient gives the class away; most of the others are noise."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(patients), rng.integers(3, 8, patients))
    y = (np.arange(patients) % 2)[group]
    values = rng.normal(size=(len(group), 6))
    first = np.unique(group, return_index=True)[1]
    values[first[y[first] == 1], 0] += 5
    names = np.array([f"s{seed}p{i:03d}" for i in group])
    return pd.DataFrame(values, columns=[f"f{i}" for i in range(6)]), y, names


@pytest.fixture(scope="module")
def fitted() -> AttentionMIL:
    return AttentionMIL(seed=1).fit(*bags(0, 120), tune=bags(1, 40))


class TestAttention:
    def test_the_network_is_the_published_formula(self) -> None:
        torch.manual_seed(0)
        network = GatedAttention(4, 3, 2)
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter)
        lesions, patient = torch.randn(5, 4), torch.tensor([0, 1, 0, 1, 1])
        logits, share = network(lesions, patient, 2)
        for number in (0, 1):
            mine = lesions[patient == number]
            merit = (
                torch.tanh(mine @ network.value.weight.T + network.value.bias)
                * torch.sigmoid(mine @ network.gate.weight.T + network.gate.bias)
            ) @ network.weight.weight[0]
            weight = torch.softmax(merit, 0)
            torch.testing.assert_close(share[patient == number], weight)
            torch.testing.assert_close(
                logits[number], network.classify((weight[:, None] * mine).sum(0))
            )

    def test_it_finds_the_lesion_that_tells(self, fitted: AttentionMIL) -> None:
        X, y, patients = bags(2, 60)
        score = fitted.predict_proba(X, patients)
        truth = patient_labels(y, patients)
        assert list(score.index) == list(truth.index)
        assert roc_auc_score(truth, score[1]) > 0.9
        # The mean of the lesions drowns what the attention finds.
        assert roc_auc_score(truth, score[1]) > roc_auc_score(
            truth, patient_scores(X["f0"], patients, "mean")["score"]
        )
        weight = fitted.attention(X, patients)
        np.testing.assert_allclose(weight.groupby(patients).sum(), 1, rtol=1e-5)
        telling = (X["f0"] > 3) & (y == 1)
        assert weight[telling].mean() > 2 * weight[~telling & (y == 1)].mean()

    def test_same_seed_same_model_whatever_torch_did_before(self, fitted: AttentionMIL) -> None:
        torch.manual_seed(99)
        state = torch.random.get_rng_state()
        again = AttentionMIL(seed=1).fit(*bags(0, 120), tune=bags(1, 40))
        assert torch.equal(torch.random.get_rng_state(), state)
        X, _, patients = bags(2, 10)
        pd.testing.assert_frame_equal(
            again.predict_proba(X, patients), fitted.predict_proba(X, patients)
        )

    def test_other_patients_and_their_order_change_nothing(self, fitted: AttentionMIL) -> None:
        X, _, patients = bags(2, 10)
        together = fitted.predict_proba(X, patients)
        order = np.random.default_rng(0).permutation(len(X))
        turned = fitted.predict_proba(X.iloc[order], patients[order])
        np.testing.assert_allclose(turned.loc[together.index], together, rtol=1e-5)
        mine = patients == patients[0]
        alone = fitted.predict_proba(X[mine], patients[mine])
        np.testing.assert_allclose(alone, together.loc[[patients[0]]], rtol=1e-5)

    def test_without_tune_it_stops_by_training_patients(self) -> None:
        X, y, patients = bags(0, 60)
        model = AttentionMIL(steps=40).fit(X, y, patients)
        assert 1 <= model.steps_ <= 40

    def test_a_patient_with_a_positive_lesion_is_positive(self) -> None:
        X, _, patients = bags(0, 40)
        lesions = (X["f0"] > 2).astype(int)
        with pytest.raises(ModelError, match="different labels"):
            AttentionMIL().fit(X, lesions, patients)
        model = AttentionMIL(steps=20, labels="any").fit(X, lesions, patients)
        assert model.classes_ == (0, 1)

    def test_saved_and_read_it_says_the_same(self, fitted: AttentionMIL, tmp_path: Path) -> None:
        folder = save_attention(fitted, tmp_path / "model")
        assert sorted(p.name for p in folder.iterdir()) == ["model.json", "weights.safetensors"]
        read = load_attention(folder)
        X, _, patients = bags(2, 10)
        pd.testing.assert_frame_equal(
            read.predict_proba(X, patients), fitted.predict_proba(X, patients)
        )
        assert read.seed == 1

    def test_damaged_files_are_refused(self, fitted: AttentionMIL, tmp_path: Path) -> None:
        folder = save_attention(fitted, tmp_path / "model")
        about = json.loads((folder / "model.json").read_text())
        for change, message in (
            ({"columns": ["f0"]}, "do not fit together"),
            ({"format": "other"}, "no attention model"),
            ({"settings": {"hidden": 32, "depth": 2}}, "do not fit together"),
        ):
            (folder / "model.json").write_text(json.dumps(about | change))
            with pytest.raises(ModelError, match=message):
                load_attention(folder)
        (folder / "model.json").write_text(json.dumps(about))
        (folder / "weights.safetensors").write_bytes(b"no")
        with pytest.raises(ModelError, match="can be read"):
            load_attention(folder)
        with pytest.raises(ModelError, match="can be read"):
            load_attention(tmp_path / "nowhere")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda X, y, p: (X, np.zeros(len(X)), p), "one label"),
            (lambda X, y, p: (X, y[:-1], p), "labels"),
            (lambda X, y, p: (X.mask(X > 4), y, p), "'f0' is missing"),
            (lambda X, y, p: (X.to_numpy(), y, p), "named columns"),
            (lambda X, y, p: (X[y == 0], y[y == 0], p[y == 0]), "one label"),
            (lambda X, y, p: (X, (p == p[0]).astype(int), p), "one patient only"),
        ],
    )
    def test_bad_input(self, change: Any, message: str) -> None:
        with pytest.raises(ModelError, match=message):
            AttentionMIL(steps=3).fit(*change(*bags(0, 20)))

    def test_tune_patients_of_train_and_new_features_are_refused(
        self, fitted: AttentionMIL
    ) -> None:
        X, y, patients = bags(0, 20)
        with pytest.raises(ModelError, match="in train and in tune"):
            AttentionMIL(steps=3).fit(X, y, patients, tune=(X, y, patients))
        with pytest.raises(ModelError, match="1 features are missing, first 'f3'"):
            fitted.predict_proba(X.drop(columns="f3"), patients)
        with pytest.raises(ModelError, match="not fitted"):
            AttentionMIL().predict_proba(X, patients)
