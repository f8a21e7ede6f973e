"""One run: read, prepare, embed, write shard by shard, put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lesionary import progress
from lesionary.cohort import Cohort
from lesionary.cohort.load import CohortSource
from lesionary.encode.choice import Choice, EncoderSource, Weights, choose
from lesionary.encode.features import read_provenance
from lesionary.encode.finish import ColumnStyle, Table, TableFormat
from lesionary.encode.lesion import Lesion, SetAside
from lesionary.encode.plan import Shard, group_by_scan, plan_shards, rows_digest
from lesionary.encode.prepare import Prepared
from lesionary.encode.provenance import differences, settings
from lesionary.encode.rows import read_lesions
from lesionary.encode.shards import Content, ExtractionError, ShardFolder, stamps_of
from lesionary.encode.workers import Workers, default_workers
from lesionary.scan.recipe import Recipe

if TYPE_CHECKING:
    from lesionary.encode.encoder import Encoder
    from lesionary.encode.forward import Precision

Embed = Callable[["Encoder", NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class Extraction:
    """What a run did.

    Attributes
    ----------
    out : Path
    lesions : int
        Rows of the table.
    columns : int
        Features of each.
    encoders : tuple of str
    computed : int
        Lesions computed now; an earlier, interrupted run had finished the others.
    set_aside : tuple of SetAside
        Rows without features, with the reason.
    errors : Path
        The file that lists these, if there are any.
    notes : tuple of str
        What was done to the cohort's table while it was read.
    seconds : float
    """

    out: Path
    lesions: int
    columns: int
    encoders: tuple[str, ...]
    computed: int
    set_aside: tuple[SetAside, ...]
    errors: Path
    notes: tuple[str, ...]
    seconds: float


def run_extraction(
    cohort: CohortSource | Cohort,
    encoder: EncoderSource | Sequence[EncoderSource],
    out: str | Path,
    *,
    root: str | Path | None = None,
    weights: Weights = None,
    recipe: str | Path | Recipe | None = None,
    device: str = "auto",
    precision: Precision = "fp32",
    batch_size: int | None = None,
    workers: int | None = None,
    precropped: bool = False,
    table_format: TableFormat | None = None,
    column_style: ColumnStyle = "lesionary",
    overwrite: bool = False,
) -> Extraction:
    """Extract features into a file, in memory that does not grow with the number of scans.

    Parameters
    ----------
    cohort, encoder, out
        As for :func:`lesionary.extract`.
    root : path, optional
        Folder that the table's paths start from; by default the table's own.
    weights : path, or mapping of encoder name to path, optional
        Weights to use instead of those that were fetched.
    recipe : str, Path or Recipe, optional
        How patches are cut, instead of the way on the encoder's card.
    device : str
        ``auto`` (CUDA, else MPS, else the CPU), or a name that torch knows.
    precision : {"fp32", "bf16"}
        What bf16 costs is on the encoder's card.
    batch_size : int, optional
        Patches that the network sees at once; by default what memory allows, within reason.
    workers : int, optional
        Processes that prepare patches; by default half the processors, at most 8. With 0,
        this process prepares them itself.
    precropped : bool
        Each ``image_path`` is a patch already, which is only padded.
    table_format : {"parquet", "csv"}, optional
        By default what ``out`` ends in.
    column_style : {"lesionary", "pred"}
        ``pred``: all columns of the input, then ``pred_0``, ``pred_1``, ..., as the published
        ``get_features`` has them.
    overwrite : bool
        Replace a table, or an interrupted run, that was made otherwise.

    Returns
    -------
    Extraction

    Raises
    ------
    LesionaryError
        If nothing can be extracted, or the table is there and was made otherwise.
    """
    started = time.monotonic()
    table = Table.at(out, table_format, column_style)
    choice = choose(encoder, weights, recipe)
    if column_style == "pred" and len(choice.cards) > 1:
        raise ExtractionError("Columns in the style 'pred' hold one encoder's features; give one.")
    lesions = read_lesions(cohort, root, precropped=precropped)
    folder = ShardFolder(table.path)
    begun = folder.settings()

    with Workers(default_workers() if workers is None else workers) as pool:
        # torch takes about as long to import as the workers take to start.
        from lesionary.encode.forward import choose_batch_size, choose_device, embed

        place = choose_device(device)
        batch = batch_size or (begun or {}).get("batch_size")
        batch = batch or choose_batch_size(place, choice.recipes)
        shards = plan_shards(group_by_scan(lesions.usable, choice.distinct), batch)

        def prepare(wanted: Sequence[Shard]) -> Iterator[Prepared]:
            scans = (scan for shard in wanted for scan in shard.scans)
            return pool.prepare(scans, choice.distinct, precropped)

        # In a new run, the first scans are read while the weights are.
        prepared = prepare(shards) if begun is None else None
        encoders = choice.load(place)
        used = [
            (card, loaded.weights_hash, recipe)
            for card, loaded, recipe in zip(choice.cards, encoders, choice.recipes, strict=True)
        ]
        made = settings(
            used,
            precision=precision,
            precropped=precropped,
            device=place.type,
            batch_size=batch,
        )
        complete = begun is None and table.path.exists() and not overwrite
        if complete:
            rows = rows_digest(shards, map(stamps_of, shards))
            _check_same(table.path, {**made, "rows": rows, "column_style": column_style})
            todo = []
        else:
            folder.open(made, overwrite=overwrite)
            todo = [shard for shard in shards if begun is None or not folder.is_finished(shard)]
            on = partial(embed, device=place, precision=precision, batch_size=batch)
            finished = _finish(todo, prepared or prepare(todo), choice, encoders, on, folder)
            wanted = sum(len(shard.lesions) for shard in todo)
            for _ in progress.track(finished, "Extracting", total=wanted):
                pass
        del encoders

    count, set_aside = len(lesions.usable), lesions.set_aside
    if not complete:
        count, set_aside = table.write(lesions, choice.cards, shards, folder, made)
    redone = {lesion.lesion_id for shard in todo for lesion in shard.lesions}
    return Extraction(
        out=table.path,
        lesions=count,
        columns=sum(card.dimension for card in choice.cards),
        encoders=tuple(card.name for card in choice.cards),
        computed=len(redone - {one.lesion_id for one in set_aside}),
        set_aside=set_aside,
        errors=table.errors,
        notes=lesions.notes,
        seconds=time.monotonic() - started,
    )


def _finish(
    shards: Sequence[Shard],
    prepared: Iterator[Prepared],
    choice: Choice,
    encoders: Sequence[Encoder],
    embed: Embed,
    folder: ShardFolder,
) -> Iterator[Lesion]:
    """Compute and write one shard after the other; yield the lesions that are done with."""
    for shard in shards:
        scans = list(islice(prepared, len(shard.scans)))
        folder.write(shard, _content(scans, choice, encoders, embed))
        yield from shard.lesions


def _content(
    scans: Sequence[Prepared], choice: Choice, encoders: Sequence[Encoder], embed: Embed
) -> Content:
    failed = [pair for scan in scans for pair in scan.failed]
    hash_of = {lesion: scan.content for scan in scans for lesion in scan.ready}
    ready = list(hash_of)
    features: dict[str, NDArray[np.float32]] = {}
    finite = np.ones(len(ready), bool)
    for card, recipe, encoder in zip(choice.cards, choice.recipes, encoders, strict=True):
        which = choice.distinct.index(recipe)
        parts = [scan.patches[which] for scan in scans if scan.ready]
        if parts:
            features[card.name] = embed(encoder, np.concatenate(parts))
            finite &= np.isfinite(features[card.name]).all(axis=1)
        else:
            features[card.name] = np.empty((0, card.dimension), np.float32)
    for lesion, good in zip(ready, finite, strict=True):
        if not good:
            failed.append((lesion, "The network gives features that are not finite numbers."))
    return Content(
        features={name: values[finite] for name, values in features.items()},
        hashes={
            lesion.lesion_id: hash_of[lesion]
            for lesion, good in zip(ready, finite, strict=True)
            if good
        },
        set_aside=[
            SetAside(lesion.position, lesion.lesion_id, lesion.row, reason)
            for lesion, reason in failed
        ],
        stamps=[scan.stamp for scan in scans],
    )


def _check_same(out: Path, made: Mapping[str, Any]) -> None:
    """Accept a table that is what this run would make; refuse to replace any other."""
    about = read_provenance(out)
    if about is None:
        raise ExtractionError(
            f"{out} exists and does not say how it was made. Give another --out, or --overwrite."
        )
    differing = differences({name: about.get(name) for name in made}, made)
    if differing:
        raise ExtractionError(
            f"{out} exists and was made otherwise: {'; '.join(differing)}. Give another --out, or "
            "--overwrite to replace it."
        )
