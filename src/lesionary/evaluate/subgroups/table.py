"""A metric in each subgroup, and whether it is the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lesionary.evaluate.result import Result

FEW = 10
"""Rows of a class, or events, below which an interval is called unreliable."""

UNRELIABLE = "unreliable"
"""How the note of such a result begins."""

TEST = "bootstrap Wald test of equal metrics, whole patients drawn"


@dataclass(frozen=True)
class Subgroups:
    """A metric in each subgroup by one column.

    Parameters
    ----------
    column
        What the rows are told apart by.
    results
        One a subgroup. Where there is none, ``reasons`` say why.
    reasons
        Of the subgroups that could not be judged.
    counts
        Rows of every subgroup.
    p
        Of the interaction: that the metric is the same in all subgroups. None if it could not
        be tested; then ``notes`` say why.
    corrected_p
        By Holm, over all columns that were looked at.
    notes
        What a reader should know.
    """

    column: str
    results: Mapping[str, Result]
    reasons: Mapping[str, str]
    counts: Mapping[str, int]
    p: float | None
    corrected_p: float | None
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row a subgroup: its metric, counts and notes, and the test of the interaction."""
        rows: list[dict[str, Any]] = []
        for name, count in self.counts.items():
            row: dict[str, Any] = {"column": self.column, "subgroup": name, "n": count}
            if name in self.results:
                row |= self.results[name].as_dict()
            else:
                row["notes"] = f"not computed: {self.reasons[name]}"
            row |= {"p_interaction": self.p, "corrected_p": self.corrected_p}
            rows.append(row | {"test": " ".join((f"{TEST}.", *self.notes))})
        columns = ["column", "subgroup", "metric", "value", "low", "high", "level", "n", "events"]
        columns += ["patients", "method", "p_interaction", "corrected_p", "test", "notes"]
        return pd.DataFrame(rows).reindex(columns=columns)
