"""Who? Lesion tables: read, check, split, write.

A cohort is a table with one row a lesion; its columns are listed at :class:`Cohort`.
"""

from lesionary.cohort.build import build_cohort
from lesionary.cohort.columns import SPLITS
from lesionary.cohort.leakage import Leak, leakage
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
