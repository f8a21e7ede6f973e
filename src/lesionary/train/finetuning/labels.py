"""Targets of a table's lesions, checked before anything is trained on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import SPLIT, SPLITS
from lesionary.errors import TrainingError
from lesionary.train.finetuning.concordance import c_index
from lesionary.train.finetuning.target import Outputs, Survival, Target

NO_LABEL = -1


@dataclass(frozen=True)
class Labels:
    """Targets of lesions, in the order of their table.

    Attributes
    ----------
    code : ndarray of int64 (n,)
        Number of the class; -1 where the label is missing.
    time, event : ndarray of float64 (n,)
        NaN where either is missing.
    """

    code: NDArray[np.int64]
    time: NDArray[np.float64]
    event: NDArray[np.float64]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where there is something to learn from."""
        known: NDArray[np.bool_] = (self.code != NO_LABEL) | np.isfinite(self.time)
        return known

    def take(self, rows: NDArray[np.int64]) -> Labels:
        """Return the targets of some rows."""
        return Labels(self.code[rows], self.time[rows], self.event[rows])


@dataclass(frozen=True)
class Labelled:
    """A table's targets, what they mean, and which rows are for what.

    Attributes
    ----------
    labels : Labels
    outputs : Outputs
    rows : mapping of str to ndarray of int64
        All rows of each split that there is (``train``, ``tune``, ``test``).
    notes : tuple of str
        What is no error, and should be known.
    """

    labels: Labels
    outputs: Outputs
    rows: Mapping[str, NDArray[np.int64]]
    notes: tuple[str, ...]

    def known(self, split: str) -> NDArray[np.int64]:
        """Return the rows of a split that have a target."""
        rows = self.rows.get(split, np.empty(0, np.int64))
        return rows[self.labels.known[rows]]


def read_labels(lesions: pd.DataFrame, target: Target) -> Labelled:
    """Read the targets of a table of lesions.

    Parameters
    ----------
    lesions : DataFrame
        With ``split`` and the columns that ``target`` names.
    target : Target

    Raises
    ------
    TrainingError
        If the splits ``train`` and ``tune`` cannot be learnt from and chosen by.
    """
    rows = _split_rows(lesions)
    missing = np.full(len(lesions), np.nan)
    code, classes = np.full(len(lesions), NO_LABEL), ()
    time, event = missing, missing
    notes = []
    if target.label is not None:
        code, classes = _codes(lesions, target.label, target, rows)
        notes += _label_notes(target.label, code, classes, rows)
    if target.survival is not None:
        time, event = _survival(lesions, target.survival, rows)
    outputs = Outputs(
        target.kind if target.label is not None else None, classes, target.survival is not None
    )
    labelled = Labelled(Labels(code, time, event), outputs, rows, ())
    notes += [
        f"{without:,} of {len(of_split):,} lesions of {split} have no target; they are scored only."
        for split, of_split in rows.items()
        if (without := len(of_split) - len(labelled.known(split)))
    ]
    return Labelled(labelled.labels, outputs, rows, tuple(notes))


def _split_rows(lesions: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    if SPLIT not in lesions:
        raise TrainingError(
            "The lesions have no column 'split': make one with 'lesionary cohort split'."
        )
    rows = {name: np.flatnonzero(lesions[SPLIT] == name) for name in SPLITS}
    for name, purpose in (("train", "learn from"), ("tune", "choose the best checkpoint by")):
        if not len(rows[name]):
            raise TrainingError(
                f"There is no lesion of split '{name}' to {purpose}: split the cohort with "
                "'lesionary cohort split'."
            )
    return {name: of_split for name, of_split in rows.items() if len(of_split)}


def _codes(
    lesions: pd.DataFrame, column: str, target: Target, rows: Mapping[str, NDArray[np.int64]]
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    values = _column(lesions, column)
    known = values.notna().to_numpy() & lesions[SPLIT].isin(list(rows)).to_numpy()
    distinct = values[known].unique().tolist()
    if len({isinstance(value, str) for value in distinct}) > 1:
        raise TrainingError(f"The label '{column}' mixes text and numbers: use one of them.")
    # 1.0, 2.0: whole numbers that a missing value has turned to decimals.
    if all(isinstance(value, float) and value.is_integer() for value in distinct):
        values = values.astype("Int64")
        distinct = [int(value) for value in distinct]
    classes = tuple(sorted(distinct))
    if target.kind == "binary":
        classes = _binary(column, classes, target.positive)
    code = np.full(len(values), NO_LABEL)
    code[known] = [classes.index(value) for value in values[known].tolist()]
    train = set(code[rows["train"]]) - {NO_LABEL}
    if len(train) < 2:
        only = f"only the class {classes[train.pop()]!r}" if train else "no value"
        raise TrainingError(
            f"The label '{column}' has {only} in split 'train': there is nothing to tell apart."
        )
    for split, of_split in rows.items():
        unseen = set(code[of_split]) - {NO_LABEL} - train
        if unseen:
            raise TrainingError(
                f"The label '{column}' is {classes[min(unseen)]!r} in split '{split}' and never in "
                "'train', so it cannot be learnt: split again by this label, or leave these out."
            )
    tune = set(code[rows["tune"]]) - {NO_LABEL}
    if len(tune) < 2:
        raise TrainingError(
            f"The label '{column}' has fewer than two classes in split 'tune', so checkpoints "
            "cannot be compared: split again by this label."
        )
    return code, classes


def _binary(column: str, classes: tuple[Any, ...], positive: Any) -> tuple[Any, ...]:
    if len(classes) > 2:
        raise TrainingError(
            f"The label '{column}' has {len(classes)} classes "
            f"({', '.join(map(str, classes[:5]))}{', ...' if len(classes) > 5 else ''}), and a "
            "binary one has two: give kind: classes."
        )
    if positive is None:
        if classes and isinstance(classes[0], str):
            raise TrainingError(
                f"Which value of '{column}' is the positive one? Give target.positive, "
                f"{' or '.join(classes)}."
            )
        return classes
    if positive not in classes:
        raise TrainingError(
            f"The label '{column}' is never {positive!r} (target.positive), only "
            f"{' or '.join(map(repr, classes))}."
        )
    return tuple(sorted(classes, key=lambda value: value == positive))


def _label_notes(
    column: str,
    code: NDArray[np.int64],
    classes: tuple[Any, ...],
    rows: Mapping[str, NDArray[np.int64]],
) -> list[str]:
    train, tune = (set(code[rows[split]]) - {NO_LABEL} for split in ("train", "tune"))
    return [
        f"'{column}' is never {classes[one]!r} in split 'tune': checkpoints are chosen without it."
        for one in sorted(train - tune)
    ]


def _survival(
    lesions: pd.DataFrame, survival: Survival, rows: Mapping[str, NDArray[np.int64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    time, event = (
        _numbers(_column(lesions, column), column) for column in (survival.time, survival.event)
    )
    if not np.isin(event[np.isfinite(event)], (0, 1)).all():
        raise TrainingError(f"'{survival.event}' must be 1 (it happened) or 0 (censored).")
    if (time < 0).any():
        raise TrainingError(f"'{survival.time}' is negative in places: count from the scan.")
    known = np.isfinite(time) & np.isfinite(event)
    time, event = np.where(known, time, np.nan), np.where(known, event, np.nan)
    for split in ("train", "tune"):
        if not (event[rows[split]] == 1).any():
            raise TrainingError(
                f"'{survival.event}' has no event (1) in split '{split}': without one, nothing "
                "says who is at risk."
            )
    tune = rows["tune"][known[rows["tune"]]]
    if np.isnan(c_index(np.zeros(len(tune)), time[tune], event[tune])):
        raise TrainingError(
            "No two lesions of split 'tune' can be compared: nobody was observed for longer than "
            f"until the first event ('{survival.time}', '{survival.event}')."
        )
    return time, event


def _column(lesions: pd.DataFrame, column: str) -> pd.Series:
    if column not in lesions:
        raise TrainingError(
            f"The lesions have no column '{column}'; they have {', '.join(map(str, lesions))}."
        )
    return lesions[column]


def _numbers(values: pd.Series, column: str) -> NDArray[np.float64]:
    try:
        return pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise TrainingError(f"'{column}' is not all numbers: {error}") from error
