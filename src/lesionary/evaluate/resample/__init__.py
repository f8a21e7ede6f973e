"""Draw patients anew, and make intervals of what comes out."""

from __future__ import annotations

from lesionary.evaluate.resample.bootstrap import Interval, bootstrap
from lesionary.evaluate.resample.bounds import bca, percentile
from lesionary.evaluate.resample.draw import draw, leave_one_out, patient_strata

__all__ = [
    "Interval",
    "bca",
    "bootstrap",
    "draw",
    "leave_one_out",
    "patient_strata",
    "percentile",
]
