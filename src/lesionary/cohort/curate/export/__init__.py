"""From folders of DICOM to files for research: converted, anonymised, preprocessed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.cohort.curate.export.anonymise import Anonymised, anonymise_folder
    from lesionary.cohort.curate.export.convert import Converted, convert_folder
    from lesionary.cohort.curate.export.ledger import ExportError
    from lesionary.cohort.curate.export.preprocess import Preprocessed, preprocess_cohort

__all__ = [
    "Anonymised",
    "Converted",
    "ExportError",
    "Preprocessed",
    "anonymise_folder",
    "convert_folder",
    "preprocess_cohort",
]

_MODULE_OF = {
    **dict.fromkeys(("Anonymised", "anonymise_folder"), "anonymise"),
    **dict.fromkeys(("Converted", "convert_folder"), "convert"),
    "ExportError": "ledger",
    **dict.fromkeys(("Preprocessed", "preprocess_cohort"), "preprocess"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.cohort.curate.export.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.cohort.curate.export' has no attribute {name!r}")
