"""``metrics.csv``: one row for every step that was written down."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from lesionary.files import atomic_path

METRICS = "metrics.csv"


class History:
    """A table that grows by a row at a time, and by columns where new metrics come up.

    Parameters
    ----------
    path : Path
    step : int
        Rows after this step are left out: an interrupted run will do these steps again.
    """

    def __init__(self, path: Path, step: int = 0) -> None:
        self.path = path
        self._columns: list[str] = []
        if path.exists():
            table = read_history(path)
            table = table[table["step"] <= step]
            self._columns = list(table.columns)
            with atomic_path(path) as temporary:
                table.to_csv(temporary, index=False, lineterminator="\n")

    def add(self, row: dict[str, float]) -> None:
        """Append a row."""
        if new := [name for name in row if name not in self._columns]:
            self._widen(new)
        line = io.StringIO()
        csv.DictWriter(line, self._columns, lineterminator="\n").writerow(row)
        with self.path.open("a", encoding="utf-8", newline="") as handle:
            handle.write(line.getvalue())

    def _widen(self, new: list[str]) -> None:
        before = len(self._columns)
        self._columns += new
        lines = self.path.read_text(encoding="utf-8").splitlines() if before else [""]
        with atomic_path(self.path) as temporary:
            text = [",".join(self._columns), *(line + "," * len(new) for line in lines[1:])]
            temporary.write_text("".join(f"{line}\n" for line in text), encoding="utf-8")


def read_history(path: Path) -> pd.DataFrame:
    """Read the metrics of a run; a metric that a step does not have is NaN."""
    # As text first: pandas 2 rounds the last digit of numbers that it reads by itself.
    table = pd.read_csv(path, dtype=str).astype(np.float64)
    return table.astype({"step": np.int64})
