"""Judge: how good it is, how sure we are, and whether it is better than the other.

Works on tables only. Every number comes with how many rows, events and patients it rests
on, an interval, and the name of the method that gave it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.evaluate.calibration import calibration_curve, calibration_error
    from lesionary.evaluate.comparisons import (
        Comparison,
        Difference,
        benjamini_hochberg,
        compare,
        draw_p_values,
        holm,
    )
    from lesionary.evaluate.metrics import (
        accuracy,
        auc,
        average_precision,
        balanced_accuracy,
        brier,
        f1,
        judge,
        log_loss,
        npv,
        per_class,
        ppv,
        sensitivity,
        specificity,
    )
    from lesionary.evaluate.net_benefit import DecisionCurve, decision_curve
    from lesionary.evaluate.predictions import Predictions, read_predictions
    from lesionary.evaluate.report import (
        Evaluation,
        Settings,
        ThresholdChoice,
        evaluate_predictions,
        write_evaluation,
    )
    from lesionary.evaluate.result import Result
    from lesionary.evaluate.subgroups import (
        Subgroups,
        judge_subgroups,
        judge_survival_subgroups,
    )
    from lesionary.evaluate.survival import (
        brier_at,
        c_index,
        censor_at,
        compare_survival,
        cox_univariate,
        cut_at,
        draw_forest,
        draw_kaplan_meier,
        hazard_ratio,
        integrated_brier,
        kaplan_meier,
        log_rank,
        pairwise_log_rank,
        rmst,
        td_auc,
    )
    from lesionary.evaluate.thresholds import Threshold, choose_threshold

__all__ = [
    "Comparison",
    "DecisionCurve",
    "Difference",
    "Evaluation",
    "Predictions",
    "Result",
    "Settings",
    "Subgroups",
    "Threshold",
    "ThresholdChoice",
    "accuracy",
    "auc",
    "average_precision",
    "balanced_accuracy",
    "benjamini_hochberg",
    "brier",
    "brier_at",
    "c_index",
    "calibration_curve",
    "calibration_error",
    "calibration_intercept",
    "calibration_slope",
    "censor_at",
    "choose_threshold",
    "compare",
    "compare_survival",
    "cox_univariate",
    "cut_at",
    "decision_curve",
    "draw_forest",
    "draw_kaplan_meier",
    "draw_p_values",
    "evaluate_predictions",
    "f1",
    "hazard_ratio",
    "holm",
    "integrated_brier",
    "judge",
    "judge_subgroups",
    "judge_survival_subgroups",
    "kaplan_meier",
    "log_loss",
    "log_rank",
    "npv",
    "pairwise_log_rank",
    "per_class",
    "ppv",
    "read_predictions",
    "recalibrate",
    "rmst",
    "sensitivity",
    "specificity",
    "td_auc",
    "write_evaluation",
]

_MODULE_OF = {
    "Result": "result",
    **dict.fromkeys(
        (
            "accuracy",
            "auc",
            "average_precision",
            "balanced_accuracy",
            "brier",
            "f1",
            "judge",
            "log_loss",
            "npv",
            "per_class",
            "ppv",
            "sensitivity",
            "specificity",
        ),
        "metrics",
    ),
    **dict.fromkeys(
        (
            "Comparison",
            "Difference",
            "benjamini_hochberg",
            "compare",
            "compare_survival",
            "draw_p_values",
            "holm",
        ),
        "comparisons",
    ),
    **dict.fromkeys(
        (
            "brier_at",
            "c_index",
            "censor_at",
            "compare_survival",
            "cox_univariate",
            "cut_at",
            "draw_forest",
            "draw_kaplan_meier",
            "hazard_ratio",
            "integrated_brier",
            "kaplan_meier",
            "log_rank",
            "pairwise_log_rank",
            "rmst",
            "td_auc",
        ),
        "survival",
    ),
    **dict.fromkeys(
        (
            "calibration_curve",
            "calibration_error",
        ),
        "calibration",
    ),
    **dict.fromkeys(
        (
            "calibration_intercept",
            "calibration_slope",
            "recalibrate",
        ),
        "recalibration",
    ),
    **dict.fromkeys(
        (
            "Threshold",
            "choose_threshold",
        ),
        "thresholds",
    ),
    **dict.fromkeys(
        (
            "DecisionCurve",
            "decision_curve",
        ),
        "net_benefit",
    ),
    **dict.fromkeys(
        (
            "Predictions",
            "read_predictions",
        ),
        "predictions",
    ),
    **dict.fromkeys(
        (
            "Subgroups",
            "judge_subgroups",
            "judge_survival_subgroups",
        ),
        "subgroups",
    ),
    **dict.fromkeys(
        (
            "Evaluation",
            "Settings",
            "ThresholdChoice",
            "evaluate_predictions",
            "write_evaluation",
        ),
        "report",
    ),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.evaluate.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.evaluate' has no attribute {name!r}")
