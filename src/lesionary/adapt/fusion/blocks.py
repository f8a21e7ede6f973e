"""Tables of one lesion each side by side: deep features, radiomics, clinical data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import LESION
from lesionary.errors import ModelError

BETWEEN = ":"
"""Stands between the name of a block and that of its column."""


@dataclass(frozen=True)
class Blocks:
    """Blocks of features in one table.

    Parameters
    ----------
    table : DataFrame of float64
        A row a lesion (the index), columns ``<block>:<column>``. A lesion that is not in a block
        has NaN in all its columns.
    columns : dict
        Of each block its columns in ``table``.
    """

    table: pd.DataFrame
    columns: dict[str, tuple[str, ...]]

    def missing(self) -> pd.Series[int]:
        """Count the lesions that are not in a block at all."""
        absent = {
            name: int(self.table[list(columns)].isna().all(axis=1).sum())
            for name, columns in self.columns.items()
        }
        return pd.Series(absent, name="lesions missing")


def join_blocks(
    blocks: Mapping[str, pd.DataFrame], lesions: Sequence[str] | pd.Series[str] | None = None
) -> Blocks:
    """Put blocks side by side, joined by ``lesion_id``.

    Parameters
    ----------
    blocks : mapping of DataFrame
        Each with a column ``lesion_id``, and otherwise numbers only.
    lesions : sequence of str, optional
        Which lesions, in which order. Default: all that are in a block, by appearance.

    Examples
    --------
    >>> deep = pd.DataFrame({"lesion_id": ["a", "b"], "f_0": [0.1, 0.2]})
    >>> clinical = pd.DataFrame({"lesion_id": ["b", "c"], "age": [61, 70]})
    >>> join_blocks({"deep": deep, "clinical": clinical}).table.reset_index()
      lesion_id  deep:f_0  clinical:age
    0         a       0.1           NaN
    1         b       0.2          61.0
    2         c       NaN          70.0
    """
    if not blocks:
        raise ModelError("There is no block to join: give tables by name.")
    parts = [_part(name, table) for name, table in blocks.items()]
    if lesions is None:
        index = pd.Index(pd.unique(np.concatenate([part.index for part in parts])), name=LESION)
    else:
        index = pd.Index(lesions, name=LESION)
        if index.has_duplicates:
            raise ModelError(f"Lesion {index[index.duplicated()][0]!r} is asked for twice.")
    for name, part in zip(blocks, parts, strict=True):
        if not part.index.isin(index).any():
            raise ModelError(
                f"Block {name!r} has none of the lesions: its first is {part.index[0]!r}, the "
                f"first asked for {index[0]!r}. Are these the same lesion_ids?"
            )
    table = pd.concat([part.reindex(index) for part in parts], axis=1)
    columns = {
        name: tuple(str(c) for c in part.columns) for name, part in zip(blocks, parts, strict=True)
    }
    return Blocks(table, columns)


def present(X: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Say which lesions have a value in any of these columns."""
    known: NDArray[np.bool_] = X[list(columns)].notna().any(axis=1).to_numpy()
    return known


def checked_columns(X: pd.DataFrame, blocks: Mapping[str, Sequence[str]]) -> None:
    """Raise unless a table has numbers, finite or missing, in all columns of all blocks."""
    if not isinstance(X, pd.DataFrame):
        raise ModelError("Fusion needs a table with named columns: see join_blocks.")
    if not blocks or not all(len(columns) for columns in blocks.values()):
        raise ModelError("Fusion needs blocks, and each a column.")
    wanted = [column for columns in blocks.values() for column in columns]
    lacking = [column for column in wanted if column not in X]
    if lacking:
        raise ModelError(
            f"{len(lacking):,} of the {len(wanted):,} columns are missing, first {lacking[0]!r}."
        )
    infinite = np.isinf(X[wanted].to_numpy(dtype=np.float64)).any(axis=0)
    if infinite.any():
        raise ModelError(f"Column {wanted[int(np.argmax(infinite))]!r} has infinite values.")


def _part(name: str, table: pd.DataFrame) -> pd.DataFrame:
    if LESION not in table:
        raise ModelError(f"Block {name!r} has no column '{LESION}'.")
    if table[LESION].isna().any() or table[LESION].duplicated().any():
        raise ModelError(f"Block {name!r} has a lesion_id twice, or a row without one.")
    values = table.drop(columns=LESION)
    text = [str(c) for c in values if not pd.api.types.is_numeric_dtype(values[c])]
    if text or values.columns.empty or values.empty:
        what = f"columns that are not numbers (first {text[0]!r})" if text else "no values"
        raise ModelError(
            f"Block {name!r} has {what}: encode text with ClinicalEncoder, and leave out "
            "what is no feature."
        )
    part = values.astype(np.float64).set_axis(pd.Index(table[LESION], name=LESION))
    return part.add_prefix(f"{name}{BETWEEN}")
