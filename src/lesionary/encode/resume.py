"""Shards of one table: compute those that no earlier run has finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lesionary import progress
from lesionary.encode.features import read_provenance
from lesionary.encode.finish import Table
from lesionary.encode.lesion import Lesion
from lesionary.encode.plan import Shard, rows_digest
from lesionary.encode.provenance import differences, in_words
from lesionary.encode.shards import Content, ExtractionError, ShardFolder, stamps_of

Compute = Callable[[Sequence[Shard]], Iterator[tuple[Shard, Content]]]


def finish_shards(
    table: Table,
    shards: Sequence[Shard],
    made: Mapping[str, Any],
    compute: Compute,
    *,
    overwrite: bool,
    doing: str,
) -> list[Shard] | None:
    """Go on with a run, or begin one, until all its shards are on disk.

    Parameters
    ----------
    table : Table
    shards : sequence of Shard
    made : mapping
        What the numbers depend on besides rows and scans.
    compute : callable
        Yields each shard with what it holds.
    overwrite : bool
        Replace a table, or an interrupted run, that was made otherwise.
    doing : str
        What the progress bar says.

    Returns
    -------
    list of Shard or None
        Those computed now; None where the table is there already, complete and the same.
    """
    folder = ShardFolder(table.path)
    begun = folder.settings() is not None
    if not begun and table.path.exists() and not overwrite:
        rows = rows_digest(shards, map(stamps_of, shards))
        _check_same(table.path, {**made, "column_style": table.column_style}, rows)
        return None
    folder.open(made, overwrite=overwrite)
    todo = [shard for shard in shards if not begun or not folder.is_finished(shard)]
    wanted = sum(len(shard.lesions) for shard in todo)
    for _ in progress.track(_written(compute(todo), folder), doing, total=wanted):
        pass
    return todo


def _written(computed: Iterator[tuple[Shard, Content]], folder: ShardFolder) -> Iterator[Lesion]:
    """Write one shard after the other; yield the lesions that are done with."""
    for shard, content in computed:
        folder.write(shard, content)
        yield from shard.lesions


def _check_same(out: Path, made: Mapping[str, Any], rows: str) -> None:
    """Accept a table that is what this run would make; refuse to replace any other."""
    about = read_provenance(out)
    if about is None:
        raise ExtractionError(
            f"{out} exists and does not say how it was made. Give another --out, or --overwrite."
        )
    differing = differences({name: about.get(name) for name in made}, made)
    if about["rows"] != rows:
        differing.insert(0, "rows of the cohort, or files of its scans, have changed since")
    if differing:
        raise ExtractionError(
            f"{out} exists and was made otherwise: {in_words(differing)}. Give another --out, or "
            "--overwrite to replace it."
        )
