"""Practise: synthetic CT cohorts with known truth.

A body from the thoracic inlet to the hips in plausible HU, lesions with stated attributes,
outcomes with a stated rule, scanner effects, second scans and several readers.
"""

from lesionary.phantom.cohort import make_cohort
from lesionary.phantom.config import (
    SITES,
    Lesion,
    PhantomConfig,
    PhantomError,
    Scanner,
)
from lesionary.phantom.outcome import Ideal, ideal_performance, population_performance
from lesionary.phantom.patient import PhantomPatient, make_phantom

__all__ = [
    "SITES",
    "Ideal",
    "Lesion",
    "PhantomConfig",
    "PhantomError",
    "PhantomPatient",
    "Scanner",
    "ideal_performance",
    "make_cohort",
    "make_phantom",
    "population_performance",
]
