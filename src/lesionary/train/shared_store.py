"""The patch store of a run: its first process cuts it while the others wait."""

from __future__ import annotations

import time

from lesionary.errors import TrainingError
from lesionary.scan.recipe import Recipe
from lesionary.train.config import EncoderConfig
from lesionary.train.rank import this_rank
from lesionary.train.store import PatchStore, build_store


def open_store(
    config: EncoderConfig, recipe: Recipe, *, backgrounds: int = 0, avoid_lesions: bool = False
) -> PatchStore:
    """Build the store of a run, or wait until another of its processes has.

    Parameters
    ----------
    config : EncoderConfig
    recipe : Recipe
        Of the network's input.
    backgrounds : int
        Crops from elsewhere in the scan, for each lesion.
    avoid_lesions : bool
        Whether these keep clear of the lesions in the table.
    """
    while this_rank():
        try:
            return PatchStore.open(config.store)
        except TrainingError:
            time.sleep(1)
    return build_store(
        config.data.cohort,
        config.store,
        root=config.data.root,
        recipe=recipe,
        margin_vox=config.data.margin_vox,
        backgrounds=backgrounds,
        avoid_lesions=avoid_lesions,
        workers=config.machine.workers,
    )
