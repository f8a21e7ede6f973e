"""Check a report: published checklists as files to fill in, and their scores."""

from lesionary.study.checklists.checklist import (
    Checklist,
    ChecklistError,
    Item,
    checklist_names,
    load_checklist,
)
from lesionary.study.checklists.scoring import Score, score_sheet
from lesionary.study.checklists.sheet import Sheet, blank_sheet, read_sheet, write_blank_sheet

__all__ = [
    "Checklist",
    "ChecklistError",
    "Item",
    "Score",
    "Sheet",
    "blank_sheet",
    "checklist_names",
    "load_checklist",
    "read_sheet",
    "score_sheet",
    "write_blank_sheet",
]
