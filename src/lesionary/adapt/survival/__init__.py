"""Survival: from a table with follow-up to a risk, and to a curve, for each patient.

Everything that is learnt (missing values, levels, scaling, coefficients, baseline) is learnt
on the training rows and kept with the model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.adapt.survival.cox import CoxModel, fit_cox
    from lesionary.adapt.survival.design import Design
    from lesionary.adapt.survival.elimination import Elimination, backward_elimination
    from lesionary.adapt.survival.external import IndexValidation, LikelihoodRatio, validate_index
    from lesionary.adapt.survival.fit import SURVIVAL_MODELS, fit_survival
    from lesionary.adapt.survival.forest import RandomSurvivalForest, fit_survival_forest
    from lesionary.adapt.survival.outcome import Outcome, read_outcome
    from lesionary.adapt.survival.penalised import fit_elastic_net_cox
    from lesionary.adapt.survival.predicted_curves import group_survival, predicted_curves_figure
    from lesionary.adapt.survival.proportional import ProportionalHazards, proportional_hazards
    from lesionary.adapt.survival.run import SurvivalFit, run_survival_fit
    from lesionary.adapt.survival.screen import Screen, univariate_screen
    from lesionary.adapt.survival.stacking import StackedCox, Stacks, stack_indices
    from lesionary.adapt.survival.warning import SurvivalWarning

__all__ = [
    "SURVIVAL_MODELS",
    "CoxModel",
    "Design",
    "Elimination",
    "IndexValidation",
    "LikelihoodRatio",
    "Outcome",
    "ProportionalHazards",
    "RandomSurvivalForest",
    "Screen",
    "StackedCox",
    "Stacks",
    "SurvivalFit",
    "SurvivalWarning",
    "backward_elimination",
    "fit_cox",
    "fit_elastic_net_cox",
    "fit_survival",
    "fit_survival_forest",
    "group_survival",
    "predicted_curves_figure",
    "proportional_hazards",
    "read_outcome",
    "run_survival_fit",
    "stack_indices",
    "univariate_screen",
    "validate_index",
]

_MODULE_OF = {
    "SURVIVAL_MODELS": "fit",
    "CoxModel": "cox",
    "Design": "design",
    "Elimination": "elimination",
    "IndexValidation": "external",
    "LikelihoodRatio": "external",
    "Outcome": "outcome",
    "ProportionalHazards": "proportional",
    "RandomSurvivalForest": "forest",
    "Screen": "screen",
    "StackedCox": "stacking",
    "Stacks": "stacking",
    "SurvivalFit": "run",
    "SurvivalWarning": "warning",
    "backward_elimination": "elimination",
    "fit_cox": "cox",
    "fit_elastic_net_cox": "penalised",
    "fit_survival": "fit",
    "fit_survival_forest": "forest",
    "group_survival": "predicted_curves",
    "predicted_curves_figure": "predicted_curves",
    "proportional_hazards": "proportional",
    "read_outcome": "outcome",
    "run_survival_fit": "run",
    "stack_indices": "stacking",
    "univariate_screen": "screen",
    "validate_index": "external",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
