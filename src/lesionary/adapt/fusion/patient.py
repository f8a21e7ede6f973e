"""From lesions to patients: one score and one label each."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lesionary.cohort.columns import PATIENT
from lesionary.errors import ModelError
from lesionary.evaluate.inputs import group_codes

How = Literal["max", "mean", "largest"]
Rule = Literal["agree", "any"]


def patient_scores(
    score: ArrayLike | pd.DataFrame,
    patients: ArrayLike,
    how: How = "max",
    *,
    size: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return each patient's score from those of the lesions.

    Parameters
    ----------
    score : array_like (n,) or (n, classes), or DataFrame
        Probabilities. For "max", those of the positive class alone, or of two classes (then the
        first becomes the complement); of more classes the highest do not add up to 1.
    patients : array_like (n,)
    how : {"max", "mean", "largest"}
        The lesion with the highest score, the mean, or the largest lesion (of equally large
        ones the mean).
    size : array_like (n,)
        Of each lesion, in any unit, for "largest".

    Returns
    -------
    DataFrame
        A row a patient (the index ``patient_id``, by appearance).

    Examples
    --------
    >>> patient_scores([0.2, 0.9, 0.4], ["p", "p", "q"])["score"].to_dict()
    {'p': 0.9, 'q': 0.4}
    """
    table = _as_table(score)
    if table.shape[0] == 0:
        raise ModelError("There are no lesions.")
    if not np.isfinite(table.to_numpy(dtype=np.float64)).all():
        raise ModelError("A lesion's score is missing or infinite: take it out, and say so.")
    names = _patients(patients, len(table))
    table.index = names
    by_patient = table.groupby(level=0, sort=False)
    if how == "mean":
        means: pd.DataFrame = by_patient.mean()
        return means
    if how == "largest":
        largest = _largest(size, names)
        of_largest: pd.DataFrame = table[largest].groupby(level=0, sort=False).mean()
        return of_largest
    if how != "max":
        raise ModelError(f"Lesions become patients by max, mean or largest, not {how!r}.")
    if table.shape[1] > 2:
        raise ModelError(
            f"The highest of {table.shape[1]} classes' probabilities do not add up to 1: use "
            "how='mean', or give one class's."
        )
    highest: pd.DataFrame = by_patient.max()
    if table.shape[1] == 2:
        highest.iloc[:, 0] = 1.0 - highest.iloc[:, 1]
    return highest


def patient_labels(
    y: ArrayLike, patients: ArrayLike, rule: Rule = "agree", *, positive: Any = 1
) -> pd.Series[Any]:
    """Return each patient's label from those of the lesions.

    Parameters
    ----------
    y : array_like (n,)
    patients : array_like (n,)
    rule : {"agree", "any"}
        "agree" refuses a patient whose lesions have different labels. "any" makes a patient with
        one positive lesion or more positive (two classes).
    positive
        The positive label, for "any".

    Examples
    --------
    >>> patient_labels([0, 1, 0], ["p", "p", "q"], "any").to_dict()
    {'p': 1, 'q': 0}
    """
    labels = pd.Series(np.asarray(y), name="target")
    labels.index = _patients(patients, len(labels))
    if labels.isna().any():
        raise ModelError("A lesion's label is missing: take it out, and say so.")
    by_patient = labels.groupby(level=0, sort=False)
    if rule == "agree":
        different = by_patient.nunique()
        mixed = different.index[different > 1]
        if len(mixed):
            raise ModelError(
                f"{len(mixed):,} patients have lesions with different labels, first {mixed[0]!r}: "
                "say with 'any' that one positive lesion makes a patient positive, or correct them."
            )
        firsts: pd.Series[Any] = by_patient.first()
        return firsts
    if rule != "any":
        raise ModelError(f"Labels become patients' by agree or any, not {rule!r}.")
    classes = pd.unique(labels).tolist()
    if len(classes) > 2 or (len(classes) == 2 and positive not in classes):
        raise ModelError(
            f"With 'any' there are two labels and {positive!r} is one; here are {classes}. Name "
            "the positive one with positive=."
        )
    negative = next((name for name in classes if name != positive), None)
    hit = (labels == positive).groupby(level=0, sort=False).any()
    ruled: pd.Series[Any] = hit.map({True: positive, False: negative}).rename("target")
    return ruled


def _as_table(score: ArrayLike | pd.DataFrame) -> pd.DataFrame:
    if isinstance(score, pd.DataFrame):
        return score.reset_index(drop=True)
    values = np.asarray(score, dtype=np.float64)
    if values.ndim == 1:
        return pd.DataFrame({"score": values})
    return pd.DataFrame(values, columns=[f"score_{i}" for i in range(values.shape[1])])


def _patients(patients: ArrayLike, n: int) -> pd.Index[Any]:
    group_codes(patients, n)  # refuses missing ones, and another number of them
    return pd.Index(np.asarray(patients), name=PATIENT)


def _largest(size: ArrayLike | None, names: pd.Index[Any]) -> Any:
    if size is None:
        raise ModelError("The largest lesion needs sizes: size=table['volume_ml'], say.")
    sizes = pd.Series(np.asarray(size, dtype=np.float64), index=names)
    if len(sizes) != len(names) or not np.isfinite(sizes).all():
        raise ModelError("A lesion's size is missing or infinite: measure it, or use max or mean.")
    return (sizes == sizes.groupby(level=0).transform("max")).to_numpy()
