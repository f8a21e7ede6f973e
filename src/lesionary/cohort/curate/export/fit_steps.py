"""Steps fitted on the training scans of a cohort, each on what the steps before it leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lesionary.cohort.columns import IMAGE, SPLIT
from lesionary.cohort.curate.export.ledger import ExportError, Ledger
from lesionary.cohort.curate.export.prepare_image import (
    ImageTask,
    measure_image,
    read_volume,
    reason_of,
)
from lesionary.cohort.model import Cohort
from lesionary.processes import Processes
from lesionary.progress import track
from lesionary.scan.intensity import Pipeline, load_pipeline, read_steps
from lesionary.scan.intensity.pipeline import learn, skip_own
from lesionary.scan.intensity.step import Parameters

_LOST = "The process that read it died: it may be too large for the memory."


def fitted_pipeline(
    steps: str | Path | list[Any] | Pipeline,
    cohort: Cohort,
    tasks: Mapping[str, ImageTask],
    fit_on: str,
    workers: int,
) -> tuple[Pipeline, list[str]]:
    """Return the pipeline with every step fitted, and what there is to say of the fit.

    Parameters
    ----------
    steps
        As :func:`preprocess_cohort` takes them.
    cohort : Cohort
    tasks : mapping
        The images by their names in the cohort's table.
    fit_on : str
        A split, or ``all``.
    workers : int
    """
    if isinstance(steps, Pipeline):
        return steps, []
    if not isinstance(steps, list) and Path(steps).suffix.lower() == ".json":
        return load_pipeline(steps), []
    pipeline, notes = skip_own(Pipeline(read_steps(steps))), []
    while not pipeline.complete:
        if pipeline.waits_for != "train":
            try:
                measured = [pipeline.measure(read_volume(pipeline.waits_for)[1])]
            except OSError as error:
                raise ExportError(reason_of(error)) from error
            pipeline = learn(pipeline, measured)
            continue
        name = pipeline.steps[len(pipeline.learnt)].name
        training = [tasks[image] for image in _training_images(cohort, fit_on, name)]
        said = _measured(pipeline, training, name, workers)
        usable = [one for one in said if not isinstance(one, str)]
        notes.append(f"{name} was fitted on {len(usable)} of {len(training)} training images.")
        if not usable:
            raise ExportError(
                f"{name} cannot be fitted: none of {len(training)} training images can be used. "
                f"The first: {said[0]}"
            )
        pipeline = learn(pipeline, usable)
    return pipeline, notes


def settings_of(pipeline: Pipeline) -> str:
    """Write out all that decides what a pipeline makes of an image."""
    steps = [[one.name, one.model_dump(mode="json")] for one in pipeline.steps]
    return json.dumps([steps, pipeline.learnt])


def _measured(
    pipeline: Pipeline, training: list[ImageTask], name: str, workers: int
) -> list[Parameters | str]:
    """Return what each image says, or why it says nothing; an earlier run may have asked it."""
    step = len(pipeline.learnt)
    so_far = Pipeline(pipeline.steps[: step + 1], pipeline.learnt)  # later ones make no difference
    ledger = Ledger(training[0].out, "fit", settings_of(so_far))
    known: dict[str, Parameters | str] = {}
    for task in training:
        if record := ledger.find(f"{step} {task.target}", task.files):
            known[task.target] = record
    todo = [task for task in training if task.target not in known]
    with Processes(measure_image, min(workers, len(todo)), lost=lambda _: _LOST) as pool:
        results = zip(todo, pool.run((task, pipeline) for task in todo), strict=True)
        for task, said in track(results, f"Fitting {name}", len(todo)):
            known[task.target] = said
            if not isinstance(said, str):
                ledger.note(f"{step} {task.target}", task.files, [], said)
    return [known[task.target] for task in training]


def _training_images(cohort: Cohort, fit_on: str, step: str) -> list[str]:
    if fit_on == "all":
        rows = cohort.table
    elif SPLIT not in cohort.table:
        raise ExportError(
            f"{step} learns from training images, and the table has no column 'split'. Make one "
            "with 'lesionary cohort split', or fit on all images if none of them is tested on."
        )
    else:
        rows = cohort.of_split(fit_on).table
    images = rows[IMAGE].drop_duplicates().tolist()
    if not images:
        raise ExportError(f"{step} has no image to learn from: no lesion is in split {fit_on!r}.")
    return images
