"""From a table of features to a page that shows them, and a table of all statistics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

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
    correlations : Path or None
    errors : Path or None
        Where it says why rows were set aside, if any were.
    """

    page: Path
    statistics: Path
    correlations: Path | None
    errors: Path | None


def write_exploration(
    found: Exploration,
    out: str | Path,
    *,
    correlations: str | Path | None = None,
    source: str = "features",
    command: str = "Python",
) -> WrittenExploration:
    """Write an exploration as one self-contained page, and its statistics as CSV beside it.

    Parameters
    ----------
    found : Exploration
        As :func:`lesionary.evaluate.explore.explore` gives it.
    out
        The page, ``.html``; the statistics are ``.csv`` of the same name.
    correlations : optional
        Table to write, ``.csv`` or ``.parquet``: the correlation of each feature (a row)
        with each (a column), to 4 decimals; empty with constant ones.
    source : str
        What to call the feature table.
    command : str
        What makes this page.
    """
    out = Path(out)
    if out.suffix.lower() not in (".html", ".htm"):
        raise EvaluationError(f"{out} is to be a page: let its name end in .html.")
    if correlations is not None:
        correlations = Path(correlations)
        if correlations.suffix.lower() not in (".csv", ".parquet"):
            raise EvaluationError(f"{correlations} ends neither in .csv nor in .parquet.")
    statistics, errors = out.with_suffix(".csv"), out.with_name("errors.csv")
    write_table(found.statistics, statistics)
    if correlations is not None:
        names = found.rows.features.columns
        matrix = pd.DataFrame(found.correlation.round(4), names.rename("feature"), names)
        write_table(matrix.reset_index(), correlations)
    html = exploration_page(found, source, statistics.name, command)
    with atomic_path(out) as temporary:
        temporary.write_text(html, encoding="utf-8")
    if not len(found.rows.set_aside):
        errors.unlink(missing_ok=True)
        return WrittenExploration(out, statistics, correlations, None)
    write_table(found.rows.set_aside, errors)
    return WrittenExploration(out, statistics, correlations, errors)
