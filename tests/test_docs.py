"""What the documentation shows is run, so that it stays true."""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
import sys
from pathlib import Path

import pytest

from lesionary.cli import main

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = [p for p in sorted((ROOT / "src").rglob("*.py")) if ">>> " in p.read_text("utf-8")]

BLOCK = re.compile(r"^```(python|pycon|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXITS = re.compile(r"# exits (\d)$")


def blocks(page: Path) -> list[tuple[str, str, int]]:
    """Every example of a page: language, code, line where it begins."""
    text = page.read_text("utf-8")
    return [(m[1], m[2], text[: m.start()].count("\n") + 2) for m in BLOCK.finditer(text)]


def run_commands(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the ``lesionary`` lines of a shell example; ``# exits 1`` says how one ends."""
    for line in block.replace("\\\n", " ").splitlines():
        if line.startswith("lesionary "):
            monkeypatch.setattr(sys, "argv", shlex.split(line, comments=True))
            with pytest.raises(SystemExit) as stop:
                main()
            assert (stop.value.code or 0) == (int(m[1]) if (m := EXITS.search(line)) else 0), line


@pytest.mark.parametrize(
    "page", [p for p in PAGES if blocks(p)], ids=lambda p: str(p.relative_to(ROOT))
)
def test_examples_of_a_page(page: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for language, code, line in blocks(page):
        where = f"{page.relative_to(ROOT)}:{line}"
        if language == "bash":
            run_commands(code, monkeypatch)
        elif language == "python":
            exec(compile(code, where, "exec"), names)
        else:
            example = doctest.DocTestParser().get_doctest(code, names, where, str(page), line)
            outcome = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(
                example, clear_globs=False
            )
            names.update(example.globs)
            assert outcome.failed == 0


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_examples_of_a_docstring(path: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    module = importlib.import_module(name.removesuffix(".__init__"))
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


def test_links_between_files_lead_somewhere():
    broken = [
        f"{page.name}: {target}"
        for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
