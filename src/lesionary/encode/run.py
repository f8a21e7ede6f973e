"""One run: read, prepare, embed, write shard by shard, put together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lesionary.cohort import Cohort
from lesionary.cohort.load import CohortSource
from lesionary.encode.choice import Choice, EncoderSource, Weights, choose
from lesionary.encode.describe import warn_of_bf16, warn_of_intensity
from lesionary.encode.engines import EngineName, Job, start
from lesionary.encode.finish import ColumnStyle, Table, TableFormat
from lesionary.encode.lesion import SetAside
from lesionary.encode.plan import group_by_scan, plan_shards
from lesionary.encode.provenance import settings
from lesionary.encode.resume import finish_shards
from lesionary.encode.rows import read_lesions
from lesionary.encode.shards import ExtractionError, ShardFolder
from lesionary.scan.recipe import Recipe

if TYPE_CHECKING:
    from lesionary.encode.forward import Precision


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
    warnings : tuple of str
        What bf16 costs, where that is much or unknown; intensities that an encoder is not
        used to.
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
    warnings: tuple[str, ...]
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
    engine: EngineName = "local",
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
    engine : {"local", "ray"}
        Where it runs: in this process, or on all nodes of a Ray cluster, which needs
        ``lesionary[ray]``. The cluster is that of ``RAY_ADDRESS``, else one that was started
        on this machine, else a new one of this machine alone.
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

    job = Job(choice, device, precision, precropped)
    with start(engine, job, workers) as at_work:
        place = at_work.place()
        batch = batch_size or (begun or {}).get("batch_size") or place.batch_size
        shards = plan_shards(group_by_scan(lesions.usable, choice.distinct), batch)
        hashes = at_work.load(batch, shards if begun is None else [])
        made = settings(
            list(zip(choice.cards, hashes, choice.recipes, strict=True)),
            precision=precision,
            precropped=precropped,
            device=place.device,
            batch_size=batch,
        )
        done = finish_shards(
            table, shards, made, at_work.compute, overwrite=overwrite, doing="Extracting"
        )

    count, set_aside = len(lesions.usable), lesions.set_aside
    if done is not None:
        layout = table.layout(lesions, choice.cards)
        written = table.write(lesions, layout, shards, folder, made)
        count, set_aside = written.lesions, written.set_aside
    redone = {lesion.position for shard in done or () for lesion in shard.lesions}
    return Extraction(
        out=table.path,
        lesions=count,
        columns=sum(card.dimension for card in choice.cards),
        encoders=tuple(card.name for card in choice.cards),
        computed=len(redone - {one.position for one in set_aside}),
        set_aside=set_aside,
        errors=table.errors,
        notes=lesions.notes,
        warnings=_warnings(choice, precision),
        seconds=time.monotonic() - started,
    )


def _warnings(choice: Choice, precision: Precision) -> tuple[str, ...]:
    said = list(map(warn_of_intensity, choice.cards, choice.recipes))
    if precision == "bf16":
        said += map(warn_of_bf16, choice.cards)
    return tuple(filter(None, said))
