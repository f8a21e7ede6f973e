"""What is wrong with a lesion table: one finding, and a list of them that grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.errors import CohortError

Level = Literal["error", "warning"]

_SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """One finding in a lesion table.

    Attributes
    ----------
    level : {"error", "warning"}
        An error keeps the table (or the row) from being used; a warning asks to be read.
    file : str
        The table's path as it was given, or ``table`` for a data frame.
    row : int or None
        Counted as a spreadsheet shows it: the header is row 1. None: the whole table.
    column : str
        Empty where no single column is meant.
    message : str
        What is wrong and what to do.
    """

    level: Level
    file: str
    row: int | None
    column: str
    message: str

    def __str__(self) -> str:
        row = "" if self.row is None else f"row {self.row}"
        where = ", ".join(part for part in (self.file, row, self.column) if part)
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class Origin:
    """Where each row of a table came from, by position: the file, and the row in it."""

    files: NDArray[np.object_]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, file: str, rows: Sequence[int] | NDArray[np.int64]) -> Origin:
        """Return the origin of ``rows`` that all come from one ``file``."""
        return cls(np.full(len(rows), file, dtype=object), np.asarray(rows, dtype=np.int64))

    @classmethod
    def joined(cls, parts: Sequence[Origin]) -> Origin:
        """Return the origin of tables put below one another."""
        return cls(
            np.concatenate([part.files for part in parts]),
            np.concatenate([part.rows for part in parts]),
        )


@dataclass
class Findings:
    """The problems found so far in one table."""

    origin: Origin
    source: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, level: Level, column: str, message: str) -> None:
        """Note a problem of the whole table."""
        self.problems.append(Problem(level, self.source, None, column, message))

    def add_rows(
        self,
        level: Level,
        bad: pd.Series[bool] | NDArray[np.bool_],
        column: str,
        message: str | Callable[[int], str],
    ) -> None:
        """Note a problem for every row where ``bad`` is true; ``message`` may need the position."""
        self.add_at(level, np.flatnonzero(np.asarray(bad, dtype=bool)), column, message)

    def add_at(
        self,
        level: Level,
        positions: NDArray[np.intp],
        column: str,
        message: str | Callable[[int], str],
    ) -> None:
        """Note a problem for the rows at ``positions``."""
        for position in positions.tolist():
            text = message if isinstance(message, str) else message(position)
            file, row = self.origin.files[position], int(self.origin.rows[position])
            self.problems.append(Problem(level, file, row, column, text))

    def sorted(self) -> list[Problem]:
        """Return errors first, then by file and row; those of the whole table lead."""
        return sorted(
            self.problems,
            key=lambda problem: (problem.level != "error", problem.file, problem.row or 0),
        )


def problems_table(problems: Sequence[Problem]) -> pd.DataFrame:
    """Return the report as a table: level, file, row, column, message."""
    columns = ["level", "file", "row", "column", "message"]
    table = pd.DataFrame([astuple(problem) for problem in problems], columns=columns)
    return table.astype({"row": "Int64"})


def raise_errors(problems: Sequence[Problem], source: str) -> None:
    """Raise a CohortError that shows the first errors, if there are any."""
    errors = [problem for problem in problems if problem.level == "error"]
    if not errors:
        return
    shown = "\n".join(f"  {problem}" for problem in errors[:_SHOWN])
    more = f"\n  ... and {len(errors) - _SHOWN:,} more" if len(errors) > _SHOWN else ""
    count = "1 error" if len(errors) == 1 else f"{len(errors):,} errors"
    raise CohortError(
        f"{source} has {count}:\n{shown}{more}\n"
        f"'lesionary cohort check' (or check_cohort) lists all of them."
    )


def value_text(value: Any) -> str:
    """Return a cell's value as a message shows it: short, in quotes if it is text."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
