"""Names that do not exist."""

from __future__ import annotations

from lesionary.spelling import hint


def test_a_long_list_is_cut_short():
    names = [f"original_glcm_{number}" for number in range(1218)]
    told = hint("x", names)
    assert told.startswith(" (there are: original_glcm_0, ")
    assert told.endswith("original_glcm_39, and 1,178 more)")
    assert hint("orignal_glcm_7", names) == " (did you mean 'original_glcm_7'?)"


def test_nothing_at_all_is_said():
    assert hint("x", []) == " (there are: none)"
