"""What is in this delivery, and is it fit for use? Folders of DICOM described and checked.

Names, numbers and dates of patients are read to tell patients apart, and go no further: tables
and pictures have codes, and dates moved so that a patient's first study is on 1 January 2000.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.cohort.curate.check import Checked, check_folder
    from lesionary.cohort.curate.describe import Described, describe_folder
    from lesionary.cohort.curate.flag import Flag
    from lesionary.cohort.curate.histograms import draw_histograms
    from lesionary.cohort.curate.rules import Rules, load_rules

__all__ = [
    "Checked",
    "Described",
    "Flag",
    "Rules",
    "check_folder",
    "describe_folder",
    "draw_histograms",
    "load_rules",
]

_MODULE_OF = {
    **dict.fromkeys(("Checked", "check_folder"), "check"),
    **dict.fromkeys(("Described", "describe_folder"), "describe"),
    "Flag": "flag",
    "draw_histograms": "histograms",
    **dict.fromkeys(("Rules", "load_rules"), "rules"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.cohort.curate.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.cohort.curate' has no attribute {name!r}")
