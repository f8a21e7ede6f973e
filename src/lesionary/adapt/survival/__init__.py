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
    from lesionary.adapt.survival.fit import SURVIVAL_MODELS, fit_survival
    from lesionary.adapt.survival.forest import RandomSurvivalForest, fit_survival_forest
    from lesionary.adapt.survival.outcome import Outcome, read_outcome
    from lesionary.adapt.survival.penalised import fit_elastic_net_cox
    from lesionary.adapt.survival.warning import SurvivalWarning

__all__ = [
    "SURVIVAL_MODELS",
    "CoxModel",
    "Design",
    "Outcome",
    "RandomSurvivalForest",
    "SurvivalWarning",
    "fit_cox",
    "fit_elastic_net_cox",
    "fit_survival",
    "fit_survival_forest",
    "read_outcome",
]

_MODULE_OF = {
    "SURVIVAL_MODELS": "fit",
    "CoxModel": "cox",
    "Design": "design",
    "Outcome": "outcome",
    "RandomSurvivalForest": "forest",
    "SurvivalWarning": "warning",
    "fit_cox": "cox",
    "fit_elastic_net_cox": "penalised",
    "fit_survival": "fit",
    "fit_survival_forest": "forest",
    "read_outcome": "outcome",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
