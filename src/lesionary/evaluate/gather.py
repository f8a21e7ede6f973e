"""Predictions of several files, put together as those of several models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lesionary.cohort.table import read_table
from lesionary.errors import EvaluationError

MODEL = "model"
_USUAL = "predictions"


def gather_predictions(files: Sequence[Path], by: str | None = None) -> pd.DataFrame:
    """Read one table of all files, with a column ``model`` that tells them apart.

    Parameters
    ----------
    files
        Of one model each, called by its file, or where that is ``predictions``, by its folder.
    by
        Column of the files that tells models apart: then each is called ``<file>: <model>``.
    """
    parts = []
    for file, name in model_names(files).items():
        table = read_table(file)
        if by is not None and by not in table:
            raise EvaluationError(
                f"{file} has no column {by!r}; it has {', '.join(map(str, table))}."
            )
        model = name if by is None else f"{name}: " + table[by].astype(str)
        parts.append(table.drop(columns=[by] if by else []).assign(**{MODEL: model}))
    return pd.concat(parts, ignore_index=True)


def model_names(files: Sequence[Path]) -> dict[Path, str]:
    """Call each file by the shortest name that no other has.

    Examples
    --------
    >>> list(model_names([Path("ours/predictions.csv"), Path("theirs.csv")]).values())
    ['ours', 'theirs']
    """
    if len({file.resolve() for file in files}) < len(files):
        raise EvaluationError("The same file of predictions is given twice.")
    names = {
        file: file.resolve().parent.name if file.stem == _USUAL else file.stem for file in files
    }
    if len(set(names.values())) < len(names):
        names = {file: str(file.with_suffix("")) for file in files}
    return names
