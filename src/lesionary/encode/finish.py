"""The end of a run: finished shards become the table, bad rows become errors.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from lesionary.cohort.columns import LESION
from lesionary.cohort.table import write_table
from lesionary.encode.assemble import Layout, write_csv, write_parquet
from lesionary.encode.card import ModelCard
from lesionary.encode.features import write_provenance
from lesionary.encode.lesion import SetAside
from lesionary.encode.plan import Shard, rows_digest
from lesionary.encode.provenance import provenance
from lesionary.encode.rows import Lesions
from lesionary.encode.shards import ExtractionError, ShardFolder
from lesionary.files import atomic_path

TableFormat = Literal["parquet", "csv"]
ColumnStyle = Literal["lesionary", "pred"]


@dataclass(frozen=True)
class Written:
    """What became of a table: its rows, those it lacks, and how many values are not defined."""

    lesions: int
    set_aside: tuple[SetAside, ...]
    undefined: int


@dataclass(frozen=True)
class Table:
    """The table that was asked for."""

    path: Path
    table_format: TableFormat
    column_style: ColumnStyle

    @classmethod
    def at(
        cls, path: str | Path, table_format: TableFormat | None, column_style: ColumnStyle
    ) -> Table:
        """Take the format from the path's ending where none is given."""
        path = Path(path)
        endings: dict[str, TableFormat] = {".parquet": "parquet", ".csv": "csv"}
        ending = endings.get(path.suffix.lower())
        found = table_format or ending
        if found is None:
            raise ExtractionError(
                f"{path} ends neither in .parquet nor in .csv: name it so, or say --format."
            )
        if ending not in (None, found):
            raise ExtractionError(
                f"{path} is to be a table in the format {found}, which its name denies: call it "
                f"{path.with_suffix(f'.{found}')}."
            )
        return cls(path, found, column_style)

    @property
    def errors(self) -> Path:
        """Where rows that were set aside are listed."""
        return self.path.parent / "errors.csv"

    @property
    def notes(self) -> Path:
        """Where features that are not defined for a lesion are listed."""
        return self.path.with_name(f"{self.path.stem}.notes.csv")

    def write(
        self,
        lesions: Lesions,
        layout: Layout,
        shards: Sequence[Shard],
        folder: ShardFolder,
        made: Mapping[str, Any],
    ) -> Written:
        """Write the table, whole or not at all.

        The shards stay where rows were set aside: once these are put right, only their scans
        have to be computed.
        """
        hashes: dict[str, str] = {}
        masks: dict[str, str] = {}
        notes: list[list[str]] = []
        stamps: list[list[str]] = []
        set_aside = list(lesions.set_aside)
        for shard in shards:
            content = folder.read_about(shard)
            hashes.update(content.hashes)
            stamps.append(content.stamps)
            set_aside += content.set_aside
            masks.update(content.masks)
            notes += content.notes
        set_aside.sort(key=lambda one: one.position)
        self._write_errors(set_aside, folder)
        self._write_notes(notes)
        if not hashes:
            raise ExtractionError(
                f"No row of the table could be used; {self.errors} says why. The first, row "
                f"{set_aside[0].row}: {set_aside[0].reason}"
            )
        about = provenance(
            made,
            hashes,
            rows=rows_digest(shards, stamps),
            column_style=self.column_style,
            set_aside=len(set_aside),
            masks=masks,
        )
        with atomic_path(folder.path / f"table.{self.table_format}") as temporary:
            if self.table_format == "csv":
                write_csv(temporary, layout, folder, shards)
            else:
                write_parquet(temporary, layout, folder, shards, about)
        if self.table_format == "csv":
            write_provenance(self.path, about)
        (folder.path / f"table.{self.table_format}").replace(self.path)
        if not set_aside:
            folder.remove()
        return Written(len(hashes), tuple(set_aside), len(notes))

    def _write_errors(self, set_aside: Sequence[SetAside], folder: ShardFolder) -> None:
        ours = folder.path / "errors"  # whether errors.csv is of an earlier try at this table
        if set_aside:
            rows = [(one.lesion_id, one.row, one.reason) for one in set_aside]
            write_table(pd.DataFrame(rows, columns=["lesion_id", "row", "reason"]), self.errors)
            ours.touch()
        elif ours.exists():
            self.errors.unlink(missing_ok=True)

    def _write_notes(self, notes: Sequence[Sequence[str]]) -> None:
        if notes:
            columns = ["lesion_id", "feature", "reason"]
            write_table(pd.DataFrame(notes, columns=columns), self.notes)
        else:
            self.notes.unlink(missing_ok=True)

    def layout(self, lesions: Lesions, cards: Sequence[ModelCard]) -> Layout:
        """Return the columns that encoders fill."""
        dimensions = {card.name: card.dimension for card in cards}
        if self.column_style == "pred":
            names = [f"pred_{i}" for i in range(cards[0].dimension)]
            return Layout(dimensions, names, lesions.table)
        names = [name for card in cards for name in card.columns]
        return Layout(dimensions, names, ids_of(lesions))


def ids_of(lesions: Lesions) -> pd.DataFrame:
    """Return the column ``lesion_id``, one row a position."""
    ids = [""] * len(lesions.table)
    for lesion in lesions.usable:
        ids[lesion.position] = lesion.lesion_id
    return pd.DataFrame({LESION: ids}, dtype=str)
