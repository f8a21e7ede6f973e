"""The lesions that features are wanted of, and the rows that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lesionary.cohort import Cohort
from lesionary.cohort.checks import check_table, numbers
from lesionary.cohort.columns import IMAGE, LESION, MASK, SEED
from lesionary.cohort.load import CohortSource, Loaded, load
from lesionary.cohort.problem import Findings, Problem, raise_errors
from lesionary.encode.lesion import Lesion, SetAside
from lesionary.errors import CohortError

_MASK_LABEL = "mask_label"
_NEEDED = ("", LESION, IMAGE, MASK, *SEED)


@dataclass(frozen=True)
class Lesions:
    """A cohort on its way through a network.

    Attributes
    ----------
    usable : tuple of Lesion
    set_aside : tuple of SetAside
        Rows that the table alone shows to be useless.
    table : DataFrame
        The table as it was given, in its own columns, one row a position.
    notes : tuple of str
        What was done to the table while it was read.
    """

    usable: tuple[Lesion, ...]
    set_aside: tuple[SetAside, ...]
    table: pd.DataFrame
    notes: tuple[str, ...]


def read_lesions(
    source: CohortSource | Cohort,
    root: str | Path | None = None,
    *,
    precropped: bool = False,
    outlined: bool = False,
) -> Lesions:
    """Read a lesion table; a bad row is set aside, a bad table is an error.

    Only what a patch depends on has to be right: no ``patient_id`` is needed, nor a good
    ``split``. In a table without ``lesion_id`` (that of the published package has none),
    lesions are called by their row: ``row_2``, ``row_3``, ...

    What is measured within an outline (``outlined``) needs a mask, and no seed.
    """
    if isinstance(source, Cohort):
        loaded = load(source.table, source.root, "keep")
    else:
        loaded = load(source, root)
    table, notes = loaded.table, loaded.notes
    if LESION not in table:
        notes = (
            *notes,
            f"There is no column {LESION!r}: lesions are called by their row, row_2, ...",
        )
        table = table.assign(**{LESION: [f"row_{row}" for row in loaded.origin.rows]})
    if precropped:  # a patch has its place already
        table = table.assign(**dict.fromkeys(SEED, 0.0))
    if outlined:
        if MASK not in table:
            raise CohortError(
                f"{loaded.source} has no column {MASK!r}: it says where a lesion's outline is."
            )
        table = table.drop(columns=[name for name in SEED if name in table])
    reasons = _reasons(replace(loaded, table=table))
    if outlined:
        for position in np.flatnonzero(table[MASK].isna()).tolist():
            empty = f"{MASK}: It is empty: give the file that holds the lesion's outline."
            reasons[position] = " ".join([*filter(None, [reasons.get(position)]), empty])

    seeds = np.full((len(table), 3), np.nan)
    if set(SEED) <= set(table.columns):
        seeds = np.column_stack([numbers(table, name) for name in SEED])
    ids = table[LESION].tolist()
    images = table[IMAGE].tolist()
    masks = table[MASK].tolist() if MASK in table else [None] * len(table)
    labels = table[_MASK_LABEL].tolist() if _MASK_LABEL in table else [None] * len(table)
    rows = loaded.origin.rows.tolist()
    usable, set_aside = [], []
    for position, row in enumerate(rows):
        if position in reasons:
            name = "" if pd.isna(ids[position]) else ids[position]
            set_aside.append(SetAside(position, name, row, reasons[position]))
            continue
        x, y, z = seeds[position].tolist()
        image = str(loaded.root / images[position])
        if np.isfinite(seeds[position]).all():
            usable.append(Lesion(position, ids[position], row, image, (x, y, z)))
        else:
            mask = str(loaded.root / str(masks[position]))
            label = _label(labels[position])
            usable.append(Lesion(position, ids[position], row, image, None, mask, label))
    return Lesions(tuple(usable), tuple(set_aside), _as_given(source, loaded), notes)


def _reasons(loaded: Loaded) -> dict[int, str]:
    """Return what is wrong with each useless row, by position; raise what concerns the table."""
    findings = Findings(loaded.origin, loaded.source)
    check_table(loaded, findings)
    errors = [
        problem
        for problem in findings.problems
        if problem.level == "error" and problem.column in _NEEDED
    ]
    raise_errors([problem for problem in errors if problem.row is None], loaded.source)
    origin = zip(loaded.origin.files.tolist(), loaded.origin.rows.tolist(), strict=True)
    position_of = {place: position for position, place in enumerate(origin)}
    reasons: dict[int, str] = {}
    for problem in errors:
        position = position_of[problem.file, _row(problem)]
        reason = f"{problem.column}: {problem.message}"
        reasons[position] = f"{reasons[position]} {reason}" if position in reasons else reason
    return reasons


def _row(problem: Problem) -> int:
    assert problem.row is not None
    return problem.row


def _label(value: object) -> str | None:
    if value is None or pd.isna(value):  # type: ignore[call-overload]  # a cell is a scalar
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _as_given(source: CohortSource | Cohort, loaded: Loaded) -> pd.DataFrame:
    """Return the table with the columns and types that pandas reads from a CSV file."""
    if isinstance(source, str | Path) and Path(source).suffix.lower() != ".parquet":
        given = pd.read_csv(source).dropna(how="all").reset_index(drop=True)
        if len(given) == len(loaded.table):
            return given
    return loaded.table
