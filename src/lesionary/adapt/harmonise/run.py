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

from lesionary.adapt.harmonise.door import load_harmoniser, save_harmoniser
from lesionary.adapt.harmonise.given import name_of
from lesionary.adapt.harmonise.harmoniser import Harmoniser, HarmoniseWarning
from lesionary.adapt.harmonise.nested import NestedComBat
from lesionary.adapt.table import join_table
from lesionary.cohort.columns import LESION, SPLIT, SPLITS
from lesionary.cohort.table import write_table
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
    set_aside : DataFrame
        ``lesion_id`` and ``reason``.
    notes : tuple of str
    """

    features: pd.DataFrame
    harmoniser: Harmoniser | NestedComBat
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
    for name in (*batch, *covariates):
        if name not in table.lesions:
            raise ModelError(
                f"The lesion table has no column {name!r}{hint(name, map(str, table.lesions))}."
            )
    notes = list(table.notes)
    needed = [*batch, *covariates]
    reason = np.full(len(table), "", dtype=object)
    for name in reversed(needed):
        reason[table.lesions[name].isna().to_numpy()] = f"The lesion table lacks its {name}."
    split = table.split
    train = (reason == "") & (np.full(len(table), True) if split is None else split == SPLITS[0])
    if not fitted:
        if split is None:
            notes.append(
                f"There is no column {SPLIT!r}: parameters were learnt from all lesions, so no "
                "test on them is independent of these features."
            )
        _need_rows(train)
        _fit(harmoniser, table.features, table.lesions, train, batch, covariates)
        notes += harmoniser.notes_
    known = _steps(harmoniser, batch)
    for name, one in known.items():
        _set_aside_few(reason, table.lesions[name], one)
    used = reason == ""
    _need_rows(used)
    values = table.features[used]
    if fitted:
        values = values[[name for name in harmoniser.get_feature_names_out() if name in values]]
    batches = table.lesions.loc[used, list(batch)]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", HarmoniseWarning)
        kept = table.lesions.loc[used, list(covariates)] if covariates else None
        given: Any = batches if isinstance(harmoniser, NestedComBat) else batches[batch[0]]
        found = harmoniser.transform(values, given, kept)
    notes += [str(one.message) for one in told]
    rest = table.features.loc[used].drop(columns=found.columns)
    whole = pd.concat([table.lesions.loc[used, [LESION]], found, rest], axis=1)
    ordered = whole[[LESION, *table.features.columns]].reset_index(drop=True)
    aside = pd.DataFrame({LESION: table.lesions[LESION], "reason": reason})[~used]
    return Harmonised(
        ordered,
        harmoniser,
        pd.concat([table.set_aside, aside], ignore_index=True),
        tuple(dict.fromkeys(notes)),
    )


def run_harmonise(
    features: str | Path,
    lesions: str | Path,
    harmoniser: Harmoniser | NestedComBat | str | Path,
    out: str | Path,
    *,
    batch: Sequence[str],
    covariates: Sequence[str] = (),
    columns: Sequence[str] | None = None,
) -> tuple[Harmonised, Path | None]:
    """Harmonise a table and write it, with ``harmoniser.json`` and ``errors.csv`` beside it.

    Parameters
    ----------
    features, lesions, batch, covariates, columns
        As of :func:`harmonise_table`.
    harmoniser
        Not yet fitted; or the file of a fitted one, which is applied.
    out
        Table to write, ``.csv`` or ``.parquet``.

    Returns
    -------
    found : Harmonised
    errors : Path or None
        Where it says why lesions were set aside, if any were.
    """
    out = Path(out)
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise ModelError(f"{out} ends neither in .csv nor in .parquet.")
    apply = isinstance(harmoniser, str | Path)
    found = harmonise_table(
        features,
        lesions,
        load_harmoniser(harmoniser) if isinstance(harmoniser, str | Path) else harmoniser,
        batch=batch,
        covariates=covariates,
        columns=columns,
        fitted=apply,
    )
    write_table(found.features, out)
    if not apply:
        save_harmoniser(found.harmoniser, out.with_name("harmoniser.json"))
    errors = out.with_name("errors.csv")
    if not len(found.set_aside):
        errors.unlink(missing_ok=True)
        return found, None
    write_table(found.set_aside, errors)
    return found, errors


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
    lacking = [name for name in harmoniser.steps_ if name not in batch]
    if lacking:
        raise ModelError(f"The harmoniser needs the batches {lacking[0]!r}: name all its columns.")
    return dict(harmoniser.steps_)


def _set_aside_few(reason: NDArray[np.object_], batch: pd.Series, harmoniser: Harmoniser) -> None:
    """Give a reason to rows of batches that are new, and too small to be estimated."""
    names = batch.map(name_of, na_action="ignore")
    counts = names[reason == ""].value_counts()
    for name, count in counts.items():
        if name not in harmoniser.batches_ and count < harmoniser.fewest_new:
            reason[(names == name).to_numpy() & (reason == "")] = (
                f"The batch {name!r} was not in training and has {count:,} lesions; it takes "
                f"{harmoniser.fewest_new} to estimate its effect."
            )


def _need_rows(rows: NDArray[np.bool_]) -> None:
    if not rows.any():
        raise ModelError("No lesion can be used: each lacks its batch, or is in another split.")
