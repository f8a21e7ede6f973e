"""One function that judges whatever predictions there are."""

from __future__ import annotations

from lesionary.evaluate.predictions import Predictions
from lesionary.evaluate.report.classification import evaluate_classes
from lesionary.evaluate.report.evaluation import Evaluation
from lesionary.evaluate.report.settings import Settings
from lesionary.evaluate.report.survival import evaluate_survival


def evaluate_predictions(predictions: Predictions, settings: Settings | None = None) -> Evaluation:
    """Judge predictions: all metrics with intervals, comparisons, subgroups, fractions.

    Parameters
    ----------
    predictions : Predictions
        Of :func:`lesionary.evaluate.read_predictions`.
    settings : Settings, optional
        What is judged, and how.

    Returns
    -------
    Evaluation
        A number that cannot be computed is there with its reason.

    Raises
    ------
    EvaluationError
        If what was asked for does not fit the predictions: no such split, metric or column, or a
        threshold to be chosen without a tune split.

    Examples
    --------
    >>> import pandas as pd
    >>> from lesionary.evaluate.predictions import read_predictions
    >>> table = pd.DataFrame({"lesion_id": list("abcd"), "target": [0, 0, 1, 1]})
    >>> table["score"] = [0.1, 0.4, 0.35, 0.8]
    >>> judged = evaluate_predictions(read_predictions(table), Settings(resamples=20))
    >>> judged.of("predictions", "auc").result.value
    0.75
    """
    judge = evaluate_classes if predictions.kind == "classes" else evaluate_survival
    return judge(predictions, settings or Settings())
