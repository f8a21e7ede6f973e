"""Everything that is said of predictions of survival."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from lesionary.cohort.columns import EVENT, PATIENT, SPLIT, TIME
from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.comparison import Comparison
from lesionary.evaluate.predictions import RISK, Predictions
from lesionary.evaluate.report.evaluation import (
    Evaluation,
    Judged,
    attempt,
    models_and_split,
    shared_rows,
    where_possible,
)
from lesionary.evaluate.report.fractions import limited_data
from lesionary.evaluate.report.settings import Settings
from lesionary.evaluate.result import Result
from lesionary.evaluate.subgroups import Subgroups, judge_survival_subgroups
from lesionary.evaluate.survival import (
    Cut,
    c_index,
    compare_survival,
    cut_at,
    hazard_ratio,
    log_rank,
    td_auc,
)
from lesionary.evaluate.survival.concordance import Method
from lesionary.progress import track

METHODS: dict[str, Method] = {"c_index": "harrell", "c_index_uno": "uno"}
"""Metrics by which models of survival can be compared, and which concordance each is."""


def evaluate_survival(predictions: Predictions, settings: Settings) -> Evaluation:
    """Judge predictions of survival; see :func:`lesionary.evaluate.report.evaluate_predictions`."""
    settings = replace(settings, metrics=tuple(settings.metrics) or ("c_index",))
    _check(settings)
    models, settings, notes = models_and_split(predictions, settings)
    judged: list[Judged] = []
    decisions = {}
    for model in track(models, "Judging models"):
        rows = predictions.of(model, settings.split)
        judged += [attempt(model, name, _concordance, rows, settings, name) for name in METHODS]
        judged += _over_time(model, rows, settings)
        judged.append(attempt(model, "hazard_ratio_1sd", _per_deviation, rows, settings))
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
    comparisons = where_possible(
        settings.metrics if len(models) > 1 else (),
        lambda metric: _compared(predictions, models, metric, settings),
        notes,
        doing="Comparing models",
        missing="Models are not compared by {}",
    )
    subgroups = where_possible(
        models if settings.subgroups else (),
        lambda model: _subgroups(predictions.of(model, settings.split), settings),
        notes,
        doing="Judging subgroups",
        missing="Subgroups are not judged of model {!r}",
    )

    def of_fraction(model: str, fraction: float) -> Result:
        rows = predictions.of(model, settings.split, fraction)
        return _concordance(rows, settings, settings.metrics[0])

    return Evaluation(
        predictions,
        settings,
        tuple(judged),
        decisions,
        comparisons,
        subgroups,
        limited_data(predictions, models, of_fraction),
        tuple(notes),
    )


def _check(settings: Settings) -> None:
    unknown = [name for name in settings.metrics if name not in METHODS]
    if unknown:
        raise EvaluationError(
            f"Models of survival are not compared by {unknown[0]!r}: give one of "
            f"{', '.join(METHODS)}."
        )
    if settings.threshold is not None:
        raise EvaluationError(
            "A threshold is for predictions of classes: risks are cut at the median of the tune "
            "split."
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


def _concordance(rows: pd.DataFrame, settings: Settings, name: str) -> Result:
    return c_index(
        rows[TIME],
        rows[EVENT],
        rows[RISK],
        rows.get(PATIENT),
        method=METHODS[name],
        resamples=settings.resamples,
        level=settings.level,
        seed=settings.seed,
    )


def _over_time(model: str, rows: pd.DataFrame, settings: Settings) -> list[Judged]:
    """Judge the AUC at each time that was asked for, and its mean over several."""
    if not settings.times:
        return []
    names = [f"auc_at_{time:g}" for time in settings.times]
    try:
        found = td_auc(
            rows[TIME],
            rows[EVENT],
            rows[RISK],
            rows.get(PATIENT),
            at=list(settings.times),
            resamples=settings.resamples,
            level=settings.level,
            seed=settings.seed,
        )
    except EvaluationError as error:
        return [Judged(model, name, None, str(error)) for name in names]
    judged = [Judged(model, *one) for one in zip(names, found.results, strict=True)]
    return judged if len(names) == 1 else [*judged, Judged(model, "mean_auc", found.whole)]


def _compared(
    predictions: Predictions, models: list[str], metric: str, settings: Settings
) -> Comparison:
    rows = shared_rows({model: predictions.of(model, settings.split) for model in models})
    first = rows[models[0]]
    return compare_survival(
        first[TIME],
        first[EVENT],
        {model: one[RISK] for model, one in rows.items()},
        first.get(PATIENT),
        method=METHODS[metric],
        test=settings.test,
        reference=settings.reference,
        correction=settings.correction,
        resamples=settings.resamples,
        seed=settings.seed,
        level=settings.level,
    )


def _subgroups(rows: pd.DataFrame, settings: Settings) -> tuple[Subgroups, ...]:
    return tuple(
        judge_survival_subgroups(
            rows[TIME],
            rows[EVENT],
            rows[RISK],
            rows[list(settings.subgroups)],
            rows.get(PATIENT),
            method=METHODS[settings.metrics[0]],
            edges=settings.edges,
            resamples=settings.resamples,
            level=settings.level,
            seed=settings.seed,
        )
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
