"""Labelled rows, and folds of them: fitted on some, judged by others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lesionary.adapt.probes.logistic import Axes, principal_axes
from lesionary.adapt.probes.prepare import Preparation, prepare
from lesionary.errors import ModelError
from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.registry import METRICS, metric_value

if TYPE_CHECKING:
    from lesionary.adapt.selection.chain import SelectorChain

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Rows:
    """Lesions with a label.

    Attributes
    ----------
    features : ndarray of float64 (n, p)
        As they were given, NaN where missing.
    code : ndarray of int64 (n,)
        Number of the class.
    group : ndarray of int64 (n,)
        Number of the patient.
    classes : tuple
        What the numbers mean.
    class_weight : ndarray of float64 (classes,)
    selection : SelectorChain, optional
        Chooses among the features of rows that are fitted to.
    """

    features: Floats
    code: NDArray[np.int64]
    group: NDArray[np.int64]
    classes: tuple[Any, ...]
    class_weight: Floats
    selection: SelectorChain | None = None

    def __len__(self) -> int:
        return len(self.code)

    def take(self, rows: Indices) -> Rows:
        """Return some of the rows."""
        return replace(
            self, features=self.features[rows], code=self.code[rows], group=self.group[rows]
        )


@dataclass(frozen=True)
class Training:
    """Rows to fit to, and what is computed of them once."""

    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def weight(self) -> Floats:
        """Weight (n,) of each row: that of its class."""
        return np.asarray(self.rows.class_weight[self.rows.code])

    @cached_property
    def preparation(self) -> Preparation:
        """What is done to features first."""
        chain = self.rows.selection
        if chain is None:
            return prepare(self.rows.features)
        return prepare(
            self.rows.features,
            lambda given, filled: chain.chosen(given, filled, self.rows.code, self.rows.group),
        )

    @cached_property
    def features(self) -> Floats:
        """Prepared features (n, q)."""
        return self.preparation(self.rows.features)

    @cached_property
    def axes(self) -> Axes:
        """Principal axes of the prepared features."""
        return principal_axes(self.features)


@dataclass(frozen=True)
class Fold:
    """Rows to fit to, and rows held out, which are prepared by what the former say."""

    train: Training
    held: Rows

    @cached_property
    def held_features(self) -> Floats:
        """Prepared features (m, q) of the rows held out."""
        return self.train.preparation(self.held.features)

    @cached_property
    def held_on_axes(self) -> Floats:
        """Coordinates (m, r) of the rows held out."""
        return self.held_features @ self.train.axes.basis

    def score(self, metric: str, chance: Floats) -> Floats:
        """Judge the held rows' probabilities (m, classes); greater is better.

        Returns
        -------
        ndarray (2,)
            The metric, and the mean log likelihood, which decides between equals: a metric of
            order alone does not see that all probabilities are the same.
        """
        value = metric_value(metric, judged(self.held, chance))
        own = chance[np.arange(len(self.held)), self.held.code]
        likelihood = np.log(np.maximum(own, np.finfo(float).tiny)).mean()
        return np.array([value if METRICS[metric].higher_is_better else -value, likelihood])


def best_first(scores: Floats) -> Indices:
    """Order scores (n, 2) by the first, and equals by the second, best first."""
    return np.lexsort((-scores[:, 1], -scores[:, 0]))


def judged(rows: Rows, chance: Floats) -> Labelled:
    """Put rows and their probabilities (n, classes) together, to be judged."""
    score = chance[:, 1] if len(rows.classes) == 2 else chance
    group = np.unique(rows.group, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return Labelled(rows.code, np.ascontiguousarray(score), group, rows.classes, grouped=True)


def folds_of(rows: Rows, count: int, seed: int) -> list[tuple[Indices, Indices]]:
    """Deal patients into folds with classes alike; fewer where a class has fewer patients.

    Returns
    -------
    list of (ndarray, ndarray)
        Rows to fit on, which have every class, and rows held out, which have two at least.

    Raises
    ------
    ModelError
        If a class has one patient only, or patients cannot be dealt so.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    patients = [len(np.unique(rows.group[rows.code == one])) for one in range(len(rows.classes))]
    fewest = int(np.argmin(patients))
    if patients[fewest] < 2:
        raise ModelError(
            f"The class {rows.classes[fewest]!r} has {patients[fewest]} patient in training rows, "
            "so it cannot be learnt from some and judged by others: leave it out, or join it "
            "with another class."
        )
    dealt: Iterator[tuple[Indices, Indices]] = StratifiedGroupKFold(
        min(count, patients[fewest]), shuffle=True, random_state=seed
    ).split(rows.features, rows.code, rows.group)
    found = list(dealt)
    for fit, held in found:
        if (
            len(np.unique(rows.code[fit])) < len(rows.classes)
            or len(np.unique(rows.code[held])) < 2
        ):
            raise ModelError(
                f"{len(np.unique(rows.group)):,} patients cannot be dealt into {len(found)} folds "
                "that have all classes: use fewer folds, or another seed."
            )
    return found
