"""How good models are that learnt from less."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from lesionary.errors import EvaluationError
from lesionary.evaluate.predictions import Predictions
from lesionary.evaluate.result import Result


def limited_data(
    predictions: Predictions, models: Sequence[str], judge: Callable[[str, float], Result]
) -> pd.DataFrame | None:
    """Judge every model at every fraction of the training data that it was fitted on.

    Parameters
    ----------
    predictions : Predictions
    models : sequence of str
    judge : callable
        From a model and a fraction to a result.

    Returns
    -------
    DataFrame or None
        ``model``, ``fraction``, and a result's columns, whose ``value`` is missing where ``notes``
        say why. None where there are not two fractions.
    """
    if len(predictions.fractions) < 2:
        return None
    rows: list[dict[str, Any]] = []
    for model in models:
        for fraction in predictions.fractions:
            if predictions.of(model, fraction=fraction).empty:
                continue
            row: dict[str, Any] = {"model": model, "fraction": fraction}
            try:
                row |= judge(model, fraction).as_dict()
            except EvaluationError as error:
                row["notes"] = f"not computed: {error}"
            rows.append(row)
    return pd.DataFrame(rows)
