"""Whether a model is as good in one subgroup as in the other, with a test of the interaction."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.evaluate.subgroups.classes import judge_subgroups
    from lesionary.evaluate.subgroups.cut import cut_column
    from lesionary.evaluate.subgroups.survival import judge_survival_subgroups
    from lesionary.evaluate.subgroups.table import Subgroups

__all__ = ["Subgroups", "cut_column", "judge_subgroups", "judge_survival_subgroups"]

_MODULE_OF = {
    "Subgroups": "table",
    "cut_column": "cut",
    "judge_subgroups": "classes",
    "judge_survival_subgroups": "survival",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
