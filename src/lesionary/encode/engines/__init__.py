"""Engines: where, and in how many processes, an extraction is computed."""

from __future__ import annotations

from contextlib import AbstractContextManager

from lesionary.encode.engines.engine import Engine, EngineName, Job, Place
from lesionary.encode.shards import ExtractionError

__all__ = ["Engine", "EngineName", "Job", "Place", "start"]


def start(name: EngineName, job: Job, workers: int | None) -> AbstractContextManager[Engine]:
    """Return the engine of that name, which works until its context ends."""
    if name == "local":
        from lesionary.encode.engines.local import Local

        return Local(job, workers)
    if name != "ray":
        raise ExtractionError(f"There is no engine {name!r}; there are 'local' and 'ray'.")
    if workers is not None:
        raise ExtractionError("Ray places the workers itself; leave out their number (--workers).")
    try:
        from lesionary.encode.engines.ray import Ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise ExtractionError(
            "The engine ray needs the package of that name: pip install 'lesionary[ray]'."
        ) from error
    return Ray(job)
