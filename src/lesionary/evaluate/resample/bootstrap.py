"""The bootstrap interval of any metric that can be computed of weighted rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.level import check_level
from lesionary.evaluate.resample.bounds import bca, percentile
from lesionary.evaluate.resample.draw import Stratify, draw, leave_one_out, patient_strata

FEW_PATIENTS = 20  # below which a bootstrap interval is known to be too narrow
FEW_OF_A_CLASS = 10  # the same of one class; how one alone varies, nobody can tell
TOO_NARROW = "the interval is likely too narrow"


@dataclass(frozen=True)
class Interval:
    """Bounds (None if there are none), how they were computed, and what to know about them."""

    low: float | None
    high: float | None
    method: str
    notes: tuple[str, ...] = ()


def bootstrap(
    values_of: Callable[[NDArray[np.int32]], NDArray[np.float64]],
    group: NDArray[np.int64],
    label: NDArray[np.int64] | None = None,
    *,
    grouped: bool = True,
    interval: str = "percentile",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    stratify: Stratify = "auto",
    classes: tuple[Any, ...] = (),
) -> Interval:
    """Compute an interval by drawing patients with replacement.

    Parameters
    ----------
    values_of
        From weights (r, n), int32, to values (r,), NaN where there is none.
    group : ndarray of int (n,)
        Of each row its patient, numbered from 0.
    label : ndarray of int (n,), optional
        Of each row its class (or whether it is an event), for strata.
    grouped
        Whether groups are patients, or just rows by number: only for the words of the method.
    interval
        ``percentile`` or ``bca``.
    resamples, level, seed
        How many, of which level, and drawn from where.
    stratify
        See :func:`lesionary.evaluate.resample.patient_strata`.
    classes
        Names of the classes, for the notes.
    """
    if interval not in ("percentile", "bca"):
        raise EvaluationError(f"There is no bootstrap interval {interval!r}: percentile or bca.")
    check_level(level)
    patients = int(group.max()) + 1
    strata = patient_strata(group, label, stratify)
    stratified = bool((strata != strata[0]).any())
    method = _method(interval, resamples, grouped, stratified)
    unit = "patient" if grouped else "row"
    if patients < 2:
        return Interval(None, None, method, (f"No interval: there is one {unit}.",))
    weights = draw(group, label, resamples=resamples, seed=seed, stratify=stratify)
    found = values_of(weights)
    kept = found[~np.isnan(found)]
    notes = []
    if len(kept) < len(found):
        notes.append(
            f"{len(found) - len(kept):,} of {resamples:,} resamples are left out: "
            "the metric is not defined in them."
        )
    notes += _notes_of_classes(weights, group, label, classes, unit)
    if patients < FEW_PATIENTS:
        notes.append(f"{patients} {unit}s: {TOO_NARROW}.")
    if len(kept) < 2 or kept.min() == kept.max():
        notes.append("No interval: the value is the same in every resample.")
        return Interval(None, None, method, tuple(notes))
    if interval == "percentile":
        return Interval(*percentile(kept, level), method, tuple(notes))
    value = float(values_of(np.ones((1, len(group)), dtype=np.int32))[0])
    left_out = np.concatenate([values_of(block) for block in leave_one_out(group)])
    low, high = bca(value, kept, left_out[~np.isnan(left_out)], level)
    if np.isnan(low):
        notes.append("No BCa interval: every resample lies on one side of the value.")
        return Interval(None, None, method, tuple(notes))
    return Interval(low, high, method, tuple(notes))


def _method(interval: str, resamples: int, grouped: bool, stratified: bool) -> str:
    name = {"percentile": "percentile", "bca": "BCa"}[interval]
    whole = " of patients" if grouped else ""
    by_class = ", stratified by class" if stratified else ""
    return f"bootstrap {name}, {resamples:,} resamples{whole}{by_class}"


def _notes_of_classes(
    weights: NDArray[np.int32],
    group: NDArray[np.int64],
    label: NDArray[np.int64] | None,
    classes: tuple[Any, ...],
    unit: str,
) -> list[str]:
    """Tell of classes that few patients have, and that resamples lack."""
    if label is None:
        return []
    few, absent, notes = [], [], []
    for number in np.unique(label):
        rows = label == number
        name = classes[number] if classes else number
        patients = len(np.unique(group[rows]))
        lacking = int((weights[:, rows].sum(axis=1) == 0).sum())
        if patients < FEW_OF_A_CLASS:
            few.append(f"{name} ({patients})")
        if lacking:
            absent.append(f"{name} ({lacking:,})")
    if few:
        notes.append(f"Few {unit}s of the class {', '.join(few)}: {TOO_NARROW}.")
    if absent:
        notes.append(f"Resamples without a row of the class {', '.join(absent)}.")
    return notes
