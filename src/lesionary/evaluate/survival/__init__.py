"""Judge survival: who has the event when, told by whose risk is higher."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.evaluate.survival.censoring import censor_at
    from lesionary.evaluate.survival.concordance import c_index
    from lesionary.evaluate.survival.cox import cox_univariate, hazard_ratio
    from lesionary.evaluate.survival.curve import Curve, kaplan_meier
    from lesionary.evaluate.survival.inputs import Survival, survival
    from lesionary.evaluate.survival.logrank import LogRank, log_rank, pairwise_log_rank
    from lesionary.evaluate.survival.risk_groups import Cut, cut_at

_MODULE_OF = {
    "Curve": "curve",
    "Cut": "risk_groups",
    "LogRank": "logrank",
    "Survival": "inputs",
    "c_index": "concordance",
    "censor_at": "censoring",
    "cox_univariate": "cox",
    "cut_at": "risk_groups",
    "hazard_ratio": "cox",
    "kaplan_meier": "curve",
    "log_rank": "logrank",
    "pairwise_log_rank": "logrank",
    "survival": "inputs",
}

__all__ = [
    "Curve",
    "Cut",
    "LogRank",
    "Survival",
    "c_index",
    "censor_at",
    "cox_univariate",
    "cut_at",
    "hazard_ratio",
    "kaplan_meier",
    "log_rank",
    "pairwise_log_rank",
    "survival",
]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
