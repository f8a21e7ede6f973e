"""A patient from any number of lesions, with weights that are learnt."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from lesionary.adapt.fusion.patient import Rule, patient_labels
from lesionary.adapt.selection.patients import grouped_folds
from lesionary.adapt.selection.target import class_codes
from lesionary.cohort.columns import PATIENT
from lesionary.errors import ModelError
from lesionary.evaluate.inputs import group_codes

M = TypeVar("M", bound="AttentionMIL")


class GatedAttention(nn.Module):
    """Pool lesions with gated attention, and classify the patient (Ilse et al., ICML 2018).

    A lesion's weight is the softmax, over the patient's lesions, of w' (tanh(V x) * sigmoid(U x)).

    Parameters
    ----------
    features, hidden, classes : int
    """

    def __init__(self, features: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.value = nn.Linear(features, hidden)
        self.gate = nn.Linear(features, hidden)
        self.weight = nn.Linear(hidden, 1, bias=False)
        self.classify = nn.Linear(features, classes)
        # Start at the plain mean: attention that starts by chance on the wrong lesions stays there.
        nn.init.zeros_(self.weight.weight)
        nn.init.zeros_(self.classify.weight)

    def forward(self, lesions: Tensor, patient: Tensor, patients: int) -> tuple[Tensor, Tensor]:
        """Return logits (patients, classes) and weights (lesions,).

        Parameters
        ----------
        lesions : Tensor (n, features)
        patient : Tensor of int64 (n,)
            Number of each lesion's patient, from 0.
        patients : int
        """
        merit = self.weight(torch.tanh(self.value(lesions)) * torch.sigmoid(self.gate(lesions)))[
            :, 0
        ]
        highest = merit.new_full((patients,), -torch.inf)
        highest = highest.scatter_reduce(0, patient, merit.detach(), "amax")
        share = torch.exp(merit - highest[patient])
        share = share / merit.new_zeros(patients).index_add(0, patient, share)[patient]
        pooled = lesions.new_zeros(patients, lesions.shape[1])
        pooled = pooled.index_add(0, patient, share[:, None] * lesions)
        return self.classify(pooled), share


class AttentionMIL:
    """Predict a patient's class from the features of all lesions, weighing lesions.

    Trained on all patients at once (AdamW), with the cross-entropy weighted to balance the
    classes, until that of the tune patients has not fallen for ``patience`` steps; the best step
    is kept.

    Parameters
    ----------
    hidden : int
        Width of the attention.
    steps, patience : int
    learning_rate, weight_decay : float
    labels : {"agree", "any"}
        What a patient's label is; see :func:`~lesionary.adapt.fusion.patient_labels`.
    positive
        The positive label, for "any".
    seed : int

    Attributes
    ----------
    classes_ : tuple
    columns_ : list of str
        Features, which a table must have by name.
    steps_ : int
        At which step the model was best.
    """

    def __init__(
        self,
        hidden: int = 32,
        steps: int = 500,
        patience: int = 50,
        learning_rate: float = 0.01,
        weight_decay: float = 0.01,
        labels: Rule = "agree",
        positive: Any = 1,
        seed: int = 0,
    ) -> None:
        self.hidden = hidden
        self.steps = steps
        self.patience = patience
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.labels = labels
        self.positive = positive
        self.seed = seed

    def fit(
        self: M,
        X: pd.DataFrame,
        y: ArrayLike,
        groups: ArrayLike,
        tune: tuple[pd.DataFrame, ArrayLike, ArrayLike] | None = None,
    ) -> M:
        """Fit on training lesions, and stop by the tune lesions.

        Parameters
        ----------
        X : DataFrame of float (n, features)
            Without missing values.
        y : array_like (n,)
            Label of each lesion, or of its patient.
        groups : array_like (n,)
            Patient of each lesion.
        tune : (DataFrame, array_like, array_like), optional
            Features, labels and patients of tune lesions. Without, a fifth of the training
            patients is held out to stop by.
        """
        if min(self.hidden, self.steps, self.patience) < 1 or self.learning_rate <= 0:
            raise ModelError("Attention needs hidden, steps, patience and learning_rate above 0.")
        bags = self._labelled(X, y, groups)
        codes, classes = class_codes(bags[3])
        self.classes_: tuple[Any, ...] = classes
        self.columns_ = [str(column) for column in X.columns]
        if tune is None:
            fit, held = grouped_folds(codes, None, 5, self.seed)[0]
            train, watched = _take(bags, codes, fit), _take(bags, codes, held)
        else:
            values, patient, _, names = self._labelled(*tune)
            train = (bags[0], bags[1], codes)
            watched = (values, patient, self._known_codes(names))
            both = set(np.asarray(groups).tolist()) & set(np.asarray(tune[2]).tolist())
            if both:
                raise ModelError(
                    f"Patient {both.pop()!r} is in train and in tune: split by patient."
                )
        mean, spread = train[0].mean(axis=0), train[0].std(axis=0)
        self.mean_, self.spread_ = mean, np.where(spread > 1e-12 * np.abs(mean), spread, 1.0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.network_ = GatedAttention(X.shape[1], self.hidden, len(classes))
        self._train(train, watched)
        return self

    def predict_proba(self, X: pd.DataFrame, groups: ArrayLike) -> pd.DataFrame:
        """Return probabilities, a row a patient (by appearance), a column a class."""
        logits, _, names = self._forward(X, groups)
        index = pd.Index(names, name=PATIENT)
        return pd.DataFrame(torch.softmax(logits, 1).double().numpy(), index, list(self.classes_))

    def attention(self, X: pd.DataFrame, groups: ArrayLike) -> pd.Series[float]:
        """Return each lesion's weight; a patient's sum to 1."""
        _, share, _ = self._forward(X, groups)
        return pd.Series(share.double().numpy(), index=X.index, name="attention")

    def _forward(self, X: pd.DataFrame, groups: ArrayLike) -> tuple[Tensor, Tensor, list[Any]]:
        if not hasattr(self, "network_"):
            raise ModelError("The attention model is not fitted yet: call fit first.")
        lacking = [column for column in self.columns_ if column not in X]
        if lacking:
            raise ModelError(f"{len(lacking):,} features are missing, first {lacking[0]!r}.")
        values, patient, names = _bags(X[self.columns_], groups)
        with torch.inference_mode():
            logits, share = self.network_(
                self._scaled(values), torch.from_numpy(patient), len(names)
            )
        return logits, share, names

    def _labelled(
        self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], list[Any], NDArray[Any]]:
        values, patient, names = _bags(X, groups)
        if len(np.asarray(y)) != len(values):
            raise ModelError(
                f"There are {len(values):,} lesions but {len(np.asarray(y)):,} labels."
            )
        label = patient_labels(y, groups, self.labels, positive=self.positive)
        return values, patient, names, label.to_numpy()

    def _known_codes(self, names: NDArray[Any]) -> NDArray[np.int64]:
        unknown = [name for name in names.tolist() if name not in self.classes_]
        if unknown:
            raise ModelError(f"Tune patients have the label {unknown[0]!r}, which train has not.")
        return np.array([self.classes_.index(name) for name in names.tolist()], dtype=np.int64)

    def _scaled(self, values: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(((values - self.mean_) / self.spread_).astype(np.float32))

    def _train(self, train: Bags, watched: Bags) -> None:
        network = self.network_
        counts = np.bincount(train[2], minlength=len(self.classes_))
        balance = torch.from_numpy((len(train[2]) / (len(counts) * counts)).astype(np.float32))
        loss_of = nn.CrossEntropyLoss(weight=balance)
        sets = []
        for values, patient, codes in (train, watched):
            lesions = (self._scaled(values), torch.from_numpy(patient), len(codes))
            sets.append((lesions, torch.from_numpy(codes)))
        optimizer = torch.optim.AdamW(
            network.parameters(), self.learning_rate, weight_decay=self.weight_decay
        )
        least, best, self.steps_ = np.inf, {}, 0
        for step in range(1, self.steps + 1):
            optimizer.zero_grad()
            loss_of(network(*sets[0][0])[0], sets[0][1]).backward()
            optimizer.step()
            with torch.no_grad():
                loss = float(loss_of(network(*sets[1][0])[0], sets[1][1]))
            if loss < least:
                least, self.steps_ = loss, step
                best = {name: value.clone() for name, value in network.state_dict().items()}
            elif step - self.steps_ >= self.patience:
                break
        if not best:
            raise ModelError("The loss of the tune patients is not a number: check the features.")
        network.load_state_dict(best)
        network.eval()


Bags = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]
"""Lesions, number of the patient of each, class of each patient."""


def _bags(
    X: pd.DataFrame, groups: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.int64], list[Any]]:
    if not isinstance(X, pd.DataFrame) or 0 in X.shape:
        raise ModelError("Attention needs a table of features with named columns and a row.")
    values = X.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        column = X.columns[int(np.argmax(~np.isfinite(values).all(axis=0)))]
        raise ModelError(f"Feature {column!r} is missing or infinite in a lesion: fill it first.")
    patient, _ = group_codes(groups, len(values))
    return values, patient, pd.unique(np.asarray(groups)).tolist()


def _take(
    bags: tuple[NDArray[np.float64], NDArray[np.int64], list[Any], NDArray[Any]],
    codes: NDArray[np.int64],
    patients: NDArray[np.int64],
) -> Bags:
    """Return some of the patients, numbered anew."""
    number = np.full(len(codes), -1, dtype=np.int64)
    number[patients] = np.arange(len(patients))
    rows = number[bags[1]] >= 0
    return bags[0][rows], number[bags[1][rows]], codes[patients]
