"""Which figures an evaluation has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from lesionary.cohort.columns import EVENT, PATIENT, TIME
from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.draw import draw_p_values
from lesionary.evaluate.net_benefit import DecisionCurve, decision_curve
from lesionary.evaluate.predictions import RISK
from lesionary.evaluate.report.classification import are_probabilities, truth
from lesionary.evaluate.report.evaluation import Evaluation
from lesionary.evaluate.report.figures import (
    draw_calibration,
    draw_decision_curve,
    draw_precision_recall,
    draw_roc,
)
from lesionary.evaluate.report.fraction_figure import draw_fractions
from lesionary.evaluate.report.subgroup_figure import draw_subgroups
from lesionary.evaluate.report.survival import risk_cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Named = Iterator[tuple[str, "Figure"]]


def figures(evaluation: Evaluation, curve: DecisionCurve | None) -> Named:
    """Draw everything that can be drawn of an evaluation: names of files, and figures."""
    if evaluation.predictions.kind == "survival":
        yield from _of_survival(evaluation)
    elif len(evaluation.predictions.classes) == 2:
        yield from _of_two_classes(evaluation, curve)
    for metric, comparison in evaluation.comparisons.items():
        yield f"p_values_{metric}", draw_p_values(comparison)
    for model, found in evaluation.subgroups.items():
        whole = evaluation.of(model, evaluation.settings.metrics[0])
        if any(one.results for one in found):
            name = "subgroups" if len(evaluation.models) == 1 else f"subgroups_{_slug(model)}"
            yield name, draw_subgroups(found, None if whole is None else whole.result)
    table = evaluation.fractions
    if table is not None and "value" in table and table["value"].notna().any():
        yield "limited_data", draw_fractions(table)


def curve_of_decisions(evaluation: Evaluation) -> DecisionCurve | None:
    """Return the decision curve of models of two classes on the lesions that all have."""
    predictions = evaluation.predictions
    if len(predictions.classes) != 2:
        return None
    rows = evaluation.shared_rows()
    first = next(iter(rows.values()))
    if first.empty:
        return None
    models = [name for name, one in rows.items() if are_probabilities(predictions, one)]
    if not models:
        return None
    settings = evaluation.settings
    try:
        return decision_curve(
            truth(predictions, first),
            {name: predictions.score_of(rows[name]) for name in models},
            first.get(PATIENT),
            resamples=settings.resamples,
            level=settings.level,
            seed=settings.seed,
        )
    except EvaluationError:  # one class: every number of the table says so
        return None


def _of_two_classes(evaluation: Evaluation, curve: DecisionCurve | None) -> Named:
    """Draw curves on the lesions that all models have: they share their axes."""
    predictions, settings = evaluation.predictions, evaluation.settings
    rows = evaluation.shared_rows()
    first = next(iter(rows.values()))
    y, groups = truth(predictions, first), first.get(PATIENT)
    if y.nunique() < 2:
        return
    scores = {name: predictions.score_of(one) for name, one in rows.items()}
    yield (
        "roc",
        draw_roc(
            y,
            scores,
            groups,
            resamples=settings.resamples,
            level=settings.level,
            seed=settings.seed,
        ),
    )
    yield (
        "precision_recall",
        draw_precision_recall(
            y,
            scores,
            groups,
            resamples=settings.resamples,
            level=settings.level,
            seed=settings.seed,
        ),
    )
    if curve is not None:
        models = [name for name in rows if (curve.table["model"] == name).any()]
        probabilities = {name: scores[name] for name in models}
        yield "calibration", draw_calibration(y, probabilities, groups, level=settings.level)
        yield "decision_curve", draw_decision_curve(curve)


def _of_survival(evaluation: Evaluation) -> Named:
    from lesionary.evaluate.survival import draw_forest, draw_kaplan_meier

    ratios = {}
    for model in evaluation.models:
        rows = evaluation.rows(model)
        high = evaluation.of(model, "hazard_ratio")
        if high is None:
            continue
        cut, _ = risk_cut(evaluation.predictions, model, evaluation.settings)
        name = "kaplan_meier"
        yield (
            name if len(evaluation.models) == 1 else f"{name}_{_slug(model)}",
            draw_kaplan_meier(
                rows[TIME],
                rows[EVENT],
                cut.groups(rows[RISK]),
                groups=rows.get(PATIENT),
                level=evaluation.settings.level,
            ),
        )
        if high.result is not None:
            ratios[model] = {
                "hazard_ratio": high.result.value,
                "low": high.result.low,
                "high": high.result.high,
            }
    if ratios:
        label = f"Hazard ratio, high : low risk ({evaluation.settings.level * 100:g} % CI)"
        yield "hazard_ratios", draw_forest(pd.DataFrame(ratios).T, label=label)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "_", name).strip("_.") or "model"
