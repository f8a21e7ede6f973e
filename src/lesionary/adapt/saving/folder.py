"""The folder that fitting writes: a model, its predictions, and what was set aside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lesionary.adapt.saving.door import MODEL_FILE, save_model
from lesionary.cohort.table import write_table
from lesionary.errors import ModelError


@dataclass(frozen=True)
class FitFolder:
    """What fitting wrote.

    Attributes
    ----------
    model, predictions : Path
    errors : Path or None
        Where it says why lesions were set aside, if any were.
    """

    model: Path
    predictions: Path
    errors: Path | None


def check_free(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that has a model, unless it may be replaced."""
    if (out / MODEL_FILE).exists() and not overwrite:
        raise ModelError(f"There is a model in {out}: give --overwrite, or another --out.")


def write_fit(
    out: Path,
    model: Any,
    about: dict[str, Any],
    predictions: pd.DataFrame,
    set_aside: pd.DataFrame,
) -> FitFolder:
    """Write a fitted model with what is to be known of it, and the tables beside it."""
    saved = save_model(model, out, about)
    write_table(predictions, out / "predictions.csv")
    errors = out / "errors.csv"
    if len(set_aside):
        write_table(set_aside, errors)
    else:
        errors.unlink(missing_ok=True)
    return FitFolder(saved, out / "predictions.csv", errors if len(set_aside) else None)
