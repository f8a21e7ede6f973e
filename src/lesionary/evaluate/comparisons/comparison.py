"""What a comparison of models says: differences, how sure we are of them, and their p-values."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import Any

import pandas as pd

from lesionary.evaluate.result import Result, p_words

NAMES = {"holm": "Holm", "benjamini-hochberg": "Benjamini-Hochberg"}
_WIDTH = 100


@dataclass(frozen=True)
class Difference:
    """Two models on the same rows.

    Parameters
    ----------
    first, second
        Names of the models.
    result
        The first one's metric minus the second one's.
    p
        Of the test, for these two models alone.
    corrected_p
        For the whole family of comparisons; ``p`` itself if none was asked for.
    """

    first: str
    second: str
    result: Result
    p: float
    corrected_p: float


@dataclass(frozen=True)
class Comparison:
    """All differences of a family of models. Prints itself as a table.

    Parameters
    ----------
    metric
        As a person says it: ``AUC``.
    higher_is_better
        False for losses.
    values
        The metric of each model.
    differences
        One a pair of models.
    reference
        The model that all others were compared with; None if all pairs were.
    test
        Which test gave p, as a sentence's part.
    correction
        ``holm``, ``benjamini-hochberg`` or None.
    notes
        What holds for all of them.
    """

    metric: str
    higher_is_better: bool
    values: dict[str, float]
    differences: tuple[Difference, ...]
    reference: str | None
    test: str
    correction: str | None
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row a pair: names, difference with its interval, counts, p-values, method, notes."""
        rows = []
        for pair in self.differences:
            told = pair.result.as_dict()
            rows.append(
                {
                    "first": pair.first,
                    "second": pair.second,
                    "metric": self.metric,
                    "difference": told["value"],
                    **{name: told[name] for name in ("low", "high", "level", "n", "events")},
                    "patients": told["patients"],
                    "p": pair.p,
                    "corrected_p": pair.corrected_p,
                    "correction": self.correction,
                    "test": self.test,
                    "method": told["method"],
                    "notes": told["notes"],
                }
            )
        return pd.DataFrame(rows)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            "values": dict(self.values),
            "reference": self.reference,
            "test": self.test,
            "correction": self.correction,
            "notes": "; ".join(self.notes),
            "differences": [
                {
                    "first": pair.first,
                    "second": pair.second,
                    **pair.result.as_dict(),
                    "p": pair.p,
                    "corrected_p": pair.corrected_p,
                }
                for pair in self.differences
            ],
        }

    def __str__(self) -> str:
        head: tuple[str, ...] = (
            "",
            "difference",
            f"{self.differences[0].result.level * 100:g} % CI",
            "p",
        )
        if self.correction is not None:
            head += ("corrected",)
        lines = [head, *(self._line(pair) for pair in self.differences)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        rows = [
            "  ".join(
                cell.rjust(width) if column else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        values = ", ".join(f"{name} {value:.3f}" for name, value in self.values.items())
        values = fill(f"{self.metric}: {values}", _WIDTH, subsequent_indent="  ")
        return "\n".join([values, *rows, *self._below()])

    def _line(self, pair: Difference) -> tuple[str, ...]:
        result = pair.result
        interval = "-"
        if result.low is not None and result.high is not None:
            interval = f"{result.low:+.3f} to {result.high:+.3f}"
        cells = (f"{pair.first} - {pair.second}", f"{result.value:+.3f}", interval, p_words(pair.p))
        return cells if self.correction is None else (*cells, p_words(pair.corrected_p))

    def _below(self) -> list[str]:
        one = self.differences[0].result
        counts = f"n = {one.n:,}"
        if one.events is not None:
            counts += f", {one.events:,} events"
        if one.patients is not None:
            counts += f", {one.patients:,} patients"
        corrected = "not corrected for their number"
        if self.correction is not None:
            corrected = f"corrected by {NAMES[self.correction]} over {len(self.differences):,}"
        lines = [f"{counts}; p: {self.test}, {corrected}; CI: {one.method}"]
        lines += [f"  {note}" for note in self.notes]
        return lines + [
            f"  {pair.first} - {pair.second}: {note}"
            for pair in self.differences
            for note in pair.result.notes
        ]
