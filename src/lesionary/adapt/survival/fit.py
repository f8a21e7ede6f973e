"""One door to the survival models: fit one by its name to the training rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import pandas as pd

from lesionary.adapt.survival.cox import CoxModel, fit_cox
from lesionary.adapt.survival.forest import RandomSurvivalForest, fit_survival_forest
from lesionary.adapt.survival.penalised import fit_elastic_net_cox
from lesionary.cohort.columns import PATIENT, SPLIT
from lesionary.errors import ModelError
from lesionary.spelling import hint

SurvivalKind = Literal["cox", "cox_elastic_net", "forest"]
SURVIVAL_MODELS: tuple[str, ...] = get_args(SurvivalKind)


def fit_survival(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    time: str = "time",
    event: str = "event",
    patient: str | None = None,
    model: SurvivalKind = "cox",
    ordinal: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
    **options: Any,
) -> CoxModel | RandomSurvivalForest:
    """Fit a survival model to the training rows.

    Parameters
    ----------
    table : DataFrame
        A row a lesion or patient. With a column ``split``, only ``train`` is fitted; the elastic
        net chooses its penalty on ``tune`` where there is one. Without it every row is fitted.
    columns
        Covariates: numbers, booleans or text.
    time, event, patient
        Columns of the outcome (see :func:`~lesionary.adapt.survival.read_outcome`).
    model
        ``cox``, ``cox_elastic_net`` or ``forest``.
    ordinal
        Levels from low to high of columns of text that have an order.
    seed
        Of folds and trees.
    **options
        Of :func:`~lesionary.adapt.survival.fit_cox`,
        :func:`~lesionary.adapt.survival.fit_elastic_net_cox` or
        :func:`~lesionary.adapt.survival.fit_survival_forest`.

    Returns
    -------
    CoxModel or RandomSurvivalForest
        With ``predict_risk`` and ``predict_survival``; saved by
        :func:`lesionary.adapt.saving.save_model`.

    Raises
    ------
    ModelError
        If a patient has rows in two splits, or no row is for training.

    Examples
    --------
    >>> table = pd.DataFrame({"time": range(1, 41), "event": 1, "size": [9, 3, 5, 2] * 10})
    >>> print(fit_survival(table, ["size"]).n)
    40
    """
    if model not in SURVIVAL_MODELS:
        raise ModelError(
            f"There is no survival model {model!r}{hint(model, SURVIVAL_MODELS)}: "
            f"{', '.join(SURVIVAL_MODELS)}."
        )
    whose = patient or (PATIENT if PATIENT in table.columns else None)
    train, tune = _split(table, whose)
    told: dict[str, Any] = {"time": time, "event": event, "patient": whose, "ordinal": ordinal}
    if model == "cox":
        return fit_cox(train, columns, **told, **options)
    if model == "forest":
        return fit_survival_forest(train, columns, **told, seed=seed, **options)
    return fit_elastic_net_cox(train, columns, **told, seed=seed, **{"tune": tune, **options})


def _split(table: pd.DataFrame, patient: str | None) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return training rows, and rows to choose on where there are any."""
    if SPLIT not in table.columns:
        return table, None
    if patient is not None and patient in table.columns:
        sides = table.dropna(subset=[SPLIT]).groupby(patient)[SPLIT].nunique()
        if (sides > 1).any():
            raise ModelError(
                f"{int((sides > 1).sum()):,} patients have rows in more than one split, first "
                f"{sides.index[sides > 1][0]!r}: what is learnt from one side would be known on "
                "the other. Split by patient."
            )
    train, tune = table[table[SPLIT] == "train"], table[table[SPLIT] == "tune"]
    if train.empty:
        raise ModelError("No row has the split 'train', which models are fitted to.")
    return train, None if tune.empty else tune
