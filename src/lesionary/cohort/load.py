"""From whatever the user has to one table in Lesionary's columns, not yet checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from lesionary.cohort import published
from lesionary.cohort.columns import SPLIT, SPLIT_SYNONYMS, SPLITS, TEXT
from lesionary.cohort.model import rebased
from lesionary.cohort.problem import Origin
from lesionary.cohort.table import read_table
from lesionary.errors import CohortError

TableSource = str | Path | pd.DataFrame
CohortSource = TableSource | Mapping[str, TableSource]
PublishedFaults = Literal["handle", "keep"]


@dataclass(frozen=True)
class Loaded:
    """A table on its way to being a cohort, with what the checks need to know of it."""

    table: pd.DataFrame
    root: Path
    source: str
    origin: Origin
    notes: tuple[str, ...]
    kind: published.Kind | None


def load(
    source: CohortSource, root: str | Path | None = None, faults: PublishedFaults = "handle"
) -> Loaded:
    """Read ``source``; see :func:`lesionary.cohort.read_cohort` for what it may be."""
    if faults not in ("handle", "keep"):
        raise CohortError(f"published_faults is 'handle' or 'keep', not {faults!r}.")
    if isinstance(source, Mapping):
        return _load_splits(source, root, faults)
    return _with_known_splits(_load_one(source, root, faults))


def _load_one(source: TableSource, root: str | Path | None, faults: PublishedFaults) -> Loaded:
    if isinstance(source, pd.DataFrame):
        table, name, folder = _text_columns(source), "table", Path()
        rows = np.arange(2, len(table) + 2)
    else:
        name, folder = str(source), Path(source).parent
        table = _text_columns(read_table(source))
        rows = table.index.to_numpy()
    table = table.reset_index(drop=True)
    folder = folder if root is None else Path(root)
    kind = published.recognise(table)
    notes: list[str] = []
    if kind is not None:
        table, notes = published.adapt(table, kind, folder, handle=faults == "handle")
    return Loaded(table, folder, name, Origin.of(name, rows), tuple(notes), kind)


def _load_splits(
    sources: Mapping[str, TableSource], root: str | Path | None, faults: PublishedFaults
) -> Loaded:
    parts = []
    for split, source in sources.items():
        part = _load_one(source, root, faults)
        if SPLIT in part.table:
            raise CohortError(
                f"{part.source} has its own column 'split': read it alone, or drop the column."
            )
        parts.append(replace(part, table=part.table.assign(**{SPLIT: split})))
    if not parts:
        raise CohortError("There is no table: give one path a split, as {'train': 'train.csv'}.")
    first = parts[0]
    joined = replace(
        first,
        kind=first.kind if len({part.kind for part in parts}) == 1 else None,
        table=pd.concat(
            [rebased(part.table, part.root, first.root) for part in parts], ignore_index=True
        ),
        source=", ".join(dict.fromkeys(Path(part.source).name for part in parts)),
        origin=Origin.joined([part.origin for part in parts]),
        notes=_joined_notes(parts),
    )
    return _with_known_splits(joined)


def _joined_notes(parts: list[Loaded]) -> tuple[str, ...]:
    """Return each note once, with the tables it is about."""
    about: dict[str, list[str]] = {}
    for part in parts:
        for note in part.notes:
            about.setdefault(note, []).append(Path(part.source).name)
    return tuple(f"{', '.join(names)}: {note}" for note, names in about.items())


def _text_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose column names and identifiers are text."""
    table = table.rename(columns=str)
    for name in TEXT:
        if name in table and not pd.api.types.is_string_dtype(table[name]):
            table[name] = table[name].astype(object).map(str, na_action="ignore")
    return table


def _with_known_splits(loaded: Loaded) -> Loaded:
    """Call splits by the names used here (``val`` is ``tune``), and say so."""
    if SPLIT not in loaded.table:
        return loaded
    renamed = {}
    for name in loaded.table[SPLIT].dropna().unique():
        plain = str(name).strip().lower()
        known = SPLIT_SYNONYMS.get(plain, plain)
        if known in SPLITS and known != name:
            renamed[name] = known
    if not renamed:
        return loaded
    table = loaded.table.assign(**{SPLIT: loaded.table[SPLIT].replace(renamed)})
    note = "split " + ", ".join(f"'{old}' is called '{new}'" for old, new in renamed.items()) + "."
    return replace(loaded, table=table, notes=(*loaded.notes, note))
