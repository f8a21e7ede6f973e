"""Published lesion tables, recognised by their columns and read without their faults.

Each table's faults, the evidence and what is done are listed in
``docs/explanation/published-faults.md``.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lesionary.cohort.published import deeplesion, luna16, lung1, radiogenomics
from lesionary.cohort.published.kind import Kind

KINDS = (
    deeplesion.KIND,
    luna16.READINGS,  # before NODULES, whose columns it has once adapted
    luna16.NODULES,
    lung1.KIND,
    radiogenomics.KIND,
)


def recognise(table: pd.DataFrame) -> Kind | None:
    """Return which published table this is, or None."""
    return next((kind for kind in KINDS if kind.recognise(table)), None)


def adapt(
    table: pd.DataFrame, kind: Kind, root: Path, *, handle: bool
) -> tuple[pd.DataFrame, list[str]]:
    """Return a published table in Lesionary's columns, and what was done to it.

    Does nothing to a table that it has adapted before. With ``handle`` false, columns are
    added but the published values stay, faults included.
    """
    table, notes = kind.adapt(table.copy(), root, handle)
    if not handle:
        notes.append("its published faults, if it has any, were kept as you asked.")
    unnamed = [name for name in table if str(name).startswith("Unnamed: ")]
    return table.drop(columns=unnamed), [f"{kind.name}: {note}" for note in notes]


__all__ = ["KINDS", "Kind", "adapt", "recognise"]
