"""From a table of features to a page that shows them, and a table of all statistics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lesionary.cohort.table import write_table
from lesionary.errors import EvaluationError
from lesionary.evaluate.explore import Exploration
from lesionary.files import atomic_path
from lesionary.study.explore_page import exploration_page


@dataclass(frozen=True)
class WrittenExploration:
    """Where an exploration was written.

    Attributes
    ----------
    page, statistics : Path
    errors : Path or None
        Where it says why rows were set aside, if any were.
    """

    page: Path
    statistics: Path
    errors: Path | None


def write_exploration(
    found: Exploration, out: str | Path, *, source: str = "features", command: str = "Python"
) -> WrittenExploration:
    """Write an exploration as one self-contained page, and its statistics as CSV beside it.

    Parameters
    ----------
    found : Exploration
        As :func:`lesionary.evaluate.explore.explore` gives it.
    out
        The page, ``.html``; the statistics are ``.csv`` of the same name.
    source : str
        What to call the feature table.
    command : str
        What makes this page.
    """
    out = Path(out)
    if out.suffix.lower() not in (".html", ".htm"):
        raise EvaluationError(f"{out} is to be a page: let its name end in .html.")
    statistics, errors = out.with_suffix(".csv"), out.with_name("errors.csv")
    write_table(found.statistics, statistics)
    html = exploration_page(found, source, statistics.name, command)
    with atomic_path(out) as temporary:
        temporary.write_text(html, encoding="utf-8")
    if len(found.rows.set_aside):
        write_table(found.rows.set_aside, errors)
        return WrittenExploration(out, statistics, errors)
    errors.unlink(missing_ok=True)
    return WrittenExploration(out, statistics, None)
