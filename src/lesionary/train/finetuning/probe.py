"""A linear probe on frozen features: what fine-tuning starts from, and is compared to."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from lesionary.train.finetuning.cox import cox_loss
from lesionary.train.finetuning.labels import NO_LABEL, Labels
from lesionary.train.finetuning.metrics import measure
from lesionary.train.finetuning.target import Metric, Outputs

STRENGTHS = tuple(10.0**power for power in range(-5, 3))
"""Inverse strengths of the penalty that are tried."""

_SEED = 42


@dataclass(frozen=True)
class Probe:
    """A linear model of features: ``features @ weight.T + bias``.

    Attributes
    ----------
    weight : ndarray (outputs, dimension)
    bias : ndarray (outputs,)
    strength : float
        Inverse strength of its penalty, the best on the tune split.
    tune : dict
        Its metrics there.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    strength: float
    tune: dict[Metric, float]

    def outputs(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the outputs ``(n, outputs)`` of features."""
        return np.asarray(features @ self.weight.T + self.bias, dtype=np.float64)


def fit_probe(
    train: tuple[NDArray[np.float64], Labels],
    tune: tuple[NDArray[np.float64], Labels],
    outputs: Outputs,
    metric: Metric,
    class_weights: NDArray[np.float64] | None = None,
) -> Probe:
    """Fit a probe on the train split, with the penalty that does best on the tune split.

    Logistic regression of the label, and Cox's regression (ties by Efron's method) with the
    same quadratic penalty of survival, on features standardised by the train split.

    Parameters
    ----------
    train, tune : (features, Labels)
        Features ``(n, dimension)`` of lesions, and their targets.
    outputs : Outputs
    metric : str
        Of the tune split, to choose the penalty by.
    class_weights : ndarray (classes,), optional
    """
    features, labels = train
    mean, scale = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    scale = np.where(scale > 1e-12, scale, 1.0)
    standardised = (features - mean) / scale
    best: Probe | None = None
    for strength in STRENGTHS:
        parts = []
        if outputs.kind is not None:
            parts.append(_logistic(standardised, labels, outputs, strength, class_weights))
        if outputs.survival:
            parts.append(_cox(standardised, labels, strength))
        weight = np.concatenate([part[0] for part in parts]) / scale
        bias = np.concatenate([part[1] for part in parts]) - weight @ mean
        probe = Probe(weight, bias, strength, {})
        scores = outputs.scores(probe.outputs(tune[0]))
        probe = Probe(weight, bias, strength, measure(scores, tune[1], outputs))
        if best is None or probe.tune[metric] > best.tune[metric]:
            best = probe
    assert best is not None
    return best


def _logistic(
    features: NDArray[np.float64],
    labels: Labels,
    outputs: Outputs,
    strength: float,
    class_weights: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = labels.code != NO_LABEL
    weights = None if class_weights is None else dict(enumerate(class_weights))
    model = LogisticRegression(
        C=strength, max_iter=1000, tol=1e-6, class_weight=weights, random_state=_SEED
    )
    with warnings.catch_warnings():
        # Hardly penalised, classes that can be told apart have no optimum; tune decides.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(features[known], labels.code[known])
    weight, bias = model.coef_, model.intercept_
    if outputs.kind == "classes" and len(weight) == 1:  # two classes: one logit, shared out
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return weight, bias


def _cox(
    features: NDArray[np.float64], labels: Labels, strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = np.isfinite(labels.time)
    x, time, event = (
        torch.as_tensor(values[known]) for values in (features, labels.time, labels.event)
    )
    beta = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([beta], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = strength * event.sum() * cox_loss(x @ beta, time, event) + beta.square().sum() / 2
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return beta.detach().numpy()[None], np.zeros(1)
