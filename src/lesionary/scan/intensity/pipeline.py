"""Steps in their order, with what they learnt: fitted once, saved, applied unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from lesionary.files import atomic_path
from lesionary.scan.intensity.step import Parameters, Step
from lesionary.scan.intensity.steps import read_steps
from lesionary.scan.intensity.volume import IntensityError, Volume

_KIND = "lesionary preprocessing"


@dataclass(frozen=True)
class Pipeline:
    """Steps, each with the numbers it learnt, or None where each image gives its own.

    Examples
    --------
    >>> import numpy as np
    >>> from lesionary.scan import Geometry
    >>> grid = Geometry((1, 1, 3), np.eye(4))
    >>> image = Volume(np.array([[[2.0, 4.0, 6.0]]]), grid)
    >>> fitted = fit_steps([{"min_max": {"fit": "train"}}], lambda: [image])
    >>> fitted.apply(Volume(np.array([[[2.0, 4.0, 10.0]]]), grid)).voxels.tolist()
    [[[0.0, 0.5, 2.0]]]
    """

    steps: tuple[Step, ...]
    learnt: tuple[Parameters | None, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every step has what it needs."""
        return len(self.learnt) == len(self.steps)

    def apply(self, volume: Volume) -> Volume:
        """Apply the steps that are fitted (all, in a complete pipeline), in their order."""
        for step, learnt in zip(self.steps, self.learnt, strict=False):
            if learnt is None:
                learnt = step.pool([step.measure(volume)])
            volume = step.apply(volume, learnt)
        return volume

    def measure(self, volume: Volume) -> Parameters:
        """Return what an image, as the fitted steps leave it, says to the first that is not."""
        return self.steps[len(self.learnt)].measure(self.apply(volume))

    def then(self, learnt: Parameters | None) -> Pipeline:
        """Return the pipeline with its next step fitted."""
        return Pipeline(self.steps, (*self.learnt, learnt))

    @property
    def waits_for(self) -> str:
        """What the next step learns from: ``train`` or the path of a reference image."""
        return self.steps[len(self.learnt)].learns_from


def skip_own(pipeline: Pipeline) -> Pipeline:
    """Pass over the next steps that each image gives its own numbers to."""
    while not pipeline.complete and pipeline.waits_for == "image":
        pipeline = pipeline.then(None)
    return pipeline


def fit_steps(
    steps: str | Path | Sequence[object],
    images: Callable[[], Iterable[Volume]],
    reference: Callable[[str], Volume] | None = None,
) -> Pipeline:
    """Fit every step that learns, on images as the steps before it leave them.

    Parameters
    ----------
    steps : str, Path or sequence
        As :func:`read_steps` takes them.
    images : callable
        Returns the training images; called once for each step that learns from them.
    reference : callable, optional
        Reads the image at a path, for a histogram to match.
    """
    pipeline = skip_own(Pipeline(read_steps(steps)))
    while not pipeline.complete:
        if pipeline.waits_for == "train":
            measured = [pipeline.measure(image) for image in images()]
        elif reference is None:
            raise IntensityError(f"There is nothing to read {pipeline.waits_for} with.")
        else:
            measured = [pipeline.measure(reference(pipeline.waits_for))]
        pipeline = learn(pipeline, measured)
    return pipeline


def learn(pipeline: Pipeline, measured: Sequence[Parameters]) -> Pipeline:
    """Fit the next step from what was measured, and pass over those that need no fit."""
    step = pipeline.steps[len(pipeline.learnt)]
    if not measured:
        raise IntensityError(f"There is no training image to fit {step.name} on.")
    return skip_own(pipeline.then(step.pool(measured)))


def save_pipeline(pipeline: Pipeline, path: str | Path) -> None:
    """Write steps and what they learnt as JSON: all that is needed to treat a new image alike."""
    if not pipeline.complete:
        raise IntensityError("The steps are not fitted yet, so they cannot be saved.")
    content = {
        "kind": _KIND,
        "version": version("lesionary"),
        "steps": [{step.name: step.model_dump()} for step in pipeline.steps],
        "learnt": pipeline.learnt,
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")


def load_pipeline(path: str | Path) -> Pipeline:
    """Read what :func:`save_pipeline` wrote."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise IntensityError(f"The fitted steps {path} cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise IntensityError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise IntensityError(f"{path} holds no fitted steps (of 'lesionary curate preprocess').")
    steps, learnt = read_steps(content.get("steps", [])), content.get("learnt", [])
    if len(learnt) != len(steps):
        raise IntensityError(f"{path} is damaged: {len(steps)} steps, {len(learnt)} fitted.")
    return Pipeline(steps, tuple(learnt))
