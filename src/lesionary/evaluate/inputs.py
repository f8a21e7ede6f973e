"""Labels, scores and patients as given, checked and made arrays of one length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError


@dataclass(frozen=True)
class Labelled:
    """Rows that can be judged.

    Parameters
    ----------
    label : ndarray of int64 (n,)
        Index into ``classes``.
    score : ndarray of float64 (n, classes) or (n,)
        One column a class; of two classes that of the second alone, which is the positive one.
    group : ndarray of int64 (n,)
        Of each row its patient, numbered from 0.
    classes : tuple
        Labels as given, in the order of the score's columns.
    """

    label: NDArray[np.int64]
    score: NDArray[np.float64]
    group: NDArray[np.int64]
    classes: tuple[Any, ...]
    grouped: bool

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.label)

    @property
    def events(self) -> int | None:
        """Rows of the positive class, where there is one."""
        return int((self.label == 1).sum()) if self.score.ndim == 1 else None

    @property
    def patients(self) -> int | None:
        """Number of groups, or None if none were given."""
        return int(self.group.max()) + 1 if self.grouped else None


def labelled(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    classes: Sequence[Any] | None = None,
) -> Labelled:
    """Check labels, scores and groups, and say in which order the classes are.

    Parameters
    ----------
    y : array_like (n,)
        Labels: numbers, text or booleans.
    score : array_like (n,) or (n, classes)
        Higher for the class of a column. One column belongs to the second of two classes.
    groups : array_like (n,), optional
        Of each row its patient. Without, every row is independent.
    classes : sequence, optional
        Order of the classes; default: a DataFrame's columns if they are the labels, else the
        labels sorted (``False, True`` and ``0, 1``).

    Raises
    ------
    EvaluationError
        If lengths or indexes differ, a value is missing or infinite, or there is one class only.
    """
    same_rows(y=y, score=score, groups=groups)
    names = np.asarray(y)
    try:
        values = np.asarray(score, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EvaluationError("Scores are not numbers.") from error
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if names.ndim != 1 or values.ndim not in (1, 2):
        raise EvaluationError(
            f"Labels have the shape {names.shape} and scores {values.shape}; wanted are (n,) "
            "and (n,) or (n, classes)."
        )
    complete("y", pd.isna(names))
    complete("score", ~np.isfinite(values))
    present = pd.unique(names).tolist()
    if classes is None:
        classes = _classes_of(score, present)
    order = {name: index for index, name in enumerate(classes)}
    if len(order) < len(classes):
        raise EvaluationError(f"Of the classes {list(classes)} one is given more than once.")
    unknown = [name for name in present if name not in order]
    if unknown:
        raise EvaluationError(f"The label {unknown[0]!r} is none of the classes {list(classes)}.")
    if len(present) < 2:
        raise EvaluationError(
            f"All {len(names):,} rows have the label {present[0] if len(present) else None!r}: "
            "with one class there is nothing to tell apart."
        )
    if values.ndim == 2 and values.shape[1] == len(classes) == 2:
        values = values[:, 1]
    if values.ndim == 1 and len(classes) != 2:
        raise EvaluationError(
            f"There are {len(classes)} classes but one column of scores; give one a class."
        )
    if values.ndim == 2 and values.shape[1] != len(classes):
        raise EvaluationError(
            f"There are {len(classes)} classes but {values.shape[1]} columns of scores; "
            "say with `classes` which they are."
        )
    label = np.array([order[name] for name in names.tolist()], dtype=np.int64)
    group, grouped = group_codes(groups, len(names))
    return Labelled(label, np.ascontiguousarray(values), group, tuple(classes), grouped)


def group_codes(groups: ArrayLike | None, n: int) -> tuple[NDArray[np.int64], bool]:
    """Give each patient a number from 0, by appearance; without groups, each row its own."""
    if groups is None:
        return np.arange(n, dtype=np.int64), False
    names = np.asarray(groups)
    if names.shape != (n,):
        raise EvaluationError(
            f"Groups have the shape {names.shape}; wanted is one group a row, ({n},)."
        )
    complete("groups", pd.isna(names))
    return pd.factorize(names)[0].astype(np.int64), True


def _classes_of(score: ArrayLike, present: list[Any]) -> list[Any]:
    if isinstance(score, pd.DataFrame) and set(present) <= set(score.columns):
        return list(score.columns)
    try:
        found = sorted(present)
    except TypeError as error:
        raise EvaluationError("Labels are of several kinds: give all as text.") from error
    # One label alone, of a test set perhaps: 0 and 1 are known to come in pairs.
    return [0, 1] if len(found) == 1 and found[0] in (0, 1) else found


def same_rows(**given: ArrayLike | None) -> None:
    """Raise unless all have the same rows: positions never join what indexes tell apart."""
    known = {name: value for name, value in given.items() if value is not None}
    single = [name for name, value in known.items() if np.ndim(value) == 0]
    if single:
        raise EvaluationError(f"{single[0]} is a single value; give one a row.")
    lengths = {name: len(np.asarray(value)) for name, value in known.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
        raise EvaluationError(f"Different numbers of rows: {told}.")
    indexed = {
        name: value.index
        for name, value in known.items()
        if isinstance(value, pd.Series | pd.DataFrame)
    }
    names = list(indexed)
    for name in names[1:]:
        if not indexed[names[0]].equals(indexed[name]):
            raise EvaluationError(
                f"{names[0]} and {name} have different indexes: join them by lesion_id first."
            )
    if not lengths or next(iter(lengths.values())) == 0:
        raise EvaluationError("There are no rows.")


def complete(name: str, missing: Any) -> None:
    """Raise if anything of a row is missing: say how many rows, and which is the first."""
    rows = np.atleast_1d(np.asarray(missing, dtype=bool).reshape(len(missing), -1).any(axis=1))
    if rows.any():
        raise EvaluationError(
            f"{name} is missing or infinite in {int(rows.sum()):,} of {len(rows):,} rows, first "
            f"in row {int(np.argmax(rows))} (from 0): take these rows out, and say so."
        )
