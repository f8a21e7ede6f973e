"""From prepared scans to what their shard holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lesionary.encode.choice import Choice
from lesionary.encode.lesion import SetAside
from lesionary.encode.prepare import Prepared
from lesionary.encode.shards import Content

if TYPE_CHECKING:
    from lesionary.encode.encoder import Encoder

Embed = Callable[["Encoder", NDArray[np.float32]], NDArray[np.float32]]


def compute(
    scans: Sequence[Prepared], choice: Choice, encoders: Sequence[Encoder], embed: Embed
) -> Content:
    """Run every encoder over the patches of a shard's scans."""
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
