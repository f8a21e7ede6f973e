"""Judge: how good it is, how sure we are, and whether it is better than the other.

Works on tables only. Every number comes with how many rows, events and patients it rests
on, an interval, and the name of the method that gave it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from lesionary.evaluate.result import Result
    from lesionary.evaluate.survival import (
        brier_at,
        c_index,
        cox_univariate,
        cut_at,
        draw_forest,
        draw_kaplan_meier,
        hazard_ratio,
        integrated_brier,
        kaplan_meier,
        log_rank,
        rmst,
        td_auc,
    )

__all__ = [
    "Comparison",
    "Difference",
    "Result",
    "accuracy",
    "auc",
    "average_precision",
    "balanced_accuracy",
    "benjamini_hochberg",
    "brier",
    "brier_at",
    "c_index",
    "compare",
    "cox_univariate",
    "cut_at",
    "draw_forest",
    "draw_kaplan_meier",
    "draw_p_values",
    "f1",
    "hazard_ratio",
    "holm",
    "integrated_brier",
    "judge",
    "kaplan_meier",
    "log_loss",
    "log_rank",
    "npv",
    "per_class",
    "ppv",
    "rmst",
    "sensitivity",
    "specificity",
    "td_auc",
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
        ("Comparison", "Difference", "benjamini_hochberg", "compare", "draw_p_values", "holm"),
        "comparisons",
    ),
    **dict.fromkeys(
        (
            "brier_at",
            "c_index",
            "cox_univariate",
            "cut_at",
            "draw_forest",
            "draw_kaplan_meier",
            "hazard_ratio",
            "integrated_brier",
            "kaplan_meier",
            "log_rank",
            "rmst",
            "td_auc",
        ),
        "survival",
    ),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.evaluate.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.evaluate' has no attribute {name!r}")
