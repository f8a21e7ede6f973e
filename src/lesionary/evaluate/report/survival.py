"""Everything that is said of predictions of survival."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from lesionary.cohort.columns import EVENT, PATIENT, SPLIT, TIME
from lesionary.errors import EvaluationError
from lesionary.evaluate.predictions import RISK, Predictions
from lesionary.evaluate.report.evaluation import Evaluation, Judged, attempt, models_and_split
from lesionary.evaluate.report.fractions import limited_data
from lesionary.evaluate.report.settings import Settings
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival import Cut, c_index, cut_at, hazard_ratio, log_rank
from lesionary.progress import track


def evaluate_survival(predictions: Predictions, settings: Settings) -> Evaluation:
    """Judge predictions of survival; see :func:`lesionary.evaluate.report.evaluate_predictions`."""
    if settings.metrics or settings.subgroups or settings.threshold or settings.reference:
        raise EvaluationError(
            "Metrics, thresholds, subgroups and a reference can be chosen for predictions of "
            "classes; of survival there are the C-index, hazard ratios and the log-rank test."
        )
    models, settings, notes = models_and_split(predictions, replace(settings, metrics=("c_index",)))
    judged: list[Judged] = []
    decisions = {}
    for model in track(models, "Judging models"):
        rows = predictions.of(model, settings.split)
        judged += [
            attempt(model, "c_index", _c_index, rows, settings),
            attempt(model, "c_index_uno", _c_index, rows, settings, uno=True),
            attempt(model, "hazard_ratio_1sd", _per_deviation, rows, settings),
        ]
        try:
            cut, decisions[model] = risk_cut(predictions, model, settings)
        except EvaluationError as error:
            decisions[model] = f"none: {error}"
            continue
        high = (rows[RISK] > float(cut)).astype(int)
        judged += [
            attempt(model, "hazard_ratio", _ratio, rows, high, settings),
            attempt(model, "log_rank_p", _log_rank, rows, high),
        ]
    if len(models) > 1:
        notes.append("Models of survival are not tested against each other: compare the intervals.")

    def of_fraction(model: str, fraction: float) -> Result:
        return _c_index(predictions.of(model, settings.split, fraction), settings)

    return Evaluation(
        predictions,
        settings,
        tuple(judged),
        decisions,
        {},
        {},
        limited_data(predictions, models, of_fraction),
        tuple(notes),
    )


def risk_cut(predictions: Predictions, model: str, settings: Settings) -> tuple[Cut, str]:
    """Return where risks are high, and how that was chosen: on tune, else on train."""
    if SPLIT in predictions.table:
        for split in (settings.tune_split, "train"):
            rows = predictions.of(model, split)
            if split != settings.split and len(rows):
                cut = cut_at(rows[RISK])
                return cut, f"{cut}, chosen on split {split!r}"
    cut = cut_at(predictions.of(model, settings.split)[RISK])
    return cut, f"{cut}, chosen on the rows that are judged, which flatters the model"


def _c_index(rows: pd.DataFrame, settings: Settings, *, uno: bool = False) -> Result:
    return c_index(
        rows[TIME],
        rows[EVENT],
        rows[RISK],
        rows.get(PATIENT),
        method="uno" if uno else "harrell",
        resamples=settings.resamples,
        level=settings.level,
        seed=settings.seed,
    )


def _per_deviation(rows: pd.DataFrame, settings: Settings) -> Result:
    return hazard_ratio(
        rows[TIME],
        rows[EVENT],
        rows[RISK],
        rows.get(PATIENT),
        standardise=True,
        level=settings.level,
    )


def _ratio(rows: pd.DataFrame, high: pd.Series[int], settings: Settings) -> Result:
    ratio = hazard_ratio(rows[TIME], rows[EVENT], high, rows.get(PATIENT), level=settings.level)
    return replace(ratio, metric="hazard ratio, high against low risk")


def _log_rank(rows: pd.DataFrame, high: pd.Series[int]) -> Result:
    test = log_rank(rows[TIME], rows[EVENT], high, rows.get(PATIENT))
    return Result(
        "log-rank p",
        test.p,
        None,
        None,
        n=test.n,
        events=test.events,
        patients=test.patients,
        method=f"{test.method}, chi-squared {test.statistic:.2f} on {test.df} df",
        notes=test.notes,
    )
