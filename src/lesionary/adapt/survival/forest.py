"""Random survival forests: grown by scikit-survival, kept as plain arrays."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.adapt.saving.parts import Parts, plain
from lesionary.adapt.survival.baseline import known_times
from lesionary.adapt.survival.cox import RISK, not_the_outcome
from lesionary.adapt.survival.design import Design, learn_design
from lesionary.adapt.survival.outcome import read_outcome
from lesionary.adapt.survival.warning import SurvivalWarning
from lesionary.errors import ModelError

_ROWS = 1_000
"""Predicted at a time, so that memory does not grow with the table."""
_ARRAYS = ("root", "left", "right", "term", "threshold", "hazard", "times")


@dataclass(frozen=True)
class RandomSurvivalForest:
    """A grown forest (Ishwaran and others 2008). Predicting needs no further package.

    Made by :func:`fit_survival_forest`.

    Parameters
    ----------
    design : Design
    root : ndarray of int64 (trees,)
        First node of each tree.
    left, right : ndarray of int64 (nodes,)
        Where rows go whose term is at most, or above, the threshold; -1 at a leaf.
    term : ndarray of int64 (nodes,)
    threshold : ndarray of float64 (nodes,)
    hazard : ndarray of float64 (nodes, times)
        Nelson-Aalen cumulative hazard of a leaf's training rows; zero in other nodes.
    times : ndarray of float64 (times,)
        Event times of the training rows, rising.
    time, event
        Names of the columns of the outcome.
    followed
        Longest follow-up of a training row.
    n, events, patients
        Training rows, events among them, patients.
    """

    kind: ClassVar[str] = "survival-forest"

    design: Design
    root: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    term: NDArray[np.int64]
    threshold: NDArray[np.float64]
    hazard: NDArray[np.float64]
    times: NDArray[np.float64]
    time: str
    event: str
    followed: float
    n: int
    events: int
    patients: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a table must have to be predicted."""
        return self.design.names

    def predict_risk(self, table: pd.DataFrame) -> pd.Series[float]:
        """Return each row's expected number of events, were all training rows like it.

        It is the cumulative hazard summed over the training rows' event times: higher where
        events come earlier, and no log hazard as a Cox model's.
        """
        hazard = self._cumulative(self.design.matrix(table)).sum(axis=1)
        return pd.Series(hazard, index=table.index, name=RISK)

    def predict_survival(self, table: pd.DataFrame, times: ArrayLike) -> pd.DataFrame:
        """Return ``exp(-cumulative hazard)``, averaged over trees; a row a row, a column a time."""
        wanted = known_times(times, self.followed)
        hazard = np.pad(self._cumulative(self.design.matrix(table)), ((0, 0), (1, 0)))
        at = hazard[:, np.searchsorted(self.times, wanted, side="right")]
        return pd.DataFrame(np.exp(-at), index=table.index, columns=wanted)

    def scores(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``score_risk`` as a table."""
        return self.predict_risk(features).to_frame()

    def _cumulative(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the trees' mean cumulative hazard (n, times)."""
        hazard = np.zeros((len(x), len(self.times)))
        # Trees were grown on single precision: a value on a threshold must fall as it did.
        values = x.astype(np.float32)
        for start in range(0, len(x), _ROWS):
            part = slice(start, start + _ROWS)
            for root in self.root:
                hazard[part] += self.hazard[self._leaf(values[part], root)]
        return hazard / len(self.root)

    def _leaf(self, x: NDArray[np.float32], root: np.int64) -> NDArray[np.int64]:
        node = np.full(len(x), root)
        rows = np.arange(len(x))
        while True:
            inner = self.left[node] >= 0
            if not inner.any():
                return node
            small = x[rows, self.term[node]] <= self.threshold[node]
            node = np.where(inner, np.where(small, self.left[node], self.right[node]), node)

    def parts(self) -> Parts:
        """Take the forest apart."""
        names = ("time", "event", "followed", "n", "events", "patients")
        facts = {"design": self.design.as_dict(), **{name: getattr(self, name) for name in names}}
        return Parts(plain(facts), {name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def of_parts(cls, parts: Parts) -> RandomSurvivalForest:
        """Put it together again."""
        facts = dict(parts.facts)
        design = Design.from_dict(facts.pop("design"))
        arrays: dict[str, Any] = {name: parts.arrays[name] for name in _ARRAYS}
        forest = cls(design=design, **arrays, **facts)
        forest._check()
        return forest

    def _check(self) -> None:
        """Raise if a damaged file would lead rows astray, or round in circles."""
        nodes = len(self.left)
        branches = (self.left, self.right, self.term)
        if any(one.shape != (nodes,) or one.dtype != np.int64 for one in branches):
            raise ValueError("nodes must be numbered")
        if self.threshold.shape != (nodes,):
            raise ValueError("nodes must have a threshold each")
        own = np.arange(nodes)
        inner = self.left >= 0
        for child in (self.left, self.right):
            if ((child >= 0) != inner).any() or (child[inner] <= own[inner]).any():
                raise ValueError("branches must lead on")
            if (child >= nodes).any():
                raise ValueError("branches must end in the forest")
        if not ((self.term[inner] >= 0) & (self.term[inner] < len(self.design.terms))).all():
            raise ValueError("branches must ask for known columns")
        if self.hazard.shape != (nodes, len(self.times)) or len(self.root) == 0:
            raise ValueError("as many leaves as nodes are wanted")
        if not ((self.root >= 0) & (self.root < nodes)).all():
            raise ValueError("trees must begin in the forest")

    def __str__(self) -> str:
        return (
            f"Random survival forest: {len(self.root):,} trees, {len(self.columns):,} columns, "
            f"{self.n:,} rows, {self.events:,} events"
        )


def fit_survival_forest(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    time: str = "time",
    event: str = "event",
    patient: str | None = None,
    ordinal: Mapping[str, Sequence[str]] | None = None,
    trees: int = 200,
    min_leaf: int = 15,
    seed: int = 0,
) -> RandomSurvivalForest:
    """Grow a random survival forest. Needs the extra ``forest``, which is under the GPL.

    Parameters
    ----------
    table, columns, time, event, patient, ordinal
        As for :func:`~lesionary.adapt.survival.fit_cox`.
    trees
        How many.
    min_leaf
        Fewest training rows in a leaf.

    Warns
    -----
    SurvivalWarning
        If patients have several rows: trees are grown as if rows were independent.
    """
    _need_scikit_survival()
    from sksurv.ensemble import RandomSurvivalForest as Forest
    from sksurv.util import Surv

    outcome = read_outcome(table, time, event, patient)
    not_the_outcome(columns, time, event)
    design, x = learn_design(table, columns, ordinal)
    if outcome.clustered:
        warnings.warn(
            f"{outcome.n:,} rows are of {outcome.patients:,} patients: a forest grows as if rows "
            "were independent. Give one row a patient.",
            SurvivalWarning,
            stacklevel=2,
        )
    grown = Forest(n_estimators=trees, min_samples_leaf=min_leaf, random_state=seed).fit(
        x, Surv.from_arrays(outcome.event, outcome.time)
    )
    return RandomSurvivalForest(
        design=design,
        **_taken_apart(grown),
        time=time,
        event=event,
        followed=float(outcome.time.max()),
        n=outcome.n,
        events=outcome.events,
        patients=outcome.patients,
    )


def _taken_apart(grown: Any) -> dict[str, Any]:
    trees = [one.tree_ for one in grown.estimators_]
    counts = [tree.node_count for tree in trees]
    root = np.cumsum([0, *counts[:-1]]).astype(np.int64)
    at_event = grown.estimators_[0].is_event_time_
    left = np.concatenate([tree.children_left for tree in trees]).astype(np.int64)
    right = np.concatenate([tree.children_right for tree in trees]).astype(np.int64)
    leaf, first = left < 0, np.repeat(root, counts)
    hazard = np.concatenate([tree.value[:, at_event, 0] for tree in trees])
    return {
        "root": root,
        "left": np.where(leaf, -1, left + first),
        "right": np.where(leaf, -1, right + first),
        "term": np.concatenate([tree.feature for tree in trees]).astype(np.int64),
        "threshold": np.concatenate([tree.threshold for tree in trees]),
        # Of inner nodes nothing is read; zeros take no room in a compressed file.
        "hazard": np.where(leaf[:, None], hazard, 0.0),
        "times": np.asarray(grown.unique_times_[at_event], dtype=np.float64),
    }


def _need_scikit_survival() -> None:
    if find_spec("sksurv") is None:
        raise ModelError(
            "A survival forest needs scikit-survival: pip install 'lesionary[forest]'. It is "
            "under the GNU General Public License, version 3, which Lesionary (MIT) is not: what "
            "you distribute together with it must be, too."
        )
