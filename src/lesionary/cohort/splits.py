"""Splits by patient: train/tune/test, folds, and nested subsets for limited-data curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from lesionary.cohort.columns import LESION, PATIENT, SPLIT, SPLITS
from lesionary.cohort.deal import deal, kinds_by_patient
from lesionary.cohort.model import Cohort
from lesionary.errors import CohortError

DEFAULT_FRACTIONS: Mapping[str, float] = {"train": 0.7, "tune": 0.1, "test": 0.2}


def split_cohort(
    cohort: Cohort,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    *,
    stratify: str | Sequence[str] = (),
    seed: int = 0,
    overwrite: bool = False,
) -> Cohort:
    """Split a cohort into train, tune and test: every patient is in one of them.

    Parameters
    ----------
    fractions : mapping
        Share of the patients by split; they add up to 1.
    stratify : str or sequence of str
        Column(s) whose classes shall be as frequent in each split: a label, or
        ``["event", "time"]`` for survival. A number with more than ten values is cut at its
        quartiles.
    seed : int
        The same seed gives the same split, whatever the order of the rows.
    overwrite : bool
        Replace a split that the cohort already has, instead of refusing.

    Examples
    --------
    >>> import pandas as pd
    >>> from lesionary.cohort import read_cohort
    >>> table = pd.DataFrame({"patient_id": [f"p{i:02d}" for i in range(20)]})
    >>> table["lesion_id"], table["image_path"] = table["patient_id"], table["patient_id"] + ".nrrd"
    >>> table["mask_path"], table["label"] = "m_" + table["image_path"], [0, 1] * 10
    >>> split_cohort(read_cohort(table), stratify="label", seed=1)
    Cohort(20 lesions, 20 patients, 20 scans; 14 train, 2 tune, 4 test)
    """
    if SPLIT in cohort.table and not overwrite:
        raise CohortError(
            f"{cohort.source} already has a split: keep it, or replace it with overwrite=True "
            "(--overwrite)."
        )
    names = _checked(fractions)
    kinds = kinds_by_patient(cohort.table, _columns(stratify))
    groups = deal(kinds, [fractions[name] for name in names], seed)
    empty = [name for number, name in enumerate(names) if not (groups == number).any()]
    if empty:
        raise CohortError(
            f"Split {', '.join(empty)} would be empty: {len(kinds)} patients are too few for "
            f"{len(names)} splits of these sizes."
        )
    split = cohort.table[PATIENT].map(groups).map(dict(enumerate(names)))
    return replace(cohort, table=cohort.table.assign(**{SPLIT: split}))


def folds(
    cohort: Cohort,
    k: int = 5,
    *,
    repeats: int = 1,
    stratify: str | Sequence[str] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """Deal a cohort's patients into ``k`` folds of equal size, ``repeats`` times.

    Returns
    -------
    DataFrame
        ``lesion_id``, ``patient_id`` and one column a repeat, ``repeat_1`` and on, with the
        number of the fold (1 to ``k``) in which the lesion is held out.

    Examples
    --------
    >>> import pandas as pd
    >>> from lesionary.cohort import read_cohort
    >>> table = pd.DataFrame({"patient_id": ["a", "a", "b", "c", "d"]})
    >>> table["lesion_id"] = table["patient_id"] + ["1", "2", "1", "1", "1"]
    >>> table["image_path"] = table["mask_path"] = table["patient_id"] + ".nrrd"
    >>> folds(read_cohort(table), k=2, seed=1)["repeat_1"].tolist()
    [2, 2, 2, 1, 1]
    """
    if k < 2 or repeats < 1:
        raise CohortError(f"Folds need k of 2 or more and a repeat (got k={k}, {repeats} repeats).")
    kinds = kinds_by_patient(cohort.table, _columns(stratify))
    if len(kinds) < k:
        raise CohortError(f"{cohort.source} has {len(kinds)} patients, fewer than {k} folds.")
    table = cohort.table[[LESION, PATIENT]].copy()
    for repeat in range(1, repeats + 1):
        groups = deal(kinds, [1.0] * k, [seed, repeat])
        table[f"repeat_{repeat}"] = table[PATIENT].map(groups) + 1
    return table


def training_subsets(
    cohort: Cohort,
    fractions: Sequence[float] = (0.5, 0.2, 0.1),
    *,
    stratify: str | Sequence[str] = (),
    seed: int = 0,
) -> Cohort:
    """Mark nested parts of the training patients, for curves over the amount of data.

    Each part lies inside the next larger one; classes are as frequent in each as in all.

    Returns
    -------
    Cohort
        With a column for each fraction, ``train_50`` for 0.5 and so on: true for the lesions
        of that part. Where the cohort has a split, only lesions of ``train`` are in any.

    Examples
    --------
    >>> import pandas as pd
    >>> from lesionary.cohort import read_cohort
    >>> table = pd.DataFrame({"patient_id": [f"p{i:02d}" for i in range(20)]})
    >>> table["lesion_id"] = table["patient_id"]
    >>> table["image_path"] = table["mask_path"] = table["patient_id"] + ".nrrd"
    >>> training_subsets(read_cohort(table), seed=1).table.filter(like="train_").sum().to_dict()
    {'train_50': 10, 'train_20': 4, 'train_10': 2}
    """
    if not fractions or not all(0 < fraction < 1 for fraction in fractions):
        raise CohortError(f"Fractions lie between 0 and 1, not {list(fractions)}.")
    table = cohort.table.copy()
    train = table[table[SPLIT] == "train"] if SPLIT in table else table
    kinds = kinds_by_patient(train, _columns(stratify))
    inside = kinds
    for fraction in sorted(fractions, reverse=True):
        count = round(fraction * len(kinds))
        if count == 0:
            raise CohortError(
                f"{100 * fraction:g} % of {len(kinds)} training patients is not one patient."
            )
        if count < len(inside):
            groups = deal(inside, [count, len(inside) - count], seed)
            inside = inside[groups == 0]
        table[f"train_{100 * fraction:g}"] = table.index.isin(train.index) & table[PATIENT].isin(
            inside.index
        )
    return replace(cohort, table=table)


def _columns(stratify: str | Sequence[str]) -> list[str]:
    return [stratify] if isinstance(stratify, str) else list(stratify)


def _checked(fractions: Mapping[str, float]) -> list[str]:
    unknown = [name for name in fractions if name not in SPLITS]
    if unknown:
        raise CohortError(f"There is no split {', '.join(unknown)}; use {', '.join(SPLITS)}.")
    if any(value <= 0 for value in fractions.values()) or abs(sum(fractions.values()) - 1) > 1e-6:
        stated = ", ".join(f"{name} {value:g}" for name, value in fractions.items())
        raise CohortError(f"Fractions must be positive and add up to 1, but are {stated}.")
    return [name for name in SPLITS if name in fractions]
