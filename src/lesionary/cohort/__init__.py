"""Who? Lesion tables: read, check, split, write.

A cohort is a table with one row a lesion; its columns are listed at :class:`Cohort`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.cohort.build import build_cohort
    from lesionary.cohort.columns import SPLITS
    from lesionary.cohort.leaks import Leak, leakage
    from lesionary.cohort.measured import build_cohort_from_table
    from lesionary.cohort.model import Cohort
    from lesionary.cohort.problem import Problem, problems_table
    from lesionary.cohort.read import CohortWarning, check_cohort, read_cohort
    from lesionary.cohort.splits import folds, split_cohort, training_subsets

__all__ = [
    "SPLITS",
    "Cohort",
    "CohortWarning",
    "Leak",
    "Problem",
    "build_cohort",
    "build_cohort_from_table",
    "check_cohort",
    "folds",
    "leakage",
    "problems_table",
    "read_cohort",
    "split_cohort",
    "training_subsets",
]

# Building a cohort needs all of DICOM, and reading one does not: each loads on first use.
_MODULE_OF = {
    "SPLITS": "columns",
    "Cohort": "model",
    "build_cohort": "build",
    "build_cohort_from_table": "measured",
    **dict.fromkeys(("CohortWarning", "check_cohort", "read_cohort"), "read"),
    **dict.fromkeys(("Leak", "leakage"), "leaks"),
    **dict.fromkeys(("Problem", "problems_table"), "problem"),
    **dict.fromkeys(("folds", "split_cohort", "training_subsets"), "splits"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.cohort.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.cohort' has no attribute {name!r}")
