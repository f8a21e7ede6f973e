"""Judge survival: who has the event when, told by whose risk is higher."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.evaluate.survival.brier import brier_at, integrated_brier
    from lesionary.evaluate.survival.censoring import censor_at
    from lesionary.evaluate.survival.comparison import compare_survival
    from lesionary.evaluate.survival.concordance import c_index
    from lesionary.evaluate.survival.cox import cox_univariate, hazard_ratio
    from lesionary.evaluate.survival.curve import Curve, kaplan_meier
    from lesionary.evaluate.survival.curve_figure import draw_kaplan_meier
    from lesionary.evaluate.survival.dynamic_auc import td_auc
    from lesionary.evaluate.survival.forest import draw_forest
    from lesionary.evaluate.survival.inputs import Survival, survival
    from lesionary.evaluate.survival.logrank import LogRank, log_rank, pairwise_log_rank
    from lesionary.evaluate.survival.over_time import OverTime
    from lesionary.evaluate.survival.restricted_mean import RestrictedMean, rmst
    from lesionary.evaluate.survival.risk_groups import Cut, cut_at

_MODULE_OF = {
    "Curve": "curve",
    "Cut": "risk_groups",
    "LogRank": "logrank",
    "OverTime": "over_time",
    "RestrictedMean": "restricted_mean",
    "Survival": "inputs",
    "brier_at": "brier",
    "c_index": "concordance",
    "censor_at": "censoring",
    "compare_survival": "comparison",
    "cox_univariate": "cox",
    "cut_at": "risk_groups",
    "draw_forest": "forest",
    "draw_kaplan_meier": "curve_figure",
    "hazard_ratio": "cox",
    "integrated_brier": "brier",
    "kaplan_meier": "curve",
    "log_rank": "logrank",
    "pairwise_log_rank": "logrank",
    "rmst": "restricted_mean",
    "survival": "inputs",
    "td_auc": "dynamic_auc",
}

__all__ = [
    "Curve",
    "Cut",
    "LogRank",
    "OverTime",
    "RestrictedMean",
    "Survival",
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
    "survival",
    "td_auc",
]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
