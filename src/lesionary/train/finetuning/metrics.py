"""How good scores are: what a checkpoint is chosen by."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, recall_score, roc_auc_score

from lesionary.train.finetuning.concordance import c_index
from lesionary.train.finetuning.labels import NO_LABEL, Labels
from lesionary.train.finetuning.target import Metric, Outputs


def measure(scores: NDArray[np.float64], labels: Labels, outputs: Outputs) -> dict[Metric, float]:
    """Return every metric of scores ``(n, outputs)``; NaN where lesions of one class only are left.

    ``auc``: area under the ROC curve. ``map``: average precision of the positive class, or the
    mean over the classes that occur, each against the rest. ``balanced_accuracy``: mean recall
    of the classes that occur, at a probability of 0.5 or of the likeliest class. ``c_index``:
    Harrell's.
    """
    found: dict[Metric, float] = dict.fromkeys(outputs.metrics, math.nan)
    known = labels.code != NO_LABEL
    code, label = labels.code[known], scores[known, : outputs.of_label]
    present = np.unique(code)
    if len(present) > 1:
        if outputs.kind == "binary":
            found["auc"] = float(roc_auc_score(code, label[:, 0]))
            found["map"] = float(average_precision_score(code, label[:, 0]))
            chosen = (label[:, 0] > 0.5).astype(np.int64)
        else:
            found["map"] = float(
                np.mean([average_precision_score(code == one, label[:, one]) for one in present])
            )
            chosen = label.argmax(axis=1)
        found["balanced_accuracy"] = float(
            recall_score(code, chosen, labels=present, average="macro", zero_division=0)
        )
    if outputs.survival:
        known = np.isfinite(labels.time)
        found["c_index"] = c_index(scores[known, -1], labels.time[known], labels.event[known])
    return found
