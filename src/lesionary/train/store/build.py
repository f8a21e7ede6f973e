"""Build a patch store: one pass over the scans, which an interrupted build goes on with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd

from lesionary import progress
from lesionary.cohort import Cohort
from lesionary.cohort.columns import IMAGE, LESION, MASK
from lesionary.cohort.load import CohortSource, load
from lesionary.cohort.table import write_table
from lesionary.encode.lesion import Lesion
from lesionary.encode.plan import ScanLesions, Shard, rows_digest
from lesionary.encode.provenance import differences, in_words
from lesionary.encode.rows import Lesions, read_lesions
from lesionary.errors import TrainingError
from lesionary.files import atomic_path
from lesionary.processes import Processes, default_workers
from lesionary.scan.recipe import Recipe, load_recipe
from lesionary.train.store.crops import Cutting
from lesionary.train.store.parts import CutInto, Parts, part_key, stamp_of
from lesionary.train.store.patchstore import ERRORS, LESIONS, MANIFEST, SCAN, PatchStore

_SETTINGS = "settings.json"
_FORMAT = 1


def build_store(
    cohort: CohortSource | Cohort,
    folder: str | Path,
    *,
    root: str | Path | None = None,
    recipe: str | Path | Recipe = "lesion",
    margin_vox: int = 8,
    backgrounds: int = 4,
    avoid_lesions: bool = False,
    seed: int = 0,
    workers: int | None = None,
) -> PatchStore:
    """Cut the crops of every lesion of a cohort into a folder, reading each scan once.

    Called again after an interruption, it goes on where it stopped, to the same files. Called
    again on a finished store, it cuts only what was set aside before.

    Parameters
    ----------
    cohort
        As for :func:`lesionary.read_cohort`; a bad row does not stop the others.
    folder : path
        Made if need be.
    root : path, optional
        Folder that the table's paths start from; by default the table's own.
    recipe : str, Path or Recipe
        Of the network's input. Its size, spacing and axes decide the crops; its map of
        intensities is left to the views.
    margin_vox : int
        Voxels by which a crop is larger than the recipe's patch, on each side: how far
        training can shift patches, and what views can reach beyond them.
    backgrounds : int
        For each lesion, crops centred anywhere in the body in the same scan.
    avoid_lesions : bool
        Whether backgrounds keep clear of the patches of all the scan's lesions in the cohort.
    seed : int
        Decides where the backgrounds are.
    workers : int, optional
        Processes that read scans; by default half the processors, at most 8. With 0, this
        process does.

    Returns
    -------
    PatchStore

    Raises
    ------
    TrainingError
        If no lesion could be used, or the folder holds a store that was made otherwise.
    """
    if margin_vox < 0 or backgrounds < 0:
        raise TrainingError("margin_vox and backgrounds cannot be negative.")
    folder = Path(folder)
    cutting = Cutting(load_recipe(recipe), margin_vox, backgrounds, avoid_lesions, seed)
    lesions = read_lesions(cohort, root)
    scans = _by_scan(lesions.usable)
    parts = Parts(folder / "crops")
    settings = _settings(cutting, scans)
    try:
        _begin(folder, settings)
        todo = _unfinished(folder, scans, parts)
        if todo:
            (folder / MANIFEST).unlink(missing_ok=True)  # until it describes what is there again
            cut = CutInto(parts, cutting)
            count = min(default_workers() if workers is None else workers, len(todo))
            with Processes(cut, count, lost=cut.set_aside) as pool:
                done = pool.run(todo, ahead=count)  # which holds nothing: crops go to the disk
                for _ in progress.track(done, "Cutting crops", total=len(todo)):
                    pass
        _finish(folder, settings, scans, parts, lesions, _table(cohort, root))
    except OSError as error:
        raise TrainingError(
            f"The patch store {folder} cannot be written: {error}. Once that is put right, build "
            "it again: it goes on where it stopped."
        ) from error
    return PatchStore.open(folder)


def _by_scan(lesions: Iterable[Lesion]) -> list[ScanLesions]:
    """Group lesions by scan, in the order in which the scans come first."""
    groups: dict[str, list[Lesion]] = {}
    for lesion in lesions:
        groups.setdefault(lesion.image_path, []).append(lesion)
    return [ScanLesions(path, tuple(group)) for path, group in groups.items()]


def _settings(cutting: Cutting, scans: Sequence[ScanLesions]) -> dict[str, Any]:
    """Describe what the crops depend on besides the content of the scans."""
    shards = [Shard((scan,)) for scan in scans]
    cohort = rows_digest(shards, [[]] * len(shards))
    recipe = cutting.recipe.model_dump(mode="json", exclude={"description"})
    return {"format": _FORMAT, **asdict(cutting), "recipe": recipe, "cohort": cohort}


def _begin(folder: Path, settings: dict[str, Any]) -> None:
    """Begin, or go on with, a store of these settings; with others it is an error."""
    path = folder / _SETTINGS
    if path.exists():
        differing = differences(json.loads(path.read_text("utf-8")), settings)
        if differing:
            raise TrainingError(
                f"The patch store {folder} was made otherwise: {in_words(differing)}. Give "
                "another folder, or remove this one."
            )
    else:
        _write_json(path, settings)
    for left in (folder / "crops").glob(".*"):  # by a build that was killed
        left.unlink()


def _unfinished(folder: Path, scans: Sequence[ScanLesions], parts: Parts) -> list[ScanLesions]:
    """List the scans that are not cut yet, had lesions set aside, or changed since."""
    complete = (folder / MANIFEST).exists()
    todo = []
    for scan in scans:
        part = parts.read(scan)
        if part is not None and not part.set_aside:
            if part.stamp == stamp_of(scan):
                continue
            if complete:
                raise TrainingError(
                    f"{scan.image_path} changed or went since the patch store {folder} was built. "
                    "Give another folder, or remove this one to build it anew."
                )
        todo.append(scan)
    return todo


def _finish(
    folder: Path,
    settings: dict[str, Any],
    scans: Sequence[ScanLesions],
    parts: Parts,
    lesions: Lesions,
    table: pd.DataFrame,
) -> None:
    """Write what makes a folder of crops a store; the manifest comes last."""
    position_of = {lesion.lesion_id: lesion.position for lesion in lesions.usable}
    row_of = {lesion.lesion_id: lesion.row for lesion in lesions.usable}
    bad = [(one.lesion_id, one.row, one.reason) for one in lesions.set_aside]
    ready: list[str] = []
    of_scan: list[int] = []
    held: dict[str, int] = {}
    for scan in scans:
        part = parts.read(scan)
        assert part is not None
        bad += [(name, row_of[name], reason) for name, reason in part.set_aside.items()]
        if part.ready:
            of_scan += [len(held)] * len(part.ready)
            ready += part.ready
            held[part_key(scan)] = len(part.ready)
    _write_errors(folder, bad)
    if not ready:
        _, row, reason = min(bad, key=lambda one: one[1])
        raise TrainingError(
            f"No row of the table could be used; {folder / ERRORS} says why. The first, row {row}: "
            f"{reason}"
        )
    rows = table.iloc[[position_of[name] for name in ready]].reset_index(drop=True)
    rows = rows.drop(columns=[LESION, SCAN, IMAGE, MASK], errors="ignore")
    rows.insert(0, LESION, ready)
    rows.insert(1, SCAN, of_scan)
    write_table(rows, folder / LESIONS)
    _write_json(folder / MANIFEST, {**settings, "parts": held})


def _write_errors(folder: Path, bad: list[tuple[str, int, str]]) -> None:
    if bad:
        columns = ["lesion_id", "row", "reason"]
        write_table(pd.DataFrame(sorted(bad, key=itemgetter(1)), columns=columns), folder / ERRORS)
    else:
        (folder / ERRORS).unlink(missing_ok=True)


def _table(cohort: CohortSource | Cohort, root: str | Path | None) -> pd.DataFrame:
    """Return the table in our columns, one row a position of ``read_lesions``."""
    return cohort.table if isinstance(cohort, Cohort) else load(cohort, root).table


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
