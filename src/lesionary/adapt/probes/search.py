"""Looking for the setting that does best on rows that were held out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from lesionary.adapt.probes.families import Family
from lesionary.adapt.probes.path import path_search
from lesionary.adapt.probes.rows import Floats, Fold, best_first
from lesionary.adapt.probes.space import Log, OneOf, Setting, spread
from lesionary.errors import ModelError
from lesionary.progress import track

Search = Literal["path", "spread", "optuna"]


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes
    ----------
    setting : dict
        The best.
    score : float
        Its metric on the rows held out, the mean over folds; of losses the negative.
    tried : tuple of (dict, float)
        All settings that were fitted, with their scores, in the order of trial.
    """

    setting: Setting
    score: float
    tried: tuple[tuple[Setting, float], ...]


def find_setting(
    family: Family, folds: Sequence[Fold], metric: str, search: Search, trials: int, seed: int
) -> Found:
    """Return the setting that does best on the held rows of these folds, on average."""
    with warnings.catch_warnings():
        from sklearn.exceptions import ConvergenceWarning

        # Hardly penalised fits may not converge in the published 1,000 steps; scores decide.
        warnings.simplefilter("ignore", ConvergenceWarning)
        if search == "path":
            tried = path_search(folds, metric)
        elif search == "optuna":
            tried = _optuna(family, folds, metric, trials, seed)
        else:
            settings = spread(family.space, trials, seed)
            tried = list(zip(settings, _scores(family, folds, metric, settings, seed), strict=True))
    best = int(best_first(np.array([score for _, score in tried]))[0])
    plain = tuple((setting, float(score[0])) for setting, score in tried)
    return Found(*plain[best], plain)


def _scores(
    family: Family, folds: Sequence[Fold], metric: str, settings: Sequence[Setting], seed: int
) -> Floats:
    """Return the mean scores (settings, 2) over the folds."""
    scores = [
        [
            fold.score(metric, chance)
            for chance in track(
                family.held_chances(fold, settings, seed), family.title, len(settings)
            )
        ]
        for fold in folds
    ]
    return np.asarray(np.mean(scores, axis=0))


def _optuna(
    family: Family, folds: Sequence[Fold], metric: str, trials: int, seed: int
) -> list[tuple[Setting, Floats]]:
    if find_spec("optuna") is None:
        raise ModelError("search='optuna' needs optuna: pip install 'lesionary[tune]'.")
    import optuna

    tried: list[tuple[Setting, Floats]] = []

    def objective(trial: Any) -> float:
        setting = {name: _suggested(trial, name, one) for name, one in family.space.items()}
        score = _scores(family, folds, metric, [setting], seed)[0]
        tried.append((setting, score))
        return float(score[0])

    shown = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed)
        )
        for _ in track(range(trials), "Searching"):
            study.optimize(objective, n_trials=1)
    finally:
        optuna.logging.set_verbosity(shown)
    return tried


def _suggested(trial: Any, name: str, where: Any) -> Any:
    if isinstance(where, OneOf):
        return trial.suggest_categorical(name, where.values)
    return trial.suggest_float(name, where.low, where.high, log=isinstance(where, Log))
