"""What a user gives a probe to fit, checked and made arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.adapt.probes.rows import Rows
from lesionary.cohort.columns import IMAGE, PATIENT, SPLIT, SPLITS
from lesionary.cohort.leaks import leakage
from lesionary.errors import ModelError
from lesionary.evaluate.inputs import group_codes

Selection: TypeAlias = str | Sequence[str | Mapping[str, Any]] | None
"""Names of selectors, with settings where given."""


@dataclass(frozen=True)
class Given:
    """Rows to learn from.

    Attributes
    ----------
    columns : tuple of str
        Names of the features.
    train : Rows
    tune : Rows or None
    train_rows : ndarray of int64
        Where the training rows are in what was given.
    notes : tuple of str
    """

    columns: tuple[str, ...]
    train: Rows
    tune: Rows | None
    train_rows: NDArray[np.int64]
    notes: tuple[str, ...]


def read_given(
    features: pd.DataFrame | ArrayLike,
    labels: ArrayLike,
    split: ArrayLike | None,
    patients: ArrayLike | None,
    class_weight: Mapping[Any, float] | str | None,
    selection: Selection = None,
) -> Given:
    """Check what :meth:`lesionary.adapt.probes.Probe.fit` was given."""
    columns = column_names(features)
    values = feature_values(features)
    label = np.asarray(labels, dtype=object)
    splits = np.asarray([SPLITS[0]] * len(values) if split is None else split, dtype=object)
    _same_length(values=values, labels=label, split=splits)
    group, grouped = group_codes(patients, len(values))
    unknown = ~np.isin(splits.astype(str), SPLITS)
    if unknown.any():
        raise ModelError(
            f"The split of {unknown.sum():,} rows is none of {', '.join(SPLITS)}, first "
            f"{splits[unknown][0]!r}."
        )
    if grouped:
        _need_patients_apart(group, splits)
    known = ~pd.isna(label)
    rows = {name: np.flatnonzero((splits == name) & known) for name in SPLITS}
    classes = _classes(label, rows)
    code = np.full(len(label), -1, dtype=np.int64)
    code[known] = [classes.index(one) for one in label[known].tolist()]
    weights = _weights(class_weight, classes, code[rows["train"]])
    chain = None
    if selection:
        from lesionary.adapt.selection.chain import selector_chain

        chain = selector_chain(selection)
    every = Rows(values, code, group, classes, weights, chain)
    train, tune = every.take(rows["train"]), every.take(rows["tune"])
    if "tune" in splits and not len(tune):
        raise ModelError("No row of the tune split has a label, so nothing can be chosen by it.")
    return Given(
        columns,
        train,
        tune if len(tune) else None,
        rows["train"],
        _notes(splits, known, tune, grouped),
    )


def column_names(features: pd.DataFrame | ArrayLike) -> tuple[str, ...]:
    """Return the names of features, ``feature_<i>`` where they have none."""
    if isinstance(features, pd.DataFrame):
        return tuple(map(str, features.columns))
    return tuple(f"feature_{i}" for i in range(np.shape(features)[-1]))


def feature_values(features: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
    """Return features as float64 (n, p), NaN where missing; infinite ones are refused."""
    if isinstance(features, pd.DataFrame):
        text = [name for name in features if not pd.api.types.is_numeric_dtype(features[name])]
        if text:
            raise ModelError(f"The feature {text[0]!r} is not numbers: leave it out.")
        values = features.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        values = np.asarray(features, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise ModelError(f"Features have the shape {values.shape}; wanted are rows and columns.")
    infinite = np.isinf(values)
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise ModelError(
            f"{infinite.any(axis=1).sum():,} rows have infinite features, first "
            f"{column_names(features)[column]!r} in row {row} (from 0): take these rows out, or "
            "make the values missing (NaN)."
        )
    return values


def _classes(label: NDArray[np.object_], rows: Mapping[str, NDArray[np.int64]]) -> tuple[Any, ...]:
    present = {name: set(label[of_split].tolist()) for name, of_split in rows.items()}
    if not present["train"]:
        raise ModelError("No row of the train split has a label: there is nothing to learn.")
    try:
        classes = tuple(sorted(set().union(*present.values())))
    except TypeError as error:
        raise ModelError("Labels are of several kinds: give all as text.") from error
    for name in ("train", "tune"):
        if len(present[name]) == 1:
            raise ModelError(
                f"All {len(rows[name]):,} labelled rows of the {name} split are of the class "
                f"{next(iter(present[name]))!r}, so there is nothing to tell apart: split again, "
                "stratified by this label."
            )
    unseen = [one for one in classes if one not in present["train"]]
    if unseen:
        where = [name for name in ("tune", "test") if unseen[0] in present[name]]
        raise ModelError(
            f"The class {unseen[0]!r} occurs in {' and '.join(where)} and never in train, so it "
            "cannot be learnt: split again by this label, or leave these rows out."
        )
    return classes


def _weights(
    class_weight: Mapping[Any, float] | str | None, classes: tuple[Any, ...], code: NDArray[Any]
) -> NDArray[np.float64]:
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ModelError(
                f"class_weight is 'balanced', a mapping or None, not {class_weight!r}."
            )
        counts = np.bincount(code, minlength=len(classes))
        return np.asarray(len(code) / (len(classes) * counts), dtype=np.float64)
    # By text, as the command line has it: '1' is 1.
    given = {str(name): float(weight) for name, weight in class_weight.items()}
    names = [str(name) for name in classes]
    if set(given) != set(names) or not all(0 < weight < np.inf for weight in given.values()):
        raise ModelError(
            f"class_weight needs a positive number for each class ({', '.join(names)}) and "
            f"nothing else, not {given}."
        )
    return np.array([given[name] for name in names])


def _need_patients_apart(group: NDArray[np.int64], splits: NDArray[np.object_]) -> None:
    found = leakage(pd.DataFrame({PATIENT: group, IMAGE: None, SPLIT: splits}))
    if found:
        first = found[0]
        raise ModelError(
            f"{first.patients:,} patients have lesions both in {first.splits[0]} and in "
            f"{first.splits[1]} ({first.lesions:,} lesions of {first.splits[1]}), so what is "
            "reported would be too good: split by patient with 'lesionary cohort split'."
        )


def _notes(
    splits: NDArray[np.object_], known: NDArray[np.bool_], tune: Rows, grouped: bool
) -> tuple[str, ...]:
    notes = []
    for name in SPLITS:
        without = int(((splits == name) & ~known).sum())
        if without:
            notes.append(f"{without:,} rows of {name} have no label; they are scored only.")
    if len(tune):
        absent = np.setdiff1d(np.arange(len(tune.classes)), tune.code)
        notes += [
            f"The class {tune.classes[one]!r} is absent in tune: settings are chosen without it."
            for one in absent
        ]
    if not grouped:
        notes.append("No patients were given: each row counts as another patient's.")
    return tuple(notes)


def _same_length(**given: NDArray[Any]) -> None:
    lengths = {name: len(value) for name, value in given.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
        raise ModelError(f"Different numbers of rows: {told}.")
