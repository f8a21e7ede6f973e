"""One run: read, measure, write scan by scan, put together."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from lesionary import __version__
from lesionary.cohort import Cohort
from lesionary.cohort.load import CohortSource
from lesionary.encode.assemble import Layout
from lesionary.encode.finish import Table, TableFormat, Written, ids_of
from lesionary.encode.lesion import SetAside
from lesionary.encode.plan import Shard, group_by_scan, plan_shards
from lesionary.encode.resume import finish_shards
from lesionary.encode.rows import read_lesions
from lesionary.encode.shards import Content, ShardFolder
from lesionary.processes import Processes, processors
from lesionary.radiomics.profile import Profile, Source
from lesionary.radiomics.run.method import Method, choose_method
from lesionary.radiomics.run.scan import NAME, measure_scan, unreadable

_PACKAGES = ("numpy", "scipy", "SimpleITK")


@dataclass(frozen=True)
class Measurement:
    """What a run did.

    Attributes
    ----------
    out : Path
    lesions : int
        Rows of the table.
    columns : int
        Features of each.
    computed : int
        Lesions measured now; an earlier, interrupted run had finished the others.
    set_aside : tuple of SetAside
        Rows without features, with the reason.
    undefined : int
        Values that are not defined for their lesion, and NaN.
    errors, notes_file : Path
        The files that list these rows, and these values, if there are any.
    notes : tuple of str
        What was done to the cohort's table while it was read.
    seconds : float
    """

    out: Path
    lesions: int
    columns: int
    computed: int
    set_aside: tuple[SetAside, ...]
    undefined: int
    errors: Path
    notes_file: Path
    notes: tuple[str, ...]
    seconds: float


def run_radiomics(
    cohort: CohortSource | Cohort,
    settings: Source,
    out: str | Path,
    *,
    profile: Profile = "names",
    resample_masks: bool = False,
    root: str | Path | None = None,
    workers: int | None = None,
    table_format: TableFormat | None = None,
    overwrite: bool = False,
) -> Measurement:
    """Measure every outlined lesion of a cohort, into a table.

    Called again after an interruption, the run goes on where it stopped.

    Parameters
    ----------
    cohort
        As for :func:`lesionary.read_cohort`, with ``mask_path`` and, where a mask has several
        regions, ``mask_label`` (a value, or the name of an ROI). No ``patient_id`` is needed, and a
        bad row does not stop the others.
    settings, profile
        As for :func:`lesionary.radiomics.measure`; None takes the profile's default.
    resample_masks
        Bring a mask on another grid to its scan's, by the nearest voxel; else its row is set aside.
    out : path
        Table to write, ``.parquet`` or ``.csv``: ``lesion_id`` and a column of doubles a feature.
        NaN where a feature is not defined; ``<name>.notes.csv`` beside it says why.
    root : path, optional
        Folder that the table's paths start from; by default the table's own.
    workers : int, optional
        Processes; by default one a processor. With 0, this process does the work.
    table_format : {"parquet", "csv"}, optional
        By default what ``out`` ends in.
    overwrite : bool
        Replace a table, or an interrupted run, that was made otherwise.

    Raises
    ------
    LesionaryError
        If nothing can be measured, or the table is there and was made otherwise.

    Examples
    --------
    >>> from lesionary.phantom import PhantomConfig, make_cohort
    >>> _ = make_cohort("practice", patients=2, config=PhantomConfig(size="tiny"))
    >>> how = {"families": ["statistics"], "interpolation": None}
    >>> done = run_radiomics("practice/cohort.csv", how, "radiomics.parquet", workers=0)
    >>> done.columns
    18
    """
    started = time.monotonic()
    table = Table.at(out, table_format, "lesionary")
    method = choose_method(settings, profile, resample_masks=resample_masks)
    lesions = read_lesions(cohort, root, outlined=True)
    # A scan is a shard: what an interruption can lose.
    shards = plan_shards(group_by_scan(lesions.usable), 1)
    made = _made(method)
    done = finish_shards(
        table,
        shards,
        made,
        partial(_measured, method=method, workers=workers),
        overwrite=overwrite,
        doing="Measuring",
    )
    columns = method.columns
    written = Written(len(lesions.usable), lesions.set_aside, 0)
    if done is not None:
        layout = Layout({NAME: len(columns)}, columns, ids_of(lesions), np.float64)
        written = table.write(lesions, layout, shards, ShardFolder(table.path), made)
    redone = {lesion.position for shard in done or () for lesion in shard.lesions}
    return Measurement(
        out=table.path,
        lesions=written.lesions,
        columns=len(columns),
        computed=len(redone - {one.position for one in written.set_aside}),
        set_aside=written.set_aside,
        undefined=written.undefined,
        errors=table.errors,
        notes_file=table.notes,
        notes=lesions.notes,
        seconds=time.monotonic() - started,
    )


def _measured(
    shards: Sequence[Shard], *, method: Method, workers: int | None
) -> Iterator[tuple[Shard, Content]]:
    # No more processes than scans; and none where there is nothing to do.
    count = min(processors() if workers is None else workers, len(shards))
    work, lost = partial(measure_scan, method=method), partial(unreadable, method=method)
    with Processes(work, count, lost=lost) as pool:
        scans = (scan for shard in shards for scan in shard.scans)
        # A large lesion takes a hundred times as long as a small one.
        yield from zip(shards, pool.run(scans, ahead=4 * max(count, 1)), strict=True)


def _made(method: Method) -> dict[str, Any]:
    """Describe what a run's numbers depend on besides its rows and scans."""
    about = method.about
    text = json.dumps(about, sort_keys=True)
    return {
        "encoders": [
            {
                "name": NAME,
                "dimension": len(method.columns),
                "settings_hash": hashlib.sha256(text.encode()).hexdigest(),
                "settings": about,
            }
        ],
        "precropped": False,
        "versions": {"lesionary": __version__, **{name: version(name) for name in _PACKAGES}},
    }
