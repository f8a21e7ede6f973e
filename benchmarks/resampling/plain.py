"""The plain way: a loop over models and resamples that calls scikit-learn each time."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

METRICS = {
    "auc": lambda y, score: roc_auc_score(y, score, multi_class="ovr"),
    "average_precision": average_precision_score,
    "balanced_accuracy": lambda y, score: balanced_accuracy_score(y, score.argmax(axis=1)),
}


def bootstraps(metric, y, models, weights):
    """Each model's metric in each resample: (models, resamples)."""
    of = METRICS[metric]
    rows = [np.repeat(np.arange(len(y)), weight) for weight in weights]
    return np.array([[of(y[row], score[row]) for row in rows] for score in models.values()])


def permutations(metric, y, models, reference, signs):
    """Each model's difference from the reference under each swap: (permutations, models - 1)."""
    of = METRICS[metric]
    others = [name for name in models if name != reference]
    out = np.empty((len(signs), len(others)))
    for row, sign in enumerate(signs):
        kept = (sign > 0)[:, None]
        for column, name in enumerate(others):
            first = np.where(kept, models[name], models[reference])
            second = np.where(kept, models[reference], models[name])
            out[row, column] = of(y, first) - of(y, second)
    return out
