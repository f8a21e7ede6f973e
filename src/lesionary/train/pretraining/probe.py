"""Nearest neighbours: what features are worth, without anything to train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import TrainingError
from lesionary.train.pretraining.config import Probe
from lesionary.train.store import PatchStore


@dataclass(frozen=True)
class ProbeRows:
    """The lesions of a probe, by their row in the store, with their labels.

    Attributes
    ----------
    known, known_labels
        Of the train split.
    asked, asked_labels
        Of the tune split.
    """

    known: NDArray[np.int64]
    known_labels: NDArray[Any]
    asked: NDArray[np.int64]
    asked_labels: NDArray[Any]

    @classmethod
    def of(cls, store: PatchStore, probe: Probe) -> ProbeRows:
        """Find the labelled lesions."""
        table, label = store.lesions, probe.label
        for column in (label, "split"):
            if column not in table:
                raise TrainingError(
                    f"The probe needs the column {column!r}, and the cohort has "
                    f"{', '.join(map(str, table.columns))}. Set probe.label to one of them (and "
                    "split the cohort with 'lesionary cohort split'), or to null for no probe."
                )
        labelled = table[label].notna().to_numpy()
        known, asked = (
            np.flatnonzero(labelled & (table["split"] == split).to_numpy())
            for split in ("train", "tune")
        )
        if not len(known) or not len(asked):
            raise TrainingError(
                f"The probe needs lesions with {label!r} in the splits train and tune; there are "
                f"{len(known)} and {len(asked)}."
            )
        labels = table[label].astype(str).to_numpy(dtype=object)
        return cls(known, labels[known], asked, labels[asked])


def neighbour_accuracy(
    known: NDArray[np.floating[Any]],
    known_labels: NDArray[Any],
    asked: NDArray[np.floating[Any]],
    asked_labels: NDArray[Any],
    neighbours: int,
) -> float:
    """Return the balanced accuracy of a vote among the nearest by cosine, the nearer the stronger.

    Parameters
    ----------
    known, asked : ndarray, shape (n, dimension)
    known_labels, asked_labels : ndarray, shape (n,)
    neighbours : int
        At most all that are known.
    """
    from sklearn.metrics import recall_score
    from sklearn.neighbors import KNeighborsClassifier

    voters = KNeighborsClassifier(
        min(neighbours, len(known)), metric="cosine", weights="distance"
    ).fit(known, known_labels)
    said = voters.predict(asked)
    labels = np.unique(asked_labels)
    return float(recall_score(asked_labels, said, labels=labels, average="macro", zero_division=0))
