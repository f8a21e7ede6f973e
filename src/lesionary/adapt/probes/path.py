"""The fast search of a linear probe: along the path of its penalty.

A path of solutions over the whole range costs little more than one of them. Between its points
logits change smoothly with the logarithm of C, so scores in between are read off logits
interpolated there, for nothing. Where these are best, the probe is fitted, and its own scores
decide. Solutions at which the plain solver would have stopped early are looked at, too: the
published search, whose solver stops early, chooses among such.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lesionary.adapt.probes.families import STRENGTHS
from lesionary.adapt.probes.logistic import class_probabilities, logistic_path, stopped_path
from lesionary.adapt.probes.rows import Floats, Fold, best_first
from lesionary.adapt.probes.space import Setting

_POINTS = 28
"""Of the path: three a decade of C, and the end."""
_BETWEEN = 12
"""Places looked at from one point to the next."""
_REFINED = 16
"""Places fitted after that, the best looking."""
_STOPPED, _STEPS = (1.0, 30.0, 1000.0), 100
"""Strengths at which the plain solver is watched, and for how many steps."""
_LOOKING, _FITTING = 1e-4, 1e-6
"""How exact solutions are, at first and then."""


def path_search(folds: Sequence[Fold], metric: str) -> list[tuple[Setting, Floats]]:
    """Return settings that were fitted, each with its mean scores (2,) over the folds."""
    points = np.linspace(np.log10(STRENGTHS.low), np.log10(STRENGTHS.high), _POINTS)
    paths = [held_logits(fold, points, _LOOKING) for fold in folds]
    places = np.linspace(points[0], points[-1], (_POINTS - 1) * _BETWEEN + 1)
    looks = np.mean(
        [_between_scores(fold, metric, path) for fold, path in zip(folds, paths, strict=True)],
        axis=0,
    )
    best = np.sort(best_first(looks)[:_REFINED])
    scores = np.mean([_fitted_scores(fold, metric, places[best]) for fold in folds], axis=0)
    strengths = (10 ** places[best]).tolist()
    tried = [({"C": C}, score) for C, score in zip(strengths, scores, strict=True)]
    for C in _STOPPED:
        stopped = np.mean([_stopped_scores(fold, metric, C) for fold in folds], axis=0)
        tried += [({"C": C, "steps": i + 1}, score) for i, score in enumerate(stopped)]
    return tried


def held_logits(fold: Fold, powers: NDArray[np.float64], tolerance: float) -> Floats:
    """Fit with C ten to each of these ascending powers: held rows' logits (C, m, k)."""
    train = fold.train
    path = logistic_path(
        train.axes, train.rows.code, train.weight, (10.0**powers).tolist(), tolerance
    )
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
        [
            fold.score(metric, class_probabilities(one))
            for one in held_logits(fold, powers, _FITTING)
        ]
    )


def _stopped_scores(fold: Fold, metric: str, strength: float) -> Floats:
    train = fold.train
    path = stopped_path(train.axes, train.rows.code, train.weight, strength, _STEPS)
    logits = (fold.held_on_axes @ one[:-1] + one[-1] for one in path)
    return np.array([fold.score(metric, class_probabilities(one)) for one in logits])
