"""Losses, metrics and the probe against torch, scikit-learn and an optimum found otherwise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.preprocessing import StandardScaler
from torch.nn import functional

from lesionary.errors import TrainingError
from lesionary.train.finetuning.cox import cox_loss
from lesionary.train.finetuning.labels import Labels
from lesionary.train.finetuning.losses import TargetLoss, class_weights
from lesionary.train.finetuning.metrics import measure
from lesionary.train.finetuning.probe import fit_probe
from lesionary.train.finetuning.target import Outputs

CLASSES = Outputs("classes", ("a", "b", "c"), survival=False)
BINARY = Outputs("binary", (0, 1), survival=False)
SURVIVAL = Outputs(None, (), survival=True)
BOTH = Outputs("binary", (0, 1), survival=True)
NAN = torch.full((5,), torch.nan)


def unknown(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(count, np.nan), np.full(count, np.nan)


def test_cross_entropy_with_weights_leaves_out_missing_labels() -> None:
    logits, code = torch.randn(5, 3), torch.tensor([0, 2, -1, 1, 2])
    weights = np.array([1.0, 2.0, 0.5])
    got = TargetLoss(CLASSES, weights)(logits, code, NAN, NAN)
    kept = code >= 0
    expected = functional.cross_entropy(
        logits[kept], code[kept], weight=torch.tensor(weights).float()
    )
    torch.testing.assert_close(got, expected)


def test_binary_cross_entropy() -> None:
    logits, code = torch.randn(5, 1), torch.tensor([0, 1, 1, 0, 1])
    expected = functional.binary_cross_entropy_with_logits(logits[:, 0], code.float())
    torch.testing.assert_close(TargetLoss(BINARY)(logits, code, NAN, NAN), expected)


def test_both_are_added_each_over_the_lesions_that_have_it() -> None:
    outputs, code = torch.randn(5, 2), torch.tensor([0, 1, -1, 0, 1])
    time = torch.tensor([1.0, 2, 3, torch.nan, 5])
    event = torch.tensor([1.0, 0, 1, torch.nan, 1])
    got = TargetLoss(BOTH, survival_weight=0.3)(outputs, code, time, event)
    seen = [0, 1, 2, 4]
    label = TargetLoss(BINARY)(outputs[:, :1], code, NAN, NAN)
    torch.testing.assert_close(
        got, label + 0.3 * cox_loss(outputs[seen, 1], time[seen], event[seen])
    )


@pytest.mark.parametrize("outputs", [CLASSES, BINARY, SURVIVAL, BOTH])
def test_a_batch_without_targets_gives_zero(outputs: Outputs) -> None:
    logits = torch.randn(5, outputs.count, requires_grad=True)
    loss = TargetLoss(outputs)(logits, torch.full((5,), -1), NAN, NAN)
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_class_weights() -> None:
    codes = np.array([0, 0, 0, 1, 1, 2, -1])
    np.testing.assert_allclose(class_weights("balanced", CLASSES, codes), [6 / 9, 1, 2])
    assert class_weights("none", CLASSES, codes) is None
    assert class_weights({"c": 3, "a": 1, "b": 2}, CLASSES, codes).tolist() == [1, 2, 3]
    assert class_weights({1: 3, 0: 1}, BINARY, codes[:5]).tolist() == [1, 3]
    with pytest.raises(TrainingError, match="each class once: a, b, c"):
        class_weights({"a": 1, "d": 2}, CLASSES, codes)


def test_metrics() -> None:
    rng = np.random.default_rng(0)
    code, scores = rng.integers(0, 2, 40), rng.random((40, 1))
    found = measure(scores, Labels(code, *unknown(40)), BINARY)
    assert found["auc"] == pytest.approx(roc_auc_score(code, scores[:, 0]))
    assert found["balanced_accuracy"] == pytest.approx(
        balanced_accuracy_score(code, scores[:, 0] > 0.5)
    )


def test_metrics_are_over_the_classes_that_occur() -> None:
    scores = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    found = measure(scores, Labels(np.array([0, 1, 1]), *unknown(3)), CLASSES)
    assert found == {"balanced_accuracy": 0.75, "map": 1.0}
    alone = measure(scores, Labels(np.array([0, 0, -1]), *unknown(3)), CLASSES)
    assert np.isnan(list(alone.values())).all()


def made(count: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(count, 4)).astype(np.float32) * [1, 10, 0.1, 0] + 3
    return features.astype(np.float32), rng.normal(size=count) + features[:, 0] - 3


def test_the_probe_is_logistic_regression_on_standardised_features() -> None:
    features, signal = made()
    labels = Labels((signal > 0).astype(np.int64), *unknown(80))
    half = np.arange(40)
    train, tune = (features[:40], labels.take(half)), (features[40:], labels.take(half + 40))
    probe = fit_probe(train, tune, BINARY, "auc")
    scaler = StandardScaler().fit(train[0].astype(float))
    reference = LogisticRegression(C=probe.strength, max_iter=1000, tol=1e-6)
    reference.fit(scaler.transform(train[0].astype(float)), train[1].code)
    expected = reference.decision_function(scaler.transform(tune[0].astype(float)))
    np.testing.assert_allclose(probe.outputs(tune[0])[:, 0], expected, rtol=1e-5, atol=1e-5)
    assert probe.tune["auc"] == pytest.approx(roc_auc_score(tune[1].code, expected))


def test_two_classes_have_two_outputs() -> None:
    features, signal = made()
    labels = Labels((signal > 0).astype(np.int64), *unknown(80))
    two = Outputs("classes", ("no", "yes"), survival=False)
    one = fit_probe((features, labels), (features, labels), BINARY, "auc")
    probe = fit_probe((features, labels), (features, labels), two, "balanced_accuracy")
    assert probe.weight.shape == (2, 4)
    if probe.strength == one.strength:
        got = two.scores(probe.outputs(features))[:, 1]
        np.testing.assert_allclose(got, BINARY.scores(one.outputs(features))[:, 0], rtol=1e-6)


def test_the_probe_of_survival_is_at_the_optimum() -> None:
    features, signal = made(40)
    labels = Labels(np.full(40, -1), np.round(np.exp(-signal), 1) + 0.1, np.arange(40) % 3 > 0)
    labels = Labels(labels.code, labels.time, labels.event.astype(float))
    probe = fit_probe((features, labels), (features, labels), SURVIVAL, "c_index")
    assert probe.tune["c_index"] > 0.6
    x = features.astype(float)
    spread = np.where(x.std(0) > 1e-12, x.std(0), 1)
    x = torch.as_tensor((x - x.mean(0)) / spread)
    time, event = torch.as_tensor(labels.time), torch.as_tensor(labels.event)

    def penalised(beta: np.ndarray) -> float:
        loss = cox_loss(x @ torch.as_tensor(beta), time, event) * event.sum()
        return float(probe.strength * loss + (beta**2).sum() / 2)

    found = minimize(penalised, np.zeros(4), tol=1e-10)
    np.testing.assert_allclose(probe.weight[0] * spread, found.x, atol=2e-4)
