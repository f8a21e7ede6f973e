"""Rows told apart by a column: by its names, or by bands of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from lesionary.errors import EvaluationError

_MANY = 6
"""Different numbers of a column above which it is cut in three."""


def cut_column(values: pd.Series[Any], edges: Sequence[float] | None = None) -> pd.Series[Any]:
    """Name each row's subgroup, as an ordered category.

    Parameters
    ----------
    values : Series (n,)
    edges : sequence of float, optional
        Each begins a subgroup.

    Examples
    --------
    >>> cut_column(pd.Series([49, 50, 64, 80]), [50, 65]).tolist()
    ['below 50', '50 to 65', '50 to 65', '65 and above']
    """
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if edges is not None and not numeric:
        raise EvaluationError(f"{values.name} is not a column of numbers: it cannot be cut.")
    if not numeric or (edges is None and values.nunique() <= _MANY):
        names = values.map(_name, na_action="ignore")
        order = [_name(one) for one in sorted(values.dropna().unique(), key=_key)]
        return names.astype(pd.CategoricalDtype(list(dict.fromkeys(order)), ordered=True))
    at = np.quantile(values.dropna(), [1 / 3, 2 / 3]) if edges is None else np.asarray(edges)
    at = np.unique(at.astype(np.float64))
    if not len(at):
        raise EvaluationError(f"There is no edge to cut {values.name} at.")
    middle = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(at)]
    bands = [f"below {at[0]:.4g}", *middle, f"{at[-1]:.4g} and above"]
    # The row's band, or -1 (no category) where it has no number.
    code = np.where(values.isna(), -1, np.searchsorted(at, values, side="right"))
    cut = pd.Series(
        pd.Categorical.from_codes(code.tolist(), pd.Index(bands), ordered=True), index=values.index
    )
    return cut.cat.remove_unused_categories()


def _name(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _key(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, str), value)
