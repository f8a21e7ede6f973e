"""Columns of feature tables that tell of the extraction, and are no features."""

from __future__ import annotations

_STARTS = ("diagnostics_", "Unnamed: ")


def about_extraction(name: str) -> bool:
    """Say whether a column is what PyRadiomics tells of itself, or row numbers of pandas.

    Examples
    --------
    >>> about_extraction("diagnostics_Image-original_Mean"), about_extraction("glcm_Contrast")
    (True, False)
    """
    return name.startswith(_STARTS)
