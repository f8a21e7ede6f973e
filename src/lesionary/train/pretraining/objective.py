"""The objective of a training file, checked together with the views it will be shown."""

from __future__ import annotations

from lesionary.encode.card import ModelCard
from lesionary.errors import TrainingError
from lesionary.train.objectives import Objective, build_objective
from lesionary.train.pretraining.config import PretrainConfig
from lesionary.train.views import load_views
from lesionary.train.views.recipe import step_name
from lesionary.train.views.step import Spatial


def objective_of(config: PretrainConfig, card: ModelCard) -> Objective:
    """Build the objective for an encoder, or raise where its settings or views do not do."""
    chosen = config.objective
    objective = build_objective(chosen.name, card.dimension, card.input.size_vox, **chosen.settings)
    views = load_views(config.views)
    moving = [step_name(step) for step in views.view if isinstance(step, Spatial)]
    if objective.plan.clean and moving:
        raise TrainingError(
            f"A denoising objective compares voxels with those of the untouched patch, and the "
            f"views {views.name} move them ({', '.join(moving)}): take views without these steps."
        )
    if objective.plan.small and views.small_view is None:
        raise TrainingError(
            f"The objective {chosen.name!r} compares small views, and the views "
            f"{views.name} have no small_view; swav has one."
        )
    return objective
