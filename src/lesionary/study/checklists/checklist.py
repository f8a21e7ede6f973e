"""A published checklist as data: its items, the answers there are, and their points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import yaml

from lesionary.errors import LesionaryError
from lesionary.spelling import hint

YES, NO, NOT_APPLICABLE = "yes", "no", "na"
NOTHING = "nothing"
"""Answer to an item of which any options can hold, where none does."""

_REPORTED = {YES: (1, "it is"), NO: (0, "it is not"), NOT_APPLICABLE: (0, "does not apply here")}


class ChecklistError(LesionaryError):
    """There is no such checklist, or a sheet cannot be scored."""


@dataclass(frozen=True)
class Item:
    """One question of a checklist.

    Attributes
    ----------
    number : str
        As the original has it: ``3``, ``3a``.
    section : str
    ask : str
        In our words.
    options : mapping of str to (int, str)
        Answer to its points and what it means.
    choose : {"one", "any"}
        Whether one option is the answer, or all that hold.
    kind : str or None
        The kind of study it is for alone.
    """

    number: str
    section: str
    ask: str
    options: Mapping[str, tuple[int, str]]
    choose: Literal["one", "any"] = "one"
    kind: str | None = None

    @property
    def whole(self) -> str:
        """The item it is part of: ``3`` of ``3a``."""
        return self.number.rstrip("abcdefghijklmnopqrstuvwxyz")

    @property
    def highest(self) -> int:
        """Points it can give."""
        points = [value for value, _ in self.options.values()]
        return sum(points) if self.choose == "any" else max(points)

    @property
    def lowest(self) -> int:
        """Fewest points it can give; below 0 for what is held against a study."""
        return 0 if self.choose == "any" else min(value for value, _ in self.options.values())


@dataclass(frozen=True)
class Checklist:
    """A published checklist.

    Attributes
    ----------
    name, title, version, about, citation : str
    unit : {"points", "items"}
        What is counted: points, or items that are reported.
    kinds : tuple of str
        Kinds of study, of which ``both`` needs all items; empty where all studies do.
    items : tuple of Item
    """

    name: str
    title: str
    version: str
    about: str
    citation: str
    unit: Literal["points", "items"]
    kinds: tuple[str, ...]
    items: tuple[Item, ...]

    def items_for(self, kind: str | None) -> tuple[Item, ...]:
        """Return the items that a kind of study has to answer."""
        if kind in (None, "both"):
            return self.items
        return tuple(item for item in self.items if item.kind in (None, kind))


def checklist_names() -> list[str]:
    """Name the checklists there are.

    Examples
    --------
    >>> checklist_names()
    ['claim', 'rqs', 'stard', 'tripod', 'tripod-ai']
    """
    folder = files("lesionary.study.checklists")
    found = [entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return sorted(name.removesuffix(".yaml") for name in found)


def load_checklist(name: str) -> Checklist:
    """Return a checklist by name.

    Examples
    --------
    >>> rqs = load_checklist("rqs")
    >>> len(rqs.items), sum(item.highest for item in rqs.items)
    (16, 36)
    """
    names = checklist_names()
    if name not in names:
        raise ChecklistError(f"There is no checklist {name!r}{hint(name, names)}.")
    text = files("lesionary.study.checklists").joinpath(f"{name}.yaml").read_text("utf-8")
    values = yaml.safe_load(text)
    return Checklist(
        name=name,
        items=tuple(_item(one) for one in values.pop("items")),
        kinds=tuple(values.pop("kinds", ())),
        **values,
    )


def _item(values: Mapping[str, Any]) -> Item:
    options = values.get("options", _REPORTED)
    return Item(
        number=values["number"],
        section=values["section"],
        ask=values["ask"],
        options={answer: (points, meaning) for answer, (points, meaning) in options.items()},
        choose=values.get("choose", "one"),
        kind=values.get("for"),
    )
