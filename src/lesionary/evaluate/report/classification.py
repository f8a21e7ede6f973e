"""Everything that is said of predictions of classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from lesionary.cohort.columns import PATIENT, SPLIT
from lesionary.errors import EvaluationError
from lesionary.evaluate.calibration import calibration_error
from lesionary.evaluate.comparisons.comparison import Comparison
from lesionary.evaluate.comparisons.family import compare
from lesionary.evaluate.metrics import METRICS, judge, per_class
from lesionary.evaluate.metrics.registry import metric_named
from lesionary.evaluate.prediction_checks import TARGET
from lesionary.evaluate.predictions import Predictions
from lesionary.evaluate.recalibration import calibration_intercept, calibration_slope
from lesionary.evaluate.report.evaluation import (
    Evaluation,
    Judged,
    attempt,
    models_and_split,
    shared_rows,
    where_possible,
)
from lesionary.evaluate.report.fractions import limited_data
from lesionary.evaluate.report.settings import Settings, ThresholdChoice
from lesionary.evaluate.result import Result
from lesionary.evaluate.subgroups import Subgroups, judge_subgroups
from lesionary.evaluate.thresholds import choose_threshold
from lesionary.progress import track

OF_CALIBRATION = {
    "calibration_slope": calibration_slope,
    "calibration_intercept": calibration_intercept,
    "calibration_error": calibration_error,
}
_HIGHEST = "the class of the highest score"


def evaluate_classes(predictions: Predictions, settings: Settings) -> Evaluation:
    """Judge predictions of classes; see :func:`lesionary.evaluate.report.evaluate_predictions`."""
    settings = replace(settings, metrics=tuple(settings.metrics) or ("auc",))
    for metric in settings.metrics:
        metric_named(metric)
    if settings.times:
        raise EvaluationError("Times are for predictions of survival; these are of classes.")
    models, settings, notes = models_and_split(predictions, settings)
    thresholds = {model: _decision(predictions, model, settings) for model in models}
    judged: list[Judged] = []
    for model in track(models, "Judging models"):
        rows = predictions.of(model, settings.split)
        judged += _numbers(predictions, model, rows, thresholds[model][0], settings)
    comparisons = where_possible(
        settings.metrics if len(models) > 1 else (),
        lambda metric: _compared(predictions, models, metric, thresholds, settings),
        notes,
        doing="Comparing models",
        missing="Models are not compared by {}",
    )
    subgroups = where_possible(
        models if settings.subgroups else (),
        lambda model: _subgroups(predictions, model, thresholds[model][0], settings),
        notes,
        doing="Judging subgroups",
        missing="Subgroups are not judged of model {!r}",
    )
    primary = settings.metrics[0]

    def of_fraction(model: str, fraction: float) -> Result:
        rows = predictions.of(model, settings.split, fraction)
        threshold, _ = _decision(predictions, model, settings, fraction)
        return _number(predictions, primary, rows, threshold, settings)

    return Evaluation(
        predictions,
        settings,
        tuple(judged),
        {model: words for model, (_, words) in thresholds.items()},
        comparisons,
        subgroups,
        limited_data(predictions, models, of_fraction),
        tuple(notes),
    )


def truth(predictions: Predictions, rows: pd.DataFrame) -> pd.Series[int]:
    """Return 1 for the positive class of two, else 0."""
    return (rows[TARGET] == predictions.classes[1]).astype(int)


def are_probabilities(predictions: Predictions, rows: pd.DataFrame) -> bool:
    """Say whether all scores lie between 0 and 1."""
    scores = rows[list(predictions.scores)].to_numpy()
    return bool(scores.min() >= 0 and scores.max() <= 1)


def _decision(
    predictions: Predictions, model: str, settings: Settings, fraction: float | None = None
) -> tuple[float | None, str]:
    """Return the threshold of a model (None if there is none), and how it came to be."""
    if len(predictions.classes) > 2:
        return 0.5, _HIGHEST
    choice = settings.threshold
    tune = None
    if SPLIT in predictions.table and settings.split != settings.tune_split:
        tune = predictions.of(model, settings.tune_split, fraction)
    if choice is None:
        choice = ThresholdChoice() if tune is None or tune.empty else ThresholdChoice("youden")
    if choice.rule is not None:
        if tune is None or tune.empty:
            raise EvaluationError(
                f"There are no predictions of {model!r} of split {settings.tune_split!r} to choose "
                "a threshold on, and on the rows that are judged none is chosen: add them, or give "
                "a number."
            )
        try:
            chosen = choose_threshold(
                truth(predictions, tune), predictions.score_of(tune), choice.rule, at=choice.at
            )
        except EvaluationError as error:
            if settings.threshold is not None:
                raise EvaluationError(
                    f"Split {settings.tune_split!r} of {model!r}: {error}"
                ) from error
            return None, f"none: split {settings.tune_split!r} cannot choose one: {error}"
        return chosen.value, str(chosen)
    if settings.threshold is None and not are_probabilities(
        predictions, predictions.of(model, settings.split)
    ):
        return None, "none: scores are no probabilities, and there is no tune split to choose on"
    return choice.value, f"score of at least {choice.value:g}, not chosen on data"


def _numbers(
    predictions: Predictions,
    model: str,
    rows: pd.DataFrame,
    threshold: float | None,
    settings: Settings,
) -> list[Judged]:
    found = []
    binary = len(predictions.classes) == 2
    probabilities = are_probabilities(predictions, rows)
    for name, metric in METRICS.items():
        if metric.binary_only and not binary:
            continue
        if metric.needs == "probabilities" and not probabilities and name not in settings.metrics:
            continue
        found.append(attempt(model, name, _number, predictions, name, rows, threshold, settings))
    if binary and probabilities:
        y, score, groups = truth(predictions, rows), predictions.score_of(rows), rows.get(PATIENT)
        drawn = {"resamples": settings.resamples, "seed": settings.seed}
        function: Callable[..., Result]
        for name, function in OF_CALIBRATION.items():
            more = drawn if name == "calibration_error" else {}
            found.append(
                attempt(model, name, function, y, score, groups, level=settings.level, **more)
            )
    if not binary:
        for name in ("auc", "average_precision", "sensitivity"):
            found += _each_class(predictions, model, name, rows, settings)
    return found


def _number(
    predictions: Predictions,
    metric: str,
    rows: pd.DataFrame,
    threshold: float | None,
    settings: Settings,
) -> Result:
    if threshold is None and METRICS[metric].needs == "decisions":
        raise EvaluationError("there is no threshold.")
    return judge(
        metric,
        rows[TARGET],
        predictions.score_of(rows),
        rows.get(PATIENT),
        threshold=0.5 if threshold is None else threshold,
        resamples=settings.resamples,
        level=settings.level,
        seed=settings.seed,
        classes=predictions.classes,
    )


def _each_class(
    predictions: Predictions, model: str, metric: str, rows: pd.DataFrame, settings: Settings
) -> list[Judged]:
    try:
        found = per_class(
            metric,
            rows[TARGET],
            predictions.score_of(rows),
            rows.get(PATIENT),
            resamples=settings.resamples,
            level=settings.level,
            seed=settings.seed,
            classes=predictions.classes,
        )
    except EvaluationError as error:
        return [Judged(model, metric, None, str(error), "each")]
    return [Judged(model, metric, result, of_class=name) for name, result in found.items()]


def _compared(
    predictions: Predictions,
    models: list[str],
    metric: str,
    thresholds: dict[str, tuple[float | None, str]],
    settings: Settings,
) -> Comparison:
    rows = shared_rows({model: predictions.of(model, settings.split) for model in models})
    first = rows[models[0]]
    scores = {model: predictions.score_of(one) for model, one in rows.items()}
    if METRICS[metric].needs == "decisions" and len(predictions.classes) == 2:
        # Each model has its own threshold, which decides: nothing else of its score counts.
        for model in models:
            threshold, why = thresholds[model]
            if threshold is None:
                raise EvaluationError(f"Model {model!r} has no threshold ({why}).")
            scores[model] = (scores[model] >= threshold).astype(float)
    return compare(
        first[TARGET],
        scores,
        metric,
        first.get(PATIENT),
        test=settings.test,
        reference=settings.reference,
        correction=settings.correction,
        resamples=settings.resamples,
        seed=settings.seed,
        level=settings.level,
        classes=predictions.classes,
    )


def _subgroups(
    predictions: Predictions, model: str, threshold: float | None, settings: Settings
) -> tuple[Subgroups, ...]:
    rows = predictions.of(model, settings.split)
    if threshold is None and METRICS[settings.metrics[0]].needs == "decisions":
        raise EvaluationError("there is no threshold.")
    return tuple(
        judge_subgroups(
            rows[TARGET],
            predictions.score_of(rows),
            rows[list(settings.subgroups)],
            rows.get(PATIENT),
            metric=settings.metrics[0],
            edges=settings.edges,
            threshold=0.5 if threshold is None else threshold,
            resamples=settings.resamples,
            level=settings.level,
            seed=settings.seed,
            classes=predictions.classes,
        )
    )
