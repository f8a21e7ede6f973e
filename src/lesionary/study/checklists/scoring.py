"""What a filled-in checklist adds up to, and what is still open."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from lesionary.study.checklists.checklist import NOT_APPLICABLE, Checklist, Item
from lesionary.study.checklists.sheet import Sheet


@dataclass(frozen=True)
class Score:
    """The score of a sheet. Prints itself.

    Attributes
    ----------
    checklist : Checklist
    study : str
    value : int
        Points, or items reported (all their parts that apply).
    possible : int
        Points there are, or items that apply.
    lowest, highest : int
        What the value can become once everything is answered; both ``value`` if it is.
    parts, possible_parts : int or None
        Where items have parts, how many of these are reported and apply.
    missing : tuple of Item
        Not answered.
    table : DataFrame
        ``number, section, item, answer, points, possible, where`` of each item or part that the
        kind of study has to answer; what is missing or does not apply has no points.
    """

    checklist: Checklist
    study: str
    value: int
    possible: int
    lowest: int
    highest: int
    parts: int | None
    possible_parts: int | None
    missing: tuple[Item, ...]
    table: pd.DataFrame

    @property
    def percent(self) -> float:
        """Share of what is possible; points below 0 are 0 %."""
        return 100 * max(self.value, 0) / self.possible if self.possible else 0.0

    def __str__(self) -> str:
        checklist = self.checklist
        title = checklist.title + (f", {self.study}" if self.study else "")
        words = f"{title}: {self.value} of {self.possible} {checklist.unit} ({self.percent:.0f} %)"
        if self.parts is not None:
            words += f"; {self.parts} of {self.possible_parts} parts"
        if self.missing:
            words += (
                f"; {len(self.missing)} not answered, with which it will be from {self.lowest} to "
                f"{self.highest}"
            )
        return words


def score_sheet(sheet: Sheet) -> Score:
    """Add up a sheet.

    Points are counted for what was answered. An item in parts is reported when all its parts that
    apply are; what does not apply is left out of what is possible.

    Examples
    --------
    >>> from lesionary.study.checklists import load_checklist
    >>> answers = {"1": ("documented",), "5": ("guarded",), "12": ("none",)}
    >>> print(score_sheet(Sheet(load_checklist("rqs"), "", None, answers, {})))
    Radiomics Quality Score: -1 of 36 points (0 %); 13 not answered, with which it will be \
from -1 to 25
    """
    checklist = sheet.checklist
    items = checklist.items_for(sheet.kind)
    asked = [item for item in items if sheet.answers.get(item.number) != (NOT_APPLICABLE,)]
    points = {
        item.number: sum(item.options[one][0] for one in sheet.answers[item.number])
        for item in asked
        if item.number in sheet.answers
    }
    missing = tuple(item for item in asked if item.number not in points)
    table = pd.DataFrame(
        {
            "number": [item.number for item in items],
            "section": [item.section for item in items],
            "item": [item.ask for item in items],
            "answer": [_said(sheet, item) for item in items],
            "points": pd.array([points.get(item.number) for item in items], dtype="Int64"),
            "possible": [item.highest if item in asked else 0 for item in items],
            "where": [sheet.where.get(item.number, "") for item in items],
        }
    )
    if checklist.unit == "points":
        value = sum(points.values())
        lowest = value + sum(item.lowest for item in missing)
        highest = value + sum(item.highest for item in missing)
        possible = sum(item.highest for item in asked)
        return Score(
            checklist, sheet.study, value, possible, lowest, highest, None, None, missing, table
        )
    wholes = {
        whole: [item for item in asked if item.whole == whole]
        for whole in dict.fromkeys(item.whole for item in asked)
    }
    reported = sum(all(points.get(item.number) for item in parts) for parts in wholes.values())
    # Of open parts all may turn out to be reported, or not one.
    could = sum(all(points.get(item.number, 1) for item in parts) for parts in wholes.values())
    parts = sum(points.values()) if len(wholes) < len(asked) else None
    return Score(
        checklist,
        sheet.study,
        reported,
        len(wholes),
        reported,
        could,
        parts,
        None if parts is None else len(asked),
        missing,
        table,
    )


def _said(sheet: Sheet, item: Item) -> str | None:
    answer = sheet.answers.get(item.number)
    return None if answer is None else ", ".join(answer) or "nothing"
