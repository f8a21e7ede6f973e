"""The fast search of a linear probe: along the path of its penalty.

A path of solutions over the whole range costs little more than one of them. Between its points
logits change smoothly with the logarithm of C, so scores in between are read off logits
interpolated there, for nothing. Where these are best, the probe is fitted, and its own scores
decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lesionary.adapt.probes.families import STRENGTHS
from lesionary.adapt.probes.logistic import class_probabilities, logistic_path
from lesionary.adapt.probes.rows import Floats, Fold
from lesionary.adapt.probes.space import Setting

_POINTS = 28
"""Of the path: three a decade of C, and the end."""
_BETWEEN = 12
"""Places looked at from one point to the next."""
_REFINED = 16
"""Places fitted after that, the best looking."""


def path_search(folds: Sequence[Fold], metric: str) -> list[tuple[Setting, float]]:
    """Return strengths C that were fitted, ascending, each with its mean score over the folds."""
    points = np.linspace(np.log10(STRENGTHS.low), np.log10(STRENGTHS.high), _POINTS)
    paths = [held_logits(fold, points) for fold in folds]
    places = np.linspace(points[0], points[-1], (_POINTS - 1) * _BETWEEN + 1)
    looks = np.mean(
        [_between_scores(fold, metric, path) for fold, path in zip(folds, paths, strict=True)],
        axis=0,
    )
    fitted = np.arange(len(places)) % _BETWEEN == 0
    order = np.argsort(-looks[~fitted], kind="stable")[:_REFINED]
    refined = np.sort(places[~fitted][order])
    scores = np.mean([_fitted_scores(fold, metric, refined) for fold in folds], axis=0)
    every = np.concatenate([places[fitted], refined])
    values = np.concatenate([looks[fitted], scores])
    ascending = np.argsort(every)
    return [({"C": float(10 ** every[one])}, float(values[one])) for one in ascending]


def held_logits(fold: Fold, powers: NDArray[np.float64]) -> Floats:
    """Fit with C ten to each of these ascending powers: held rows' logits (C, m, k)."""
    weight = fold.train.class_weight[fold.train.code]
    path = logistic_path(fold.axes, fold.train.code, weight, (10.0**powers).tolist())
    return np.stack([fold.held_on_axes @ one[:-1] + one[-1] for one in path])


def _between_scores(fold: Fold, metric: str, logits: Floats) -> Floats:
    """Score the points of a path, and places between them, by logits interpolated there."""
    scores = []
    for left, right in pairwise(logits):
        for step in range(_BETWEEN):
            between = left + (right - left) * (step / _BETWEEN)
            scores.append(fold.score(metric, class_probabilities(between)))
    scores.append(fold.score(metric, class_probabilities(logits[-1])))
    return np.array(scores)


def _fitted_scores(fold: Fold, metric: str, powers: NDArray[np.float64]) -> Floats:
    return np.array(
        [fold.score(metric, class_probabilities(one)) for one in held_logits(fold, powers)]
    )
