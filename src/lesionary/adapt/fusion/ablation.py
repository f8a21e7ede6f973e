"""What each block adds: each alone, all but each, and all."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.adapt.fusion.early import EarlyFusion
from lesionary.adapt.fusion.late import LateFusion
from lesionary.errors import ModelError
from lesionary.evaluate.comparisons import Comparison, compare
from lesionary.evaluate.metrics import judge
from lesionary.evaluate.result import Result

ALL = "all"


@dataclass(frozen=True)
class Ablation:
    """A fusion of all blocks against fusions of some.

    Parameters
    ----------
    results : dict of Result
        By name: ``all``, ``without <block>``, ``<block> alone``.
    comparison : Comparison
        Paired, of all blocks with each of the others, on the same lesions.
    scores : dict of ndarray (n, classes)
        Probabilities of the judged lesions.
    """

    results: dict[str, Result]
    comparison: Comparison
    scores: dict[str, NDArray[np.float64]]

    @property
    def table(self) -> pd.DataFrame:
        """A row a set of blocks: the metric, its interval, and the difference from all."""
        against = {one.first: one for one in self.comparison.differences}
        rows = []
        for name, result in self.results.items():
            told = result.as_dict()
            row = {"blocks": name, **{key: told[key] for key in ("value", "low", "high")}}
            if name in against:
                one = against[name]
                row |= {
                    "from_all": one.result.value,
                    "from_all_low": one.result.low,
                    "from_all_high": one.result.high,
                    "p": one.p,
                    "corrected_p": one.corrected_p,
                }
            row |= {key: told[key] for key in ("n", "events", "patients", "method")}
            rows.append(row)
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        lines = [f"{name}: {result}" for name, result in self.results.items()]
        return "\n".join([*lines, str(self.comparison)])


def ablate(
    fusion: EarlyFusion | LateFusion,
    X: pd.DataFrame,
    y: ArrayLike,
    split: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    metric: str = "auc",
    on: str = "test",
    resamples: int = 1000,
    seed: int = 0,
) -> Ablation:
    """Fit a fusion with all blocks, without each, and with each alone; judge all on the same rows.

    A lesion without any of a set's blocks is judged, too, as the fusion says of such lesions.

    Parameters
    ----------
    fusion : EarlyFusion or LateFusion
        Not fitted; two blocks or more.
    X : DataFrame
    y : array_like (n,)
    split : array_like (n,)
        ``train`` rows are fitted, ``tune`` rows set the weights of a late fusion, and those of
        ``on`` are judged.
    groups : array_like (n,), optional
        Of each row its patient.
    metric : str
        A name in :mod:`lesionary.evaluate.metrics`.
    on : str
    resamples, seed
        Of intervals and of the permutation tests, whose p-values are corrected by Holm's method.
    """
    if len(fusion.blocks) < 2:
        raise ModelError("There is one block: nothing can be left out.")
    rows = _rows(split, len(X), groups, on)
    labels = np.asarray(y)
    patients = None if groups is None else np.asarray(groups)
    classes = sorted(set(labels[rows["train"]].tolist()))
    judged = rows[on]
    scores = {}
    for name, blocks in _sets(list(fusion.blocks)).items():
        part = _with_blocks(fusion, blocks)
        known: dict[str, Any] = {"groups": None if patients is None else patients[rows["train"]]}
        if isinstance(part, LateFusion) and rows["tune"].any():
            known["tune"] = (X[rows["tune"]], labels[rows["tune"]])
        part.fit(X[rows["train"]], labels[rows["train"]], **known)
        scores[name] = part.predict_proba(X[judged])
    inside = None if patients is None else patients[judged]
    results = {
        name: judge(
            metric, labels[judged], score, inside, resamples=resamples, seed=seed, classes=classes
        )
        for name, score in scores.items()
    }
    comparison = compare(
        labels[judged],
        scores,
        metric,
        inside,
        reference=ALL,
        resamples=resamples,
        seed=seed,
        classes=classes,
    )
    return Ablation(results, comparison, scores)


def _sets(blocks: list[str]) -> dict[str, list[str]]:
    sets = {ALL: blocks}
    if len(blocks) > 2:  # of two, all but one is the other alone
        sets |= {f"without {one}": [b for b in blocks if b != one] for one in blocks}
    return sets | {f"{one} alone": [one] for one in blocks}


def _with_blocks(
    fusion: EarlyFusion | LateFusion, names: Sequence[str]
) -> EarlyFusion | LateFusion:
    part = copy.deepcopy(fusion)
    part.blocks = {name: fusion.blocks[name] for name in names}
    for setting in ("pca", "weights"):
        given = getattr(part, setting, None)
        if isinstance(given, dict):
            setattr(part, setting, {k: v for k, v in given.items() if k in names})
    if isinstance(part, LateFusion) and len(names) == 1:
        part.hybrid = False  # of one block, together is alone
    return part


def _rows(
    split: ArrayLike, n: int, groups: ArrayLike | None, on: str
) -> dict[str, NDArray[np.bool_]]:
    names = np.asarray(split)
    if len(names) != n:
        raise ModelError(f"There are {n:,} lesions but {len(names):,} splits.")
    rows = {name: names == name for name in ("train", "tune", on)}
    for name in ("train", on):
        if not rows[name].any():
            raise ModelError(f"No lesion is in the split {name!r}.")
    if on == "train":
        raise ModelError("Judging the rows that were fitted says nothing: judge tune or test.")
    if groups is not None:
        patients = np.asarray(groups)
        both = set(patients[rows["train"]].tolist()) & set(patients[rows[on]].tolist())
        if both:
            raise ModelError(
                f"{len(both):,} patients are in train and in {on}, so the numbers would be too "
                "good: split by patient (lesionary cohort split)."
            )
    return rows
