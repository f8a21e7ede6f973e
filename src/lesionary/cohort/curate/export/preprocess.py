"""The scans of a cohort through a list of steps, fitted on its training patients only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesionary.cohort.build import plain
from lesionary.cohort.columns import IMAGE, LESION, MASK, PATIENT
from lesionary.cohort.curate.export.fit_steps import fitted_pipeline, settings_of
from lesionary.cohort.curate.export.ledger import ExportError, Ledger
from lesionary.cohort.curate.export.prepare_image import (
    ImageDone,
    ImageTask,
    MaskTask,
    prepare_image,
)
from lesionary.cohort.load import CohortSource
from lesionary.cohort.model import Cohort, rebased
from lesionary.cohort.read import read_cohort
from lesionary.cohort.table import write_table
from lesionary.processes import Processes, default_workers
from lesionary.progress import track
from lesionary.scan.intensity import Pipeline, save_pipeline
from lesionary.scan.write import ITK_ENDINGS, NIFTI_ENDINGS

FITTED = "preprocessing.json"
"""What the fitted steps are called in the folder of results."""

_LABEL = "mask_label"
_LOST = "The process that read it died: it may be too large for the memory."


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """A cohort whose scans went through the steps.

    Attributes
    ----------
    table : DataFrame
        The lesions that could be used, with the new ``image_path`` and, where the grid changed,
        ``mask_path``; relative to the folder of results.
    set_aside : DataFrame
        Columns ``lesion_id, file, reason``.
    pipeline : Pipeline
        As fitted.
    images, earlier : int
        Images that are ready, and how many of them an earlier run had finished.
    notes : tuple of str
    """

    table: pd.DataFrame
    set_aside: pd.DataFrame
    pipeline: Pipeline
    images: int
    earlier: int
    notes: tuple[str, ...]


def preprocess_cohort(
    source: CohortSource | Cohort,
    steps: str | Path | list[Any] | Pipeline,
    out: str | Path,
    *,
    root: str | Path | None = None,
    fit_on: str = "train",
    region: str | None = None,
    ending: str = ".nii.gz",
    workers: int | None = None,
) -> Preprocessed:
    """Apply steps to every scan of a cohort, and write scans, masks and a new table.

    Parameters
    ----------
    source
        A cohort, or its table.
    steps : path, list or Pipeline
        A YAML file or list of steps, to be fitted; a fitted pipeline or its JSON file, to be
        applied as it is.
    out : path
        Folder for ``images/``, ``masks/``, ``cohort.csv``, ``errors.csv`` and the fitted steps
        (``preprocessing.json``). A run that was interrupted goes on where it stopped.
    root : path, optional
        Folder that the table's paths start from.
    fit_on : str
        The split whose images steps with ``fit: train`` learn from; ``all`` takes every image.
    region : str, optional
        Column with the path of the mask that ``within: region`` means.
    ending : str
        Format of the images.
    workers : int, optional
        Processes. Default: half the processors.
    """
    out = Path(out)
    if ending not in NIFTI_ENDINGS + ITK_ENDINGS:
        raise ExportError(f"Images end in {', '.join(NIFTI_ENDINGS + ITK_ENDINGS)}, not {ending}.")
    cohort = source if isinstance(source, Cohort) else read_cohort(source, root=root)
    _refuse_own_results(cohort, out)
    workers = default_workers() if workers is None else workers
    positions = {
        str(name): np.asarray(rows).tolist()
        for name, rows in cohort.table.groupby(IMAGE, sort=False).indices.items()
    }
    tasks = dict(zip(positions, _tasks(cohort, positions, out, region, ending), strict=True))
    pipeline, notes = fitted_pipeline(steps, cohort, tasks, fit_on, workers)
    save_pipeline(pipeline, out / FITTED)

    ledger = Ledger(out, "preprocess", settings_of(pipeline))
    done: dict[str, ImageDone] = {}
    for name, task in tasks.items():
        if record := ledger.find(task.target, task.files):
            written = {int(position): path for position, path in record["masks"].items()}
            done[name] = ImageDone(written)
    earlier = len(done)
    todo = [name for name in tasks if name not in done]
    with Processes(prepare_image, min(workers, len(todo)), lost=_lost) as pool:
        results = pool.run((tasks[name], pipeline) for name in todo)
        for name, result in track(zip(todo, results, strict=True), "Preparing scans", len(todo)):
            done[name] = result
            if not result.reason and not result.masks_failed:
                task, masks = tasks[name], result.masks_written
                ledger.note(
                    task.target, task.files, [task.target, *masks.values()], {"masks": masks}
                )

    table, set_aside = _table(cohort, positions, tasks, done, out)
    write_table(set_aside, out / "errors.csv")
    if table.empty:
        raise ExportError(
            f"No scan could be prepared; {out / 'errors.csv'} says why. "
            f"The first: {set_aside['reason'].iloc[0]}"
        )
    write_table(table, out / "cohort.csv")
    images = sum(not one.reason for one in done.values())
    return Preprocessed(table, set_aside, pipeline, images, earlier, tuple(notes))


def _tasks(
    cohort: Cohort, positions: dict[str, list[int]], out: Path, region: str | None, ending: str
) -> Iterator[ImageTask]:
    table = cohort.table
    if region is not None and region not in table:
        raise ExportError(f"The table has no column {region!r} with the paths of regions.")
    taken: set[str] = set()
    for name, rows in positions.items():
        first = table.iloc[rows[0]]
        stem = _unused(f"{plain(str(first[PATIENT]))}_{plain(_stem(name))}", taken)
        area = first[region] if region is not None else None
        masks = [
            MaskTask(str(cohort.root / row[MASK]), _text(row.get(_LABEL)), "")
            if MASK in table and not pd.isna(row[MASK])
            else None
            for row in (table.iloc[k] for k in rows)
        ]
        yield ImageTask(
            str(cohort.root / name),
            None if area is None or pd.isna(area) else str(cohort.root / str(area)),
            out,
            f"images/{stem}{ending}",
            tuple(
                MaskTask(mask.path, mask.label, f"masks/{stem}_{number}_mask.nii.gz")
                for number, mask in enumerate(masks, start=1)
                if mask is not None
            ),
        )


def _table(
    cohort: Cohort,
    positions: dict[str, list[int]],
    tasks: dict[str, ImageTask],
    done: dict[str, ImageDone],
    out: Path,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put the new paths into the table, and list the rows that have none."""
    table = rebased(cohort.table, cohort.root, out).copy()
    images = table[IMAGE].tolist()
    masks = table[MASK].tolist() if MASK in table else [None] * len(table)
    labels = table[_LABEL].tolist() if _LABEL in table else []
    lost: list[tuple[int, str, str]] = []
    for name, rows in positions.items():
        result, task = done[name], tasks[name]
        with_mask = iter(range(len(task.masks)))
        for row in rows:
            number = None if pd.isna(masks[row]) else next(with_mask)
            if result.reason:
                lost.append((row, name, result.reason))
                continue
            images[row] = task.target
            if number in result.masks_failed:
                lost.append((row, str(cohort.table[MASK].iloc[row]), result.masks_failed[number]))
            elif number in result.masks_written:
                masks[row] = result.masks_written[number]
                if labels:
                    labels[row] = 1
    table[IMAGE] = images
    if MASK in table:
        table[MASK] = masks
    if labels:
        table[_LABEL] = labels
    ids = cohort.table[LESION].tolist()
    set_aside = pd.DataFrame(
        [(ids[row], file, reason) for row, file, reason in lost],
        columns=[LESION, "file", "reason"],
    )
    table = table.drop(index=table.index[[row for row, _, _ in lost]])
    return table.reset_index(drop=True), set_aside


def _refuse_own_results(cohort: Cohort, out: Path) -> None:
    """Refuse to write over the scans that are read."""
    if (cohort.root / "images").resolve() == (out / "images").resolve():
        inside = cohort.table[IMAGE].str.startswith("images/")
        if inside.any():
            raise ExportError(f"{out} holds the scans that are to be read: choose another folder.")


def _lost(_: tuple[ImageTask, Pipeline]) -> ImageDone:
    return ImageDone(reason=_LOST)


def _stem(name: str) -> str:
    last = Path(name.partition("#")[0]).name
    for ending in (*NIFTI_ENDINGS[::-1], *ITK_ENDINGS):
        if last.lower().endswith(ending):
            return last[: -len(ending)]
    return last


def _unused(name: str, taken: set[str]) -> str:
    """Return the name, numbered where it is taken; case does not tell files apart everywhere."""
    found, number = name, 1
    while found.lower() in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found.lower())
    return found


def _text(label: Any) -> str | None:
    if label is None or pd.isna(label):
        return None
    return str(int(float(label)))
