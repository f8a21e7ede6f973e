"""A feature table harmonised: fitted on its training rows, applied to all."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.harmonise.difference import count_different
from lesionary.adapt.harmonise.harmoniser import Harmoniser, HarmoniseWarning
from lesionary.adapt.harmonise.lesions import alone_in_batch, lacking, of_small_batches
from lesionary.adapt.harmonise.nested import NestedComBat
from lesionary.adapt.table import join_table
from lesionary.cohort.columns import LESION, SPLIT, SPLITS
from lesionary.errors import ModelError
from lesionary.spelling import hint


@dataclass(frozen=True)
class Harmonised:
    """What came of harmonising a table.

    Attributes
    ----------
    features : DataFrame
        ``lesion_id`` and all features.
    harmoniser : Harmoniser or NestedComBat
        With the batches that were new.
    extended : bool
        Whether there were new ones.
    different : DataFrame
        ``batch, rows, lesions, features, before, after``: of each column of batches, how many
        features differ between its batches (Kolmogorov-Smirnov, p < 0.05), in the rows that
        parameters were learnt from (``train``) and in others.
    set_aside : DataFrame
        ``lesion_id`` and ``reason``.
    notes : tuple of str
    """

    features: pd.DataFrame
    harmoniser: Harmoniser | NestedComBat
    extended: bool
    different: pd.DataFrame
    set_aside: pd.DataFrame
    notes: tuple[str, ...]


def harmonise_table(
    features: pd.DataFrame | str | Path,
    lesions: pd.DataFrame | str | Path,
    harmoniser: Harmoniser | NestedComBat,
    *,
    batch: Sequence[str],
    covariates: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    fitted: bool = False,
) -> Harmonised:
    """Harmonise a feature table by columns of a lesion table.

    Parameters
    ----------
    features, lesions
        Tables, joined by ``lesion_id``. Where the lesion table has ``split``, parameters are
        learnt from ``train`` alone.
    harmoniser
        Fitted, or not.
    batch : sequence of str
        Column of the batch; several only of nested ComBat.
    covariates : sequence of str
        Columns of biology that is to be kept.
    columns : sequence of str, optional
        Features, by name or pattern; others are left out. Default: all numbers.
    fitted
        Whether the harmoniser is applied as it is.

    Returns
    -------
    Harmonised
        Lesions without a batch or covariate, and those of a new batch with too few rows to
        estimate it from, are set aside.
    """
    table = join_table(features, lesions, columns=columns)
    needed = [*batch, *covariates]
    # Later patients' outcomes are not known: the column is needed only to fit.
    for name in needed if fitted else (*needed, *harmoniser.outcomes):
        if name not in table.lesions:
            raise ModelError(
                f"The lesion table has no column {name!r}{hint(name, map(str, table.lesions))}."
            )
    notes = list(table.notes)
    reason = lacking(table.lesions, needed)
    split = table.split
    train = (reason == "") & (np.full(len(table), True) if split is None else split == SPLITS[0])
    if not fitted:
        if split is None:
            notes.append(
                f"There is no column {SPLIT!r}: parameters were learnt from all lesions, so no "
                "test on them is independent of these features."
            )
        _need_rows(train)
        train &= ~alone_in_batch(table.lesions[list(batch)], train, harmoniser.fewest_rows)
        _need_rows(train)
        _fit(harmoniser, table.features, table.lesions, train, batch, covariates)
        notes += harmoniser.notes_
    for name, one in _steps(harmoniser, batch).items():
        of_small_batches(reason, table.lesions[name], one)
    used = reason == ""
    _need_rows(used)
    values = table.features[used]
    if fitted:
        values = values[[name for name in harmoniser.get_feature_names_out() if name in values]]
    batches = table.lesions.loc[used, list(batch)]
    kept = table.lesions.loc[used, list(covariates)] if covariates else None
    given: Any = batches if isinstance(harmoniser, NestedComBat) else batches[batch[0]]
    longer = harmoniser.extend(values, given, kept)
    new = _new_batches(harmoniser, longer, batch)
    if new:
        notes.append(
            f"Not in training, so estimated from the lesions given here: {', '.join(new)}. Which "
            "lesions come together matters; the harmoniser that is written knows these batches."
        )
    found = longer.transform(values, given, kept)
    rest = table.features.loc[used].drop(columns=found.columns)
    whole = pd.concat([table.lesions.loc[used, [LESION]], found, rest], axis=1)
    ordered = whole[[LESION, *table.features.columns]].reset_index(drop=True)
    aside = pd.DataFrame({LESION: table.lesions[LESION], "reason": reason})[~used]
    groups = {"all": used} if fitted or split is None else {"train": train, "other": ~train}
    different = [
        (name, rows, *count_different(values, found, table.lesions[name], group & used))
        for name in _steps(harmoniser, batch)
        for rows, group in groups.items()
    ]
    return Harmonised(
        ordered,
        longer,
        bool(new),
        pd.DataFrame(
            [one for one in different if one[2]],
            columns=["batch", "rows", "lesions", "features", "before", "after"],
        ),
        pd.concat([table.set_aside, aside], ignore_index=True),
        tuple(dict.fromkeys(notes)),
    )


def _fit(
    harmoniser: Harmoniser | NestedComBat,
    features: pd.DataFrame,
    lesions: pd.DataFrame,
    train: NDArray[np.bool_],
    batch: Sequence[str],
    covariates: Sequence[str],
) -> None:
    nested = isinstance(harmoniser, NestedComBat)
    if not nested and len(batch) != 1:
        raise ModelError(
            f"The batches are {len(batch)} columns ({', '.join(batch)}): one effect is removed at "
            "a time. Name one, or use the method nested."
        )
    batches = lesions.loc[train, list(batch)]
    kept = lesions.loc[train, list(covariates)] if covariates else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HarmoniseWarning)  # its notes say the same
        given: Any = batches if nested else batches[batch[0]]
        harmoniser.fit(features[train], given, kept)


def _steps(harmoniser: Harmoniser | NestedComBat, batch: Sequence[str]) -> dict[str, Harmoniser]:
    """Return the harmoniser of each column of batches."""
    if isinstance(harmoniser, Harmoniser):
        return {batch[0]: harmoniser}
    missing = [name for name in harmoniser.steps_ if name not in batch]
    if missing:
        raise ModelError(f"The harmoniser needs the batches {missing[0]!r}: name all its columns.")
    return dict(harmoniser.steps_)


def _new_batches(
    before: Harmoniser | NestedComBat, after: Harmoniser | NestedComBat, batch: Sequence[str]
) -> list[str]:
    known, now = _steps(before, batch), _steps(after, batch)
    return [
        f"{column} {name}"
        for column, one in now.items()
        for name in one.batches_[len(known[column].batches_) :]
    ]


def _need_rows(rows: NDArray[np.bool_]) -> None:
    if not rows.any():
        raise ModelError(
            "No lesion can be used: each lacks its batch or a covariate, is alone in its batch, or "
            "is in another split."
        )
