"""A checklist to fill in, as YAML; and one that was filled in, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml

from lesionary.files import atomic_path
from lesionary.spelling import hint
from lesionary.study.checklists.checklist import (
    NO,
    NOTHING,
    YES,
    Checklist,
    ChecklistError,
    Item,
    load_checklist,
)

_WIDTH = 96


@dataclass(frozen=True)
class Sheet:
    """A checklist that was filled in, all or in part.

    Attributes
    ----------
    checklist : Checklist
    study : str
        What was judged.
    kind : str or None
        Kind of study, where the checklist tells kinds apart.
    answers : mapping of str to tuple of str
        Number of an item to the options that hold; absent if it was not answered. An empty tuple
        says that none holds.
    where : mapping of str to str
        Where the study says so.
    """

    checklist: Checklist
    study: str
    kind: str | None
    answers: Mapping[str, tuple[str, ...]]
    where: Mapping[str, str]


def blank_sheet(checklist: Checklist) -> str:
    """Return a checklist to fill in, as the text of a YAML file.

    Examples
    --------
    >>> print(blank_sheet(load_checklist("rqs")).split("answers:")[1][:140])  # doctest: +ELLIPSIS
    <BLANKLINE>
    <BLANKLINE>
      # Images
    ...
    """
    asked = f"{len({item.whole for item in checklist.items})} items"
    lines = [
        f"# {checklist.title} ({checklist.version}), {asked}",
        *_comment(checklist.about, ""),
        *_comment(f"Items in our words; the original: {checklist.citation}", ""),
        *_comment(
            "Fill in each answer, and where the report says so (page, section). Then: "
            f"lesionary checklist score {checklist.name}.yaml",
            "",
        ),
    ]
    if checklist.unit == "items":
        answers = "yes: it is reported; no: it is not; na: it does not apply to this study"
        lines += _comment(f"Answers. {answers}", "")
    lines += ["", f"checklist: {checklist.name}", "study:"]
    if checklist.kinds:
        lines.append(f"kind:  # {', '.join(checklist.kinds)}")
    lines += ["answers:"]
    section = None
    for item in checklist.items:
        if item.section != section:
            section = item.section
            lines += ["", f"  # {section}"]
        lines += ["", *_question(item, checklist)]
    return "\n".join(lines) + "\n"


def write_blank_sheet(name: str, path: str | Path, *, overwrite: bool = False) -> Checklist:
    """Write a checklist to fill in.

    Parameters
    ----------
    name : str
        One of :func:`~lesionary.study.checklists.checklist_names`.
    path
        YAML file to write.
    overwrite : bool
        Replace a file that is there, with the answers it may hold.
    """
    path, checklist = Path(path), load_checklist(name)
    if path.exists() and not overwrite:
        raise ChecklistError(f"{path} is there already: give another name, or --overwrite.")
    with atomic_path(path) as temporary:
        temporary.write_text(blank_sheet(checklist), encoding="utf-8")
    return checklist


def read_sheet(path: str | Path) -> Sheet:
    """Read a checklist that was filled in, and check every answer.

    Raises
    ------
    ChecklistError
        If the file is no such sheet; the message names all answers that are none.
    """
    path = Path(path)
    values = _load(path)
    checklist = load_checklist(str(values["checklist"]))
    answers = values.get("answers") or {}
    if not isinstance(answers, Mapping):
        raise ChecklistError(f"{path}: 'answers' is to hold one entry an item.")
    kind = values.get("kind")
    faults = []
    if kind is not None and kind not in checklist.kinds:
        faults.append(f"kind is {kind!r}{hint(str(kind), checklist.kinds)}")
    if kind is None and checklist.kinds:
        faults.append(f"kind is not given: one of {', '.join(checklist.kinds)}")
    items = {item.number: item for item in checklist.items}
    found: dict[str, tuple[str, ...]] = {}
    where = {}
    for number, entry in ((str(number), entry) for number, entry in answers.items()):
        if number not in items:
            faults.append(f"there is no item {number}")
            continue
        given, place, fault = _entry(entry)
        if fault:
            faults.append(f"item {number}: {fault}")
            continue
        try:
            answer = _answer(items[number], given)
        except ChecklistError as error:
            faults.append(f"item {number}: {error}")
            continue
        if answer is not None:
            found[number] = answer
        where[number] = place
    if faults:
        raise ChecklistError(f"{path}: {'; '.join(faults)}.")
    return Sheet(checklist, str(values.get("study") or ""), kind, found, where)


def _entry(entry: Any) -> tuple[Any, str, str]:
    """Part an entry into its answer and its place; say what is wrong with it."""
    if not isinstance(entry, Mapping):
        return entry, "", ""
    unknown = sorted(str(key) for key in set(entry) - {"answer", "where"})
    if unknown:
        return None, "", f"there is no key {unknown[0]!r}{hint(unknown[0], ('answer', 'where'))}"
    return entry.get("answer"), str(entry.get("where") or ""), ""


def _answer(item: Item, given: Any) -> tuple[str, ...] | None:
    """Return the options that hold, or None without an answer."""
    if given is None or given == "":
        return None
    # YAML takes yes and no for true and false.
    words = [
        {True: YES, False: NO}[one] if isinstance(one, bool) else str(one).strip()
        for one in (given if isinstance(given, list) else [given])
    ]
    known = list(item.options)
    if item.choose == "any":
        if words in ([], [NOTHING]):
            return ()
        known = [*known, NOTHING]
    elif len(words) != 1:
        raise ChecklistError(f"one answer is wanted, of {', '.join(known)}")
    for word in words:
        if word not in known:
            raise ChecklistError(f"{word!r} is no answer{hint(word, known)}")
    if NOTHING in words or len(set(words)) < len(words):
        raise ChecklistError(f"{', '.join(words)} cannot hold together")
    return tuple(words)


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ChecklistError(f"There is no file {path}: 'lesionary checklist new' writes one.")
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_Strict)  # noqa: S506 (safe)
    except (OSError, UnicodeDecodeError) as error:
        raise ChecklistError(f"The checklist {path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ChecklistError(
            f"{path} is not YAML: {error} Put text that holds a colon in quotes."
        ) from error
    if not isinstance(values, dict) or "checklist" not in values:
        raise ChecklistError(
            f"{path} does not say which checklist it is: begin with one that 'lesionary checklist "
            "new' writes."
        )
    unknown = sorted(str(key) for key in set(values) - {"checklist", "study", "kind", "answers"})
    if unknown:
        known = ("checklist", "study", "kind", "answers")
        raise ChecklistError(f"{path}: there is no key {unknown[0]!r}{hint(unknown[0], known)}.")
    return values


class _Strict(yaml.SafeLoader):
    """Refuse a key that is there twice: the first answer would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [str(self.construct_object(key, deep=True)) for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            line = node.start_mark.line + 1
            raise ChecklistError(f"The key {twice[0]!r} is there twice, after line {line}.")
        return super().construct_mapping(node, deep)


def _question(item: Item, checklist: Checklist) -> list[str]:
    only = f" (of a {item.kind} only)" if item.kind else ""
    lines = _comment(f"{item.number}. {item.ask}{only}", "  ")
    if checklist.unit == "points":
        for answer, (points, meaning) in item.options.items():
            lines += _comment(f"{answer} ({points:+d}): {meaning}", "  ", "    ")
        if item.choose == "any":
            both = ", ".join(item.options)
            lines += _comment(f"Those that hold, as [{both}]; or {NOTHING}", "  ", "    ")
    return [*lines, f'  "{item.number}":', "    answer:", "    where:"]


def _comment(text: str, margin: str, indent: str = "") -> list[str]:
    return [f"{margin}# {indent}{line}" for line in wrap(text, _WIDTH - len(margin + indent))]
