"""Limits of agreement of every two conditions, as a table and as pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lesionary.cohort.table import write_table
from lesionary.errors import ModelError
from lesionary.evaluate.figure_style import save_figure
from lesionary.evaluate.reliability.limits import bland_altman, bland_altman_table
from lesionary.evaluate.reliability.limits_figure import draw_bland_altman
from lesionary.evaluate.reliability.ratings import feature_columns, read_ratings
from lesionary.spelling import hint

PAIRS = "bland_altman.csv"


def write_pairs(
    table: pd.DataFrame,
    subject: str,
    condition: str,
    repeat: str | None,
    folder: str | Path,
    *,
    columns: Sequence[str] | None = None,
    drawn: Sequence[str] = (),
) -> list[Path]:
    """Write bias and limits of every feature and two conditions; draw those asked for.

    Parameters
    ----------
    table, subject, condition, repeat, columns
        As of :func:`~lesionary.adapt.robustness.assess_robustness`. Of repeats, the first is
        compared: limits are of single measurements.
    folder
    drawn : sequence of str
        Features to draw, of the first two conditions.

    Returns
    -------
    list of Path
        The pictures.
    """
    folder = Path(folder)
    names = feature_columns(table, {subject, condition, repeat or subject}, columns)
    unknown = [name for name in drawn if name not in names]
    if unknown:
        raise ModelError(f"There is no feature {unknown[0]!r}{hint(unknown[0], names)}.")
    if repeat is not None:
        table = table.sort_values(repeat, kind="stable").drop_duplicates([subject, condition])
    ratings = read_ratings(table, subject, condition, names)
    write_table(bland_altman_table(ratings), folder / PAIRS)
    written = []
    first, second = ratings.raters[:2]
    for name in drawn:
        place = names.index(name)
        found = bland_altman(ratings.array[:, 0, place], ratings.array[:, 1, place])
        figure = draw_bland_altman(found, f"{name}: {first} less {second}")
        stem = re.sub(r"[^A-Za-z0-9.+-]+", "_", name)
        written += save_figure(figure, folder / f"bland_altman_{stem}")
    return written
