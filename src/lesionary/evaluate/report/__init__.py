"""A table of predictions in; numbers, comparisons and figures out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.evaluate.report.evaluate import evaluate_predictions
    from lesionary.evaluate.report.evaluation import Evaluation, Judged
    from lesionary.evaluate.report.settings import Settings, ThresholdChoice
    from lesionary.evaluate.report.writing import write_evaluation

__all__ = [
    "Evaluation",
    "Judged",
    "Settings",
    "ThresholdChoice",
    "evaluate_predictions",
    "write_evaluation",
]

_MODULE_OF = {
    "Evaluation": "evaluation",
    "Judged": "evaluation",
    "Settings": "settings",
    "ThresholdChoice": "settings",
    "evaluate_predictions": "evaluate",
    "write_evaluation": "writing",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
