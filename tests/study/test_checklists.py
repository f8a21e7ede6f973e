"""Checklists have the originals' items, and sheets are read strictly and added up rightly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from lesionary.cli.checklist import app
from lesionary.study.checklists import (
    ChecklistError,
    blank_sheet,
    checklist_names,
    load_checklist,
    read_sheet,
    score_sheet,
    write_blank_sheet,
)

# Items and parts of the originals.
SIZES = {
    "rqs": (16, 16), "tripod": (22, 37), "tripod-ai": (27, 52), "claim": (42, 42), "stard": (30, 34)
}  # fmt: skip

# The only way to every point of the RQS, and to its fewest.
BEST = {
    "1": ["documented", "public"], "2": True, "3": True, "4": True, "5": "guarded", "6": True,
    "7": True, "8": True, "9": ["statistic", "resampled"], "10": ["statistic", "resampled"],
    "11": True, "12": "three-institutes", "13": True, "14": True, "15": True,
    "16": ["scans", "regions", "code", "features"],
}  # fmt: skip
WORST = {
    number: "unguarded" if number == "5" else "none" if number == "12"
    else "nothing" if isinstance(answer, list) else False
    for number, answer in BEST.items()
}  # fmt: skip


def sheet(folder: Path, name: str, answers: dict, **more: str) -> Path:
    path = folder / "sheet.yaml"
    entries = {number: {"answer": answer} for number, answer in answers.items()}
    path.write_text(yaml.safe_dump({"checklist": name, "answers": entries, **more}))
    return path


def scored(folder: Path, name: str, answers: dict, **more: str):
    return score_sheet(read_sheet(sheet(folder, name, answers, **more)))


def test_there_are_the_items_of_the_originals():
    assert set(checklist_names()) == set(SIZES)
    for name, (items, parts) in SIZES.items():
        checklist = load_checklist(name)
        wholes = list(dict.fromkeys(item.whole for item in checklist.items))
        assert wholes == [str(k + 1) for k in range(items)]
        assert len(checklist.items) == len({item.number for item in checklist.items}) == parts
        assert re.search(r"doi 10\.\d+/", checklist.citation)
        for whole in wholes:
            letters = [item.number for item in checklist.items if item.whole == whole]
            assert letters in ([whole], [f"{whole}{'abcdefg'[k]}" for k in range(len(letters))])


def test_points_of_the_rqs_are_those_of_the_original():
    items = load_checklist("rqs").items
    assert [item.highest for item in items] == [2, 1, 1, 1, 3, 1, 1, 1, 2, 2, 7, 5, 2, 2, 1, 4]
    assert sum(item.lowest for item in items) == -8
    assert sorted(points for points, _ in items[11].options.values()) == [-5, 2, 3, 4, 4, 5]


@pytest.mark.parametrize("name", SIZES)
def test_a_blank_sheet_reads_as_unanswered(name, tmp_path):
    checklist = write_blank_sheet(name, tmp_path / "blank.yaml")
    text = (tmp_path / "blank.yaml").read_text()
    assert max(map(len, text.splitlines())) <= 100
    if checklist.kinds:
        text = text.replace("kind:", f"kind: {checklist.kinds[0]}")
        (tmp_path / "blank.yaml").write_text(text)
    found = score_sheet(read_sheet(tmp_path / "blank.yaml"))
    assert found.value == 0
    assert list(found.missing) == list(
        checklist.items_for(checklist.kinds[0] if checklist.kinds else None)
    )
    assert found.highest == found.possible
    with pytest.raises(ChecklistError, match="is there already"):
        write_blank_sheet(name, tmp_path / "blank.yaml")


def test_a_sheet_filled_in_by_hand_is_scored(tmp_path):
    text = blank_sheet(load_checklist("rqs")).replace("study:", "study: ours")
    for number, answer in {
        "1": "[documented]",
        "2": "yes",
        "5": "guarded",
        "12": "other-institute",
    }.items():
        text = text.replace(
            f'"{number}":\n    answer:\n    where:',
            f'"{number}":\n    answer: {answer}\n    where: p. 3, Methods',
        )
    (tmp_path / "rqs.yaml").write_text(text)
    found = score_sheet(read_sheet(tmp_path / "rqs.yaml"))
    assert found.value == 1 + 1 + 3 + 3
    assert (found.lowest, found.highest) == (8, 8 + 36 - 2 - 1 - 3 - 5)
    assert str(found).startswith("Radiomics Quality Score, ours: 8 of 36 points (22 %); 12 not")
    row = found.table.set_index("number").loc["12"]
    assert (row["points"], row["possible"], row["where"]) == (3, 5, "p. 3, Methods")


def test_the_range_of_the_rqs(tmp_path):
    best, worst = scored(tmp_path, "rqs", BEST), scored(tmp_path, "rqs", WORST)
    assert (best.value, best.percent) == (36, 100)
    assert (worst.value, worst.percent) == (-8, 0)
    assert best.missing == worst.missing == ()
    assert best.lowest == best.highest == 36
    # 47 %, as a published study of the lung had.
    mixed = WORST | {"1": ["documented"], "2": True, "5": "guarded", "6": True, "8": True}
    mixed |= {
        "9": ["statistic", "resampled"],
        "12": "two-institutes",
        "14": True,
        "7": True,
        "16": "code",
    }
    assert round(scored(tmp_path, "rqs", mixed).percent) == 47


def test_items_are_reported_when_all_their_parts_are(tmp_path):
    every = {item.number: True for item in load_checklist("stard").items}
    assert str(scored(tmp_path, "stard", every)) == "STARD: 30 of 30 items (100 %); 34 of 34 parts"
    found = scored(tmp_path, "stard", every | {"10b": False, "25": "na", "21a": "na", "21b": "na"})
    assert (found.value, found.possible, found.parts, found.possible_parts) == (27, 28, 30, 31)
    half = scored(tmp_path, "stard", {"10a": True, "12a": False, "1": True})
    assert (half.value, half.lowest, half.highest) == (1, 1, 29)


@pytest.mark.parametrize(
    ("name", "kind", "asked"),
    [
        ("tripod", "development", 31), ("tripod", "validation", 31), ("tripod", "both", 37),
        ("tripod-ai", "development", 48), ("tripod-ai", "evaluation", 44),
        ("tripod-ai", "both", 52),
    ],
)  # fmt: skip
def test_a_kind_of_study_answers_its_items(name, kind, asked, tmp_path):
    found = scored(tmp_path, name, {}, kind=kind)
    assert len(found.missing) == asked
    other = next(item for item in load_checklist(name).items if item.kind not in (None, kind))
    if kind != "both":
        ignored = scored(tmp_path, name, {other.number: True}, kind=kind)
        assert ignored.parts == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("checklist: rqs\nanswers: {'2': {answer: maybe}}", "item 2: 'maybe' is no answer"),
        ("checklist: rqs\nanswers: {'1': {answer: [documentd]}}", "did you mean 'documented'"),
        ("checklist: rqs\nanswers: {'1': {answer: [public, public]}}", "cannot hold together"),
        ("checklist: rqs\nanswers: {'1': {answer: [public, nothing]}}", "cannot hold together"),
        ("checklist: rqs\nanswers: {'2': {answer: [yes, no]}}", "item 2: one answer is wanted"),
        ("checklist: rqs\nanswers: {'17': {answer: yes}, '2': 3}", "no item 17; item 2: '3' is no"),
        ("checklist: rqs\nanswers: {'2': {anwser: yes}}", "did you mean 'answer'"),
        ("checklist: rqs\nanswers:\n  '2': {answer: yes}\n  2: {answer: no}", "'2' is there twice"),
        ("checklist: rqs\nanswers: [1, 2]", "one entry an item"),
        ("checklist: rqs\nanswer: {}", "did you mean 'answers'"),
        ("checklist: rsq\nanswers: {}", "did you mean 'rqs'"),
        ("checklist: rqs\nkind: both\nanswers: {}", "kind is 'both'"),
        ("checklist: tripod\nanswers: {}", "kind is not given: one of development, validation"),
        ("checklist: tripod\nkind: validaton\nanswers: {}", "did you mean 'validation'"),
        ("checklist: rqs\nstudy: a: b", "is not YAML"),
        ("answers: {}", "does not say which checklist"),
        ("", "does not say which checklist"),
    ],
)
def test_what_cannot_be_scored_is_refused(content, words, tmp_path):
    (tmp_path / "sheet.yaml").write_text(content)
    with pytest.raises(ChecklistError, match=re.escape(words)):
        read_sheet(tmp_path / "sheet.yaml")


def test_no_file_and_no_text_are_refused(tmp_path):
    with pytest.raises(ChecklistError, match=r"There is no file .*absent\.yaml"):
        read_sheet(tmp_path / "absent.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ChecklistError, match="cannot be read"):
        read_sheet(tmp_path / "binary.yaml")


def test_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    assert run(app, ["list"]).exit_code == 0
    assert run(app, ["new", "rqs"]).exit_code == 0
    blank = run(app, ["score", "rqs.yaml"])
    assert blank.exit_code == 1
    assert "16. Not answered" in blank.output
    path = sheet(tmp_path, "rqs", BEST | {"15": False, "16": "nothing"})
    done = run(app, ["score", path.name, "--out", "rqs.csv"])
    assert done.exit_code == 0
    assert "31 of 36 points (86 %)" in done.output
    assert "15. +0 of 1:" in done.output
    assert (tmp_path / "rqs.csv").read_text().count("\n") == 17
    assert isinstance(run(app, ["new", "rqs"]).exception, ChecklistError)
